"""The body of a PUT: what is read as one, and what is refused (contract 1.4)."""

import json

import pytest

from issues.models import IssueBookmark, IssueSeen, IssueSubscription, Mutation
from projects.models import Project, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db

MAX_BODY = 2**20


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
        b'{"isPublic": true,,}',  # with one, newer versions of Python say another sentence
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

    detail = "The body has a whole number of too many digits."
    assert (response.status_code, response.json()) == (400, {"detail": detail})
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
