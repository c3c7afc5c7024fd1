"""Releases: changed and deleted, who may, and what it settles (contract sections 1.2 and 5)."""

from typing import Any

import pytest

from issues.models import Activity, Issue
from projects.models import ApiToken, Project, Release, User
from tests.api.releases import NO_DATE, NOT_FOUND, OF_PROJECT, RELEASES, ROUTES, address, body_of, everything, post
from tests.api_client import Api, Who
from tests.factories import (
    LONG_AGO,
    NOW,
    DeployFactory,
    IssueFactory,
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db

IN_USE = {"detail": "This release is referenced by active issues and cannot be removed."}


# ---------------------------------------------------------------------------------------------------------------------
# Changed
# ---------------------------------------------------------------------------------------------------------------------


def test_finalizes_as_sentry_cli_does(api: Api, project: Project, other_project: Project) -> None:
    release = ReleaseFactory(projects=[other_project], version="1.0.0", started_at=NOW)

    response = api.put(
        address(RELEASES, "1.0.0"),
        {"projects": ["pump-station"], "dateReleased": "2026-03-01T13:00:00.123456789+01:00"},
    )

    assert response.status_code == 200
    assert response.json() == body_of(
        release,
        other_project,
        project,
        dateStarted="2026-03-01T12:00:00Z",
        dateReleased="2026-03-01T12:00:00.123456Z",
    )


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"version": "2.0.0"},
        {"projects": [], "commits": [{"id": "c"}], "refs": []},
        dict.fromkeys(["version", "projects", "ref", "url", "status", "dateStarted", "dateReleased"]),
    ],
    ids=["nothing", "version", "ignored", "nulls"],
)
@ROUTES
def test_changes_nothing_when_nothing_is_said(api: Api, project: Project, releases: str, said: dict[str, Any]) -> None:
    release = ReleaseFactory(projects=[project], version="1.0.0", released_at=NOW, url="https://example.com/")
    before = everything()

    response = api.put(address(releases, "1.0.0"), said)

    assert response.status_code == 200
    assert response.json() == body_of(release, project, dateReleased="2026-03-01T12:00:00Z", url="https://example.com/")
    assert everything() == before


def test_takes_no_body_at_all_as_nothing_said(api: Api, project: Project) -> None:
    release = ReleaseFactory(projects=[project])

    assert api.put(address(RELEASES, release.version)).json() == body_of(release, project)


def test_adds_no_other_project_by_the_route_of_one(api: Api, project: Project, other_project: Project) -> None:
    release = ReleaseFactory(projects=[project])

    response = api.put(address(OF_PROJECT, release.version), {"projects": ["prime-mover", "nowhere"], "ref": "abc"})

    assert response.json() == body_of(release, project, ref="abc")
    assert Release.objects.get() == release


@ROUTES
@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"dateReleased": "soon"}, {"dateReleased": [NO_DATE]}),
        ({"status": "closed"}, {"status": ['"closed" is not a valid choice.']}),
        ({"url": "nowhere"}, {"url": ["Enter a valid URL."]}),
        ({"dateStarted": "0001-01-01T00:00:00+14:00"}, {"dateStarted": ["Datetime value out of range."]}),
    ],
)
def test_refuses_a_change_that_is_wrong(
    api: Api, project: Project, releases: str, said: dict[str, Any], refusal: dict[str, Any]
) -> None:
    release = ReleaseFactory(projects=[project])
    before = everything()

    response = api.put(address(releases, release.version), said)

    assert (response.status_code, response.json()) == (400, refusal)
    assert everything() == before


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_knows_no_release_that_is_out_of_reach(
    api: Api,
    sam_on_the_team: User,
    project: Project,
    other_project: Project,
    hidden: Project,
    stranger_project: Project,
    method: str,
) -> None:
    ReleaseFactory(projects=[hidden], version="hidden")
    ReleaseFactory(projects=[stranger_project], version="stranger's")
    ReleaseFactory(projects=[other_project], version="of the other project")
    before = everything()

    for path in [
        address(RELEASES, "hidden"),
        address(RELEASES, "stranger's"),
        address(OF_PROJECT, "of the other project"),
        address(RELEASES.replace("the-interstellar-jurisdiction", "outer-rim"), "stranger's"),
    ]:
        who: Who = "sam"
        ApiToken.objects.filter(user__username="sam").update(scopes=["event:admin"])
        response = api.request(method, path, {"status": "nonsense"}, auth=who)

        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert everything() == before


# ---------------------------------------------------------------------------------------------------------------------
# Deleted
# ---------------------------------------------------------------------------------------------------------------------


@ROUTES
def test_deletes_a_release(api: Api, project: Project, releases: str) -> None:
    release, other = (ReleaseFactory(projects=[project]) for _ in range(2))
    DeployFactory(release=release)
    issue = IssueFactory(project=project, own_first_release=release, own_last_release=other)

    response = api.delete(address(releases, release.version))

    assert (response.status_code, response.content) == (204, b"")
    assert Release.objects.get() == other
    issue.refresh_from_db()
    assert (issue.first_release, issue.last_release) == (None, other)


@ROUTES
@pytest.mark.parametrize("trait", ["resolved_in_release", "resolved_in_next_release"])
def test_refuses_to_delete_a_release_that_resolves(api: Api, project: Project, releases: str, trait: str) -> None:
    release = ReleaseFactory(projects=[project])
    IssueFactory(project=project, **{trait: True}, resolution_release=release, own_first_release=release)
    before = everything()

    response = api.delete(address(releases, release.version))

    assert (response.status_code, response.json()) == (400, IN_USE)
    assert everything() == before


