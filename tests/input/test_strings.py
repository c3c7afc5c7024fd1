"""Every string and number that a body, a query or a path can hold, with what PostgreSQL or Python can't."""

from itertools import cycle, islice
from typing import Any

import pytest

from issues.models import Issue
from projects.models import User
from tests.factories import ActivityFactory
from tests.input.attacker import Attacker

pytestmark = pytest.mark.django_db(transaction=True)

ORGANIZATION = "/api/0/organizations/the-interstellar-jurisdiction/"
PROJECT = "/api/0/projects/the-interstellar-jurisdiction/pump-station/"
ISSUES = f"{PROJECT}issues/"

# In place of any value of a body; each of them makes the whole body one that is refused.
NO_JSON = {
    "NUL": b'"a\\u0000b"',
    "a raw NUL": b'"a\0b"',
    "half of a pair": b'"\\ud800"',
    "the other half": b'"\\udfffx"',
    "half of a pair in UTF-8": b'"\xed\xa0\x80"',
    "no UTF-8": b'"\xff"',
    "NUL in a key": b'{"a\\u0000b": 1}',
    "a key twice": b'{"a": 1, "a": 1}',
    "NaN": b"NaN",
    "-Infinity": b"-Infinity",
    "1e400": b"1e400",
    "5,000 digits": b"9" * 5000,
    "a hundred levels": b"[" * 100 + b"]" * 100,
    "a hundred thousand levels": b"[" * 100_000,
}
# The same, but a body that is read: what becomes of it depends on the field.
ODD = {
    "more than 64 bits": b"18446744073709551616",
    "less than 64 bits": b"-9223372036854775809",
    "a large float": b"1e308",
    "a tiny one": b"1e-400",
    "minus nothing": b"-0",
    "a fraction": b"1.5",
    "true": b"true",
    "null": b"null",
    "an array": b"[[]]",
    "an object": b'{"a": {}}',
    "nothing": b'""',
    "blanks": b'"\\u00a0\\u2003 "',
    "300,000 characters": b'"' + b"x" * 300_000 + b'"',
    "turned around": '"\u202e\u200b\ufeff\U0010ffff"'.encode(),
    "control characters": b'"\\u001b[31m\\r\\nSet-Cookie: a=b\\u007f"',
    "a noncharacter": b'"\\uffff\\ufdd0"',
}
FIELDS: list[tuple[str, str, bytes]] = [
    *(("PUT", f"{ISSUES}?id={{issue}}", b'{"%s": %%s}' % key) for key in (b"status", b"isPublic", b"merge", b"x")),
    *(("PUT", "/api/0/issues/{issue}/", b'{"%s": %%s}' % key) for key in (b"assignedTo", b"hasSeen", b"statusDetails")),
    ("PUT", f"{ORGANIZATION}issues/{{issue}}/", b'{"status": "ignored", "ignoreCount": %s}'),
    ("PUT", f"{ORGANIZATION}issues/?id={{issue}}", b'{"status": "resolved", "statusDetails": {"inRelease": %s}}'),
    ("POST", "/api/0/issues/{issue}/notes/", b'{"text": %s}'),
    ("PUT", "/api/0/issues/{issue}/notes/{note}/", b'{"text": %s}'),
    ("POST", f"{ORGANIZATION}releases/", b'{"projects": ["pump-station"], "version": %s}'),
    ("POST", f"{ORGANIZATION}releases/", b'{"version": "2", "projects": [%s]}'),
    ("POST", f"{PROJECT}releases/", b'{"version": "2", "url": %s}'),
    *(("PUT", f"{ORGANIZATION}releases/1.0.0/", b'{"%s": %%s}' % key) for key in (b"ref", b"status", b"dateReleased")),
    ("POST", f"{ORGANIZATION}releases/1.0.0/deploys/", b'{"environment": %s}'),
    *(
        ("POST", f"{ORGANIZATION}releases/1.0.0/deploys/", b'{"environment": "production", "%s": %%s}' % key)
        for key in (b"name", b"url", b"dateFinished")
    ),
]


@pytest.fixture
def words(issue: Issue, jane: User) -> dict[str, Any]:
    """What the addresses above are made of."""
    note = ActivityFactory(issue=issue, user=jane, note=True)
    Issue.objects.filter(pk=issue.pk).update(own_comment_count=1, comment_count=1)
    return {"issue": issue.pk, "note": note.pk}


def test_a_body_that_is_no_json_is_refused_wherever_that_stands(words: dict[str, Any], attacker: Attacker) -> None:
    """A sixth of it at each place: bodies are read by one parser, before anything looks at where what stands."""
    for number, (method, target, template) in enumerate(FIELDS):
        for name, value in islice(NO_JSON.items(), number % 6, None, 6):
            answer = attacker.send(method, target.format(**words), template % value)

            assert answer.status == 400, (method, target, template, name)
            assert answer.json()["detail"].startswith("The body "), (target, name)


def test_a_body_that_is_odd_is_taken_or_refused_in_words(words: dict[str, Any], attacker: Attacker) -> None:
    """Half of it at each place, the other half at the next."""
    taken = 0
    for number, (method, target, template) in enumerate(FIELDS):
        for name, value in islice(ODD.items(), number % 2, None, 2):
            answer = attacker.send(method, target.format(**words), template % value)

            assert answer.status in {200, 201, 208, 400}, (method, target, template, name, answer)
            assert answer.status != 400 or answer.sentences
            assert "set-cookie" not in answer.headers
            taken += answer.status != 400
    assert taken > len(FIELDS) // 2


