"""The keys of a PUT: what a value is taken for, and what is refused (contract 1.4)."""

from datetime import timedelta
from typing import Any

import pytest

from issues.models import Issue, Mutation
from projects.models import Project
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db

NO_INTEGER = "A valid integer is required."
NO_BOOLEAN = "Must be a valid boolean."
NULL = "This field may not be null."
GOES_WITH_IGNORED = 'This goes with "status": "ignored".'

Json = dict[str, Any]


def no_choice(word: str) -> str:
    return f'"{word}" is not a valid choice.'


def at_most(number: int) -> str:
    return f"Ensure this value is less than or equal to {number}."


def at_least(number: int) -> str:
    return f"Ensure this value is greater than or equal to {number}."


# ---------------------------------------------------------------------------------------------------------------------
# Absent, null and unknown keys
# ---------------------------------------------------------------------------------------------------------------------


BOOLEANS = ["isPublic", "merge", "hasSeen", "isBookmarked", "isSubscribed"]
NUMBERS = ["ignoreDuration", "snoozeDuration", "ignoreCount", "ignoreWindow", "ignoreUserCount", "ignoreUserWindow"]


def test_is_answered_without_its_unknown_keys(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    body: Json = {
        "inbox": True,
        "status": "ignored",
        "foo": None,
        "shareId": "x",
        "subStatus": {},
    }

    response = api.put(api.issues_url, body, ids=[issue.pk])

    assert (response.status_code, response.json()) == (200, {"status": "ignored", "statusDetails": {}})


@pytest.mark.parametrize("key", [*BOOLEANS, "status", "statusDetails", "priority"])
def test_is_refused_with_null(api: Api, project: Project, key: str) -> None:
    issue = IssueFactory(project=project, public=True)
    before = snapshot()

    response = api.put(api.issues_url, {key: None}, ids=[issue.pk], auth="jane")

    assert (response.status_code, response.json()) == (400, {key: [NULL]})
    assert snapshot() == before


@pytest.mark.parametrize("key", ["inNextRelease", "inRelease"])
def test_is_refused_with_null_in_status_details(api: Api, project: Project, key: str) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, {"status": "resolved", "statusDetails": {key: None}}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (400, {"statusDetails": {key: [NULL]}})
    assert snapshot() == before


@pytest.mark.parametrize("status", ["resolved", "unresolved", "ignored", None])
def test_may_hold_null_terms_with_any_status(api: Api, project: Project, status: str | None) -> None:
    issue = IssueFactory(project=project)
    asked = {} if status is None else {"status": status}

    response = api.put(api.issues_url, asked | dict.fromkeys(NUMBERS), ids=[issue.pk])

    assert response.status_code == 200
    assert response.json() == ({} if status is None else {"status": status, "statusDetails": {}})
    assert Issue.objects.get().status == (status or "unresolved")


# ---------------------------------------------------------------------------------------------------------------------
# Coercions, as DRF's fields do
# ---------------------------------------------------------------------------------------------------------------------


NO_BOOLEANS: list[object] = ["", [], "maybe", "null", "2", 2, -1, 0.5, [True], {}]
NO_NUMBERS: list[object] = [
    *("", False, True, "many", "30m", 1.5, "1.5", [], [30], {}),
    # to Python, all of these are numbers
    *("+30", "-0", "-1", "1_000", "\u0661\u0662", "\uff13", "\u0967", "\u06f5.0", "\u00a05", "5\u2003"),
]


@pytest.mark.parametrize(
    ("key", "word", "meant"),
    [
        *(("isPublic", word, True) for word in (True, "true", "True", "TRUE", "t", "yes", "on", "1", 1)),
        *(("isPublic", word, False) for word in (False, "false", "False", "FALSE", "f", "no", "off", "0", 0)),
        *((key, word, meant) for key in BOOLEANS[1:] for word, meant in [("true", True), (0, False)]),
    ],
    ids=repr,
)
def test_takes_for_a_boolean(api: Api, project: Project, key: str, word: object, meant: bool) -> None:
    issue = IssueFactory(project=project)

    response = api.put(api.issues_url, {key: word}, ids=[issue.pk], auth="jane")

    assert response.status_code == 200
    assert response.json()[key] is meant


@pytest.mark.parametrize(
    ("key", "word"),
    [
        *(("isPublic", word) for word in NO_BOOLEANS),
        *((key, word) for key in BOOLEANS[1:] for word in NO_BOOLEANS[:2]),
    ],
    ids=repr,
)
def test_does_not_take_for_a_boolean(api: Api, project: Project, key: str, word: object) -> None:
    issue = IssueFactory(project=project, public=True)
    before = snapshot()

    response = api.put(api.issues_url, {key: word}, ids=[issue.pk], auth="jane")

    assert (response.status_code, response.json()) == (400, {key: [NO_BOOLEAN]})
    assert snapshot() == before


@pytest.mark.parametrize("word", [30, "30", " 30 ", 30.0, "30.0", "030"], ids=repr)
def test_takes_for_a_number(api: Api, project: Project, word: object) -> None:
    issue = IssueFactory(project=project)

    response = api.put(api.issues_url, {"status": "ignored", "ignoreCount": word}, ids=[issue.pk])

    assert response.status_code == 200
    assert response.json()["statusDetails"]["ignoreCount"] == 30
    assert Issue.objects.get().snooze_ends_at_times_seen == 31


@pytest.mark.parametrize(
    ("key", "word"),
    [
        *(("ignoreCount", word) for word in NO_NUMBERS),
        *((key, word) for key in NUMBERS if key != "ignoreCount" for word in (NO_NUMBERS[0], *NO_NUMBERS[-7:])),
    ],
    ids=repr,
)
def test_does_not_take_for_a_number(api: Api, project: Project, key: str, word: object) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, {"status": "ignored", key: word}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (400, {key: [NO_INTEGER]})
    assert snapshot() == before


@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        ("", ""),
        ("Resolved", "Resolved"),
        (" resolved", " resolved"),
        ("open", "open"),
        ("resolvedInNextCommit", "resolvedInNextCommit"),
        (1, "1"),
        (True, "True"),
        (["resolved"], "['resolved']"),
        ({}, "{}"),
    ],
    ids=repr,
)
def test_does_not_take_for_a_status(api: Api, project: Project, word: object, quoted: str) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, {"status": word}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (400, {"status": [no_choice(quoted)]})
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Ranges
# ---------------------------------------------------------------------------------------------------------------------


