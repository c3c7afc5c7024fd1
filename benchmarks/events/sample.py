"""Requests with events: one that Sentry's Python SDK sent, over and over, each with an id of its own."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from string import ascii_lowercase
from uuid import uuid4

import brotli
from django.conf import settings

from events import meaning
from events.meaning.shapes import Event

SAMPLE = settings.BASE_DIR / "tests" / "events" / "samples" / "0001.json"
KEY = "0123456789abcdef" * 2  # the client key in it
FUNCTION = "outer"  # a function in its stacks: of another name, it is another issue
QUALITY = 4  # of brotli, as the SDK asks for


class Sample:
    """The request of the sample. ``event_bytes`` is how large its event is, as JSON."""

    def __init__(self) -> None:
        found = json.loads(SAMPLE.read_text())
        self.headers = {
            name: value for name, value in found["headers"].items() if name.lower() not in {"host", "content-length"}
        }
        self._body = found["body"]
        envelope, item, event, *_ = self._body.split("\n")
        self.event_bytes = json.loads(item)["length"]
        self._id = json.loads(envelope)["event_id"]
        # It would be too old one day, and the SDK's clock would seem to be wrong.
        self._times = [json.loads(envelope)["sent_at"], json.loads(event)["timestamp"]]

    def bodies(self, issues: int) -> Iterator[bytes]:
        """Yield one body after the other, for so many issues in turn, endlessly."""
        names = [FUNCTION, *("".join(letters) for letters in product(ascii_lowercase, repeat=len(FUNCTION)))]
        while True:
            now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
            for name in names[:issues]:
                body = self._body.replace(self._id, uuid4().hex).replace(f'"{FUNCTION}"', f'"{name}"')
                for time in self._times:
                    body = body.replace(time, now)
                yield brotli.compress(body.encode(), quality=QUALITY)

    def read(self, *, at: datetime) -> Event:
        """Return what the service reads of its event."""
        event = json.loads(self._body.split("\n")[2])
        return meaning.read(
            event | {"timestamp": at.isoformat()},
            event_id=None,
            sent_at=None,
            at=at,
            peer="127.0.0.1",
            keep_addresses=False,
        )

    def head(self, path: str, key: str, size: int) -> bytes:
        """Return the head of a request with a body of this size."""
        lines = [
            f"POST {path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Content-Length: {size}",
            *(f"{name}: {value.replace(KEY, key)}" for name, value in self.headers.items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode()
