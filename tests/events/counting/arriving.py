"""Events that come in, and are counted, in a line each."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.utils import timezone

from events import accepting, weeks
from events.accepting import Accepted, Arriving
from events.counting import counting
from events.meaning.packing import pack
from events.models import Arrival
from issues.models import Issue, IssueHash
from projects.models import Project
from tests.factories import NOW, ClientKeyFactory
from tests.invariants import breaches

NAMES = UUID(int=7)


def fingerprint(name: str) -> UUID:
    return uuid5(NAMES, name)


def arrive(project: Project, name: str = "pump", at: datetime = NOW, **said: Any) -> UUID:
    """Take in an event of the kind that has this name; return its id. ``said`` are columns of what arrives.

    Accepting makes a week that is missing by itself, but not within the transaction of a test.
    """
    makes_weeks = said.pop("makes_weeks", True)
    event_id: UUID = said.pop("event_id", None) or uuid4()
    data = {"type": "error", "title": f"Error: {name}", "culprit": "intake", "metadata": {"value": name}}
    received_at = said.pop("received_at", at)
    values: dict[str, Any] = {
        **{"level": "error", "user": "", "release": "", "environment": "", "seen_at": at, "day": at.date()},
        "data": pack(data),
        "hashes": (fingerprint(name),),
        **said,
    }
    if makes_weeks:
        weeks.make("events_event", [weeks.monday(values["seen_at"].date())])
        weeks.make("events_eventid", [weeks.monday(values["day"])])
    arriving = Arriving(event_id=event_id, **values)
    accepted = accepting.accept(key_of(project), project.pk, arriving, at=received_at, lock_timeout=5)
    assert accepted != Accepted.NOT_BY_THIS_KEY
    return event_id


def key_of(project: Project) -> str:
    key = project.client_keys.first() or ClientKeyFactory(project=project)
    return str(key.key)


def count(project: Project, **how: Any) -> int:
    """Count a batch of this project, and see that all that must hold does."""
    counted = counting.count_next(project.pk, **{"now": timezone.now, **how})
    assert breaches() == []
    return len(counted)


def issue_of(project: Project, name: str = "pump") -> Issue:
    return Issue.objects.get(hashes__in=IssueHash.objects.filter(project=project, hash=fingerprint(name).hex))


def waiting() -> int:
    return Arrival.objects.filter(set_aside_at=None).count()
