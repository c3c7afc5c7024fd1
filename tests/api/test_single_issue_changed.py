"""One issue: changed, and what an issue that is merged allows (contract 5)."""

from datetime import timedelta

import pytest

from issues.models import Issue, Mutation
from projects.models import Project, Team, User
from tests.answers import iso
from tests.api.one_issue import ISSUES, LEGACY, NO_TERMS, Json, path_of, person
from tests.api_client import Api, Who
from tests.assertions import snapshot
from tests.factories import (
    IssueFactory,
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db


# ---------------------------------------------------------------------------------------------------------------------
# Changed
# ---------------------------------------------------------------------------------------------------------------------


# what is sent -> what is different then in the whole issue
CHANGES: dict[str, tuple[Json, Json]] = {
    "resolved": ({"status": "resolved"}, {"status": "resolved"}),
    "resolved in the next release": (
        {"status": "resolvedInNextRelease"},
        {"status": "resolved", "statusDetails": {"inNextRelease": True}},
    ),
    "resolved in the next release, the other way": (
        {"status": "resolved", "statusDetails": {"inNextRelease": True}},
        {"status": "resolved", "statusDetails": {"inNextRelease": True}},
    ),
    "resolved in a release": (
        {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}},
        {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}},
    ),
    "ignored": ({"status": "ignored", "substatus": "archived_forever"}, {"status": "ignored"}),
    "muted": ({"status": "muted", "snoozeDuration": None}, {"status": "ignored"}),
    "ignored until more events": (
        {"status": "ignored", "substatus": "archived_until_condition_met", "ignoreCount": 10},
        {"status": "ignored", "statusDetails": NO_TERMS | {"ignoreCount": 10}},
    ),
    "ignored until more users, in a window": (
        {"status": "ignored", "statusDetails": {"ignoreUserCount": 2, "ignoreUserWindow": 60}},
        {"status": "ignored", "statusDetails": NO_TERMS | {"ignoreUserCount": 2, "ignoreUserWindow": 60}},
    ),
}


@pytest.mark.parametrize(("body", "difference"), CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("auth", ["key", "jane"])
def test_is_answered_whole_with_its_new_status(
    api: Api, issue: Issue, neighbour: Issue, jane: User, auth: Who, body: Json, difference: Json
) -> None:
    ReleaseFactory(projects=[issue.project], version="1.0.0")
    was = api.get(path_of(issue), auth=auth).json()
    before = snapshot([neighbour.pk])

    response = api.put(path_of(issue), body, auth=auth)

    answer = response.json()
    details = dict(difference.get("statusDetails", {}))
    if details and auth == "jane":
        details["actor"] = person(jane)
    follows = auth == "jane" and difference["status"] == "resolved"
    assert response.status_code == 200
    assert len(answer.pop("activity")) == 1
    assert answer.pop("participants") == ([person(jane) | {"type": "user"}] if follows else [])
    was = {key: value for key, value in was.items() if key not in {"activity", "participants"}}
    assert answer == was | difference | {
        "statusDetails": details,
        "isSubscribed": follows,
        "subscriptionDetails": {"reason": "status_change"} if follows else None,
        "substatus": None
        if difference["status"] == "resolved"
        else "archived_until_condition_met"
        if details
        else "archived_forever",
    }
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "1")
    assert response.headers["Mutation-Id"] == str(Mutation.objects.get().pk)
    assert snapshot([neighbour.pk]) == before


def test_is_ignored_for_a_while(api: Api, issue: Issue) -> None:
    response = api.put(path_of(issue), {"status": "ignored", "statusDetails": {"ignoreDuration": 60}})

    until = Mutation.objects.get().created_at + timedelta(minutes=60)
    assert response.json()["statusDetails"] == NO_TERMS | {"ignoreUntil": iso(until)}


def test_is_unresolved_again(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project, resolved_in_release=True)

    answer = api.put(path_of(issue), {"status": "unresolved"}).json()

    assert (answer["status"], answer["statusDetails"]) == ("unresolved", {})


@pytest.mark.parametrize("word", ["user:{jane}", "{jane}", "jane", "JANE@example.com"])
def test_is_assigned_to_somebody_and_to_nobody(api: Api, issue: Issue, jane: User, word: str) -> None:
    assigned = api.put(path_of(issue), {"assignedTo": word.format(jane=jane.pk)}).json()
    unassigned = api.put(path_of(issue), {"assignedTo": ""}).json()

    assert assigned["assignedTo"] == {
        "type": "user",
        "id": str(jane.pk),
        "name": "Jane Schmidt",
        "email": "jane@example.com",
    }
    assert assigned["participants"] == [person(jane) | {"type": "user"}]
    assert unassigned["assignedTo"] is None
    assert [item["type"] for item in unassigned["activity"]] == ["unassigned", "assigned"]


