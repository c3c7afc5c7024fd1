"""Where a request begins and ends, however its bytes are cut into pieces; compared with gunicorn's own reader."""

import pytest
from gunicorn.config import Config
from gunicorn.http import errors
from gunicorn.http.body import ChunkedReader
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader
from hypothesis import example, given
from hypothesis import strategies as st

from issuetracker.server import limits, refusals
from issuetracker.server.framing import Body, ChunkedBody, Head, Room, SizedBody
from issuetracker.server.on_gunicorn import refused
from projects.api.negotiation import MAX_BODY

LINE = limits.REQUEST_LINE_BYTES
HEADER = limits.HEADER_BYTES


def end_of(head: bytes, *, pieces: int = 1) -> int | None:
    """Return where it ends, from its first byte on, when it comes in pieces of this size or at once."""
    received, reader = bytearray(), Head()
    size = max(1, -(-len(head) // pieces)) if pieces else 1
    for at in range(0, len(head), size):
        received += head[at : at + size]
        if (end := reader.end(received)) is not None:
            return end
    return None


def line_of(length: int) -> bytes:
    return b"GET /".ljust(length - 9, b"a") + b" HTTP/1.1"


HEADS = {
    "no headers": (b"GET / HTTP/1.1\r\n\r\n", 18),
    "a header": (b"GET / HTTP/1.1\r\nA: b\r\n\r\n", 24),
    "and more": (b"GET / HTTP/1.1\r\nA: b\r\n\r\nGET / HTTP/1.1\r\n\r\n", 24),
    "an empty line before": (b"\r\nGET / HTTP/1.1\r\n\r\n", 18),
    "no end": (b"GET / HTTP/1.1\r\nA: b\r\n", None),
    "half an end": (b"GET / HTTP/1.1\r\nA: b\r\n\r", None),
    "half an empty line": (b"\r", None),
    "a header as long as may be": (b"GET / HTTP/1.1\r\n" + b"a" * HEADER + b"\r\n\r\n", 16 + HEADER + 4),
    "as many headers as may be": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 100 + b"\r\n", 16 + 600 + 2),
}


@pytest.mark.parametrize(("head", "end"), HEADS.values(), ids=HEADS)
def test_a_head_ends_where_it_does_however_it_comes(head: bytes, end: int | None) -> None:
    assert [end_of(head), end_of(head, pieces=2), end_of(head, pieces=0)] == [end] * 3


WRONG_HEADS = {
    "two empty lines before": (b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", refusals.InvalidRequestLine),
    "an LF alone": (b"GET / HTTP/1.1\n", refusals.InvalidRequestLine),
    "an LF first": (b"\nGET / HTTP/1.1\r\n", refusals.InvalidRequestLine),
    "an LF alone after a header": (b"GET / HTTP/1.1\r\nA: b\n", refusals.InvalidHeader),
    "an LF alone at the end": (b"GET / HTTP/1.1\r\nA: b\r\n\n", refusals.InvalidHeader),
    "TLS": (b"\x16\x03\x01\x02\x00\x01", refusals.InvalidRequestLine),
    "a header too long": (b"GET / HTTP/1.1\r\n" + b"a" * (HEADER + 1) + b"\r\n\r\n", refusals.LimitRequestHeaders),
    "a header that will be": (b"GET / HTTP/1.1\r\n" + b"a" * (HEADER + 2), refusals.LimitRequestHeaders),
    "a header too many": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 101 + b"\r\n", refusals.LimitRequestHeaders),
    "a header that will be too many": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 100 + b"A:", refusals.LimitRequestHeaders),
}


@pytest.mark.parametrize("pieces", [1, 2, 0], ids=["at once", "in two", "byte by byte"])
@pytest.mark.parametrize(("head", "error"), WRONG_HEADS.values(), ids=WRONG_HEADS)
def test_what_is_no_head_is_refused_however_it_comes(head: bytes, error: type[refusals.Refused], pieces: int) -> None:
    with pytest.raises(error):
        end_of(head, pieces=pieces)


