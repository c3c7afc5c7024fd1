"""How an event is kept: JSON, compressed."""

import json
import threading
from typing import Any

import zstandard

LEVEL = 1  # of zstd: 6 KB become 2 in 10 microseconds; more effort saves little

_encode = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"), sort_keys=False
).encode


class _Codecs(threading.local):
    """One of each for a thread: two threads in one compressor mix their bytes."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_codecs = _Codecs()


def as_json(value: Any) -> bytes:
    """Return a value as compact JSON."""
    return _encode(value).encode()


def compress(written: bytes) -> bytes:
    """Return JSON as it is stored."""
    return _codecs.compressor.compress(written)


def pack(data: dict[str, Any]) -> bytes:
    """Return what is kept of an event, as it is stored."""
    return compress(as_json(data))


def unpack(packed: bytes) -> dict[str, Any]:
    """Return what ``pack`` was given."""
    data: dict[str, Any] = json.loads(_codecs.decompressor.decompress(packed))
    return data


def size_of(packed: bytes) -> int:
    """Return how many bytes of JSON it is: a few hundred may be a million."""
    return int(zstandard.frame_content_size(packed))
