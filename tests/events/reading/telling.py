"""Events that are kept and counted, in a line each, and what a reader is told of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from events import meaning
from events.meaning.packing import pack
from events.reading.events import NEWEST_FIRST, EventsAsked, read_events
from events.reading.shapes import EventShown
from issues.models import Issue
from projects.database.keyset import Position, Sort
from projects.models import Project
from projects.pages import Page
from tests.events.counting.arriving import arrive, count, issue_of
from tests.factories import NOW


def keep(project: Project, name: str = "pump", at: datetime = NOW, **said: Any) -> UUID:
    """Take in an event of this kind, that says this; it waits to be counted. Return its id."""
    columns: dict[str, Any] = {key: said.pop(key) for key in ("event_id", "received_at") if key in said}
    data = {"type": "error", "title": f"Error: {name}", "culprit": "intake", "metadata": {"value": name}, **said}
    columns.update((key, said[key]) for key in ("level", "environment", "release") if key in said)
    return arrive(project, name, at, data=pack(data), **columns)


def counted(project: Project, name: str = "pump", at: datetime = NOW, **said: Any) -> UUID:
    """Do the same, and count it."""
    event_id = keep(project, name, at, **said)
    count(project)
    return event_id


def shown(issue: Issue, **how: Any) -> Page[EventShown]:
    """Return a page of an issue's events."""
    sort: Sort = how.pop("sort", NEWEST_FIRST)
    position = how.pop("position", None) or Position(sort)
    return read_events(issue.project_id, issue.pk, EventsAsked(position, how.pop("limit", 100), **how))


def ids_of(page: Page[EventShown]) -> list[UUID]:
    return [event.id for event in page.rows]


__all__ = ["counted", "ids_of", "issue_of", "keep", "shown", "tell"]


def tell(project: Project, event: dict[str, Any], at: datetime = NOW) -> UUID:
    """Take in an event as an SDK sends it, and count it; return its id."""
    read = meaning.read(event, event_id=None, sent_at=None, at=at, peer="198.51.100.7", keep_addresses=False)
    event_id = arrive(
        project,
        at=read.seen_at,
        event_id=read.id,
        received_at=at,
        data=read.packed,
        hashes=read.fingerprints,
        **{key: getattr(read, key) for key in ("level", "user", "release", "environment")},
    )
    count(project)
    return event_id
