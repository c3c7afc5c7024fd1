"""The body of a PUT: what is read, what it is taken for, and what is refused (contract 1.4)."""

import json
from datetime import timedelta
from typing import Any

import pytest

from issues.models import Issue, IssueBookmark, IssueSeen, IssueSubscription, Mutation
from projects.models import Project, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db

MAX_BODY = 2**20
NO_INTEGER = "A valid integer is required."
NO_BOOLEAN = "Must be a valid boolean."
NO_STRING = "Not a valid string."
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
# Media types
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "Application/JSON",
    ],
)
def test_is_read_as_json(api: Api, project: Project, media_type: str) -> None:
    issue = IssueFactory(project=project)

    response = api.put(api.issues_url, {"status": "resolved"}, ids=[issue.pk], headers={"Content-Type": media_type})

    assert (response.status_code, response.json()) == (200, {"status": "resolved", "statusDetails": {}})


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "text/plain",
        "text/json",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json-patch+json",
        "application/vnd.api+json",
        "application/jsonx",
        "application/json, text/plain",
        "*/*",
        "*/*; q=1",
        "application/*",
        "*/json",
        "*",
        "application/octet-stream",
        "nonsense",
    ],
)
def test_is_refused_as_anything_else(api: Api, project: Project, media_type: str) -> None:
    issue = IssueFactory(project=project, public=True)
    before = snapshot()

    response = api.put(api.issues_url, {"isPublic": False}, ids=[issue.pk], headers={"Content-Type": media_type})

    assert response.status_code == 415
    assert response.json() == {
        "detail": f'Unsupported media type "{media_type}" in request. Send application/json.',
    }
    assert snapshot() == before


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ],
)
def test_may_be_empty_with_ids_whatever_its_media_type(api: Api, project: Project, jane: User, media_type: str) -> None:
    """A form in which no box is ticked, to DRF; it un-shared, un-merged and un-marked what it named."""
    issue = IssueFactory(project=project, public=True)
    child = IssueFactory(merged_into=issue)
    for model in (IssueBookmark, IssueSeen, IssueSubscription):
        marked = {"project": project, "issue": issue, "user": jane}
        at = {"seen_at": issue.last_seen} if model is IssueSeen else {"created_at": issue.last_seen}
        model._default_manager.create(**marked, **at, **({"reason": "unknown"} if model is IssueSubscription else {}))
    before = snapshot()

    response = api.put(api.issues_url, b"", ids=[issue.pk], auth="jane", headers={"Content-Type": media_type})

    assert (response.status_code, response.content) == (200, b"{}")
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "0")
    assert snapshot() == before
    child.refresh_from_db()
    assert child.merged_into_id == issue.pk


def test_may_be_an_empty_object_with_ids(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, {}, ids=[issue.pk])

    assert (response.status_code, response.content) == (200, b"{}")
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("1", "0")
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# What is no JSON object, or means two things
# ---------------------------------------------------------------------------------------------------------------------


def nested(depth: int, *, array: bool = False) -> bytes:
    """Return a body whose innermost value is so deep; the body itself is 1."""
    inner = "[" * (depth - 1) + "]" * (depth - 1) if array else '{"a": ' * (depth - 1) + "0" + "}" * (depth - 1)
    return f'{{"x": {inner}}}'.encode()


TWICE = "The body has a key twice; which of the two is meant?"
TOO_DEEP = "The body is nested deeper than 20 levels."
NUL = "The body has a NUL character."
SURROGATE = "The body has half of a surrogate pair, which is no character."

MALFORMED: dict[str, tuple[bytes, str]] = {
    "a blank": (b" ", "The body is not JSON: Expecting value: line 1 column 2 (char 1)"),
    "a word": (b"resolved", "The body is not JSON: Expecting value: line 1 column 1 (char 0)"),
    "half an object": (
        b'{"isPublic": ',
        "The body is not JSON: Expecting value: line 1 column 14 (char 13)",
    ),
    "two objects": (b"{}{}", "The body is not JSON: Extra data: line 1 column 3 (char 2)"),
    "single quotes": (
        b"{'isPublic': true}",
        "The body is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
    ),
    "a comma too many": (
        b'{"isPublic": true,}',
        "The body is not JSON: Expecting property name enclosed in double quotes: line 1 column 19 (char 18)",
    ),
    "Python's word": (
        b'{"isPublic": True}',
        "The body is not JSON: Expecting value: line 1 column 14 (char 13)",
    ),
    "a raw line feed": (
        b'{"assignedTo": "a\nb"}',
        "The body is not JSON: Invalid control character at: line 1 column 18 (char 17)",
    ),
    "no UTF-8": (
        b'{"assignedTo": "\xff"}',
        "The body is not JSON: 'utf-8' codec can't decode byte 0xff in position 16: invalid start byte",
    ),
    "UTF-16": (
        '{"isPublic": true}'.encode("utf-16-le"),
        "The body is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
    ),
    "null": (b"null", "The body must be a JSON object."),
    "an array": (b'[{"isPublic": true}]', "The body must be a JSON object."),
    "a string": (b'"isPublic"', "The body must be a JSON object."),
    "a number": (b"1", "The body must be a JSON object."),
    "true": (b"true", "The body must be a JSON object."),
    "a key twice": (b'{"isPublic": false, "isPublic": false}', TWICE),
    "a key twice, once escaped": (b'{"isPublic": false, "\\u0069sPublic": true}', TWICE),
    "an unknown key twice": (b'{"x": 1, "x": 1}', TWICE),
    "an inner key twice": (b'{"x": {"a": 1, "a": 2}}', TWICE),
    "an inner key twice in an array": (b'{"x": [{"a": 1, "a": 2}]}', TWICE),
    "21 levels of objects": (nested(21), TOO_DEEP),
    "21 levels of arrays": (nested(21, array=True), TOO_DEEP),
    "a hundred thousand levels": (nested(100_000, array=True), TOO_DEEP),
    "NaN": (b'{"x": NaN}', "The body has NaN, which is not JSON."),
    "Infinity": (b'{"x": Infinity}', "The body has Infinity, which is not JSON."),
    "-Infinity": (b'{"ignoreCount": -Infinity}', "The body has -Infinity, which is not JSON."),
    "1e999": (b'{"x": 1e999}', "The body has a number that is too large: 1e999."),
    "-1e999": (b'{"x": [-1e999]}', "The body has a number that is too large: -1e999."),
    "NUL in a value": (b'{"assignedTo": "a\\u0000b"}', NUL),
    "NUL in a key": (b'{"a\\u0000b": 1}', NUL),
    "NUL far inside": (b'{"x": [{"y": ["\\u0000"]}]}', NUL),
    "a high surrogate": (b'{"assignedTo": "\\ud83d"}', SURROGATE),
    "a low surrogate": (b'{"assignedTo": "\\ude00"}', SURROGATE),
    "surrogates in the wrong order": (b'{"x": "\\ude00\\ud83d"}', SURROGATE),
    "a surrogate in a key": (b'{"\\ud83d": 1}', SURROGATE),
    "a surrogate far inside": (b'{"x": [{"y": {"\\ud83d": 0}}]}', SURROGATE),
}


