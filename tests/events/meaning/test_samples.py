"""What is read of the events that real SDKs sent (tests/events/samples)."""

import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest

from events.form import Envelope, Sizes, decoded, read_store
from events.meaning import unpack
from tests.events.meaning.asking import PEER, read_event
from tests.events.sent import NAMES, sample

CAME = datetime(2026, 11, 29, 1, 12, tzinfo=UTC)

EXPECTED = {
    # sentry-sdk, Python: an exception with its cause; a message; one of a logger, with parameters
    "0001": ("error", "RuntimeError: could not load order 4711", "checkout", "error", "id:42", "exam@1.0.0+7"),
    "0003": ("default", "disk 7 is full", "__main__ in <module>", "warning", "", "exam@1.0.0+7"),
    "0004": ("default", "no stock for SKU-1 in Oslo", "__main__ in <module>", "error", "", "exam@1.0.0+7"),
    # raven, Python: level 40; `sentry.interfaces.Message` without its formatted text
    "0005": ("error", "ZeroDivisionError: division by zero", "__main__ in <module>", "error", "", "1.0"),
    "0006": ("default", "hello from raven 'x'", "", "error", "", "1.0"),
    # @sentry/node: an exception with its cause; a message, as an exception without a type
    "0008": ("error", "Error: checkout failed", "node_app in ?", "error", "id:7", "exam@1.0.0"),
    "0010": ("error", "queue 12 is slow", "node_app in ?", "warning", "id:7", "exam@1.0.0"),
    # raven, Node: `exception` is a list
    "0012": ("error", "Error: raven node boom", "raven_app at Object.<anonymous>", "error", "", "1.0"),
    # sentry-go: the first exception has no stack
    "0013": ("error", "*fmt.wrapError: wrapped: go boom", "main in main", "error", "", "exam@1.0.0"),
    # sentry-ruby, sentry-raven
    "0015": ("error", "ZeroDivisionError: divided by 0", "sdk/rb_app.rb in /", "error", "", "exam@1.0.0"),
    "0017": ("error", "ZeroDivisionError: divided by 0", "sdk/rb_raven.rb in /", "error", "", "1.0"),
    # @sentry/browser, minified
    "0021": (
        *("error", "TypeError: Cannot read properties of undefined (reading 'length')", "/br.html", "error"),
        *("", "exam@1.0.0"),
    ),
}


def event_of(name: str) -> dict[str, Any]:
    """Return the event of a sample."""
    sent = sample(name)
    pieces = decoded(BytesIO(sent.body), sent.encoding, Sizes())
    posted = Envelope(pieces, Sizes()).read() if "/envelope/" in sent.path else read_store(pieces, Sizes())
    assert posted.event is not None
    return posted.event


def test_no_sample_is_left_out() -> None:
    assert set(EXPECTED) == set(NAMES) - {"0009"}  # a session


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_read_of_a_sample(name: str) -> None:
    sent = event_of(name)

    event = read_event(sent, event_id=None, at=CAME)

    assert (event.type, event.title, event.culprit, event.level, event.user, event.release) == EXPECTED[name]
    assert event.id.hex == sent["event_id"]
    assert event.is_known
    assert (CAME - event.seen_at).total_seconds() < 120
    assert (event.environment, event.data.get("errors")) == (sent.get("environment", ""), None)
    assert PEER not in json.dumps(event.data)
    assert unpack(event.packed) == event.data


def test_a_sample_of_python_in_full() -> None:
    event = read_event(event_of("0001"), at=CAME)

    assert event.platform == event.data["platform"] == "python"
    assert event.metadata == {
        "type": "RuntimeError",
        "value": "could not load order 4711",
        "filename": "py_app.py",
        "function": "outer",
    }
    assert event.data["user"] == {"id": "42", "email": "a@example.com"}
    assert event.data["tags"] == [["shop", "north"]]
    assert event.data["contexts"]["order"] == {"n": 3}
    assert event.data["modules"]["brotli"] == "1.2.1"
    assert event.data["sdk"]["name"] == "sentry.python"
    cause, effect = event.data["exception"]["values"]
    assert (cause["type"], effect["type"]) == ("KeyError", "RuntimeError")
    assert cause["stacktrace"]["frames"][1]["vars"] == {"d": {"a": "1", "password": "[Filtered]"}}
    assert "hunter2" not in json.dumps(event.data)
    assert event.data["size"] > 5000


def test_twice_the_same_is_twice_the_same() -> None:
    first, second = (read_event(event_of("0001"), at=CAME) for _ in range(2))

    assert first == second