# ---------------------------------------------------------------------------------------------------------------------
# Who may
# ---------------------------------------------------------------------------------------------------------------------


@ROUTES
@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("event:read", {"GET": 200, "POST": 403, "PUT": 403, "DELETE": 403}),
        ("event:write", {"GET": 200, "POST": 208, "PUT": 200, "DELETE": 403}),
        ("event:admin", {"GET": 200, "POST": 208, "PUT": 200, "DELETE": 204}),
    ],
)
def test_needs_a_scope_for_each_method(
    api: Api, project: Project, jane: User, releases: str, scope: str, allowed: dict[str, int]
) -> None:
    ReleaseFactory(projects=[project], version="1.0.0")
    ApiToken.objects.filter(user=jane).update(scopes=[scope])

    answers = {
        "GET": api.get(releases, auth="jane"),
        "POST": post(api, releases, {"version": "1.0.0"}, auth="jane"),
        "PUT": api.put(address(releases, "1.0.0"), {}, auth="jane"),
        "DELETE": api.delete(address(releases, "1.0.0"), auth="jane"),
    }

    assert {method: response.status_code for method, response in answers.items()} == allowed
    refused = {"detail": "You do not have permission to perform this action."}
    assert all(response.json() == refused for response in answers.values() if response.status_code == 403)


@ROUTES
def test_needs_a_credential(api: Api, project: Project, releases: str) -> None:
    release = ReleaseFactory(projects=[project])

    for method, path in [("GET", releases), ("POST", releases), ("PUT", address(releases, release.version))]:
        response = api.request(method, path, {"version": "1"}, auth=None)

        assert (response.status_code, response.json()) == (
            401,
            {"detail": "Authentication credentials were not provided."},
        )


@ROUTES
@pytest.mark.parametrize(("behind", "method"), [("", "PUT"), ("", "DELETE"), ("1.0.0/", "POST"), ("1.0.0/", "PATCH")])
def test_has_no_other_methods(api: Api, project: Project, releases: str, behind: str, method: str) -> None:
    response = api.request(method, f"{releases}{behind}", {})

    assert (response.status_code, response.json()) == (405, {"detail": f'Method "{method}" not allowed.'})


# ---------------------------------------------------------------------------------------------------------------------
# What it settles
# ---------------------------------------------------------------------------------------------------------------------


COMES = {
    "made": lambda api: post(api, RELEASES, {"version": "2.0.0", "projects": ["pump-station"]}),
    "made for the project": lambda api: post(api, OF_PROJECT, {"version": "2.0.0"}),
}


@pytest.mark.parametrize("comes", COMES.values(), ids=COMES)
def test_settles_issues_that_were_resolved_in_the_next_release(
    api: Api, project: Project, jane: User, comes: Any
) -> None:
    ReleaseFactory(projects=[project], version="1.0.0")
    issue, other = IssueFactory(project=project), IssueFactory(project=project)
    api.put(api.issues_url, {"status": "resolvedInNextRelease"}, ids=[issue.pk], auth="jane")
    row = Issue.objects.values().get(pk=issue.pk)

    assert comes(api).status_code == 201

    listed = {found["id"]: found for found in api.get(api.issues_url, raw_query="query=").json()}
    assert listed[str(issue.pk)]["status"] == "resolved"
    assert listed[str(issue.pk)]["statusDetails"] == {
        "inRelease": "2.0.0",
        "actor": {"id": str(jane.pk), "name": "Jane Schmidt", "username": "jane", "email": "jane@example.com"},
    }
    assert listed[str(other.pk)]["statusDetails"] == {}
    assert Activity.objects.get().data == {"version": "2.0.0"}
    resolution = {"resolution_kind": "in_release", "resolution_release_id": Release.objects.get(version="2.0.0").pk}
    assert Issue.objects.values().get(pk=issue.pk) == {**row, **resolution}


def test_settles_by_a_finalize_that_makes_it_the_newest(api: Api, project: Project) -> None:
    ReleaseFactory(projects=[project], version="2.0.0", created_at=LONG_AGO)
    ReleaseFactory(projects=[project], version="1.9.9", created_at=NOW)
    issue = IssueFactory(project=project)
    api.put(api.issues_url, {"status": "resolvedInNextRelease"}, ids=[issue.pk])

    api.put(address(RELEASES, "2.0.0"), {"dateStarted": "2026-03-03T12:00:00Z"})
    issue.refresh_from_db()
    assert issue.resolution_kind == "in_next_release"

    api.put(address(RELEASES, "2.0.0"), {"dateReleased": "2026-03-03T12:00:00Z"})
    issue.refresh_from_db()
    assert (issue.resolution_kind, issue.resolution_release) == ("in_release", Release.objects.get(version="2.0.0"))


def test_is_the_latest_release_of_a_body_from_then_on(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    post(api, OF_PROJECT, {"version": "1.0.0"})
    post(api, OF_PROJECT, {"version": "0.9.0", "dateReleased": "2020-01-01T00:00:00Z"})

    response = api.put(api.issues_url, {"status": "resolved", "statusDetails": {"inRelease": "latest"}}, ids=[issue.pk])

    assert response.json() == {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}}