@pytest.mark.parametrize(("body", "detail"), MALFORMED.values(), ids=MALFORMED)
def test_is_refused_with(api: Api, project: Project, body: bytes, detail: str) -> None:
    issue = IssueFactory(project=project, public=True)
    before = snapshot()

    response = api.put(api.issues_url, body, ids=[issue.pk])

    assert (response.status_code, response.json()) == (400, {"detail": detail})
    assert snapshot() == before


def test_is_refused_with_a_number_of_thousands_of_digits(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, b'{"x": ' + b"9" * 5000 + b"}", ids=[issue.pk])

    assert response.status_code == 400
    assert list(response.json()) == ["detail"]
    assert snapshot() == before


ODD_BUT_VALID = {
    "20 levels of objects": nested(20),
    "20 levels of arrays": nested(20, array=True),
    "white space": b' \t\r\n{ "x" : 1 } \n',
    "a pair of surrogates": b'{"x": "\\ud83d\\ude00"}',
    "a character beyond the first plane": '{"x": "\U0001f600"}'.encode(),
    "the same key on two levels": b'{"x": {"x": 1}}',
    "the largest float": b'{"x": 1.7976931348623157e308}',
    "a number near zero": b'{"x": 1e-999}',
    "a large whole number": b'{"x": 123456789012345678901234567890}',
    "an empty key": b'{"": 1}',
}


@pytest.mark.parametrize("body", ODD_BUT_VALID.values(), ids=ODD_BUT_VALID)
def test_may_hold_unknown_keys_with(api: Api, project: Project, body: bytes) -> None:
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, body, ids=[issue.pk])

    assert (response.status_code, response.content) == (200, b"{}")
    assert snapshot() == before


@pytest.mark.parametrize("body", ODD_BUT_VALID.values(), ids=ODD_BUT_VALID)
def test_is_not_kept_in_the_history_with(api: Api, project: Project, body: bytes) -> None:
    issue = IssueFactory(project=project)
    changing = json.loads(body) | {"isPublic": True}

    response = api.put(api.issues_url, changing, ids=[issue.pk])

    assert (response.status_code, response.headers["Issues-Changed"]) == (200, "1")
    assert Mutation.objects.get().body == {"isPublic": True}


def test_may_be_one_mebibyte(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    body = b'{"isPublic": false}'.ljust(MAX_BODY)

    response = api.put(api.issues_url, body, ids=[issue.pk])

    assert (response.status_code, response.json()) == (200, {"isPublic": False})


def test_is_refused_with_one_byte_more(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project, public=True)
    body = b'{"isPublic": false}'.ljust(MAX_BODY + 1)
    before = snapshot()

    response = api.put(api.issues_url, body, ids=[issue.pk])

    assert response.status_code == 413
    assert response.json() == {"detail": "The body is larger than 1048576 bytes; name fewer issues or say less."}
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Absent, null and unknown keys
# ---------------------------------------------------------------------------------------------------------------------

BOOLEANS = ["isPublic", "merge", "hasSeen", "isBookmarked", "isSubscribed"]
NUMBERS = ["ignoreDuration", "snoozeDuration", "ignoreCount", "ignoreWindow", "ignoreUserCount", "ignoreUserWindow"]


def test_is_answered_without_its_unknown_keys(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    body: Json = {
        "priority": "high",
        "status": "ignored",
        "foo": None,
        "shareId": "x",
        "subStatus": {},
    }

    response = api.put(api.issues_url, body, ids=[issue.pk])

    assert (response.status_code, response.json()) == (200, {"status": "ignored", "statusDetails": {}})


@pytest.mark.parametrize("key", [*BOOLEANS, "status", "statusDetails"])
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
    *("1_000", "\u0661\u0662", "\uff13", "\u0967", "\u06f5.0", "\u00a05", "5\u2003"),
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


@pytest.mark.parametrize("word", [30, "30", " 30 ", 30.0, "30.0", "030", "+30"], ids=repr)
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
    assert Issue.objects.values(*columns).get() == dict.fromkeys(columns) | stored


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
