"""``substatus``, which newer clients send beside the status (contract 1.4)."""

from typing import Any

import pytest

from issues.models import Issue, Mutation
from projects.models import Project
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db

Json = dict[str, Any]

OF_IGNORED = ["archived_until_escalating", "archived_until_condition_met", "archived_forever"]
OF_UNRESOLVED = ["ongoing", "new", "regressed", "escalating"]
WITH_IGNORED = ['This goes with "status": "ignored".']
WITH_UNRESOLVED = ['This goes with "status": "unresolved".']
WITH_STATUS = ['This goes with "status".']
WITH_TERMS = ["This goes with a duration, an instant, a count or a number of users."]
WITHOUT_TERMS = ["This goes without a duration, an instant, a count and a number of users."]
LATER = "2999-12-31T23:59:59Z"
TERMS: list[Json] = [
    {"ignoreDuration": 30},
    {"snoozeDuration": 30},
    {"ignoreUntil": LATER},
    {"ignoreCount": 5},
    {"ignoreUserCount": 5, "ignoreUserWindow": 60},
    {"statusDetails": {"ignoreDuration": 30}},
    {"statusDetails": {"ignoreCount": 5, "ignoreWindow": 60}},
    {"statusDetails": {"ignoreUntil": LATER}},
]


@pytest.fixture
def issue(project: Project) -> Issue:
    issue: Issue = IssueFactory(project=project, resolved=True)
    return issue


@pytest.mark.parametrize("ids", [True, False], ids=["by id", "update all"])
@pytest.mark.parametrize("word", OF_UNRESOLVED)
def test_is_answered_beside_unresolved(api: Api, issue: Issue, word: str, ids: bool) -> None:
    response = api.put(api.issues_url, {"substatus": word, "status": "unresolved"}, ids=[issue.pk] if ids else [])

    assert response.status_code == 200
    assert list(response.json().items()) == [("substatus", word), ("status", "unresolved"), ("statusDetails", {})]
    assert "Ignored-Keys" not in response.headers
    assert Mutation.objects.get().body == {"substatus": word, "status": "unresolved"}


@pytest.mark.parametrize("ids", [True, False], ids=["by id", "update all"])
@pytest.mark.parametrize("status", ["ignored", "muted"])
@pytest.mark.parametrize("terms", [{}, *TERMS], ids=str)
def test_is_answered_beside_ignored(api: Api, issue: Issue, status: str, terms: Json, ids: bool) -> None:
    word = "archived_until_condition_met" if terms else "archived_forever"

    response = api.put(api.issues_url, {"status": status, "substatus": word, **terms}, ids=[issue.pk] if ids else [])

    issue.refresh_from_db()
    assert response.status_code == 200
    assert list(response.json()) == ["status", "substatus", "statusDetails"]
    assert (response.json()["status"], response.json()["substatus"]) == ("ignored", word)
    assert bool(response.json()["statusDetails"]) is bool(terms)
    assert issue.status == "ignored"


@pytest.mark.parametrize("status", ["resolved", "unresolved", "ignored", "resolvedInNextRelease", None])
def test_null_is_as_if_not_given(api: Api, issue: Issue, status: str | None) -> None:
    body = {"substatus": None} if status is None else {"status": status, "substatus": None}

    response = api.put(api.issues_url, body, ids=[issue.pk])

    assert response.status_code == 200
    assert "substatus" not in response.json()
    assert "Ignored-Keys" not in response.headers


def no_choice(word: str) -> list[str]:
    return [f'"{word}" is not a valid choice.']


NO_SUBSTATUSES: list[object] = [
    *("", "archived", "Archived_Forever", "archived-forever", " ongoing", "until_escalating", 1, True, [], {})
]
REFUSED: list[tuple[Json, Json]] = [
    # without a status, or with another one
    *(({"substatus": word}, {"substatus": WITH_STATUS}) for word in (*OF_IGNORED, *OF_UNRESOLVED)),
    *(
        ({"status": status, "substatus": word}, {"substatus": WITH_IGNORED})
        for status in ("resolved", "unresolved", "resolvedInNextRelease")
        for word in OF_IGNORED
    ),
    *(
        ({"status": status, "substatus": word}, {"substatus": WITH_UNRESOLVED})
        for status in ("resolved", "ignored", "muted", "resolvedInNextRelease")
        for word in OF_UNRESOLVED
    ),
    # a word that is none
    *(({"status": "ignored", "substatus": word}, {"substatus": no_choice(str(word))}) for word in NO_SUBSTATUSES),
    ({"substatus": "archived"}, {"substatus": no_choice("archived")}),
    # against the terms
    ({"status": "ignored", "substatus": "archived_until_condition_met"}, {"substatus": WITH_TERMS}),
    (
        {
            "status": "ignored",
            "substatus": "archived_until_condition_met",
            "ignoreCount": 0,
            "statusDetails": {"ignoreUntil": None},
        },
        {"substatus": WITH_TERMS},
    ),
    *(
        ({"status": "ignored", "substatus": word, **terms}, {"substatus": WITHOUT_TERMS})
        for word in ("archived_forever", "archived_until_escalating")
        for terms in TERMS
    ),
    *(
        (
            {"status": "ignored", "substatus": word, "statusDetails": {"ignoreUntilEscalating": True}},
            {"substatus": ['This goes without "ignoreUntilEscalating".']},
        )
        for word in ("archived_forever", "archived_until_condition_met")
    ),
    # beside what is wrong by itself, as far as something is known
    ({"status": "open", "substatus": "archived_forever"}, {"status": no_choice("open")}),
    (
        {"status": "ignored", "substatus": "archived_until_condition_met", "ignoreCount": -1},
        {"ignoreCount": ["Ensure this value is greater than or equal to 0."]},
    ),
    (
        {"status": "resolved", "substatus": "archived_until_condition_met", "ignoreCount": 5},
        {"substatus": WITH_IGNORED, "ignoreCount": WITH_IGNORED},
    ),
]


@pytest.mark.parametrize("ids", [True, False], ids=["by id", "update all"])
@pytest.mark.parametrize(("body", "errors"), REFUSED, ids=lambda value: str(value) if "status" in value else "")
def test_is_refused(api: Api, issue: Issue, body: Json, errors: Json, ids: bool) -> None:
    before = snapshot()

    response = api.put(api.issues_url, body, ids=[issue.pk] if ids else [])

    assert (response.status_code, response.json()) == (400, errors)
    assert snapshot() == before


def test_does_not_make_more_of_a_body_than_a_status(api: Api, issue: Issue) -> None:
    before = snapshot()

    response = api.put(api.issues_url, {"status": "unresolved", "substatus": "ongoing", "hasSeen": True}, auth="jane")

    assert (response.status_code, response.json()) == (
        400,
        {"detail": "You must specify a list of IDs for this operation"},
    )
    assert snapshot() == before
