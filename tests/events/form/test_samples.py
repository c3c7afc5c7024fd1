"""What SDKs sent is read, each as it sent it."""

from io import BytesIO
from typing import Any

import pytest

from events.form import Envelope, Posted, Sizes, decoded, is_envelope, read_key, read_store
from tests.events.sent import KEY, NAMES, Sample, sample

# What each event is about: its last exception, or its message; and what else stood beside it.
ABOUT: dict[str, tuple[Any, dict[str, int]]] = {
    "0001": (("RuntimeError", "could not load order 4711"), {"attachment": 1}),
    "0003": ("disk 7 is full", {}),
    "0004": ("no stock for %s in %s", {}),
    "0005": (("ZeroDivisionError", "division by zero"), {}),
    "0006": ("hello from raven %s", {}),
    "0008": (("Error", "checkout failed"), {}),
    "0009": (None, {"session": 1}),
    "0010": ((None, "queue 12 is slow"), {}),
    "0012": (("Error", "raven node boom"), {}),
    "0013": (("*fmt.wrapError", "wrapped: go boom"), {}),
    "0015": (("ZeroDivisionError", "divided by 0"), {}),
    "0017": (("ZeroDivisionError", "divided by 0"), {}),
    "0021": (("TypeError", "Cannot read properties of undefined (reading 'length')"), {}),
}


def read(sent: Sample, body: bytes) -> Posted:
    pieces = decoded(BytesIO(body), sent.encoding, Sizes())
    if sent.path == "/api/1/envelope/":
        return Envelope(pieces, Sizes()).read()
    assert sent.path == "/api/1/store/"
    assert not is_envelope(sent.headers["content-type"])
    return read_store(pieces, Sizes())


def about(event: dict[str, Any]) -> Any:
    found = event.get("exception", [])
    exceptions = found["values"] if isinstance(found, dict) else found
    if exceptions:
        return exceptions[-1].get("type"), exceptions[-1]["value"]
    return event["logentry"]["message"] if "logentry" in event else event["message"]


def test_every_sample_is_read() -> None:
    assert set(ABOUT) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_read_as_it_was_sent(name: str) -> None:
    sent = sample(name)

    posted = read(sent, sent.body)

    assert (posted.event and about(posted.event), posted.passed_over) == ABOUT[name]
    assert (posted.reports, posted.is_csp) == ((), False)
    if sent.path == "/api/1/envelope/":
        assert posted.sent_at is not None
        assert posted.sent_at.date().isoformat() == "2026-11-29"
        assert posted.event is None or posted.event_id is not None
        assert posted.event is None or posted.event["event_id"] == (posted.event_id.hex if posted.event_id else "")


@pytest.mark.parametrize("name", NAMES)
def test_the_key_of_a_sample_is_found(name: str) -> None:
    sent = sample(name)

    assert read_key(x_sentry_auth=sent.headers.get("x-sentry-auth", ""), query=sent.query, authorization="") == KEY
