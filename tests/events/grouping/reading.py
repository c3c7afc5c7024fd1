"""From what is sent to its fingerprint."""

import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import UUID

from events.form import Envelope, Sizes, decoded, read_reports, read_store
from events.meaning import read
from events.meaning.shapes import Event
from tests.events.sent import sample

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)


def read_event(body: dict[str, Any]) -> Event:
    """Read an event, or a browser's report, as the way in hands it on."""
    event: dict[str, Any] | None = body
    if "csp-report" in body:
        event = read_reports(iter([json.dumps(body).encode()]), Sizes())[0].event
    assert event is not None
    return read(event, event_id=UUID(int=1), sent_at=None, at=AT, peer="198.51.100.7", keep_addresses=False)


def fingerprint_of(body: dict[str, Any]) -> UUID:
    return read_event(body).fingerprints[0]


def sent_event(name: str) -> dict[str, Any] | None:
    """Return the event of a request as an SDK sent it; None where it had none."""
    sent = sample(name)
    pieces = decoded(BytesIO(sent.body), sent.encoding, Sizes())
    posted = Envelope(pieces, Sizes()).read() if sent.path.endswith("/envelope/") else read_store(pieces, Sizes())
    return posted.event
