"""Ignored until it escalates, as it is asked for and answered (contract 1.4, 1.8)."""

from typing import Any

import pytest
from django.utils import timezone

from issues.models import Issue, Mutation
from projects.models import Project, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import IssueFactory, IssueHourFactory

pytestmark = pytest.mark.django_db

Json = dict[str, Any]

BY_SUBSTATUS: Json = {"status": "ignored", "substatus": "archived_until_escalating"}
BY_DETAILS: Json = {"status": "ignored", "statusDetails": {"ignoreUntilEscalating": True}}
WITHOUT_TERMS = "This goes without a duration, an instant, a count and a number of users."
WITH_IGNORED = 'This goes with "status": "ignored".'


@pytest.fixture
def issue(project: Project) -> Issue:
    issue: Issue = IssueFactory(project=project, resolved=True)
    return issue


@pytest.mark.parametrize("ids", [True, False], ids=["by id", "update all"])
@pytest.mark.parametrize(
    "body",
    [
        BY_SUBSTATUS,
        BY_DETAILS,
        {**BY_SUBSTATUS, "status": "muted"},
        BY_SUBSTATUS | BY_DETAILS,
        {"status": "ignored", "statusDetails": {"ignoreUntilEscalating": "true", "actor": None, "ignoreCount": 0}},
        {**BY_SUBSTATUS, "ignoreDuration": 0, "snoozeDuration": None, "statusDetails": {}},
    ],
    ids=str,
)
def test_is_asked_for_and_answered(api: Api, issue: Issue, jane: User, body: Json, ids: bool) -> None:
    IssueHourFactory(issue=issue, hour=timezone.now(), own_count=20)

    response = api.put(api.issues_url, body, ids=[issue.pk] if ids else [], auth="jane")

    issue.refresh_from_db()
    actor = {"id": str(jane.pk), "name": jane.name, "username": jane.username, "email": jane.email}
    said = {"substatus": "archived_until_escalating"} if "substatus" in body else {}
    assert (response.status_code, response.json()) == (
        200,
        {"status": "ignored", **said, "statusDetails": {"ignoreUntilEscalating": True, "actor": actor}},
    )
    assert "Ignored-Keys" not in response.headers
    assert (issue.status, issue.snooze_escalates_above) == ("ignored", 40)
    kept = dict(body)
    if "actor" in body.get("statusDetails", {}):
        kept["statusDetails"] = {key: value for key, value in body["statusDetails"].items() if key != "actor"}
    assert Mutation.objects.get().body == kept


def test_a_preview_answers_the_same_and_writes_nothing(api: Api, issue: Issue) -> None:
    before = snapshot()

    preview = api.put(api.issues_url + "?preview=true", BY_SUBSTATUS, ids=[])

    assert preview.json() == {**BY_SUBSTATUS, "statusDetails": {"ignoreUntilEscalating": True}}
    assert (preview.headers["Issues-Changed"], snapshot()) == ("1", before)


@pytest.mark.parametrize("nothing", [False, None, "false"])
def test_false_and_null_are_as_if_not_given(api: Api, issue: Issue, nothing: object) -> None:
    body = {"status": "ignored", "ignoreCount": 5, "statusDetails": {"ignoreUntilEscalating": nothing}}

    response = api.put(api.issues_url, body, ids=[issue.pk])

    issue.refresh_from_db()
    assert response.json()["statusDetails"]["ignoreCount"] == 5
    assert (issue.snooze_ends_at_times_seen, issue.snooze_escalates_above) == (6, None)


NO_BOOLEANS: list[object] = ["maybe", 2, [], {}]
REFUSED: list[tuple[Json, Json]] = [
    *(
        ({**BY_DETAILS, key: 5}, {"statusDetails": {"ignoreUntilEscalating": [WITHOUT_TERMS]}})
        for key in ("ignoreDuration", "snoozeDuration", "ignoreCount", "ignoreUserCount")
    ),
    (
        {"status": "ignored", "statusDetails": {"ignoreUntilEscalating": True, "ignoreCount": 5, "ignoreWindow": 60}},
        {"statusDetails": {"ignoreUntilEscalating": [WITHOUT_TERMS]}},
    ),
    *(
        ({**BY_DETAILS, "status": status}, {"statusDetails": {"ignoreUntilEscalating": [WITH_IGNORED]}})
        for status in ("resolved", "unresolved", "resolvedInNextRelease")
    ),
    ({"statusDetails": {"ignoreUntilEscalating": True}}, {"statusDetails": ['This goes with "status".']}),
    *(
        (
            {"status": "ignored", "statusDetails": {"ignoreUntilEscalating": wrong}},
            {"statusDetails": {"ignoreUntilEscalating": ["Must be a valid boolean."]}},
        )
        for wrong in NO_BOOLEANS
    ),
]


@pytest.mark.parametrize("ids", [True, False], ids=["by id", "update all"])
@pytest.mark.parametrize(("body", "errors"), REFUSED, ids=str)
def test_is_refused(api: Api, issue: Issue, body: Json, errors: Json, ids: bool) -> None:
    before = snapshot()

    response = api.put(api.issues_url, body, ids=[issue.pk] if ids else [])

    assert (response.status_code, response.json()) == (400, errors)
    assert snapshot() == before


def test_is_told_in_the_history_and_taken_back(api: Api, issue: Issue) -> None:
    done = api.put(api.issues_url, BY_SUBSTATUS, ids=[issue.pk]).headers["Mutation-Id"]

    (told,) = api.get(api.issues_url.removesuffix("issues/") + f"mutations/{done}/").json()["issues"]
    undone = api.undo(done)

    assert told["before"] == {"status": "resolved", "statusDetails": {}}
    assert told["after"] == {"status": "ignored", "statusDetails": {"ignoreUntilEscalating": True}}
    assert undone.json()["restored"] == 1
    (issue_now,) = api.get(api.issues_url, raw_query="query=").json()
    assert (issue_now["status"], issue_now["substatus"]) == ("resolved", None)
