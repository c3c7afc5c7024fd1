"""Bodies decoded piece by piece, bounded."""

import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable
from io import BytesIO

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from events.form import Sizes, decoded, encodings
from events.form.encodings import PIECE
from events.form.refusals import BadEncoding, TooLarge, UnsupportedEncoding

MIB = 2**20
Pack = Callable[[bytes], bytes]


def bare(raw: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(raw) + packer.flush()


def zstd(raw: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(raw)


PACKERS = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "bare deflate": ("deflate", bare),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstd),
}
PLAIN = ["", "identity", "utf-8", "UTF-8", " Identity "]
packers = pytest.mark.parametrize(("encoding", "pack"), PACKERS.values(), ids=PACKERS)


class Trickling(BytesIO):
    """Gives so many bytes at a time."""

    def __init__(self, raw: bytes, step: int) -> None:
        super().__init__(raw)
        self.step = step

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0, "all at once"
        return super().read(min(size, self.step))


def read(raw: bytes, encoding: str, *, step: int = MIB, limits: Sizes | None = None) -> bytes:
    pieces = list(decoded(Trickling(raw, step), encoding, limits or Sizes()))
    assert b"" not in pieces
    return b"".join(pieces)


@packers
@given(raw=st.binary(max_size=300).flatmap(lambda raw: st.sampled_from([raw, raw * 500])), step=st.integers(1, 400))
def test_what_was_packed_is_unpacked_however_it_comes(encoding: str, pack: Pack, raw: bytes, step: int) -> None:
    assert read(pack(raw), encoding, step=step) == raw


@packers
@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1, 100_000, 3 * PIECE, MIB])
def test_what_is_larger_than_a_piece_is_unpacked_whole(encoding: str, pack: Pack, size: int) -> None:
    for raw in (bytes(size), b'{"a": 1}' * (size // 8), random.Random(1).randbytes(size)):
        for step in (len(raw), 1000):
            assert read(pack(raw), encoding, step=step) == raw


@pytest.mark.parametrize("encoding", PLAIN)
def test_what_is_not_packed_is_taken_as_it_is(encoding: str) -> None:
    assert read(b"{}\n", encoding) == b"{}\n"
    assert read(b"", encoding) == b""


def test_the_name_of_an_encoding_is_read_in_any_case() -> None:
    assert read(gzip.compress(b"{}"), " GZip ") == b"{}"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("x", "x"), ("gzip, br", "gzip, br"), ("a\r\nb\xe9", "a??b?"), ("z" * 100, "z" * 60 + "...")],
    ids=["unknown", "two", "no header could carry it", "long"],
)
def test_another_encoding_is_refused_in_one_line(encoding: str, shown: str) -> None:
    with pytest.raises(UnsupportedEncoding) as refused:
        read(b"{}", encoding)

    assert (refused.value.status, refused.value.body) == (
        415,
        {"detail": f"unsupported content encoding '{shown}'"},
    )


@packers
@pytest.mark.parametrize("step", [1, 7, MIB])
def test_what_ends_too_early_is_refused_wherever_it_ends(encoding: str, pack: Pack, step: int) -> None:
    packed = pack(b'{"message": "hello"}' * 20)
    name = "gzip" if encoding == "x-gzip" else encoding

    for end in range(len(packed)):
        with pytest.raises(BadEncoding) as refused:
            read(packed[:end], encoding, step=step)
        assert (refused.value.status, refused.value.sentence) == (400, f"the body is not valid {name}")
        assert refused.value.causes


@packers
def test_what_is_broken_is_refused(encoding: str, pack: Pack) -> None:
    for broken in (
        b"\xff" * 50,
        b'{"message": "hello"}',
        pack(b"hello" * 20) + b"hello",
        pack(b"hi")[:6] + b"\xff" * 9,
    ):
        with pytest.raises(BadEncoding) as refused:
            read(broken, encoding)
        assert set(refused.value.body) == {"detail", "causes"}


def test_files_of_gzip_and_frames_of_zstd_may_follow_each_other() -> None:
    for step in (1, 5, MIB):
        assert (
            read(gzip.compress(b"a") + gzip.compress(b"") + gzip.compress(b"b") + bytes(9), "gzip", step=step) == b"ab"
        )
        assert read(zstd(b"a") + zstd(b"") + zstd(b"b"), "zstd", step=step) == b"ab"


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstd)])
def test_so_many_that_are_empty_are_refused(encoding: str, pack: Pack) -> None:
    assert read(pack(b"") * encodings.MOST_PARTS, encoding) == b""
    with pytest.raises(BadEncoding):
        read(pack(b"") * (encodings.MOST_PARTS + 1), encoding)


def test_a_frame_that_asks_for_much_memory_is_refused() -> None:
    settings = zstandard.ZstdCompressionParameters.from_level(3, window_log=27)
    greedy = zstandard.ZstdCompressor(compression_params=settings).compressobj()
    packed = greedy.compress(b"hello") + greedy.flush()

    with pytest.raises(BadEncoding):
        read(packed, "zstd")


# ---------------------------------------------------------------------------------------------------------------------
# Sizes
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_no_more_is_read_than_may_be_sent(encoding: str) -> None:
    pack = gzip.compress if encoding else bytes
    packed = pack(b"a" * 1000)
    limits = Sizes(sent=len(packed))

    assert read(packed, encoding, limits=limits) == b"a" * 1000
    endless = BytesIO(packed + b"a" * MIB)
    with pytest.raises(TooLarge) as refused:
        list(decoded(endless, encoding, limits))

    assert (refused.value.status, refused.value.sentence) == (413, f"the body is larger than {len(packed)} bytes")
    assert endless.tell() <= encodings.PIECE


@packers
def test_a_bomb_costs_its_limit(encoding: str, pack: Pack) -> None:
    bomb = pack(bytes(64 * MIB))
    limits = Sizes(decoded=16 * MIB)
    pieces = decoded(BytesIO(bomb), encoding, limits)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge) as refused:
            sum(map(len, pieces))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert refused.value.sentence == f"the decoded body is larger than {16 * MIB} bytes"
    assert most < 24 * MIB
    assert len(bomb) < MIB


def test_a_body_is_as_large_as_may_be_and_no_larger() -> None:
    limits = Sizes(decoded=70_000)

    assert len(read(gzip.compress(bytes(70_000)), "gzip", limits=limits)) == 70_000
    with pytest.raises(TooLarge):
        read(gzip.compress(bytes(70_001)), "gzip", limits=limits)


def test_nothing_is_read_before_it_is_asked_for() -> None:
    body = BytesIO(b"{}")

    decoded(body, "no such encoding", Sizes())

    assert body.tell() == 0
