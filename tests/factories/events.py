"""Whole events that are kept, beside the numbers of their issue: nothing is counted for them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from events import weeks
from events.meaning.packing import pack
from events.models import Event, EventId
from issues.models import Issue, IssueHash
from tests.factories.issues import IssueHashFactory


def keep_event_of(issue: Issue, *, event_id: UUID, at: datetime | None = None, **said: Any) -> UUID:
    """Keep an event of an issue, which says this; seen when the issue was seen last. Return its id."""
    own = IssueHash.objects.filter(issue=issue).first() or IssueHashFactory(issue=issue)
    seen_at = at or issue.own_last_seen
    where = {"project_id": issue.project_id, "hash": UUID(own.hash), "seen_at": seen_at, "event_id": event_id}
    for table in weeks.TABLES:
        weeks.make(table, [weeks.monday(seen_at.date())])
    EventId.objects.create(day=seen_at.date(), **where)
    data = {"type": "error", "title": "Error: kept", "level": "error", "tags": [["level", "error"]], **said}
    Event.objects.create(received_at=seen_at + timedelta(seconds=1), data=pack(data), **where)
    return event_id