# In place of any value of a query or a part of a path. Not all of it is wrong everywhere.
IN_ADDRESSES = {
    "NUL": "%00",
    "NUL inside": "a%00b",
    "no UTF-8": "%FF",
    "half of a pair": "%ED%A0%80",
    "beyond Unicode": "%F4%90%80%80",
    "half an escape": "%",
    "no escape": "%zz",
    "a line break": "%0D%0ASet-Cookie:%20a=b",
    "Arabic digits": "%D9%A1",
    "5,000 digits": "9" * 5000,
    "more than 64 bits": "9223372036854775808",
    "a sign": "-1",
    "1e400": "1e400",
    "NaN": "NaN",
    "SQL": "'%22%3B--",
    "a backslash": "%5C",
    "LIKE": "%25_%25",
    "turned around": "%E2%80%AE%F0%9F%A6%80",
    "100,000 characters": "x" * 100_000,
    "a cursor of too many parts": "1:2:3:4",
    "a cursor below 64 bits": "-9223372036854775809:1:0",
    "a cursor at the end of them": "9223372036854775807:9223372036854775807:1",
    "a cursor after all time": "253402300800000000:1:0",
    "a cursor before all time": "-62135596800000001:1:1",
}
# These are read, or not, before anything looks at which parameter it is.
ESCAPES = ["NUL inside", "no UTF-8", "half of a pair", "beyond Unicode", "half an escape", "no escape", "a line break"]
LISTS = {
    ISSUES: ["query", "status", "sort", "limit", "cursor", "statsPeriod", "shortIdLookup", "unknown"],
    f"{ISSUES}?sort=freq": ["&cursor"],
    f"{ISSUES}?shortIdLookup=1": ["&query"],
    f"{ORGANIZATION}issues/": ["query", "project", "statsPeriod", "cursor"],
    f"{ORGANIZATION}releases/": ["query", "status", "project", "per_page", "cursor"],
    f"{PROJECT}releases/": ["query"],
    f"{ORGANIZATION}releases/1.0.0/deploys/": ["cursor"],
    **{f"{ORGANIZATION}{what}/": ["query", "cursor"] for what in ("projects", "teams", "members")},
    "/api/0/organizations/": ["query", "per_page"],
    **{f"/api/0/issues/{{issue}}/{what}/": ["per_page", "cursor"] for what in ("notes", "activities", "hashes")},
}


def test_a_list_is_answered_whatever_its_query_says(words: dict[str, Any], attacker: Attacker) -> None:
    """Each has every second thing, the next the others; cursors only those for cursors, and of escapes each has one."""
    cursors = {what for what in IN_ADDRESSES if what.startswith("a cursor")}
    assert cursors
    turn = 0
    for target, names in LISTS.items():
        for name in names:
            turn += 1
            left_out = set(ESCAPES) - {ESCAPES[turn % len(ESCAPES)]} | (set() if "cursor" in name else cursors)
            for place, (what, value) in enumerate(IN_ADDRESSES.items(), turn):
                if what in left_out or (place % 2 and what not in cursors and what not in ESCAPES):
                    continue
                mark = "" if name.startswith("&") else "?"
                answer = attacker.send("GET", f"{target.format(**words)}{mark}{name}={value}")

                assert answer.status in {200, 400}, (target, name, what, answer)
                assert answer.status == 200 or answer.sentences
                assert "set-cookie" not in answer.headers


def test_a_scope_is_refused_or_taken_as_it_is(words: dict[str, Any], attacker: Attacker) -> None:
    """Of a change or of a deletion, by turns: both read it in the same way."""
    requests = [("PUT", b'{"isPublic": false}'), ("DELETE", b"")]
    for number, name in enumerate(("id", "status", "query", "project", "unknown")):
        for (what, value), (method, body) in zip(IN_ADDRESSES.items(), cycle(requests[:: (-1) ** number])):
            answer = attacker.send(method, f"{ORGANIZATION}issues/?id=999&{name}={value}", body)

            allowed = {204, 400} if name == "query" else {400}
            assert answer.status in allowed, (method, name, what, answer)
            assert answer.status == 204 or answer.sentences
    assert Issue.objects.count() == 2


PARTS = [
    "/api/0/issues/{}/",
    "/api/0/issues/{issue}/notes/{}/",
    "/api/0/issues/{issue}/events/{}/",
    "/api/0/issues/{issue}/tags/{}/",
    ORGANIZATION.replace("the-interstellar-jurisdiction", "{}"),
    PROJECT.replace("pump-station", "{}"),
    f"{PROJECT}events/{{}}/",
    f"{ORGANIZATION}issues/{{}}/",
    f"{ORGANIZATION}shortids/{{}}/",
    f"{ORGANIZATION}releases/{{}}/",
    f"{ORGANIZATION}releases/{{}}/deploys/",
    "/api/0/shared/issues/{}/",
]


def test_a_part_of_a_path_leads_nowhere(words: dict[str, Any], attacker: Attacker) -> None:
    """Every second word at each place, by one method, others for the next: tests/api/test_every_route.py has more."""
    for number, path in enumerate(PARTS):
        for place, (what, value) in list(enumerate(IN_ADDRESSES.items(), number))[number % 2 :: 2]:
            method = ("GET", "PUT", "DELETE")[place % 3]
            answer = attacker.send(method, path.format(value, **words), b'{"text": "x"}' if method == "PUT" else b"")

            found = "tags" in path and method == "GET"
            assert answer.status in ({200, 404} if found else {404, 405}), (method, path, what, answer)
            assert answer.sentences
