"""What the server refuses by itself, before Django: where SDKs send, browsers can read why (contract 7.2)."""

import json
from collections.abc import Iterator

import pytest

from events import cors
from issuetracker.server import refusals
from issuetracker.server.refusals import Refused
from tests.issuetracker.stand_in import Running, parsed, request

ENVELOPE = "/api/1/envelope/"
ADDRESSES = [
    *(ENVELOPE, "/api/1/envelope", "/api/12/store/", "/api/store", "/api/1/security/", "/api/1/csp-report/"),
    *("/api/1/minidump/", "/api/1/cron/nightly/", "/api/1/envelope/?sentry_key=abc"),
]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    started = Running()
    yield started
    started.stop()


def long_header(target: str) -> bytes:
    return request(target, "A: " + "b" * 9000, method="POST")


REFUSED = {
    "headers that are too long": (long_header(ENVELOPE), refusals.LimitRequestHeaders),
    "headers without an end": (long_header(ENVELOPE)[:-20], refusals.LimitRequestHeaders),
    "headers that do not come": (long_header(ENVELOPE)[:50], refusals.RequestTimeout),
    "a body that does not come": (request(ENVELOPE, "Content-Length: 3", method="POST"), refusals.RequestTimeout),
    "no length": (request(ENVELOPE, "Content-Length: x", method="POST"), refusals.InvalidHeader),
    "a strange expectation": (request(ENVELOPE, "Expect: x", method="POST"), refusals.ExpectationFailed),
    "chunks that are none": (
        request(ENVELOPE, "Transfer-Encoding: chunked", method="POST", body=b"x\r\n"),
        refusals.InvalidChunks,
    ),
    "an empty line before": (b"\r\n" + long_header(ENVELOPE), refusals.LimitRequestHeaders),
}


@pytest.mark.parametrize(("raw", "reason"), REFUSED.values(), ids=REFUSED)
def test_can_be_read_by_browsers(running: Running, raw: bytes, reason: type[Refused]) -> None:
    status, headers, body = parsed(running.send(raw))

    assert (status, json.loads(body)) == (reason.status, {"detail": reason.sentence})
    assert headers["X-Sentry-Error"] == reason.sentence
    assert {name: headers[name] for name in cors.ON_EVERY_ANSWER} == cors.ON_EVERY_ANSWER


@pytest.mark.parametrize("target", ADDRESSES)
def test_wherever_sdks_send(running: Running, target: str) -> None:
    _, headers, _ = parsed(running.send(long_header(target)))

    assert headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("target", ["/", "/api/0/", "/api/0/projects/", "/api/x/envelope/", "/?/api/1/envelope/"])
def test_nowhere_else(running: Running, target: str) -> None:
    _, headers, _ = parsed(running.send(long_header(target)))

    assert headers.keys().isdisjoint({*cors.ON_EVERY_ANSWER, "X-Sentry-Error"})
