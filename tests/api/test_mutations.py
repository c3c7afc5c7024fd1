"""The history of a project through HTTP, and taking things back (contract section 6)."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Issue, Mutation
from issues.reading import history
from projects.models import Project, User
from tests.answers import iso, links_of
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import NOW, IssueFactory, MutationFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

MUTATIONS = "/api/0/projects/the-interstellar-jurisdiction/pump-station/mutations/"
ELSEWHERE = MUTATIONS.replace("pump-station", "prime-mover")
RESOLVE = {"status": "resolved"}


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project), IssueFactory(project=project, ignored=True)]


def undo_url(response: Any) -> str:
    return f"{MUTATIONS}{response.headers['Mutation-Id']}/undo/"


def person(user: User) -> dict[str, str]:
    return {"id": str(user.pk), "name": user.name, "username": user.username, "email": user.email}


def test_lists_what_was_asked_newest_first(api: Api, project: Project, jane: User, issues: list[Issue]) -> None:
    ids = [issue.pk for issue in issues]
    named = api.put(api.issues_url, {"isPublic": "yes", "x": 1}, ids=ids, auth="jane")
    everything = api.put(api.issues_url, RESOLVE, raw_query="status=ignored&query=is:unassigned")
    undone = api.request("POST", undo_url(everything), auth="jane")
    deleted = api.delete(api.issues_url, ids=ids[:1])

    response = api.get(MUTATIONS, auth="sam")

    assert response.status_code == 200
    keys = [response.headers["Mutation-Id"] for response in (deleted, undone, everything, named)]
    times = dict(Mutation.objects.values_list("id", "created_at"))
    first_key = response.json()[0]["apiKey"]
    assert set(first_key) == {"id", "label"}
    assert response.json() == [
        {
            "id": key,
            "user": None if by_key else person(jane),
            "apiKey": first_key if by_key else None,
            "dateCreated": iso(times[int(key)]),
            "scope": scope,
            "mutation": body,
            "matched": matched,
            "changed": matched,
            "undoneBy": undone_by,
        }
        for key, by_key, scope, body, matched, undone_by in zip(
            keys,
            (True, False, True, False),
            (
                {"ids": [str(ids[0])], "status": None, "query": None},
                {"ids": None, "status": ["ignored"], "query": "is:unassigned"},
                {"ids": None, "status": ["ignored"], "query": "is:unassigned"},
                {"ids": [str(pk) for pk in ids], "status": None, "query": None},
            ),
            ({}, {"undo": keys[2]}, RESOLVE, {"isPublic": "yes"}),
            (1, 1, 1, 2),
            (None, None, keys[1], None),
            strict=True,
        )
    ]


def test_lists_page_by_page(api: Api, issues: list[Issue]) -> None:
    made = [api.put(api.issues_url, {"status": word}).headers["Mutation-Id"] for word in ("resolved", "unresolved")]

    first = api.get(MUTATIONS, raw_query="per_page=1")
    links = links_of(first)
    second = api.get(MUTATIONS, raw_query=f"per_page=1&cursor={links['next_cursor']}")

    assert [row["id"] for row in first.json() + second.json()] == made[::-1]
    assert (links["previous"], links["next"], links_of(second)["next"]) == ("false", "true", "false")
    assert api.get(ELSEWHERE).status_code == 404
    assert api.get(MUTATIONS, auth="kit").status_code == 404


def test_lists_those_of_its_project_alone(api: Api, other_project: Project, issues: list[Issue]) -> None:
    IssueFactory(project=other_project)
    urls = {MUTATIONS: api.issues_url, ELSEWHERE: api.issues_url.replace("pump-station", "prime-mover")}

    made = {history: api.put(issues_url, RESOLVE).headers["Mutation-Id"] for history, issues_url in urls.items()}

    assert {history: [row["id"] for row in api.get(history).json()] for history in urls} == {
        history: [pk] for history, pk in made.items()
    }


def test_shows_the_issues_before_and_after(api: Api, project: Project, jane: User) -> None:
    ReleaseFactory(projects=[project], version="1.0.0")
    snoozed = IssueFactory(project=project, ignored=True, snooze_ends_at_times_seen=5, assignee_user=jane, public=True)
    parent = IssueFactory(project=project, own_first_seen=NOW.replace(year=2025), status_by=jane)
    body = {
        "status": "resolved",
        "statusDetails": {"inRelease": "latest"},
        "assignedTo": None,
        "isPublic": False,
        "hasSeen": True,
        "isBookmarked": True,
        "isSubscribed": True,
        "merge": True,
    }
    changed = api.put(api.issues_url, body, ids=[snoozed.pk, parent.pk], auth="jane")
    api.put(api.issues_url, {"status": "unresolved"}, ids=[parent.pk], auth="sam")

    response = api.get(f"{MUTATIONS}{changed.headers['Mutation-Id']}/", auth="jane")

    marks = {"hasSeen": False, "isBookmarked": False, "isSubscribed": False}
    fixed = {"inRelease": "1.0.0", "actor": person(jane)}
    terms = dict.fromkeys(["ignoreUntil", "ignoreUserCount", "ignoreUserWindow", "ignoreWindow"])
    assert response.json()["issues"] == [
        {
            "id": str(snoozed.pk),
            "before": {
                "status": "ignored",
                "statusDetails": {"ignoreCount": 4, **terms},
                "assignedTo": {"type": "user", "id": str(jane.pk), "name": jane.name, "email": jane.email},
                "isPublic": True,
                **marks,
                "parent": None,
            },
            "after": {
                "status": "resolved",
                "statusDetails": fixed,
                "assignedTo": None,
                "isPublic": False,
                **dict.fromkeys(marks, True),
                "parent": str(parent.pk),
            },
        },
        {
            "id": str(parent.pk),
            "before": {"status": "unresolved", "statusDetails": {}, **marks, "children": []},
            "after": {
                "status": "resolved",
                "statusDetails": fixed,
                **dict.fromkeys(marks, True),
                "children": [str(snoozed.pk)],
            },
        },
    ]
    assert list(response.json())[:-1] == list(api.get(MUTATIONS, auth="jane").json()[0])
    undone = api.request("POST", undo_url(changed), auth="jane")
    (own, other) = api.get(f"{MUTATIONS}{undone.headers['Mutation-Id']}/", auth="jane").json()["issues"]
    assert own["before"] == response.json()["issues"][0]["after"]
    assert own["after"] == response.json()["issues"][0]["before"]
    assert (other["before"]["children"], other["after"]["children"]) == ([str(snoozed.pk)], [])
    assert "status" not in other["after"]


@pytest.mark.parametrize("all_of_them", [True, False])
def test_pages_through_the_issues_of_one(api: Api, project: Project, all_of_them: bool) -> None:
    ids = [IssueFactory(project=project).pk for _ in range(5)]
    changed = api.put(api.issues_url, RESOLVE, ids=[] if all_of_them else ids)
    url = f"{MUTATIONS}{changed.headers['Mutation-Id']}/"

    found, cursor = [], ""
    for _ in range(3):
        response = api.get(url, raw_query=f"per_page=2&cursor={cursor}")
        found.append([int(issue["id"]) for issue in response.json()["issues"]])
        cursor = links_of(response)["next_cursor"]

    assert found == [ids[:2], ids[2:4], ids[4:]]
    assert links_of(response)["next"] == "false"
    assert response.json()["changed"] == 5


@pytest.mark.parametrize("word", ["0", "x", "99999", "9" * 19, "9" * 30, "-1"])
def test_knows_no_such_mutation(api: Api, other_project: Project, issues: list[Issue], word: str) -> None:
    changed = api.put(api.issues_url, RESOLVE)

    for url in (f"{MUTATIONS}{word}/", f"{ELSEWHERE}{changed.headers['Mutation-Id']}/"):
        assert api.get(url).status_code == 404
        assert api.request("POST", f"{url}undo/").status_code == 404


def test_undoes(api: Api, issues: list[Issue]) -> None:
    changed = api.put(api.issues_url, RESOLVE)
    api.put(api.issues_url, {"status": "unresolved"}, ids=[issues[1].pk])

    response = api.request("POST", undo_url(changed))
    again = api.request("POST", undo_url(changed))

    undoes = changed.headers["Mutation-Id"]
    assert response.json() == {"undoes": undoes, "restored": 1, "skipped": 1, "skippedIds": [str(issues[1].pk)]}
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("2", "1")
    assert response.headers["Mutation-Id"] == str(Mutation.objects.latest("id").pk)
    assert again.json()["restored"] == 0
    assert again.headers["Issues-Changed"] == "0"
    assert "Mutation-Id" not in again.headers


def test_undoes_each_project_of_a_request_by_itself(api: Api, issues: list[Issue], other_project: Project) -> None:
    elsewhere = IssueFactory(project=other_project)
    ids = [*(issue.pk for issue in issues), elsewhere.pk]
    organization = "/api/0/organizations/the-interstellar-jurisdiction/issues/"
    before = {issue.pk: issue.status for issue in Issue.objects.all()}
    changed = api.put(organization, RESOLVE, ids=ids).headers["Mutation-Id"].split(",")
    here, there = sorted(changed, key=lambda pk: Mutation.objects.get(pk=pk).project_id == other_project.pk)

    elsewhere_first = api.request("POST", f"{MUTATIONS}{there}/undo/")
    done = api.request("POST", f"{MUTATIONS}{here}/undo/")

    assert (elsewhere_first.status_code, done.json()["restored"]) == (404, 2)
    statuses = dict(Issue.objects.values_list("pk", "status"))
    assert statuses == before | {elsewhere.pk: "resolved"}
    assert api.request("POST", f"{ELSEWHERE}{there}/undo/").json()["restored"] == 1
    assert dict(Issue.objects.values_list("pk", "status")) == before


def test_previews_an_undo_and_guards_it(api: Api, issues: list[Issue]) -> None:
    changed = api.put(api.issues_url, RESOLVE)
    before = snapshot()

    preview = api.request("POST", undo_url(changed), raw_query="preview=true")
    refused = api.request("POST", undo_url(changed), headers={"Issues-Expected": "3"})
    no_number = api.request("POST", undo_url(changed), headers={"Issues-Expected": "x"})
    unknown = api.request("POST", undo_url(changed), raw_query="ids=1")
    neither = api.request("POST", undo_url(changed), raw_query="preview=maybe")

    assert snapshot() == before
    assert (preview.status_code, preview.json()["restored"]) == (200, 2)
    assert "Mutation-Id" not in preview.headers
    assert [answer.status_code for answer in (refused, no_number, unknown, neither)] == [412, 400, 400, 400]
    assert unknown.json() == {"detail": 'Unknown query parameter "ids". Nothing was changed.'}
    real = api.request("POST", undo_url(changed), headers={"Issues-Expected": "2"})
    assert real.json() == preview.json()


def test_refuses_to_undo_a_deletion(api: Api, issues: list[Issue]) -> None:
    deleted = api.delete(api.issues_url, ids=[issues[0].pk])

    response = api.request("POST", undo_url(deleted))

    assert (response.status_code, response.json()) == (400, {"detail": "A deletion can't be undone."})
    assert api.get(f"{MUTATIONS}{deleted.headers['Mutation-Id']}/").json()["issues"] == []


# ---------------------------------------------------------------------------------------------------------------------
# A page is bounded in bytes
# ---------------------------------------------------------------------------------------------------------------------

A_PAGE = 2**16  # in these tests; the ids of a mutation that are a page of the service's own would take seconds to make
LARGE: dict[str, dict[str, Any]] = {
    "ids": {"ids": list(range(2**62, 2**62 + 1_250))},
    "small ids": {"ids": list(range(1, 4_800))},
    "a query": {"query": "\u0001\\" * 3_125},
    "a body of old": {"body": {"status": "resolved", "junk": "\N{CRAB}" * 6_250}},
}


@pytest.fixture
def pages_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MAX_SIZE", A_PAGE)


@pytest.mark.usefixtures("pages_are_small")
@pytest.mark.parametrize("columns", LARGE.values(), ids=LARGE)
def test_ends_a_page_early_where_mutations_are_large(api: Api, project: Project, columns: dict[str, Any]) -> None:
    kept = [MutationFactory(project=project, **columns).pk for _ in range(7)]
    small = [MutationFactory(project=project).pk for _ in range(3)]

    found: list[str] = []
    pages, query = 0, "per_page=9"
    while query:
        response = api.get(MUTATIONS, raw_query=query)
        assert response.status_code == 200
        assert 0 < len(response.content) < A_PAGE + 4_000
        links = links_of(response)
        found, pages = found + [row["id"] for row in response.json()], pages + 1
        query = f"per_page=9&cursor={links['next_cursor']}" if links["next"] == "true" else ""

    assert found == [str(pk) for pk in sorted([*kept, *small], reverse=True)]
    assert 3 <= pages <= 7


@pytest.mark.usefixtures("pages_are_small")
def test_walks_back_over_large_mutations(api: Api, project: Project) -> None:
    made = [MutationFactory(project=project, **LARGE["ids"]).pk for _ in range(6)]
    MutationFactory(project=project)
    last = api.get(MUTATIONS, raw_query=f"cursor={made[0]}:{made[0]}:1")

    before_it = [int(row["id"]) for row in last.json()]
    links = links_of(last)

    assert before_it == made[1:3][::-1]
    assert (links["previous"], links["next"]) == ("true", "true")
    further = api.get(MUTATIONS, raw_query=f"cursor={links['previous_cursor']}")
    assert [int(row["id"]) for row in further.json()] == made[3:5][::-1]


@pytest.mark.usefixtures("pages_are_small")
def test_shows_one_mutation_in_any_case(api: Api, project: Project) -> None:
    made = [MutationFactory(project=project, ids=list(range(1, 15_000))).pk for _ in range(2)]

    response = api.get(MUTATIONS)

    assert [row["id"] for row in response.json()] == [str(made[1])]
    assert links_of(response)["next"] == "true"


def test_does_not_read_the_marks_of_ten_thousand_issues_for_a_list(api: Api, project: Project) -> None:
    MutationFactory(project=project, seen_ids=list(range(1, 10_000)))

    with CaptureQueriesContext(connection) as queries:
        api.get(MUTATIONS)

    assert not any("seen_ids" in query["sql"] for query in queries)


# ---------------------------------------------------------------------------------------------------------------------
# What was kept before (migration 0011)
# ---------------------------------------------------------------------------------------------------------------------


def test_old_bodies_lose_what_was_not_understood(project: Project) -> None:
    bodies: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"status": "resolved", "junk": "x" * 100_000, "id": [1]}, {"status": "resolved"}),
        (
            {
                "status": "ignored",
                "statusDetails": {"ignoreCount": 5, "actor": {"id": 1}, "x": 1},
                "ignoreWindow": None,
            },
            {"status": "ignored", "statusDetails": {"ignoreCount": 5}, "ignoreWindow": None},
        ),
        ({"status": "unresolved", "statusDetails": {"x": 1}}, {"status": "unresolved", "statusDetails": {}}),
        ({"statusDetails": {}, "isPublic": "yes"}, {"statusDetails": {}, "isPublic": "yes"}),
        ({"assignedTo": None, "hasSeen": True}, {"assignedTo": None, "hasSeen": True}),
        ({"junk": {"status": "resolved"}}, {}),
        ({}, {}),
    ]
    made = [MutationFactory(project=project, body=body) for body, _ in bodies]
    editor = SimpleNamespace(connection=connection)

    import_module("issues.migrations.0011_understood_bodies").forget_what_was_not_understood(None, editor)

    for mutation, (_, understood) in zip(made, bodies, strict=True):
        mutation.refresh_from_db()
        assert mutation.body == understood
