"""What an envelope holds (contract 7.4)."""

import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from events.form import Envelope, Posted, Sizes, refusals, sizes
from events.form.envelopes import read_id, read_time
from projects.refusals import Refusal

EVENT = b'{"message":"hello"}'
ID = UUID("0123456789abcdef0123456789abcdef")


def read(*lines: bytes, limits: Sizes | None = None) -> Posted:
    """Read an envelope of these lines, in pieces of 7 bytes."""
    raw = b"\n".join(lines)
    return Envelope((raw[at : at + 7] for at in range(0, len(raw), 7)), limits or Sizes()).read()


def item(payload: bytes, **header: Any) -> bytes:
    return json.dumps({"length": len(payload), **header}).encode() + b"\n" + payload


def refusal(*lines: bytes) -> tuple[int, str]:
    with pytest.raises(Refusal) as refused:
        read(*lines)
    assert set(refused.value.body) <= {"detail", "causes"}
    return refused.value.status, refused.value.sentence


def test_an_envelope_may_be_empty() -> None:
    for end in (b"", b"\n", b"\n\n\n"):
        assert read(b"{}" + end) == Posted()


@pytest.mark.parametrize(
    "lines",
    [
        (b"{}", item(EVENT, type="event")),
        (b"{}", item(EVENT, type="event"), b""),
        (b"{}", item(EVENT, type="event", length=None)),
        (b"{}", b'{"type":"event"}', EVENT),
        (b"{}", b'{"type":"event"}', EVENT, b""),
        (b"{}", b"", b"", b'{"type":"event"}', EVENT, b"", b"", b""),
        (b"{}\r", b'{"type":"event"}\r', EVENT + b"\r", b""),
        (b"{}", item(EVENT + b"\r", type="event")),
        (b"{}", item(b'{"message":\n"hello"}\n', type="event")),
    ],
)
def test_an_event_is_found(lines: tuple[bytes, ...]) -> None:
    assert read(*lines) == Posted(event={"message": "hello"})


def test_what_the_header_says_is_read() -> None:
    header = {"event_id": ID.hex, "sent_at": "2026-11-29T01:10:06.5Z", "dsn": "https://a@b/1", "event_id ": 1}

    posted = read(json.dumps(header).encode())

    assert (posted.event_id, posted.sent_at) == (ID, datetime(2026, 11, 29, 1, 10, 6, 500_000, tzinfo=UTC))


def test_the_header_is_read_without_the_rest() -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"dsn":"https://a@b/1"}\n{"type":'
        raise AssertionError("more was read")

    assert Envelope(pieces(), Sizes()).header == {"dsn": "https://a@b/1"}


def test_nothing_in_the_header_costs_the_event() -> None:
    bad = {"event_id": "x", "sent_at": [], "sdk": 1, "trace": "x", "dsn": {}}

    assert read(json.dumps(bad).encode(), item(EVENT, type="event")) == Posted(event={"message": "hello"})


@pytest.mark.parametrize("text", [ID.hex, str(ID), ID.hex.upper(), str(ID).upper()])
def test_an_id_has_dashes_or_none(text: str) -> None:
    assert read_id(text) == ID


@pytest.mark.parametrize(
    "value", ["0" * 32, str(UUID(int=0)), "", "x" * 32, ID.hex[:-1], f"{{{ID}}}", f"urn:uuid:{ID}", 1, None]
)
def test_whatever_is_no_id_is_none(value: Any) -> None:
    assert read_id(value) is None


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-29T01:10:06Z", (2026, 11, 29, 1, 10, 6)),
        ("2026-11-29T01:10:06", (2026, 11, 29, 1, 10, 6)),
        ("2026-11-29T01:10:06.1234567Z", (2026, 11, 29, 1, 10, 6, 123_456)),
        ("2026-11-29 02:10:06+01:00", (2026, 11, 29, 1, 10, 6)),
    ],
)
def test_a_time_is_read(text: str, time: tuple[int, ...]) -> None:
    assert read_time(text) == datetime(*time, tzinfo=UTC)  # type: ignore[misc,arg-type]  # as many as there are


