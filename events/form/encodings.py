"""A body decoded piece by piece, as far as it is asked for: a bomb costs its limit and no more (contract 7.3)."""

import zlib
from collections.abc import Callable, Generator, Iterator
from typing import Protocol

import brotli
import zstandard

from events.form.refusals import BadEncoding, TooLarge, UnsupportedEncoding
from events.form.sizes import Sizes

PIECE = 64 * 1024
# Of zstd, 4 bytes can make 128 KiB, and its decoder gives all at once: so many bytes make 8 MiB at most.
ZSTD_PIECE = 256
# The window that RFC 9659 allows; a frame may ask for gigabytes of memory.
ZSTD_WINDOW = 8 * 2**20
# Files of gzip and frames of zstd may follow each other, and empty ones have 20 and 9 bytes.
MOST_PARTS = 1000
BEHIND_ITS_END = "data behind its end"


class Readable(Protocol):
    """The body as it came."""

    def read(self, size: int, /) -> bytes: ...


def decoded(body: Readable, encoding: str, limits: Sizes) -> Iterator[bytes]:
    """Yield what the body is when decoded, in pieces that are not empty. Nothing is read before the first is asked for.

    :raises UnsupportedEncoding: the Content-Encoding is none of those that SDKs use.
    :raises TooLarge: there is more than the limits say, as sent or decoded.
    :raises BadEncoding: it is not what the encoding says, or ends too early.
    """
    decode = _DECODERS.get(encoding.strip().lower())
    if decode is None:
        raise UnsupportedEncoding(encoding.strip())
    size = 0
    for piece in decode(_sent(body, limits.sent)):
        size += len(piece)
        if size > limits.decoded:
            raise TooLarge("the decoded body", limits.decoded)
        if piece:
            yield piece


def _sent(body: Readable, most: int) -> Iterator[bytes]:
    size = 0
    while piece := body.read(PIECE):
        size += len(piece)
        if size > most:
            raise TooLarge("the body", most)
        yield piece


def _as_it_is(sent: Iterator[bytes]) -> Iterator[bytes]:
    return sent


def _gzip(sent: Iterator[bytes]) -> Iterator[bytes]:
    """Decode files of gzip, one behind the other; the last may be filled up with zeros."""
    rest = b""
    for _ in range(MOST_PARTS):
        rest = yield from _inflated(rest, sent, "gzip", zlib.MAX_WBITS | 16)
        rest = rest or next(sent, b"")
        if not rest.strip(b"\0"):
            return
    raise BadEncoding("gzip", f"more than {MOST_PARTS} parts")


def _deflate(sent: Iterator[bytes]) -> Iterator[bytes]:
    """Decode what zlib makes; some send the bare stream, which lacks its header of two bytes."""
    start = b""
    while len(start) < 2 and (piece := next(sent, b"")):
        start += piece
    if len(start) < 2:
        raise _ends_too_early("deflate")
    has_header = start[0] & 0x0F == 8 and int.from_bytes(start[:2], "big") % 31 == 0
    rest = yield from _inflated(start, sent, "deflate", zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
    if rest or next(sent, b""):
        raise BadEncoding("deflate", BEHIND_ITS_END)


def _inflated(start: bytes, sent: Iterator[bytes], name: str, window: int) -> Generator[bytes, None, bytes]:
    """Yield what is made of ``start`` and what follows it. Return what is behind its end, of the same piece."""
    decoder = zlib.decompressobj(window)
    rest = start
    try:
        while True:
            made = decoder.decompress(rest, PIECE)
            yield made
            if decoder.eof:
                return decoder.unused_data
            rest = decoder.unconsumed_tail or next(sent, b"")
            if not rest and not made:
                raise _ends_too_early(name)
    except zlib.error as error:
        raise BadEncoding(name, str(error)) from error


def _brotli(sent: Iterator[bytes]) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    try:
        for piece in sent:
            made = decoder.process(piece, output_buffer_limit=PIECE)
            yield made
            # It may have taken in the whole piece, and have more of what it made of it than it gave.
            while made or not decoder.can_accept_more_data():
                made = decoder.process(b"", output_buffer_limit=PIECE)
                yield made
    except brotli.error as error:
        raise BadEncoding("br", f"{error}, or {BEHIND_ITS_END}") from error
    if not decoder.is_finished():
        raise _ends_too_early("br")


def _zstd(sent: Iterator[bytes]) -> Iterator[bytes]:
    frames = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
    decoder, parts = frames.decompressobj(), 1
    is_between = False
    for piece in sent:
        for at in range(0, len(piece), ZSTD_PIECE):
            rest = piece[at : at + ZSTD_PIECE]
            while rest:
                if is_between:
                    parts += 1
                    if parts > MOST_PARTS:
                        raise BadEncoding("zstd", f"more than {MOST_PARTS} parts")
                    decoder = frames.decompressobj()
                try:
                    yield decoder.decompress(rest)
                except zstandard.ZstdError as error:
                    raise BadEncoding("zstd", str(error)) from error
                is_between = decoder.eof
                rest = decoder.unused_data if is_between else b""
    if not is_between:
        raise _ends_too_early("zstd")


def _ends_too_early(name: str) -> BadEncoding:
    return BadEncoding(name, "it ends too early")


_DECODERS: dict[str, Callable[[Iterator[bytes]], Iterator[bytes]]] = {
    "": _as_it_is,  # sentry-ruby, for small bodies
    "identity": _as_it_is,
    "utf-8": _as_it_is,  # old Android
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