@pytest.mark.parametrize("word", ["team:{team}", "#powerful-abolitionist", "powerful-abolitionist"])
def test_is_assigned_to_a_team(api: Api, issue: Issue, team: Team, word: str) -> None:
    answer = api.put(path_of(issue), {"assignedTo": word.format(team=team.pk)}).json()

    assert answer["assignedTo"] == {"type": "team", "id": str(team.pk), "name": "powerful-abolitionist"}


def test_has_a_share_link_while_it_is_public(api: Api, issue: Issue) -> None:
    public = api.put(path_of(issue), {"isPublic": True}).json()
    still = api.put(path_of(issue), {"isPublic": True})
    private = api.put(path_of(issue), {"isPublic": False}).json()

    assert (public["isPublic"], len(public["shareId"])) == (True, 32)
    assert still.json() == public
    assert still.headers["Issues-Changed"] == "0"
    assert (private["isPublic"], private["shareId"]) == (False, None)


def test_has_the_callers_own_marks(api: Api, issue: Issue, jane: User) -> None:
    marks = {"hasSeen": True, "isBookmarked": True, "isSubscribed": True}

    response = api.put(path_of(issue), marks, auth="jane")

    answer = response.json()
    assert {key: answer[key] for key in [*marks, "subscriptionDetails"]} == marks | {
        "subscriptionDetails": {"reason": "unknown"}
    }
    assert [item["id"] for item in answer["seenBy"]] == [str(jane.pk)]
    assert answer["activity"] == []
    assert response.headers["Issues-Changed"] == "1"
    seen_by_sam = api.get(path_of(issue), auth="sam").json()
    assert not any(seen_by_sam[key] for key in marks)

    answer = api.put(path_of(issue), dict.fromkeys(marks, False), auth="jane").json()

    assert not any(answer[key] for key in marks)
    assert (answer["subscriptionDetails"], answer["seenBy"], answer["participants"]) == (None, [], [])


def test_has_no_marks_of_a_key(api: Api, issue: Issue) -> None:
    before = snapshot()

    response = api.put(path_of(issue), {"hasSeen": True, "isBookmarked": True, "isSubscribed": True})

    assert (response.status_code, response.json()) == (200, api.get(path_of(issue)).json())
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "0")
    assert snapshot() == before


@pytest.mark.parametrize(
    "body", [{}, None, {"merge": True}, {"merge": False}, {"status": "unresolved"}, {"isPublic": False}, {"foo": 1}]
)
def test_is_answered_as_it_is_when_there_is_nothing_to_change(api: Api, issue: Issue, body: object) -> None:
    before = snapshot()

    response = api.put(path_of(issue), body, auth="jane")

    assert (response.status_code, response.json()) == (200, api.get(path_of(issue), auth="jane").json())
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "0")
    assert "Mutation-Id" not in response.headers
    assert snapshot() == before


def test_takes_everything_at_once(api: Api, issue: Issue, jane: User) -> None:
    body = {
        "isSubscribed": False,
        "merge": True,
        "isBookmarked": True,
        "hasSeen": True,
        "isPublic": True,
        "assignedTo": "me@nowhere.example",
        "status": "resolved",
    }
    before = snapshot()
    assert api.put(path_of(issue), body, auth="jane").json() == {"assignedTo": ["Unknown actor input"]}
    assert snapshot() == before

    answer = api.put(path_of(issue), body | {"assignedTo": "jane"}, auth="jane").json()

    assert [answer[key] for key in ("status", "isPublic", "isBookmarked", "hasSeen", "isSubscribed")] == [
        "resolved",
        True,
        True,
        True,
        False,
    ]
    assert [item["type"] for item in answer["activity"]] == ["set_public", "assigned", "set_resolved"]
    assert Mutation.objects.get().ids == [issue.pk]


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        ({"status": "open"}, 400, {"status": ['"open" is not a valid choice.']}),
        ({"isPublic": None}, 400, {"isPublic": ["This field may not be null."]}),
        ({"ignoreCount": 5}, 400, {"ignoreCount": ['This goes with "status": "ignored".']}),
        (
            {"status": "resolved", "statusDetails": {"inRelease": "9"}},
            400,
            {"statusDetails": {"inRelease": ["Unable to find a release with the given version."]}},
        ),
        ("[]", 400, {"detail": "The body must be a JSON object."}),
        ({"assignedTo": "kit"}, 400, {"assignedTo": ["Unknown actor input"]}),
    ],
    ids=str,
)
def test_refuses_what_the_bulk_route_refuses(api: Api, issue: Issue, body: object, status: int, answer: object) -> None:
    bulk = api.put(api.issues_url, body, ids=[issue.pk])
    before = snapshot()

    response = api.put(path_of(issue), body)

    assert (response.status_code, response.json()) == (bulk.status_code, bulk.json()) == (status, answer)
    assert snapshot() == before


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("id=1", 'Unknown query parameter "id". Nothing was changed.'),
        ("id={id}", 'Unknown query parameter "id". Nothing was changed.'),
        ("status=resolved", 'Unknown query parameter "status". Nothing was changed.'),
        ("query=", 'Unknown query parameter "query". Nothing was changed.'),
        ("preview=true", 'Unknown query parameter "preview". Nothing was changed.'),
        ("ids=1", 'Unknown query parameter "ids". Nothing was changed.'),
        ("foo", 'Unknown query parameter "foo". Nothing was changed.'),
        ("&&f%6Fo=%00", 'Unknown query parameter "foo". Nothing was changed.'),
        ("%00", 'Unknown query parameter "\0". Nothing was changed.'),
        ("=", 'Unknown query parameter "". Nothing was changed.'),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_refuses_parameters_when_it_is_changed(api: Api, issue: Issue, method: str, query: str, detail: str) -> None:
    before = snapshot()

    response = api.request(method, path_of(issue), {"isPublic": True}, raw_query=query.format(id=issue.pk))

    assert (response.status_code, response.json()) == (400, {"detail": detail})
    assert snapshot() == before


