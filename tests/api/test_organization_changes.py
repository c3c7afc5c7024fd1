"""The organization's route: the same PUT and DELETE over the projects that the caller sees (contract 5)."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Activity, Issue, Mutation
from projects.models import Organization, Project, Team, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import IssueFactory, ProjectFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

ISSUES = "/api/0/organizations/the-interstellar-jurisdiction/issues/"
RESOLVE = {"status": "resolved"}
RESOLVED = {"status": "resolved", "statusDetails": {}}
IDS_REQUIRED = {"detail": "You must specify a list of IDs for this operation"}
PROJECT_REQUIRED = {"detail": "Name the issues with id, or at least one project with project, for this operation."}
ONE_PROJECT_ONLY = "This goes with issues of one project only."


def counted(response: Any) -> tuple[str, str]:
    return response.headers["Issues-Matched"], response.headers["Issues-Changed"]


def statuses() -> dict[int, str]:
    return dict(Issue.objects.values_list("id", "status"))


# ---------------------------------------------------------------------------------------------------------------------
# PUT
# ---------------------------------------------------------------------------------------------------------------------


def test_changes_named_issues_of_several_projects_in_one_transaction(
    api: Api, pump: Issue, mover: Issue, jane: User
) -> None:
    body = {"status": "ignored", "ignoreDuration": 30, "assignedTo": "jane", "isBookmarked": True}

    response = api.put(ISSUES, body, ids=[mover.pk, pump.pk], auth="jane")

    assert response.status_code == 200
    assert counted(response) == ("2", "2")
    assert list(response.json()) == ["status", "assignedTo", "isBookmarked", "statusDetails"]
    assert statuses() == {pump.pk: "ignored", mover.pk: "ignored"}
    mutations = list(Mutation.objects.order_by("project"))
    assert [(m.project_id, m.ids, m.matched, m.changed) for m in mutations] == [
        (pump.project_id, [pump.pk], 1, 1),
        (mover.project_id, [mover.pk], 1, 1),
    ]
    assert response.headers["Mutation-Id"] == ",".join(str(m.pk) for m in mutations)
    assert {(a.project_id, a.mutation_id) for a in Activity.objects.all()} == {(m.project_id, m.pk) for m in mutations}
    assert len({a.created_at for a in Activity.objects.all()}) == 1


@pytest.mark.parametrize("missing", ["stranger", "nobody", "merged", "invisible", "in a project not named"])
def test_changes_nothing_when_an_id_is_out_of_scope(
    api: Api,
    organization: Organization,
    closed_project: Project,
    sam: User,
    team: Team,
    pump: Issue,
    mover: Issue,
    stranger: Issue,
    missing: str,
) -> None:
    organization.open_membership = False
    organization.save()
    team.members.add(sam)
    outsiders = {
        "stranger": stranger.pk,
        "nobody": stranger.pk + 1000,
        "merged": IssueFactory(merged_into=mover).pk,
        "invisible": IssueFactory(project=closed_project).pk,
        "in a project not named": mover.pk,
    }
    narrowed = f"project={pump.project_id}" if missing == "in a project not named" else ""
    before = snapshot()

    for method, body in (("PUT", RESOLVE), ("DELETE", None)):
        response = api.request(method, ISSUES, body, ids=[pump.pk, outsiders[missing]], raw_query=narrowed, auth="sam")

        assert (response.status_code, response.content) == (204, b"")
        assert counted(response) == ("0", "0")
        assert response.headers["Issues-Out-Of-Scope"] == str(outsiders[missing])
    assert snapshot() == before


def test_says_first_what_is_wrong_with_the_body(api: Api, pump: Issue, stranger: Issue) -> None:
    response = api.put(ISSUES, {"status": "closed"}, ids=[pump.pk, stranger.pk])

    assert response.status_code == 400
    assert list(response.json()) == ["status"]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"merge": True}, {"merge": [ONE_PROJECT_ONLY]}),
        ({"status": "resolvedInNextRelease"}, {"status": [ONE_PROJECT_ONLY]}),
        (
            {"status": "resolved", "statusDetails": {"inNextRelease": True}},
            {"statusDetails": {"inNextRelease": [ONE_PROJECT_ONLY]}},
        ),
        (
            {"status": "resolved", "statusDetails": {"inRelease": "1.0"}},
            {"statusDetails": {"inRelease": [ONE_PROJECT_ONLY]}},
        ),
        ({"assignedTo": "#powerful-abolitionist"}, {"assignedTo": [ONE_PROJECT_ONLY]}),
    ],
    ids=str,
)
def test_takes_some_wishes_for_one_project_only(
    api: Api, project: Project, other_project: Project, pump: Issue, mover: Issue, body: object, errors: object
) -> None:
    ReleaseFactory(version="1.0", projects=[project, other_project])
    second = IssueFactory(project=project)
    before = snapshot()

    refused = api.put(ISSUES, body, ids=[pump.pk, mover.pk])

    assert (refused.status_code, refused.json()) == (400, errors)
    assert snapshot() == before
    taken = api.put(ISSUES, body, ids=[pump.pk, second.pk])
    assert (taken.status_code, counted(taken)) == (200, ("2", "2"))


def test_merges_issues_of_one_project(api: Api, pump: Issue, project: Project) -> None:
    child = IssueFactory(project=project)

    merged = api.put(ISSUES, {"merge": True}, ids=[pump.pk, child.pk])
    unmerged = api.put(ISSUES, {"merge": False}, ids=[child.pk])

    assert merged.json() == {"merge": {"parent": str(pump.pk), "children": [str(child.pk)]}}
    assert (unmerged.json(), counted(unmerged)) == ({"merge": False}, ("1", "2"))


def test_unmerges_in_several_projects(api: Api, pump: Issue, mover: Issue) -> None:
    children = [IssueFactory(merged_into=pump), IssueFactory(merged_into=mover)]

    response = api.put(ISSUES, {"merge": False}, ids=[pump.pk, mover.pk])

    assert (response.json(), counted(response)) == ({"merge": False}, ("2", "4"))
    assert not Issue.objects.filter(pk__in=[child.pk for child in children], merged_into__isnull=False).exists()


def test_assigns_only_who_sees_every_project(
    api: Api, organization: Organization, closed_project: Project, team: Team, sam: User, pump: Issue
) -> None:
    organization.open_membership = False
    organization.save()
    team.members.add(sam)
    hidden = IssueFactory(project=closed_project)
    before = snapshot()

    refused = api.put(ISSUES, {"assignedTo": "sam"}, ids=[pump.pk, hidden.pk])

    assert (refused.status_code, refused.json()) == (400, {"assignedTo": ["Cannot assign to non-team member"]})
    assert snapshot() == before
    assert api.put(ISSUES, {"assignedTo": "sam"}, ids=[pump.pk]).status_code == 200


@pytest.mark.parametrize("count", [1, 2])
def test_tells_the_share_id_of_the_only_issue_that_matched(api: Api, pump: Issue, mover: Issue, count: int) -> None:
    response = api.put(ISSUES, {"isPublic": True}, ids=[pump.pk, mover.pk][:count])

    share_ids = [share_id.hex for share_id in Issue.objects.values_list("share_id", flat=True) if share_id]
    assert len(share_ids) == count
    assert response.json() == {"isPublic": True, **({"shareId": share_ids[0]} if count == 1 else {})}


def test_narrows_by_status_and_query_in_every_project(api: Api, project: Project, other_project: Project) -> None:
    issues = [
        IssueFactory(project=where, text__title=title, **state)
        for where in (project, other_project)
        for title in ("pump", "valve")
        for state in ({}, {"ignored": True})
    ]

    response = api.put(
        ISSUES, RESOLVE, ids=[issue.pk for issue in issues], raw_query="status=unresolved&query=!valve+timesSeen:1"
    )

    assert counted(response) == ("2", "2")
    assert [pk for pk, status in statuses().items() if status == "resolved"] == [issues[0].pk, issues[4].pk]
    assert {m.query for m in Mutation.objects.all()} == {"!valve timesSeen:1"}


# ---------------------------------------------------------------------------------------------------------------------
# Update all
# ---------------------------------------------------------------------------------------------------------------------


def test_updates_all_of_the_projects_that_are_named(
    api: Api, organization: Organization, pump: Issue, mover: Issue, stranger: Issue
) -> None:
    third = IssueFactory(project=ProjectFactory(organization=organization))

    response = api.put(ISSUES, RESOLVE, raw_query=f"project={pump.project_id}&project={mover.project_id}")

    assert (response.status_code, response.json(), counted(response)) == (200, RESOLVED, ("2", "2"))
    assert statuses() == {
        pump.pk: "resolved",
        mover.pk: "resolved",
        third.pk: "unresolved",
        stranger.pk: "unresolved",
    }
    assert [(m.project_id, m.ids) for m in Mutation.objects.order_by("project")] == [
        (pump.project_id, None),
        (mover.project_id, None),
    ]


@pytest.mark.parametrize("query", ["", "query=", "query=is:unresolved", "status=unresolved"])
def test_never_updates_a_whole_organization(api: Api, pump: Issue, mover: Issue, query: str) -> None:
    before = snapshot()

    response = api.put(ISSUES, RESOLVE, raw_query=query)

    assert (response.status_code, response.json()) == (400, PROJECT_REQUIRED)
    assert snapshot() == before


@pytest.mark.parametrize("narrowed", [True, False])
@pytest.mark.parametrize("body", [{}, {"merge": True}, {"isPublic": False}, {"status": "resolved", "merge": False}])
def test_requires_ids_for_more_than_a_status(api: Api, pump: Issue, body: object, narrowed: bool) -> None:
    before = snapshot()

    response = api.put(ISSUES, body, raw_query=f"project={pump.project_id}" if narrowed else "")

    assert (response.status_code, response.json()) == (400, IDS_REQUIRED)
    assert snapshot() == before


def test_refuses_to_update_all_of_a_project_that_is_not_here(api: Api, pump: Issue, stranger: Issue) -> None:
    before = snapshot()

    for project_id in (stranger.project_id, stranger.project_id + 1000):
        response = api.put(ISSUES, RESOLVE, raw_query=f"project={pump.project_id}&project={project_id}")

        assert (response.status_code, response.json()) == (
            400,
            {"project": [f"There is no project {project_id} here."]},
        )
    assert snapshot() == before


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("query", ["ids=1", "id[]=1", "projects=1", "collapse=stats", "statsPeriod=24h"])
def test_refuses_parameters_that_it_does_not_know(api: Api, pump: Issue, method: str, query: str) -> None:
    before = snapshot()

    response = api.request(method, ISSUES, RESOLVE, ids=[pump.pk], raw_query=query)

    assert response.status_code == 400
    assert response.json()["detail"].startswith(f'Unknown query parameter "{query.partition("=")[0]}".')
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# DELETE
# ---------------------------------------------------------------------------------------------------------------------


def test_deletes_named_issues_of_several_projects(api: Api, pump: Issue, mover: Issue, stranger: Issue) -> None:
    child = IssueFactory(merged_into=mover)
    kept = IssueFactory(project=pump.project)

    response = api.delete(ISSUES, ids=[pump.pk, mover.pk])

    assert (response.status_code, response.content, counted(response)) == (204, b"", ("2", "3"))
    assert sorted(Issue.objects.values_list("id", flat=True)) == sorted([stranger.pk, kept.pk])
    assert child.pk not in (stranger.pk, kept.pk)
    assert response.headers["Mutation-Id"] == ",".join(
        str(pk) for pk in Mutation.objects.order_by("project").values_list("id", flat=True)
    )


@pytest.mark.parametrize("narrowed", [True, False])
def test_deletes_nothing_without_ids(api: Api, pump: Issue, narrowed: bool) -> None:
    before = snapshot()

    response = api.delete(ISSUES, raw_query=f"project={pump.project_id}" if narrowed else "")

    assert (response.status_code, response.json()) == (400, IDS_REQUIRED)
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# The rest
# ---------------------------------------------------------------------------------------------------------------------


def test_takes_as_many_statements_for_many_issues_as_for_two(
    api: Api, project: Project, other_project: Project
) -> None:
    body = {"status": "resolved", "assignedTo": "jane", "isPublic": True, "isBookmarked": True, "isSubscribed": True}

    def statements(count: int) -> int:
        ids = [IssueFactory(project=where).pk for where in (project, other_project) for _ in range(count)]
        with CaptureQueriesContext(connection) as queries:
            response = api.put(ISSUES, body, ids=ids, auth="jane")
        assert counted(response) == (str(2 * count), str(2 * count))
        return len(queries)

    assert statements(2) == statements(40)


def test_locks_every_project_before_it_writes_to_any(api: Api, pump: Issue, mover: Issue) -> None:
    with CaptureQueriesContext(connection) as queries:
        api.put(ISSUES, {"isPublic": True}, ids=[mover.pk, pump.pk])

    locks = [n for n, query in enumerate(queries) if "FOR NO KEY UPDATE" in query["sql"]]
    writes = [n for n, query in enumerate(queries) if "UPDATE issues_issue" in query["sql"]]
    assert len(locks) == len(writes) == 2
    assert max(locks) < min(writes)
    assert f"project_id = {pump.project_id} " in queries[locks[0]]["sql"]


@pytest.mark.parametrize(
    ("method", "scopes", "status"),
    [("GET", ["event:read"], 200), ("PUT", ["event:read"], 403), ("DELETE", ["event:write"], 403)],
)
def test_needs_the_scopes_of_the_project_route(
    api: Api, organization: Organization, pump: Issue, method: str, scopes: list[str], status: int
) -> None:
    organization.api_keys.update(scopes=scopes)

    response = api.request(method, ISSUES, RESOLVE, ids=[pump.pk])

    assert response.status_code == status
    assert response.headers["Allow"] == "GET, PUT, DELETE, HEAD, OPTIONS"
