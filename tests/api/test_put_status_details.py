"""``status`` and what goes with it: ``statusDetails`` and the terms of a snooze (contract 1.4, 1.5)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from issues.models import Activity, Issue, Mutation
from projects.models import Project
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import IssueFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

WITH_IGNORED = 'This goes with "status": "ignored".'
WITH_RESOLVED = 'This goes with "status": "resolved".'
WITH_STATUS = 'This goes with "status".'
WITH_COUNT = 'This goes with "ignoreCount".'
WITH_USER_COUNT = 'This goes with "ignoreUserCount".'
ONE_ONLY = "Ask for one of resolvedInNextRelease, inNextRelease and inRelease only."
NOT_IN_BOTH = 'Say this here or in "statusDetails", not in both.'
UNKNOWN_RELEASE = "Unable to find a release with the given version."

Json = dict[str, Any]
NO_TERMS: Json = dict.fromkeys(["ignoreCount", "ignoreUntil", "ignoreUserCount", "ignoreUserWindow", "ignoreWindow"])


def iso(moment: datetime | None) -> str:
    assert moment is not None
    return moment.isoformat().replace("+00:00", "Z")


@pytest.fixture
def release(project: Project) -> object:
    return ReleaseFactory(projects=[project], version="1.0.0")


# ---------------------------------------------------------------------------------------------------------------------
# What doesn't go together
# ---------------------------------------------------------------------------------------------------------------------


TERMS = {"ignoreDuration": 30, "snoozeDuration": 30, "ignoreCount": 5, "ignoreUserCount": 5}
NO_OBJECTS: list[object] = [[], "", "inNextRelease", 1, True]
OTHER_STATUSES = ["resolved", "unresolved", "resolvedInNextRelease"]

REFUSED: list[tuple[Json, Json]] = [
    # terms without "ignored"
    *(({key: number}, {key: [WITH_IGNORED]}) for key, number in TERMS.items()),
    *(
        ({"status": status, key: number}, {key: [WITH_IGNORED]})
        for status in OTHER_STATUSES
        for key, number in TERMS.items()
    ),
    ({"isPublic": True, "ignoreDuration": "30"}, {"ignoreDuration": [WITH_IGNORED]}),
    *(
        ({"status": status, "statusDetails": {key: number}}, {"statusDetails": {key: [WITH_IGNORED]}})
        for status in OTHER_STATUSES
        for key, number in TERMS.items()
        if key != "snoozeDuration"
    ),
    (
        {"status": "resolved", **TERMS},
        {key: [WITH_IGNORED] for key in TERMS},
    ),
    # a window without its count
    ({"status": "ignored", "ignoreWindow": 60}, {"ignoreWindow": [WITH_COUNT]}),
    ({"status": "ignored", "ignoreUserWindow": 60}, {"ignoreUserWindow": [WITH_USER_COUNT]}),
    ({"status": "ignored", "ignoreWindow": 60, "ignoreCount": 0}, {"ignoreWindow": [WITH_COUNT]}),
    ({"status": "ignored", "ignoreWindow": 60, "ignoreCount": None}, {"ignoreWindow": [WITH_COUNT]}),
    ({"status": "ignored", "ignoreWindow": 60, "ignoreUserCount": 5}, {"ignoreWindow": [WITH_COUNT]}),
    ({"status": "ignored", "ignoreUserWindow": 60, "ignoreCount": 5}, {"ignoreUserWindow": [WITH_USER_COUNT]}),
    (
        {"status": "ignored", "statusDetails": {"ignoreWindow": 60, "ignoreUserWindow": 60}},
        {"statusDetails": {"ignoreWindow": [WITH_COUNT], "ignoreUserWindow": [WITH_USER_COUNT]}},
    ),
    ({"ignoreWindow": 60}, {"ignoreWindow": [WITH_COUNT, WITH_IGNORED]}),
    ({"status": "resolved", "ignoreWindow": 60}, {"ignoreWindow": [WITH_COUNT, WITH_IGNORED]}),
    ({"ignoreWindow": 60, "ignoreCount": 5}, {"ignoreWindow": [WITH_IGNORED], "ignoreCount": [WITH_IGNORED]}),
    # releases without "resolved"
    *(
        ({"status": status, "statusDetails": details}, {"statusDetails": {key: [WITH_RESOLVED] for key in details}})
        for status in ("unresolved", "ignored", "muted")
        for details in ({"inNextRelease": True}, {"inRelease": "1.0.0"}, {"inRelease": "latest"})
    ),
    # two wishes at once
    (
        {"status": "resolved", "statusDetails": {"inNextRelease": True, "inRelease": "1.0.0"}},
        {"statusDetails": {"inNextRelease": [ONE_ONLY], "inRelease": [ONE_ONLY]}},
    ),
    (
        {"status": "resolvedInNextRelease", "statusDetails": {"inNextRelease": True}},
        {"statusDetails": {"inNextRelease": [ONE_ONLY]}},
    ),
    (
        {"status": "resolvedInNextRelease", "statusDetails": {"inRelease": "1.0.0"}},
        {"statusDetails": {"inRelease": [ONE_ONLY]}},
    ),
    # details without a status
    *(
        ({"statusDetails": details}, {"statusDetails": [WITH_STATUS]})
        for details in (
            {"inNextRelease": True},
            {"inNextRelease": False},
            {"inRelease": "1.0.0"},
            {"ignoreCount": 5},
            {"ignoreCount": 0},
            {"ignoreDuration": None},
            {"actor": {"id": "1"}},
        )
    ),
    ({"isPublic": True, "statusDetails": {"inNextRelease": True}}, {"statusDetails": [WITH_STATUS]}),
    # the same in two places
    (
        {"status": "ignored", "ignoreCount": 5, "statusDetails": {"ignoreCount": 5}},
        {"ignoreCount": [NOT_IN_BOTH]},
    ),
    (
        {"status": "ignored", "ignoreDuration": 30, "statusDetails": {"ignoreCount": 5}},
        {"ignoreDuration": [NOT_IN_BOTH]},
    ),
    (
        {"status": "ignored", "snoozeDuration": 30, "statusDetails": {"ignoreCount": 5}},
        {"snoozeDuration": [NOT_IN_BOTH]},
    ),
    (
        {"status": "ignored", "ignoreWindow": 60, "statusDetails": {"ignoreCount": 5}},
        {"ignoreWindow": [WITH_COUNT, NOT_IN_BOTH]},
    ),
    # a wrong shape
    *(
        (
            {"status": "resolved", "statusDetails": details},
            {
                "statusDetails": {
                    "non_field_errors": [f"Invalid data. Expected a dictionary, but got {type(details).__name__}."]
                }
            },
        )
        for details in NO_OBJECTS
    ),
    # a wrong value
    (
        {"status": "resolved", "statusDetails": {"inRelease": "9.9.9"}},
        {"statusDetails": {"inRelease": [UNKNOWN_RELEASE]}},
    ),
    (
        {"status": "resolved", "statusDetails": {"inRelease": ""}},
        {"statusDetails": {"inRelease": ["This field may not be blank."]}},
    ),
    (
        {"status": "resolved", "statusDetails": {"inRelease": []}},
        {"statusDetails": {"inRelease": ["Not a valid string."]}},
    ),
    (
        {"status": "resolved", "statusDetails": {"inRelease": True}},
        {"statusDetails": {"inRelease": ["Not a valid string."]}},
    ),
    (
        {"status": "resolved", "statusDetails": {"inNextRelease": "soon"}},
        {"statusDetails": {"inNextRelease": ["Must be a valid boolean."]}},
    ),
    # a wrong value beside a contradiction: both
    (
        {"status": "unresolved", "statusDetails": {"inRelease": "9.9.9", "ignoreCount": 5}},
        {"statusDetails": {"inRelease": [UNKNOWN_RELEASE], "ignoreCount": [WITH_IGNORED]}},
    ),
    (
        {"status": "ignored", "statusDetails": {"ignoreCount": -1, "ignoreUserWindow": 60, "inNextRelease": True}},
        {
            "statusDetails": {
                "ignoreCount": ["Ensure this value is greater than or equal to 0."],
                "ignoreUserWindow": [WITH_USER_COUNT],
                "inNextRelease": [WITH_RESOLVED],
            }
        },
    ),
    (
        {"status": "ignored", "ignoreDuration": 30, "statusDetails": {"ignoreCount": 5, "ignoreUserCount": "x"}},
        {
            "ignoreDuration": [NOT_IN_BOTH],
            "statusDetails": {"ignoreUserCount": ["A valid integer is required."]},
        },
    ),
    # about a field that is wrong by itself nothing more is known
    (
        {"status": "open", "ignoreCount": 5, "statusDetails": {"inNextRelease": True}},
        {"status": ['"open" is not a valid choice.']},
    ),
    (
        {"status": "ignored", "ignoreCount": "many", "ignoreWindow": 60},
        {"ignoreCount": ["A valid integer is required."]},
    ),
    (
        {"status": "ignored", "statusDetails": {"ignoreCount": "many", "ignoreWindow": 60}},
        {"statusDetails": {"ignoreCount": ["A valid integer is required."]}},
    ),
]


@pytest.mark.parametrize(("body", "errors"), REFUSED, ids=lambda value: str(value) if "status" in value else "")
def test_is_refused(api: Api, project: Project, release: object, body: Json, errors: Json) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, body, ids=[issue.pk])

    assert (response.status_code, response.json()) == (400, errors)
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# What counts as not given
# ---------------------------------------------------------------------------------------------------------------------


NOT_GIVEN: list[tuple[Json, Json]] = [
    ({"status": "resolved", "ignoreDuration": 0, "ignoreCount": 0, "ignoreUserCount": 0}, {}),
    ({"status": "unresolved", "snoozeDuration": 0}, {}),
    ({"status": "resolved", "statusDetails": {"inNextRelease": False}}, {}),
    ({"status": "ignored", "statusDetails": {"inNextRelease": False}}, {}),
    ({"status": "ignored", "statusDetails": {"ignoreCount": 0, "ignoreDuration": None}}, {}),
    ({"status": "resolved", "statusDetails": {"ignoreCount": 0}}, {}),
    ({"status": "resolved", "statusDetails": {"actor": {"id": "1"}}}, {}),
    ({"status": "resolved", "statusDetails": {"inNextRelease": False, "inRelease": "1.0.0"}}, {"inRelease": "1.0.0"}),
    ({"status": "resolvedInNextRelease", "statusDetails": {"inNextRelease": False}}, {"inNextRelease": True}),
    ({"status": "resolvedInNextRelease", "statusDetails": {}}, {"inNextRelease": True}),
    (
        {"status": "ignored", "ignoreCount": 0, "statusDetails": {"ignoreCount": 5}},
        NO_TERMS | {"ignoreCount": 5},
    ),
    (
        {"status": "ignored", "ignoreCount": 5, "statusDetails": {"ignoreCount": 0}},
        NO_TERMS | {"ignoreCount": 5},
    ),
    (
        {"status": "ignored", "snoozeDuration": None, "statusDetails": {"ignoreCount": 5}},
        NO_TERMS | {"ignoreCount": 5},
    ),
    ({"statusDetails": {}}, {}),
]


@pytest.mark.parametrize(("body", "details"), NOT_GIVEN, ids=str)
def test_is_as_if_not_given(api: Api, project: Project, release: object, body: Json, details: Json) -> None:
    issue = IssueFactory(project=project)

    response = api.put(api.issues_url, body, ids=[issue.pk])

    asked = body.get("status")
    answered = "resolved" if asked == "resolvedInNextRelease" else asked
    assert response.status_code == 200
    assert response.json() == ({} if asked is None else {"status": answered, "statusDetails": details})


# ---------------------------------------------------------------------------------------------------------------------
# A duration has two names
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "minutes"),
    [
        ({"ignoreDuration": 30}, 30),
        ({"snoozeDuration": 20}, 20),
        ({"ignoreDuration": 30, "snoozeDuration": 20}, 30),
        ({"snoozeDuration": 20, "ignoreDuration": 30}, 30),
        ({"ignoreDuration": 0, "snoozeDuration": 20}, 20),
        ({"ignoreDuration": None, "snoozeDuration": 20}, 20),
        ({"ignoreDuration": 30, "snoozeDuration": None}, 30),
        ({"ignoreDuration": 30, "snoozeDuration": 0}, 30),
        ({"statusDetails": {"ignoreDuration": 30}}, 30),
        ({"statusDetails": {"ignoreDuration": 30}, "snoozeDuration": None}, 30),
    ],
    ids=str,
)
def test_ends_after_so_many_minutes_from_the_start_of_the_request(
    api: Api, project: Project, terms: Json, minutes: int
) -> None:
    issue = IssueFactory(project=project)
    earliest = timezone.now()

    response = api.put(api.issues_url, {"status": "ignored"} | terms, ids=[issue.pk])

    began = Mutation.objects.get().created_at
    assert earliest <= began <= timezone.now()
    assert response.status_code == 200
    assert response.json() == {
        "status": "ignored",
        "statusDetails": NO_TERMS | {"ignoreUntil": iso(began + timedelta(minutes=minutes))},
    }
    issue.refresh_from_db()
    assert issue.snooze_ends_at == began + timedelta(minutes=minutes)


# ---------------------------------------------------------------------------------------------------------------------
# Which rows change (1.5)
# ---------------------------------------------------------------------------------------------------------------------


STATES: dict[str, Json] = {
    "unresolved": {},
    "resolved": {"resolved": True},
    "in 1.0.0": {"resolved": True, "resolution_kind": "in_release"},
    "in next": {"resolved_in_next_release": True},
    "ignored": {"ignored": True},
    "ignored until more": {"ignored": True, "snooze_ends_at_times_seen": 6},
    "woken": {"ignored": True, "snooze_ends_at_times_seen": 1},
}
TO: dict[str, tuple[Json, set[str]]] = {  # and the states that it leaves alone
    "resolved": ({"status": "resolved"}, {"resolved"}),
    "resolvedInNextRelease": ({"status": "resolvedInNextRelease"}, {"in next"}),
    "inRelease": ({"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}}, {"in 1.0.0"}),
    "inRelease, another": (
        {"status": "resolved", "statusDetails": {"inRelease": "1.1.0"}},
        set(),
    ),
    "unresolved": ({"status": "unresolved"}, {"unresolved", "woken"}),
    "ignored": ({"status": "ignored"}, {"ignored"}),
    "ignored until the same": ({"status": "ignored", "ignoreCount": 5}, {"ignored until more"}),
    "ignored until another": ({"status": "ignored", "ignoreCount": 6}, set()),
}


@pytest.mark.parametrize("to", TO)
@pytest.mark.parametrize("state", STATES)
def test_changes_the_rows_that_differ(api: Api, project: Project, state: str, to: str) -> None:
    """Of an issue that is named, or of all, by turns: both write the same rows."""
    body, unchanged = TO[to]
    named = (list(STATES).index(state) + list(TO).index(to)) % 2 == 0
    release = ReleaseFactory(projects=[project], version="1.0.0")
    newest = ReleaseFactory(projects=[project], version="1.1.0")
    named_in = {"in 1.0.0": {"resolution_release": release}, "in next": {"resolution_release": newest}}
    columns = STATES[state] | named_in.get(state, {})
    issue = IssueFactory(project=project, **columns)
    before = snapshot()

    first = api.put(api.issues_url, body, ids=[issue.pk] if named else [])

    expected = "0" if state in unchanged else "1"
    assert (first.status_code, first.headers["Issues-Matched"], first.headers["Issues-Changed"]) == (200, "1", expected)
    assert (snapshot() == before) is (state in unchanged)
    assert Activity.objects.count() == int(expected)

    after = snapshot()
    second = api.put(api.issues_url, body, ids=[issue.pk] if named else [])

    assert (second.status_code, second.content) == (200, first.content)
    assert second.headers["Issues-Changed"] == "0"
    assert snapshot() == after


def test_moves_the_end_of_a_duration_with_each_request(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    body = {"status": "ignored", "ignoreDuration": 30}

    first = api.put(api.issues_url, body, ids=[issue.pk])
    second = api.put(api.issues_url, body, ids=[issue.pk])

    assert (first.headers["Issues-Changed"], second.headers["Issues-Changed"]) == ("1", "1")
    ends = [response.json()["statusDetails"]["ignoreUntil"] for response in (first, second)]
    assert ends[0] < ends[1]
    assert ends[1] == iso(Issue.objects.get().snooze_ends_at)
