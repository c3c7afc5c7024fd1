"""Sends events as SDKs do."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.test import Client

from events.models import Arrival, Event, EventId
from projects.models import ClientKey


def an_envelope(*items: tuple[dict[str, Any], bytes], **header: Any) -> bytes:
    """Return an envelope whose items have lengths."""
    lines = [json.dumps(header).encode()]
    for said, payload in items:
        lines += [json.dumps({**said, "length": len(payload)}).encode(), payload]
    return b"\n".join(lines)


def holding(event: dict[str, Any], **header: Any) -> bytes:
    """Return an envelope with one event."""
    return an_envelope(({"type": "event"}, json.dumps(event).encode()), **header)


@dataclass
class Clock:
    """Stands still until a test moves it."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Sdk:
    """Sends with one client key."""

    key: ClientKey
    client: Client = field(default_factory=Client)

    def post(self, path: str, body: Any = b"", *, auth: str | None = None, **headers: str) -> Any:
        """Send a body, a dict as JSON, with the key in ``X-Sentry-Auth``, or with what ``auth`` says there."""
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        said = f"Sentry sentry_key={self.key.key}, sentry_version=7" if auth is None else auth
        sent = {"X-Sentry-Auth": said, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.generic(
            "POST",
            path.format(project=self.key.project_id),
            content,
            "application/json",
            headers={name: value for name, value in sent.items() if value},
        )

    def store(self, event: dict[str, Any]) -> Any:
        return self.post("/api/{project}/store/", event)

    def envelope(self, body: bytes, **headers: str) -> Any:
        return self.post("/api/{project}/envelope/", body, **headers)


def stored() -> list[str]:
    """Return the ids of what is stored: whole, known and waiting, which is always the same."""
    ids: list[UUID] = sorted(Event.objects.values_list("event_id", flat=True))
    assert sorted(EventId.objects.values_list("event_id", flat=True)) == ids
    assert sorted(Arrival.objects.values_list("event_id", flat=True)) == ids
    return [each.hex for each in ids]
