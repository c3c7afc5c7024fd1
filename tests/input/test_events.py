"""What hostile programs send where SDKs do: refused or stored, never a 500, and the server's memory stays where it was.

Whoever has a client key needs no other credential, and every web page shows one.
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings

from events.models import Event
from projects.models import ClientKey, Project
from tests.events.meaning.test_any_event import events
from tests.factories import ClientKeyFactory
from tests.input.attacker import MIB, peak_memory
from tests.live import serving

pytestmark = pytest.mark.django_db(transaction=True)

ID = "0123456789abcdef0123456789abcdef"
EVENT = json.dumps({"event_id": ID, "message": "x"}).encode()
ITEM = b'{"type":"event"}\n' + EVENT
GOOD = b"{}\n" + ITEM
# Less than what is decoded of a bomb, and more than a few megabytes that each step may hold at once: a piece, a line.
MEMORY = 80 * MIB


@dataclass
class Sender:
    """Sends on one connection, which stays."""

    connection: HTTPConnection
    key: ClientKey

    def post(self, body: Any, path: str = "envelope/", **headers: str) -> tuple[int, Any]:
        """Return the status and the body, of an answer that browsers can read."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        auth = {"X-Sentry-Auth": f"Sentry sentry_key={self.key.key}"}
        chunked = not isinstance(body, bytes)
        self.connection.request("POST", f"/api/{self.key.project_id}/{path}", body, auth | said, encode_chunked=chunked)
        answer = self.connection.getresponse()
        content = answer.read()
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Connection"] != "close"
        found = json.loads(content)
        assert answer.status == 200 or answer.headers["X-Sentry-Error"] == found["detail"]
        return answer.status, found

    def is_taken(self) -> bool:
        """Return whether the connection still takes a good event."""
        return self.post(GOOD) == (200, {"id": ID})


@pytest.fixture
def sender(project: Project) -> Iterator[Sender]:
    key = ClientKeyFactory(project=project)
    # One thread: each has memory of its own, which it keeps, and which one gets a request is chance.
    with serving(threads=1) as url:
        connection = HTTPConnection(url.removeprefix("http://"), timeout=60)
        found = Sender(connection, key)
        assert found.is_taken()  # the worker is there, and has imported what it needs
        yield found
        connection.close()


