"""What is large, deep or many: refused or answered, and the server's memory stays where it was.

Every request is at most as large as the server takes; what matters is what is made of it.
"""

import json

import pytest

from issues.models import Issue
from tests.input.attacker import MIB, Attacker, peak_memory

pytestmark = pytest.mark.django_db(transaction=True)

ORGANIZATION = "/api/0/organizations/the-interstellar-jurisdiction/"
ISSUES = "/api/0/projects/the-interstellar-jurisdiction/pump-station/issues/"
MEMORY = (
    192 * MIB
)  # more than it needs for the largest of them, and a fraction of what it took before there were bounds


def test_a_search_of_a_megabyte_is_refused_at_once(attacker: Attacker, issue: Issue) -> None:
    before = peak_memory()

    for query in ("a+" * 500_000, "%22" * 340_000, "%22" + "%5C" * 340_000, "a:" * 500_000, "a" * 1_000_000):
        for method, target in [("GET", ISSUES), ("GET", f"{ORGANIZATION}issues/"), ("DELETE", ISSUES)]:
            answer = attacker.send(method, f"{target}?id={issue.pk}&query={query}")

            assert answer.status == 400
            most = "2,000" if method == "GET" else "10,000"
            assert f"a search has {most} characters at most here." in answer.sentences
    assert peak_memory() - before < MEMORY


def test_a_list_of_projects_without_end_is_not_read(attacker: Attacker) -> None:
    before = peak_memory()

    lists: list[list[object]] = [[None] * 170_000, [{}] * 250_000, [str(number) for number in range(100_000)]]
    for projects in lists:
        body = json.dumps({"version": "2", "projects": projects}).encode()
        answer = attacker.send("POST", f"{ORGANIZATION}releases/", body)

        assert (answer.status, answer.json()) == (400, {"projects": ["Name 1,000 projects at most."]})
    assert peak_memory() - before < MEMORY


def chunks(total: int) -> bytes:
    """Return a chunked body of so many bytes, in pieces of a mebibyte."""
    return b"".join(b"100000\r\n%s\r\n" % (b"[" * MIB) for _ in range(total // MIB)) + b"0\r\n\r\n"


def test_a_body_of_fifty_megabytes_is_refused_unread(attacker: Attacker, issue: Issue) -> None:
    before = peak_memory()
    bodies = [
        ("Content-Length: 52428800", b"[" * 50 * MIB),
        ("Transfer-Encoding: chunked", chunks(50 * MIB)),
    ]

    for target in (f"{ISSUES}?id={issue.pk}", f"/api/0/issues/{issue.pk}/", f"{ORGANIZATION}releases/1.0.0/"):
        for header, body in bodies:
            answer = attacker.send_raw(attacker.head("PUT", target, "Content-Type: application/json", header) + body)

            assert answer.status == 413
            assert answer.json() == {"detail": "The body is larger than 1048576 bytes; name fewer issues or say less."}
    assert peak_memory() - before < 16 * MIB


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * MIB, id="arrays"),
        pytest.param((b'{"a":' * MIB)[:MIB], id="objects"),
        pytest.param(b'{"x": ' + b"[" * 500_000 + b"]" * 500_000 + b"}", id="arrays that end"),
        pytest.param(b'{"x": "' + b"\\u0000" * 170_000 + b'"}', id="NUL"),
        pytest.param(b'{"x": [' + b"[]," * 340_000 + b"[]]}", id="many arrays"),
        pytest.param(b'{"x": ' + b"9" * 1_000_000 + b"}", id="digits"),
        pytest.param(b"{" + b",".join(b'"%d":0' % number for number in range(90_000)) + b"}", id="keys"),
        pytest.param(b"{" + b",".join(b'"a":0' for _ in range(150_000)) + b"}", id="one key"),
        pytest.param(b'{"status": "' + b"x" * 1_000_000 + b'"}', id="one word"),
    ],
)
def test_a_megabyte_of_json_costs_a_few_of_memory(attacker: Attacker, issue: Issue, body: bytes) -> None:
    before = peak_memory()

    answer = attacker.send("PUT", f"{ISSUES}?id={issue.pk}", body)

    assert answer.status in {200, 400}
    assert answer.status == 200 or answer.sentences
    assert len(answer.content) < 2 * MIB
    assert peak_memory() - before < MEMORY


def test_headers_without_end_are_refused(attacker: Attacker) -> None:
    before = peak_memory()

    for headers in (["A: b"] * 200_000, ["A: " + "b" * 8000] * 8000, ["A: " + "b" * 64 * MIB], ["A" * 64 * MIB]):
        answer = attacker.send_raw(attacker.head("GET", ISSUES, *headers))

        assert answer.status in {400, 431}  # 400 for a name without end
        assert answer.sentences
    assert peak_memory() - before < 16 * MIB