@pytest.mark.parametrize(
    "value", ["", "now", "2026-11-29", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00", 1795914606, None, []]
)
def test_whatever_is_no_time_is_none(value: Any) -> None:
    assert read_time(value) is None


# ---------------------------------------------------------------------------------------------------------------------
# What is passed over
# ---------------------------------------------------------------------------------------------------------------------


def test_everything_else_is_passed_over_and_counted() -> None:
    posted = read(
        b"{}",
        item(b"\n\n{}", type="attachment", filename="a.txt"),
        item(b"{}", type="transaction"),
        item(b"{}", type="session"),
        item(b"{}", type="sessions"),
        item(EVENT, type="event"),
        item(b'{"message":"another"}', type="event"),
        item(b"{}", type="log", item_count=12),
        item(b"{}", type="log", item_count=10**12),
        item(b"{}", type="attachment", item_count=12),
        item(b"{}", type="check_in"),
        item(b"{}", type="user_report"),
        item(b"", type="statsd"),
        item(b"{}", type="something new"),
        item(b"{}", type=1),
        item(b"{}"),
        b'{"type":"replay_recording"}',
        b"no JSON at all \xff",
    )

    assert posted.event == {"message": "hello"}
    assert posted.passed_over == {
        "attachment": 2,
        "transaction": 1,
        "session": 2,
        "error": 1,
        "log_item": 13,
        "monitor": 1,
        "feedback": 1,
        "metric_bucket": 1,
        "default": 3,
        "replay": 1,
    }


def test_reports_of_the_client_are_kept() -> None:
    report = {"discarded_events": [{"reason": "queue_overflow", "category": "error", "quantity": 2}]}
    raw = json.dumps(report).encode()

    posted = read(b"{}", item(raw, type="client_report"), b'{"type":"client_report"}', raw, item(EVENT, type="event"))

    assert posted.reports == (report, report)
    assert posted.event == {"message": "hello"}


@pytest.mark.parametrize(
    "report",
    [b"hello", b"[]", b"", json.dumps({"a": "b" * sizes.CLIENT_REPORT}).encode(), b"[" * 200],
    ids=["no JSON", "no object", "nothing", "too long", "too deep"],
)
def test_no_report_costs_the_event(report: bytes) -> None:
    for lines in ((item(report, type="client_report"),), (b'{"type":"client_report"}', report)):
        posted = read(b"{}", *lines, item(EVENT, type="event"))

        assert posted == Posted(event={"message": "hello"}, passed_over={"internal": 1})


def test_a_few_reports_are_kept_and_the_rest_is_counted() -> None:
    posted = read(b"{}", *[item(b"{}", type="client_report")] * 25)

    assert len(posted.reports) == sizes.CLIENT_REPORTS
    assert posted.passed_over == {"internal": 25 - sizes.CLIENT_REPORTS}


@pytest.mark.parametrize("has_length", [True, False])
def test_what_is_passed_over_is_never_held(has_length: bool) -> None:
    size = 50 * 2**20
    header = json.dumps({"type": "attachment", **({"length": size} if has_length else {})}).encode()

    def pieces() -> Iterator[bytes]:
        yield b"{}\n" + header + b"\n"
        for _ in range(size // 2**16):
            yield b"a" * 2**16
        yield b"\n" + item(EVENT, type="event")

    tracemalloc.start()
    try:
        posted = Envelope(pieces(), Sizes()).read()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert posted == Posted(event={"message": "hello"}, passed_over={"attachment": 1})
    assert most < 2**20


@pytest.mark.parametrize("start", [b"{", b'{}\n{"type":', b'{}\n{"type":"event"}\n'], ids=["header", "item", "event"])
def test_a_line_without_end_is_not_read_to_its_end(start: bytes) -> None:
    def pieces() -> Iterator[bytes]:
        yield start
        for _ in range(sizes.HEADER_LINE // 1000 + 2):
            yield b" " * 1000
        raise AssertionError("more was read")

    with pytest.raises(refusals.TooLarge):
        Envelope(pieces(), Sizes(event=1000)).read()


# ---------------------------------------------------------------------------------------------------------------------
# What is refused
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [b"", b"hello", b"[]", b'"x"', b"null", b"{", b'{"a":' + b"[" * 200, b"\xff"])
def test_a_header_is_a_json_object(header: bytes) -> None:
    assert refusal(header, item(EVENT, type="event")) == (400, "invalid envelope header")
    if header:  # an empty line between items is none
        assert refusal(b"{}", item(EVENT, type="event"), header, EVENT) == (400, "invalid item header")


@pytest.mark.parametrize("length", ["1", -1, 1.0, 1.5, True, [], {}])
@pytest.mark.parametrize("kind", ["event", "attachment"])
def test_a_length_is_a_whole_number(length: Any, kind: str) -> None:
    assert refusal(b"{}", item(EVENT, type=kind, length=length)) == (400, "invalid item header")


@pytest.mark.parametrize("length", ["NaN", "Infinity", "-Infinity", "1e400", "-" + "9" * 5_000, "9" * 5_000 + ".0"])
@pytest.mark.parametrize("kind", ["event", "attachment"])
def test_a_length_that_cannot_be_had_is_not_missing(length: str, kind: str) -> None:
    header = b'{"type":"%b","length":%b}' % (kind.encode(), length.encode())

    assert refusal(b"{}", header, EVENT) == (400, "invalid item header")


@pytest.mark.parametrize("digits", [4_300, 4_301, 10_000])
def test_a_length_of_more_digits_than_python_reads_is_beyond_the_end(digits: int) -> None:
    header = b'{"type":"attachment","length":%b}' % (b"9" * digits)

    assert refusal(b"{}", header, EVENT) == (400, "unexpected end of file")


@pytest.mark.parametrize("other", ["NaN", "1e400", "9" * 5_000, "null"])
def test_another_number_of_an_items_header_is_as_if_absent(other: str) -> None:
    header = b'{"type":"event","item_count":%b,"x":%b}' % (other.encode(), other.encode())

    assert read(b"{}", header, EVENT) == Posted(event={"message": "hello"})


@pytest.mark.parametrize("kind", ["event", "attachment", "client_report"])
def test_a_length_is_not_beyond_the_end(kind: str) -> None:
    assert refusal(b"{}", item(EVENT, type=kind, length=len(EVENT) + 1)) == (400, "unexpected end of file")
    assert refusal(b"{}", item(b"", type=kind, length=1)) == (400, "unexpected end of file")
    assert refusal(b"{}", json.dumps({"type": kind, "length": 5}).encode()) == (400, "unexpected end of file")
    if kind == "attachment":
        assert refusal(b"{}", item(EVENT, type=kind, length=10**30)) == (400, "unexpected end of file")


@pytest.mark.parametrize("kind", ["event", "attachment", "client_report"])
def test_behind_a_payload_is_a_newline(kind: str) -> None:
    assert refusal(b"{}", item(EVENT, type=kind, length=len(EVENT) - 1)) == (400, "missing newline after payload")


@pytest.mark.parametrize("event", [b"", b"hello", b"[]", b'{"a":' * 101 + b"1" + b"}" * 101])
def test_an_event_is_a_json_object(event: bytes) -> None:
    assert refusal(b"{}", item(event, type="event")) == (400, "invalid event")


@pytest.mark.parametrize("has_length", [True, False])
def test_an_event_is_as_large_as_may_be_and_no_larger(has_length: bool) -> None:
    limits = Sizes(event=1000)
    for size in (1000, 1001, 10**6):
        event = b'{"message":"%s"}' % (b"a" * (size - 14))
        lines = (item(event, type="event"),) if has_length else (b'{"type":"event"}', event)
        if size == 1000:
            assert read(b"{}", *lines, limits=limits).event
        else:
            with pytest.raises(refusals.TooLarge) as refused:
                read(b"{}", *lines, limits=limits)
            assert (refused.value.status, refused.value.sentence) == (413, "the event is larger than 1000 bytes")


def test_a_header_is_as_long_as_may_be_and_no_longer() -> None:
    for length in (sizes.HEADER_LINE, sizes.HEADER_LINE + 1, 10**6):
        header = b'{"a":"%s"}' % (b"a" * (length - 8))
        if length == sizes.HEADER_LINE:
            assert read(header, header, b"payload").passed_over == {"default": 1}
        else:
            assert refusal(header) == (413, f"the envelope's header is larger than {sizes.HEADER_LINE} bytes")
            assert refusal(b"{}", header) == (413, f"an item's header is larger than {sizes.HEADER_LINE} bytes")


def test_ten_thousand_items_are_read_and_a_hundred_thousand_are_too_many() -> None:
    assert read(b"{}", *[b"{}\n"] * 10_000, item(EVENT, type="event")).passed_over == {"default": 10_000}
    raw = b"{}\n" + b"{}\n\n" * (sizes.ITEMS + 1)
    with pytest.raises(refusals.TooManyItems) as refused:
        Envelope(iter([raw]), Sizes()).read()
    assert refused.value.status == 413


def test_a_million_empty_lines_are_no_items() -> None:
    raw = b"{}" + b"\n" * 1_000_000 + item(EVENT, type="event")

    assert Envelope((raw[at : at + 65536] for at in range(0, len(raw), 65536)), Sizes()).read().event
