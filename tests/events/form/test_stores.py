"""One event at /store/: as JSON, or as old clients of Raven send it."""

import json
import tracemalloc
import zlib
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from events.form import Posted, Sizes, is_envelope, read_store
from events.form.refusals import BadEvent, TooLarge

EVENT: dict[str, Any] = {"message": "hello", "level": 40}
RAW = json.dumps(EVENT).encode()
LIMITS = Sizes(event=2000)


def store(raw: bytes, *, step: int = 10**9) -> Posted:
    return read_store((raw[at : at + step] for at in range(0, len(raw), step)), LIMITS)


def packed(raw: bytes) -> bytes:
    return b64encode(zlib.compress(raw))


@pytest.mark.parametrize(
    "raw",
    [
        RAW,
        b"\r\n " + RAW,
        b"\xef\xbb\xbf" + RAW,
        packed(RAW),
        b"\n" + packed(RAW)[:20] + b"\r\n" + packed(RAW)[20:] + b"\n",
    ],
    ids=["JSON", "JSON after white space", "JSON after a byte order mark", "base64 of zlib", "base64 in lines"],
)
@pytest.mark.parametrize("step", [1, 10**9])
def test_an_event_is_read(raw: bytes, step: int) -> None:
    assert store(raw, step=step) == Posted(event=EVENT)


@pytest.mark.parametrize(
    "raw",
    [b"", b"hello", b"[]", b"[1]", b'"hello"', RAW[:-1], packed(RAW)[:-8], packed(b"[]"), packed(b""), b64encode(RAW)],
    ids=repr,
)
def test_what_is_no_event_is_refused(raw: bytes) -> None:
    with pytest.raises(BadEvent) as refused:
        store(raw)

    assert refused.value.status == 400
    assert refused.value.body["detail"] == "invalid event"
    assert refused.value.body["causes"]


def test_a_transaction_is_passed_over() -> None:
    sent = EVENT | {"type": "transaction", "event_id": "0123456789abcdef0123456789abcdef"}

    posted = store(json.dumps(sent).encode())

    assert posted == Posted(event_id=UUID("0123456789abcdef0123456789abcdef"), passed_over={"transaction": 1})


@pytest.mark.parametrize("pack", [bytes, packed], ids=["JSON", "base64 of zlib"])
def test_an_event_is_as_large_as_may_be_and_no_larger(pack: Callable[[bytes], bytes]) -> None:
    event = {"message": "a" * (2000 - len(b'{"message": ""}'))}

    assert store(pack(json.dumps(event).encode())).event == event
    for more in (1, 1_000_000):
        with pytest.raises(TooLarge) as refused:
            store(pack(json.dumps({"message": event["message"] + "a" * more}).encode()))
        assert (refused.value.status, refused.value.sentence) == (413, "the event is larger than 2000 bytes")


def test_a_bomb_costs_its_limit() -> None:
    bomb = packed(bytes(64 * 2**20))
    limits = Sizes(event=2**20)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            read_store(iter([bomb]), limits)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 8 * 2**20


@pytest.mark.parametrize(
    ("content_type", "found"),
    [
        ("application/x-sentry-envelope", True),
        ("Application/X-Sentry-Envelope; charset=utf-8", True),
        ("application/json", False),
        ("application/octet-stream", False),
        ("", False),
    ],
)
def test_an_envelope_says_that_it_is_one(content_type: str, found: bool) -> None:
    assert is_envelope(content_type) is found