MINUTES, COUNT, WINDOW = 52_560_000, 2_147_483_647, 10_080


@pytest.mark.parametrize("where", ["top", "statusDetails"])
@pytest.mark.parametrize(
    ("terms", "stored"),
    [
        ({"ignoreCount": 1}, {"snooze_ends_at_times_seen": 2}),
        ({"ignoreCount": COUNT}, {"snooze_ends_at_times_seen": COUNT + 1}),
        ({"ignoreUserCount": 1}, {"snooze_ends_at_users_seen": 2}),
        ({"ignoreUserCount": COUNT}, {"snooze_ends_at_users_seen": COUNT + 1}),
        (
            {"ignoreCount": COUNT, "ignoreWindow": 1},
            {"snooze_window_count": COUNT, "snooze_window_minutes": 1},
        ),
        (
            {"ignoreCount": 1, "ignoreWindow": WINDOW},
            {"snooze_window_count": 1, "snooze_window_minutes": WINDOW},
        ),
        (
            {"ignoreUserCount": COUNT, "ignoreUserWindow": 1},
            {"snooze_window_user_count": COUNT, "snooze_window_user_minutes": 1},
        ),
        (
            {"ignoreUserCount": 1, "ignoreUserWindow": WINDOW},
            {"snooze_window_user_count": 1, "snooze_window_user_minutes": WINDOW},
        ),
        ({"ignoreDuration": 0, "ignoreCount": 0, "ignoreUserCount": 0}, {}),
    ],
    ids=str,
)
def test_may_hold_the_terms(
    api: Api, project: Project, where: str, terms: dict[str, int], stored: dict[str, int]
) -> None:
    issue = IssueFactory(project=project)
    body = {"status": "ignored"} | (terms if where == "top" else {where: terms})

    response = api.put(api.issues_url, body, ids=[issue.pk])

    given = {key: number for key, number in terms.items() if number}
    nothing = dict.fromkeys(["ignoreCount", "ignoreUntil", "ignoreUserCount", "ignoreUserWindow", "ignoreWindow"])
    assert response.status_code == 200
    assert response.json() == {"status": "ignored", "statusDetails": nothing | given if given else {}}
    columns = [field.attname for field in Issue._meta.concrete_fields if field.attname.startswith("snooze_")]
    began = {"snooze_started_at": Mutation.objects.get().created_at}
    assert Issue.objects.values(*columns).get() == dict.fromkeys(columns) | stored | began