def test_takes_a_query_that_says_nothing(api: Api, issue: Issue) -> None:
    for query in ("", "&", "&&"):
        assert api.put(path_of(issue), {}, raw_query=query).status_code == 200


# ---------------------------------------------------------------------------------------------------------------------
# Merged
# ---------------------------------------------------------------------------------------------------------------------


def merged_into(issue: Issue) -> int | None:
    return Issue.objects.get(pk=issue.pk).merged_into_id


@pytest.mark.parametrize("name", ["child", "grandchild"])
@pytest.mark.parametrize("body", [{"merge": False}, {"merge": "false"}, {"merge": False, "note": "x"}], ids=str)
def test_that_is_merged_is_taken_out_and_answered(api: Api, tree: dict[str, Issue], name: str, body: Json) -> None:
    response = api.put(f"{ISSUES}{tree[name].short_id}/", body, auth="jane")

    answer = response.json()
    assert (response.status_code, answer["id"]) == (200, str(tree[name].pk))
    assert answer == api.get(path_of(tree[name]), auth="jane").json()
    assert [item["type"] for item in answer["activity"]] == ["unmerge"]
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "2")
    assert response.headers["Mutation-Id"] == str(Mutation.objects.get().pk)
    assert merged_into(tree[name]) is None
    assert merged_into(tree["grandchild"]) == (None if name == "grandchild" else tree["child"].pk)


def test_gives_back_what_was_merged_into_it(api: Api, tree: dict[str, Issue]) -> None:
    response = api.put(path_of(tree["root"]), {"merge": False})

    assert (response.status_code, response.json()["id"]) == (200, str(tree["root"].pk))
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "2")
    assert (merged_into(tree["child"]), merged_into(tree["grandchild"])) == (None, tree["child"].pk)


@pytest.mark.parametrize("name", ["child", "grandchild"])
@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("DELETE", None),
        ("PUT", {"status": "resolved"}),
        ("PUT", {"merge": True}),
        ("PUT", {"merge": False, "hasSeen": True}),
        ("PUT", {"merge": False, "status": "resolved"}),
        ("PUT", {"isBookmarked": True}),
        ("PUT", {}),
        ("PUT", None),
    ],
)
@pytest.mark.parametrize("prefix", [ISSUES, LEGACY])
def test_that_is_merged_is_not_there_for_anything_else(
    api: Api, tree: dict[str, Issue], name: str, method: str, body: object, prefix: str
) -> None:
    before = snapshot()

    response = api.request(method, path_of(tree[name], prefix), body, auth="jane")

    detail = f"Issue {tree[name].pk} was merged into {tree['root'].pk}."
    assert (response.status_code, response.json()) == (404, {"detail": detail})
    assert snapshot() == before


def test_that_is_merged_still_has_the_body_read_first(api: Api, tree: dict[str, Issue]) -> None:
    response = api.put(path_of(tree["child"]), {"status": "open"})

    assert (response.status_code, response.json()) == (400, {"status": ['"open" is not a valid choice.']})


def test_that_is_merged_and_taken_out_can_be_changed(api: Api, tree: dict[str, Issue]) -> None:
    api.put(path_of(tree["child"]), {"merge": False})

    response = api.put(path_of(tree["child"]), {"status": "resolved"})

    assert (response.status_code, response.json()["status"]) == (200, "resolved")
    assert Issue.objects.get(pk=tree["root"].pk).status == "unresolved"
