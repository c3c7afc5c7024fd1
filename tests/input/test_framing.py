"""Where a body begins and ends: lengths that are wrong, chunks that are none, and two requests for one."""

import gzip

import pytest

from issues.models import Issue
from tests.input.attacker import Attacker, read

pytestmark = pytest.mark.django_db(transaction=True)

ISSUES = "/api/0/projects/the-interstellar-jurisdiction/pump-station/issues/"
RESOLVE = b'{"status": "resolved"}'
TYPE = "Content-Type: application/json"

WRONG = {
    "a sign": ["Content-Length: +22"],
    "a negative one": ["Content-Length: -1"],
    "a list": ["Content-Length: 22, 22"],
    "two": ["Content-Length: 22", "Content-Length: 22"],
    "two that differ": ["Content-Length: 22", "Content-Length: 2"],
    "hexadecimal": ["Content-Length: 0x16"],
    "a fraction": ["Content-Length: 22.0"],
    "an Arabic digit": ["Content-Length: \xd9\xa2"],
    "more digits than a number has": ["Content-Length: " + "9" * 5000],
    "none": ["Content-Length: "],
    "with chunks": ["Content-Length: 22", "Transfer-Encoding: chunked"],
    "chunks twice": ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    "chunks, then something else": ["Transfer-Encoding: chunked, identity"],
    "something else": ["Transfer-Encoding: cow"],
    "chunks of another kind": ["Transfer-Encoding: xchunked"],
}


def test_a_length_that_is_none_is_refused(attacker: Attacker, issue: Issue) -> None:
    for name, headers in WRONG.items():
        answer = attacker.send_raw(attacker.head("PUT", f"{ISSUES}?id={issue.pk}", TYPE, *headers) + RESOLVE)

        assert answer.status in {400, 501}, name
        assert answer.sentences
        assert set(Issue.objects.values_list("status", flat=True)) == {"unresolved"}, name


def test_a_chunked_body_is_a_body(attacker: Attacker, issue: Issue) -> None:
    pieces = b"".join(b"1;a=b\r\n%c\r\n" % byte for byte in RESOLVE) + b"0\r\nX-Trailer: a\r\n\r\n"
    head = attacker.head("PUT", f"{ISSUES}?id={issue.pk}", TYPE, "Transfer-Encoding: chunked")

    answer = attacker.send_raw(head + pieces)

    assert (answer.status, answer.content) == (200, b'{"status": "resolved", "statusDetails": {}}')


def test_a_body_longer_than_its_length_is_no_second_request(attacker: Attacker, issue: Issue) -> None:
    """What follows is read as the next request, which is none: the connection ends with its refusal."""
    head = attacker.head("PUT", f"{ISSUES}?id={issue.pk}", TYPE, "Content-Length: 10")

    short = attacker.send_raw(head + RESOLVE)
    kept = attacker.send_raw(head.replace(b"Connection: close\r\n", b"") + RESOLVE + b"\r\n\r\n")

    for answer in (short, kept):
        assert answer.status == 400
        assert b"The body is not JSON" in answer.content
    assert kept.content.count(b"HTTP/1.1 400 Bad Request") == 1
    assert set(Issue.objects.values_list("status", flat=True)) == {"unresolved"}


def test_a_body_shorter_than_its_length_changes_nothing(attacker: Attacker, issue: Issue) -> None:
    head = attacker.head("PUT", f"{ISSUES}?id={issue.pk}", TYPE, "Content-Length: 23")
    with attacker.connect() as connection:
        connection.sendall(head + RESOLVE)
        connection.shutdown(1)
        assert connection.recv(1) == b""

    assert attacker.send("GET", f"/api/0/issues/{issue.pk}/").json()["status"] == "unresolved"


def test_a_body_in_another_encoding_is_no_json(attacker: Attacker, issue: Issue) -> None:
    answer = attacker.send("PUT", f"{ISSUES}?id={issue.pk}", gzip.compress(RESOLVE), headers=["Content-Encoding: gzip"])

    assert answer.status == 400
    assert answer.json()["detail"].startswith("The body is not JSON")


def test_an_expectation_is_met_before_the_body_is_sent(attacker: Attacker, issue: Issue) -> None:
    headers = [TYPE, f"Content-Length: {len(RESOLVE)}", "Expect: 100-continue"]
    with attacker.connect() as connection:
        connection.sendall(attacker.head("PUT", f"{ISSUES}?id={issue.pk}", *headers))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(RESOLVE)

        assert read(connection).status == 200


def test_an_upgrade_is_not_taken(attacker: Attacker) -> None:
    for upgrade in ("h2c", "websocket", "TLS/1.0"):
        answer = attacker.send("GET", ISSUES, headers=[f"Upgrade: {upgrade}", "HTTP2-Settings: AAMAAABkAAQAAP__"])

        assert (answer.status, len(answer.json())) == (200, 2), upgrade
