"""JSON as SDKs send it: nothing that can be read is refused (contract 7.5).

By the standard library: faster readers refuse NaN and lone surrogates, which SDKs do send, and the event is lost.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from events.form import sizes
from events.form.refusals import BadRequest

NO_OBJECT = "it is no JSON object"

# What PostgreSQL and UTF-8 can't hold. Half of a surrogate pair can only come from an escape.
_SUSPECT_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_SUSPECT = re.compile("[\0\ud800-\udfff]")


def read_object(raw: bytes | bytearray, refusal: type[BadRequest]) -> dict[str, Any]:
    """Return the JSON object: NaN, infinities and endless numbers as None, NUL and lone surrogates as U+FFFD.

    Of a key that is there twice, the last counts. Bytes that are no UTF-8 are U+FFFD as well.

    :raises BadRequest: a ``refusal``, if it is none, or nested deeper than 100.
    """
    found = read(raw, refusal)
    if not isinstance(found, dict):
        raise refusal(None, NO_OBJECT)
    return found


def read_header(raw: bytes | bytearray, refusal: type[BadRequest]) -> dict[str, Any]:
    """Return the JSON object, as :func:`read_object` does, but with each number as one.

    Where an item ends hangs on a number: one that can't be had is not one that is missing.
    """
    found = read(raw, refusal, _DECODER_OF_HEADERS.decode)
    if not isinstance(found, dict):
        raise refusal(None, NO_OBJECT)
    return found


def read(raw: bytes | bytearray, refusal: type[BadRequest], decode: Callable[[str], Any] | None = None) -> Any:
    """Return what the JSON says, as :func:`read_object` does, be it an object or not.

    :raises BadRequest: a ``refusal``, if it is no JSON, or nested deeper than 100.
    """
    too_deep = f"it is nested deeper than {sizes.JSON_DEPTH}"
    try:
        found = (decode or _decode)(raw.decode("utf-8", "replace").removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise refusal(None, f"it is no JSON: {error}") from error
    except RecursionError as error:  # hundreds of levels
        raise refusal(None, too_deep) from error
    # Most events have fewer brackets in all, or a few more.
    if raw.count(b"[") + raw.count(b"{") > sizes.JSON_DEPTH and _is_deeper(found, sizes.JSON_DEPTH):
        raise refusal(None, too_deep)
    is_suspect = b"\0" in raw or (b"\\u" in raw and _SUSPECT_ESCAPE.search(raw))
    return _cleaned(found) if is_suspect else found


def _decode(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # a number of more digits than Python reads; the other decoder is slower with all numbers
        return _DECODER_OF_LONG_NUMBERS.decode(text)


def _is_deeper(value: Any, most: int) -> bool:
    """Return whether it is nested deeper, level by level: no recursion, and the time of one look at each value."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(most):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return False
    return True


def _cleaned(value: Any) -> Any:
    """Return the same without what can't be stored; at most ``JSON_DEPTH`` calls deep."""
    if isinstance(value, str):
        return _SUSPECT.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_SUSPECT.sub("\ufffd", key): _cleaned(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_cleaned(inner) for inner in value]
    return value


def _finite(word: str) -> float | None:
    number = float(word)
    return number if number - number == 0 else None


def _whole(word: str) -> int | None:
    try:
        return int(word)
    except ValueError:
        return None


def _long(word: str) -> int:
    """Return a whole number. One of more digits than Python reads is cut: it is larger than any size all the same."""
    return int(word[:_READABLE])


def _nothing(word: str) -> None:
    return None


_READABLE = 4_000  # characters of a number

# Control characters in texts are no JSON either, but what they mean is clear.
_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_nothing, strict=False)
_DECODER_OF_LONG_NUMBERS = json.JSONDecoder(
    parse_float=_finite, parse_int=_whole, parse_constant=_nothing, strict=False
)
_DECODER_OF_HEADERS = json.JSONDecoder(parse_int=_long, strict=False)
