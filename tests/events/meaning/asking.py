"""What the tests of reading ask."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from events.meaning import read
from events.meaning.shapes import Event

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)  # when events come in
ID = UUID(int=1)
PEER = "198.51.100.7"


def read_event(event: dict[str, Any], **given: Any) -> Event:
    return read(event, **{"event_id": ID, "sent_at": None, "at": AT, "peer": PEER, "keep_addresses": False, **given})


def errors_of(event: dict[str, Any]) -> list[str]:
    names: list[str] = read_event(event).data.get("errors", [])
    return names
