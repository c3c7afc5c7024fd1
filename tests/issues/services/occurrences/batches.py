"""Events in one line each, counted as whoever takes them in would."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from issues.models import Issue, IssueHash
from issues.services import occurrences
from issues.services.occurrences import Counted, Description, Occurrence
from projects.database import transactions
from projects.models import Project
from tests.factories import NOW, IssueFactory, IssueHashFactory
from tests.invariants import breaches

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NAMES = UUID(int=15)


def fingerprint(name: str) -> UUID:
    return uuid5(NAMES, name)


def event(name: str = "pump", at: datetime = NOW, **said: Any) -> Occurrence:
    """Return an event of the kind that has this name; ``older=("valve", ...)`` are its older fingerprints."""
    older = tuple(fingerprint(each) for each in said.pop("older", ()))
    made: dict[str, Any] = {
        "received_at": at,
        "level": "error",
        "event_id": uuid5(NAMES, f"{name} {at} {said}").hex,
    } | said
    return Occurrence(hash=fingerprint(name), older_hashes=older, seen_at=at, **made)


def described(title: str = "PressureLossError: pump 3 lost suction") -> Description:
    return Description(
        type="error", title=title, culprit="intake in open", metadata={"value": title}, platform="python", logger=""
    )


def count(project: Project, *events: Occurrence, at: datetime = NOW, check: bool = True) -> Counted:
    """Count a batch, and see that all that must hold does."""
    for attempt in transactions.attempts(lock_timeout=5):
        with attempt:
            counted = take(project, events, at=at)
    if check:
        assert breaches() == []
    return counted


def take(project: Project, events: Iterable[Occurrence], *, at: datetime = NOW) -> Counted:
    """Count a batch within a transaction."""
    batch = list(events)
    assert occurrences.hold(project.pk)
    new = occurrences.unknown(project.pk, batch, at=at)
    titles = {key: described(f"Error {first.event_id[:8]}") for key, first in new.items()}
    return occurrences.count(project.pk, batch, titles, at=at)


def known(project: Project, name: str = "pump", **columns: Any) -> Issue:
    """Return an issue that events of this name belong to; it was seen once, an hour ago."""
    issue = IssueFactory(project=project, **columns)
    IssueHashFactory(issue=issue, hash=fingerprint(name).hex)
    return issue


def issue_of(project: Project, name: str = "pump") -> Issue:
    return Issue.objects.get(hashes__in=IssueHash.objects.filter(project=project, hash=fingerprint(name).hex))