def zeros(encoder: Any, size: int) -> bytes:
    """Return an envelope with an attachment of so many zeros, compressed."""
    pieces = [b'{}\n{"type":"attachment"}\n', *[bytes(MIB)] * (size // MIB)]
    step = getattr(encoder, "compress", None) or encoder.process
    return b"".join([*(step(piece) for piece in pieces), (getattr(encoder, "flush", None) or encoder.finish)()])


def test_a_bomb_costs_its_limit(sender: Sender) -> None:
    before = peak_memory()

    for encoding, encoder in {
        "gzip": zlib.compressobj(wbits=zlib.MAX_WBITS | 16),
        "deflate": zlib.compressobj(),
        "br": brotli.Compressor(quality=1),
        "zstd": zstandard.ZstdCompressor().compressobj(),
    }.items():
        bomb = zeros(encoder, 101 * MIB)
        assert len(bomb) < MIB
        assert sender.post(bomb, Content_Encoding=encoding)[0] == 413, encoding
        assert sender.post(bomb[: len(bomb) // 2], Content_Encoding=encoding)[0] in {400, 413}, encoding
        assert sender.post(GOOD, Content_Encoding=encoding)[0] == 400, encoding
    nested = gzip.compress(gzip.compress(bytes(50 * MIB)))
    assert sender.post(nested, Content_Encoding="gzip")[0] == 400
    assert sender.post(gzip.compress(b'{"a":"' + b"a" * 9 * MIB + b'"}'), "store/", Content_Encoding="gzip")[0] == 413
    assert peak_memory() - before < MEMORY
    assert sender.is_taken()


def test_what_is_long_many_or_deep(sender: Sender) -> None:
    before = peak_memory()
    item = b'{"type":"x"}\n{}\n'

    for body, status in [
        (b'{"a":"' + b"a" * 10 * MIB, 413),  # the header has no end
        (b"{}\n" + b'{"a":"' + b"a" * 10 * MIB, 413),
        (b"a" * 10 * MIB, 413),
        (b"\n" * 10 * MIB, 400),
        (b"{}" + b"\n" * 10 * MIB + ITEM, 200),
        (b"{}\n" + item * 10_000 + ITEM, 200),
        (b"{}\n" + item * 200_000 + ITEM, 413),
        (b"{}\n" + item * 200 + b'{"type":"event"}\n' + b"[" * MIB, 400),
        (b'{}\n{"type":"event"}\n' + b'{"a":' * 101 + b"1" + b"}" * 101, 400),
        (b'{}\n{"type":"event"}\n' + b'{"a":' * 100 + b"1" + b"}" * 100, 200),
        (b'{}\n{"type":"event"}\n{"a":' + b"9" * MIB + b"}", 200),
        (b'{}\n{"type":"event"}\n{"message":NaN,"extra":{"a":[Infinity,-Infinity,1e999]}}', 200),
        (b'{}\n{"type":"event"}\n{"message":"\\u0000\\ud800"}', 200),
        (b'{}\n{"type":"event"}\n{' + b",".join(b'"%d":0' % number for number in range(200_000)) + b"}", 200),
        (b'{}\n{"type":"event","length":0}\n' + EVENT, 400),
        (b'{}\n{"type":"event","length":%d}\n' % 10**30 + EVENT, 413),
        (b'{}\n{"type":"event","length":-1}\n' + EVENT, 400),
        (b'{}\n{"type":"event","length":"9"}\n' + EVENT, 400),
        (b'{}\n{"type":"attachment","length":%d}\n' % 2**64, 400),
        (b'{}\n{"type":"event","length":NaN}\n' + EVENT, 400),
        (b'{}\n{"type":"attachment","length":%b}\n' % (b"9" * 5_000) + EVENT, 400),
        (b'{"dsn":[],"event_id":{},"sent_at":1e400,"trace":"x"}\n' + ITEM, 200),
    ]:
        assert sender.post(body)[0] == status, (body[:60], status)
    assert peak_memory() - before < 4 * MEMORY  # of an event of 8 MiB, Python makes some 50
    assert sender.is_taken()


def test_too_large_a_request_leaves_the_connection_usable(sender: Sender) -> None:
    before = peak_memory()
    attachment = b'{"type":"attachment","length":%d}\n' % (20 * MIB)

    for body in (b"{}\n" + attachment + bytes(20 * MIB), iter([b"{}\n" + attachment, *[bytes(MIB)] * 20])):
        status, answer = sender.post(body)
        assert (status, answer["detail"]) == (413, "the body is larger than 20971520 bytes")
        assert sender.is_taken()
    assert peak_memory() - before < MEMORY


def test_a_large_attachment_costs_no_memory_and_not_its_event(sender: Sender) -> None:
    before = peak_memory()
    size = 20 * MIB - 1000
    head = b'{}\n{"type":"attachment","length":%d}\n' % size

    for _ in range(3):
        assert sender.post(head + bytes(size) + b"\n" + ITEM) == (200, {"id": ID})
    assert sender.post(iter([head, *[bytes(size // 10)] * 10, b"\n", ITEM])) == (200, {"id": ID})

    assert Event.objects.count() == 1
    assert peak_memory() - before < MEMORY


def test_slow_senders_keep_nobody_waiting(sender: Sender) -> None:
    slow = [HTTPConnection(sender.connection.host, sender.connection.port, timeout=60) for _ in range(20)]
    for connection in slow:
        connection.putrequest("POST", f"/api/{sender.key.project_id}/envelope/?sentry_key={sender.key.key}")
        connection.putheader("Content-Length", str(len(GOOD)))
        connection.endheaders(GOOD[:-5])

    assert all(sender.is_taken() for _ in range(20))

    for connection in slow:
        connection.send(GOOD[-5:])
        assert connection.getresponse().status == 200
        connection.close()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events)
def test_every_field_of_every_wrong_type_is_taken(sender: Sender, event: dict[str, Any]) -> None:
    written = json.dumps(event).encode()

    assert sender.post(written, "store/")[0] == 200
    assert sender.post(b"{}\n" + b'{"type":"event"}\n' + written)[0] == 200
