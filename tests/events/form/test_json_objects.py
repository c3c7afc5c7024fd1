"""JSON as SDKs send it."""

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.form.json_objects import read, read_object
from events.form.refusals import BadEvent

GOOD: dict[str, tuple[bytes, Any]] = {
    "NaN and infinities": (b'{"a": [NaN, Infinity, -Infinity, 1e999, -1e999, 1.5]}', {"a": [None] * 5 + [1.5]}),
    "NUL": (b'{"a\\u0000": "b\\u0000c"}', {"a\ufffd": "b\ufffdc"}),
    "a NUL that is no escape": (b'{"a": "b\0c"}', {"a": "b\ufffdc"}),
    "half a surrogate pair": (
        b'{"\\ud800": ["\\uDFFFx", {"b": "\\ude00\\ud83d"}]}',
        {"\ufffd": ["\ufffdx", {"b": "\ufffd" * 2}]},
    ),
    "a whole one": (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
    "a backslash before u0000": (b'{"a": "\\\\u0000"}', {"a": "\\u0000"}),
    "no UTF-8": (b'{"a": "\xff\xe9t\xc3\xa9"}', {"a": "\ufffd\ufffdt\u00e9"}),
    "a byte order mark": (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    "a line break in a text": (b'{"a": "b\n\tc"}', {"a": "b\n\tc"}),
    "a key twice": (b'{"a": 1, "a": {"b": 2}, "a": 3}', {"a": 3}),
    "white space around": (b' \r\n{"a": 1}\r\n ', {"a": 1}),
    "an endless number": (b'{"a": %s, "b": -%s, "c": 1}' % (b"1" * 5000, b"1" * 5000), {"a": None, "b": None, "c": 1}),
    "an endless fraction": (b'{"a": 1.%s}' % (b"1" * 5000), {"a": 1.1111111111111112}),
}


@pytest.mark.parametrize(("raw", "meant"), GOOD.values(), ids=GOOD)
def test_what_can_be_read_is_read(raw: bytes, meant: dict[str, Any]) -> None:
    assert read_object(raw, BadEvent) == meant


BAD = {
    "nothing": b"",
    "half of it": b'{"a": 1',
    "more behind it": b"{} {}",
    "no JSON": b"hello",
    "a list": b"[]",
    "a text": b'"{}"',
    "null": b"null",
    "a number": b"1" * 5000,
}


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD)
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(BadEvent) as refused:
        read_object(raw, BadEvent)

    assert refused.value.body["detail"] == "invalid event"
    assert refused.value.body["causes"][0].startswith("it is no JSON")


@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"a":', "}"), ('["a", {}, 1.5, ', ", {}]")])
@pytest.mark.parametrize("beside", ["", ", [[]]" * 200], ids=["alone", "beside others"])
def test_a_hundred_levels_are_read_and_no_more(opens: str, closes: str, beside: str) -> None:
    def nested(depth: int) -> bytes:
        return f"[{opens * (depth - 2)}[1]{closes * (depth - 2)}{beside}]".encode()

    assert read(nested(100), BadEvent) == json.loads(nested(100))
    for depth in (101, 102, 10_000, 1_000_000):
        with pytest.raises(BadEvent) as refused:
            read(nested(depth), BadEvent)
        assert refused.value.body == {"detail": "invalid event", "causes": ["it is nested deeper than 100"]}


def test_depth_is_seen_with_little_of_the_stack_left() -> None:
    def at(depth: int) -> Any:
        return at(depth - 1) if depth else read(b"[" * 100 + b"]" * 100, BadEvent)

    assert at(sys.getrecursionlimit() - 600)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


@given(values, st.booleans())
def test_whatever_python_writes_is_read_and_can_be_stored(value: Any, ascii_only: bool) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")

    found = read(raw, BadEvent)

    written = json.dumps(found, allow_nan=False, ensure_ascii=False)
    assert "\0" not in written
    assert "\\u0000" not in written.replace("\\\\", "")
    assert json.loads(written.encode()) == found


@given(st.binary() | st.text(st.sampled_from('{}[]":,\\u0dNa1e9.-" \n')).map(str.encode))
def test_whatever_is_sent_is_read_or_refused(raw: bytes) -> None:
    try:
        found = read(raw, BadEvent)
    except BadEvent:
        return

    json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
