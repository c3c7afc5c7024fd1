"""Where items begin and end, however the bytes are cut into pieces; compared with a plain reading of the whole."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from events.form import Envelope, Posted, Sizes
from events.form.envelopes import CATEGORIES
from projects.refusals import Refusal

LIMITS = Sizes(event=200)


def cut(raw: bytes, places: Iterable[int]) -> Iterator[bytes]:
    """Yield the bytes in pieces, which begin at these places."""
    at = 0
    for place in sorted({place for place in places if 0 < place < len(raw)}):
        yield raw[at:place]
        at = place
    yield raw[at:]


def outcome(raw: bytes, places: Iterable[int] = ()) -> Posted | str:
    try:
        return Envelope(cut(raw, places), LIMITS).read()
    except Refusal as refusal:
        return refusal.sentence


def plainly(raw: bytes) -> tuple[list[dict[str, Any]], Counter[str]] | str:
    """Return the first event, and how much else of each category, as contract 7.4 says it, from the whole at once."""
    first, _, rest = raw.partition(b"\n")
    if not is_object(first):
        return "invalid envelope header"
    events: list[bytes] = []
    others = Counter[str]()
    while rest := rest.lstrip(b"\n"):
        line, _, rest = rest.partition(b"\n")
        if not is_object(line):
            return "invalid item header"
        header = json.loads(line)
        if "length" not in header:
            payload, _, rest = rest.partition(b"\n")
        elif isinstance(header["length"], bool) or not isinstance(header["length"], int) or header["length"] < 0:
            return "invalid item header"
        else:
            length = header["length"]
            if header.get("type") == "event" and not events and length > LIMITS.event:
                return f"the event is larger than {LIMITS.event} bytes"
            if length > len(rest):
                return "unexpected end of file"
            payload, rest = rest[:length], rest[length:]
            if rest and not rest.startswith(b"\n"):
                return "missing newline after payload"
        if header.get("type") == "event" and not events and len(payload) > LIMITS.event:
            return f"the event is larger than {LIMITS.event} bytes"
        if header.get("type") == "event" and not events:
            events.append(payload)
        else:  # several types may be of one category, and none is of the one of unknown types
            others[CATEGORIES.get(str(header.get("type")), "default")] += 1
    if events and not is_object(events[0]):
        return "invalid event"
    return [json.loads(event.decode(errors="replace"), strict=False) for event in events], others


def is_object(raw: bytes) -> bool:
    try:
        return isinstance(json.loads(raw.decode(errors="replace"), strict=False), dict)
    except ValueError:
        return False


places = st.lists(st.integers(0, 400), max_size=20) | st.just(range(1000))
payloads = st.sampled_from(
    [b"", b"{}", b'{"message":"hello"}', b"\n", b"a\nb", b"\r", b"\n\n{}", b"x" * 150, b"x" * 300, b'{"type":"event"}']
) | st.binary(max_size=20)
lengths = st.one_of(st.none(), st.just(0), st.just(0), st.sampled_from([-30, -2, -1, 1, 2, 50, 10**12]))


@st.composite
def items(draw: st.DrawFn) -> bytes:
    """Make an item: with its length or without, or with one that is wrong by some bytes."""
    payload, off = draw(payloads), draw(lengths)
    header: dict[str, Any] = {"type": draw(st.sampled_from(["event", "attachment", "session", "x"]))}
    if off is not None:
        header["length"] = len(payload) + off
    return json.dumps(header).encode() + b"\n" + payload


envelopes = st.builds(
    lambda header, items, ends: header + b"".join(b"\n" * end + item for item, end in zip(items, ends, strict=False)),
    st.sampled_from([b"{}", b'{"event_id":"' + b"a" * 32 + b'"}', b"[]", b""]) | st.just(b"{}"),
    st.lists(items(), max_size=6),
    st.lists(st.sampled_from([1, 1, 1, 2, 3, 0]), min_size=6, max_size=6),
)


@given(envelopes, places)
@example(b'{}\n{"type":"event","length":2}\n{}\n', [3, 4])
@example(b'{}\n{"type":"event"}', [])
@example(b'{}\n{"type": "x"}\n\n\n{}', range(1000))  # the first one's payload is empty, the second one has no type
def test_items_are_found_where_they_are(raw: bytes, places: Iterable[int]) -> None:
    found, meant = outcome(raw, places), plainly(raw)

    if isinstance(meant, str):
        assert found == meant
    else:
        assert isinstance(found, Posted)
        events, others = meant
        assert found.event == (events[0] if events else None)
        assert found.passed_over == others


PARTS = [
    b"{}",
    b"\n",
    b"\r",
    b'{"type":"event"}',
    b'{"type":"event","length":2}',
    b'"length":',
    b"1",
    b"{",
    b"}",
    b"\0",
    b"\xff",
]


@given(st.lists(st.sampled_from(PARTS), max_size=20).map(b"".join) | st.binary(max_size=50), places)
def test_whatever_comes_is_read_alike_however_it_comes(raw: bytes, places: Iterable[int]) -> None:
    assert outcome(raw, places) == outcome(raw)
    assert outcome(raw, range(1000)) == outcome(raw)