@pytest.mark.parametrize("pieces", [1, 2, 17, 4000])
def test_a_request_line_may_have_so_many_bytes_and_no_more(pieces: int) -> None:
    assert end_of(line_of(LINE) + b"\r\n\r\n", pieces=pieces) == LINE + 4
    for extra in (1, 1000):
        with pytest.raises(refusals.LimitRequestLine):
            end_of(line_of(LINE + extra) + b"\r\n\r\n", pieces=pieces)
    with pytest.raises(refusals.LimitRequestLine):
        end_of(b"a" * (LINE + 2), pieces=pieces)


STARTS = [b"", b"GET / HTTP/1.1\r\n", b"\r\nPUT / HTTP/1.1\r\nA: b\r\n"]
PARTS = [b"GET / HTTP/1.1", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"A: b", b"Content-Length: 5", b" ", b":", b"\0"]
SENT = st.tuples(st.sampled_from(STARTS), st.lists(st.sampled_from(PARTS), max_size=12).map(b"".join)).map(b"".join)


@given(SENT, st.integers(0, 3))
@example(b"GET / HTTP/1.1\r\nA: b\r\n\r\nGET / HTTP/1.1\r\n\r\n", 1)
def test_a_head_ends_where_gunicorn_ends_it(sent: bytes, pieces: int) -> None:
    """Or gunicorn refuses it: two readings of one head are how a request hides in another."""
    try:
        end = end_of(sent, pieces=pieces)
    except refusals.Refused:
        return
    if end is None:
        return
    sent = sent.removeprefix(b"\r\n")
    cfg = Config()
    cfg.set("limit_request_line", 0)
    unreader = IterUnreader([sent[:end], sent[end:]])
    try:
        Request(cfg, unreader, ("127.0.0.1", 1), 1)
    except errors.ParseException:
        return

    assert unreader.read() == sent[end:]


# ---------------------------------------------------------------------------------------------------------------------
# Bodies
# ---------------------------------------------------------------------------------------------------------------------


def no_trailers(lines: bytes) -> None:
    assert lines == b"X: y"


def read(body: Body, wire: bytes, size: int) -> tuple[bytes, bytes] | None:
    """Return the body and what follows it, when it comes in pieces of this size; None when it isn't whole."""
    received = bytearray()
    for at in range(0, len(wire), size):
        received += wire[at : at + size]
        if body.take(received):
            return bytes(body.content), bytes(received) + wire[at + size :]
    return None


def meaning(error: Exception) -> type[refusals.Refused]:
    """Return what is answered; of a wrong line of a chunk it is nobody's business which of three it was."""
    meant = refused(error)
    return refusals.InvalidChunks if issubclass(meant, refusals.InvalidChunks) else meant


def as_gunicorn_reads(wire: bytes) -> bytes | type[refusals.Refused] | None:
    class Request:
        def parse_headers(self, lines: bytes, from_trailer: bool) -> list[object]:
            return []

    reader = ChunkedReader(Request(), IterUnreader([wire]))
    try:
        return bytes(reader.read(10_000))
    except errors.NoMoreData:
        return None
    except errors.ParseException as error:
        # It waits for nothing more here, so that the terminator which could still come is missing, to gunicorn.
        return None if getattr(error, "term", None) == b"" else meaning(error)


def as_read_here(wire: bytes, size: int) -> bytes | type[refusals.Refused] | None:
    try:
        found = read(ChunkedBody(no_trailers), wire, size)
    except refusals.Refused as error:
        return meaning(error)
    return found[0] if found else None