@pytest.mark.parametrize("key", ["ignoreDuration", "snoozeDuration"])
@pytest.mark.parametrize("minutes", [1, MINUTES])
def test_may_hold_a_duration(api: Api, project: Project, key: str, minutes: int) -> None:
    issue = IssueFactory(project=project)

    response = api.put(api.issues_url, {"status": "ignored", key: minutes}, ids=[issue.pk])

    issue.refresh_from_db()
    began = Mutation.objects.get().created_at
    assert response.status_code == 200
    assert issue.snooze_ends_at == began + timedelta(minutes=minutes)


OUT_OF_RANGE = [
    ("ignoreDuration", -1, at_least(0)),
    ("ignoreDuration", MINUTES + 1, at_most(MINUTES)),
    ("snoozeDuration", -1, at_least(0)),
    ("snoozeDuration", MINUTES + 1, at_most(MINUTES)),
    ("ignoreCount", -1, at_least(0)),
    ("ignoreCount", COUNT + 1, at_most(COUNT)),
    ("ignoreUserCount", -1, at_least(0)),
    ("ignoreUserCount", COUNT + 1, at_most(COUNT)),
    ("ignoreWindow", 0, at_least(1)),
    ("ignoreWindow", -1, at_least(1)),
    ("ignoreWindow", WINDOW + 1, at_most(WINDOW)),
    ("ignoreUserWindow", 0, at_least(1)),
    ("ignoreUserWindow", -1, at_least(1)),
    ("ignoreUserWindow", WINDOW + 1, at_most(WINDOW)),
    ("ignoreCount", 10**100, at_most(COUNT)),
    ("ignoreDuration", 2**63, at_most(MINUTES)),
]


@pytest.mark.parametrize(("key", "number", "sentence"), OUT_OF_RANGE)
def test_is_refused_with_a_number_out_of_range(
    api: Api, project: Project, key: str, number: int, sentence: str
) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, {"status": "ignored", key: number}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (400, {key: [sentence]})
    assert snapshot() == before


@pytest.mark.parametrize(("key", "number", "sentence"), [case for case in OUT_OF_RANGE if case[0] != "snoozeDuration"])
def test_is_refused_with_a_number_out_of_range_in_status_details(
    api: Api, project: Project, key: str, number: int, sentence: str
) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, {"status": "ignored", "statusDetails": {key: number}}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (400, {"statusDetails": {key: [sentence]}})
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Every bad field at once
# ---------------------------------------------------------------------------------------------------------------------


def test_is_refused_for_every_bad_field_at_once(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project, public=True)
    before = snapshot()

    response = api.put(
        api.issues_url,
        {
            "status": "open",
            "statusDetails": {"inRelease": "9.9.9", "ignoreCount": "many", "inNextRelease": "soon"},
            "ignoreDuration": -1,
            "snoozeDuration": "x",
            "ignoreCount": 2**31,
            "ignoreWindow": 0,
            "ignoreUserCount": 1.5,
            "ignoreUserWindow": 10_081,
            "assignedTo": "nobody",
            "isPublic": "maybe",
            "merge": None,
            "hasSeen": [],
            "isBookmarked": {},
            "isSubscribed": 2,
        },
        ids=[issue.pk],
        auth="jane",
    )

    assert response.status_code == 400
    assert response.json() == {
        "status": [no_choice("open")],
        "statusDetails": {
            "inRelease": ["Unable to find a release with the given version."],
            "ignoreCount": [NO_INTEGER],
            "inNextRelease": [NO_BOOLEAN],
        },
        "ignoreDuration": [at_least(0)],
        "snoozeDuration": [NO_INTEGER],
        "ignoreCount": [at_most(COUNT)],
        "ignoreWindow": [at_least(1)],
        "ignoreUserCount": [NO_INTEGER],
        "ignoreUserWindow": [at_most(WINDOW)],
        "assignedTo": ["Unknown actor input"],
        "isPublic": [NO_BOOLEAN],
        "merge": [NULL],
        "hasSeen": [NO_BOOLEAN],
        "isBookmarked": [NO_BOOLEAN],
        "isSubscribed": [NO_BOOLEAN],
    }
    assert snapshot() == before


def test_is_refused_for_wrong_and_for_contradictory_fields_at_once(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(
        api.issues_url,
        {"status": "resolved", "ignoreCount": 5, "assignedTo": "nobody", "isPublic": "maybe"},
        ids=[issue.pk],
    )

    assert response.status_code == 400
    assert response.json() == {
        "ignoreCount": [GOES_WITH_IGNORED],
        "assignedTo": ["Unknown actor input"],
        "isPublic": [NO_BOOLEAN],
    }
    assert snapshot() == before