CHUNKED = [
    b"0\r\n\r\n",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\r\n4\r\n you\r\n0\r\n\r\nGET /",
    b'1;a=b\r\nx\r\n1 ; a ;b="c d"\r\ny\r\n0;z\r\n\r\n',
    b"0000a\r\n0123456789\r\n00\r\nX: y\r\n\r\n",
    b"A\r\n0123456789\r\n0\r\n\r\n",
    b"5\r\nhel",
    b"5\r\nhello\r\n",
    b"5\r\nhello\r\n0\r\n",
    b"5\r\nhello0\r\n\r\n",
    b"5\r\nhello\n0\r\n\r\n",
    b"x\r\nhello\r\n",
    b"-5\r\nhello\r\n",
    b"+5\r\nhello\r\n",
    b"0x5\r\nhello\r\n",
    b"5 \r\nhello\r\n",
    b" 5\r\nhello\r\n",
    b"5_0\r\nhello\r\n",
    b"\r\nhello\r\n",
    b";a\r\nhello\r\n",
    b"5;\r\nhello\r\n",
    b'5;a="b\r\nhello\r\n',
    b"5\n\r\nhello\r\n",
    b"5;a\nb\r\nhello\r\n",
    b"a" * 9000,
    b"0\r\n\n",
]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("wire", CHUNKED, ids=repr)
def test_chunks_are_read_as_gunicorn_reads_them_however_they_come(wire: bytes, size: int) -> None:
    assert as_read_here(wire, size) == as_gunicorn_reads(wire)


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_what_follows_a_body_is_left(size: int) -> None:
    assert read(SizedBody(5), b"helloGET /", size) == (b"hello", b"GET /")
    assert read(ChunkedBody(no_trailers), b"5\r\nhello\r\n0\r\nX: y\r\n\r\nGET /", size) == (b"hello", b"GET /")


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_trailers_are_looked_at_once_and_whole(size: int) -> None:
    seen: list[bytes] = []

    read(ChunkedBody(seen.append), b"0\r\nX: y\r\nZ: a\r\n\r\n", size)

    assert seen == [b"X: y\r\nZ: a"]


def test_a_body_is_as_long_as_the_service_takes_and_no_longer() -> None:
    assert limits.BODY_BYTES == MAX_BODY
    assert not SizedBody(MAX_BODY).is_too_long
    assert SizedBody(MAX_BODY + 1).is_too_long
    for length, is_too_long in ((MAX_BODY, False), (MAX_BODY + 1, True)):
        at_once, in_two = ChunkedBody(no_trailers), ChunkedBody(no_trailers)
        read(at_once, b"%x\r\n%s\r\n0\r\n\r\n" % (length, b"a" * length), 65536)
        read(in_two, b"1\r\na\r\n%x\r\n%s\r\n0\r\n\r\n" % (length - 1, b"a" * (length - 1)), 65536)
        assert (at_once.is_too_long, in_two.is_too_long) == (is_too_long, is_too_long)


LARGE = Room(size=MAX_BODY + 10, seconds=1, passed=MAX_BODY + 20)


@pytest.mark.parametrize("size", [1000, 65536])
@pytest.mark.parametrize("over", [0, 1, 10, 11])
def test_a_large_body_that_is_too_long_is_read_to_its_end(over: int, size: int) -> None:
    length = LARGE.size + over
    chunks = b"%x\r\n%s\r\n5\r\nhello\r\n0\r\n\r\n" % (length - 5, b"a" * (length - 5))
    for body, wire in ((SizedBody(length, LARGE), b"a" * length), (ChunkedBody(no_trailers, LARGE), chunks)):
        found = read(body, wire + b"GET /", size)

        assert found is not None
        assert (body.is_too_long, body.is_given_up) == (over > 0, over > 10)
        assert body.content.in_memory == 0
        if not over:
            assert body.content.is_in_file
            assert len(found[0]) == length
        if over <= 10:
            assert found[1] == b"GET /"
        body.content.drop()


def test_a_large_body_of_chunks_that_are_mostly_framing_is_refused() -> None:
    chunk = b"1;a=" + b"b" * 8000 + b"\r\nx\r\n"

    with pytest.raises(refusals.InvalidChunkSize):
        read(ChunkedBody(no_trailers, LARGE), chunk * 3000, 65536)


def test_a_body_of_chunks_that_are_mostly_framing_is_refused() -> None:
    chunk = b"1;a=" + b"b" * 8000 + b"\r\nx\r\n"

    with pytest.raises(refusals.InvalidChunkSize):
        read(ChunkedBody(no_trailers), chunk * 3000, 65536)


def test_trailers_are_bounded() -> None:
    for trailers in (b"X: y\r\n" * 101, b"X: " + b"y" * 9000):
        with pytest.raises(refusals.LimitRequestHeaders):
            read(ChunkedBody(lambda lines: None), b"0\r\n" + trailers, 100)
