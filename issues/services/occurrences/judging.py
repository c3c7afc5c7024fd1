"""What an event does to the status of an issue (contract 7.9). Pure: it asks nobody.

Only the root of a tree has a status that counts. Its events are looked at one by one, in their order, until one opens
it again; after that, it is unresolved, and they all only count.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from issues.enums import ActivityKind, IssueStatus, ReopenedAs, ResolutionKind
from issues.instants import is_ahead
from issues.services.occurrences.shapes import Event, LockedIssue, Terms
from issues.services.occurrences.versions import Order
from issues.services.occurrences.windows import EventsWithin, UsersWithin

ESCALATING_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Verdict:
    """An issue is opened again: how, and what its activity tells.

    :ivar told_before: what the activity that ignored it has told, and is told again.
    """

    reopened_as: ReopenedAs
    kind: ActivityKind
    data: Mapping[str, Any] = field(default_factory=dict)
    told_before: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """What was counted for terms with a window before this batch, in the whole tree, since the issue is ignored."""

    minutes: Mapping[datetime, int] = field(default_factory=dict)
    users: Mapping[int, datetime] = field(default_factory=dict)


NOTHING = Past()


def judge(
    issue: LockedIssue, events: Iterable[Event], order: Order, past: Past = NOTHING, *, at: datetime
) -> Verdict | None:
    """Return how these events, which are not added to the issue yet, open it again; None when they don't."""
    match issue.status:
        case IssueStatus.RESOLVED:
            return _regressed(issue, events, order, at)
        case IssueStatus.IGNORED:
            return _ended(issue, events, past)
        case _:
            return None


def _regressed(issue: LockedIssue, events: Iterable[Event], order: Order, at: datetime) -> Verdict | None:
    for event in events:
        if _reopens(issue, event, order, at):
            occurrence = event.occurrence
            data = {"version": occurrence.release, "event_id": occurrence.event_id}
            return Verdict(ReopenedAs.REGRESSED, ActivityKind.SET_REGRESSION, data)
    return None


def _reopens(issue: LockedIssue, event: Event, order: Order, at: datetime) -> bool:
    """Return whether an event opens a resolved issue again: it came after, and not from a release without the fix."""
    resolved_at = issue.resolved_at
    if resolved_at is not None and event.occurrence.seen_at < resolved_at and not is_ahead(resolved_at, now=at):
        return False
    if issue.resolution_kind is None:
        return True
    if event.release_id is None:
        return False
    base = issue.resolution_release_id
    if issue.resolution_kind == ResolutionKind.IN_RELEASE:
        return base is None or order[event.release_id] >= order[base]
    # What is newer than the base settles it first, as a release in which it is resolved.
    return base is None or order[event.release_id] > order[base]


def _ended(issue: LockedIssue, events: Iterable[Event], past: Past) -> Verdict | None:
    terms = issue.terms
    ends = _Ends(terms, past)
    times_seen, users_seen = issue.total.times_seen, issue.total.users_seen
    for event in events:
        if _is_over(terms, times_seen, users_seen):
            return None  # it counts as unresolved already (1.5), perhaps by one that came when its time was over
        times_seen += 1
        users_seen += event.is_new_user
        if terms.ends_at is not None and event.occurrence.seen_at >= terms.ends_at:
            continue  # likewise: since then, whatever else would end it
        if told := ends.by(event, times_seen, users_seen):
            return told
    return None


def _is_over(terms: Terms, times_seen: int, users_seen: int) -> bool:
    return (terms.ends_at_times_seen is not None and times_seen >= terms.ends_at_times_seen) or (
        terms.ends_at_users_seen is not None and users_seen >= terms.ends_at_users_seen
    )


class _Ends:
    """The ends of a snooze, any of which ends it; windows are counted on from event to event."""

    def __init__(self, terms: Terms, past: Past) -> None:
        self._terms = terms
        since = terms.started_at
        self._within: EventsWithin | None = None
        self._hour: EventsWithin | None = None
        self._users: UsersWithin | None = None
        if terms.window_minutes is not None:
            self._within = EventsWithin(past.minutes, terms.window_minutes, since)
        if terms.escalates_above is not None:
            self._hour = EventsWithin(past.minutes, ESCALATING_MINUTES, since)
        if terms.window_user_minutes is not None:
            self._users = UsersWithin(past.users, terms.window_user_minutes, since)

    def by(self, event: Event, times_seen: int, users_seen: int) -> Verdict | None:
        """Return the verdict when this event reaches one of them; the totals are those with it."""
        terms, seen_at = self._terms, event.occurrence.seen_at
        verdict = None
        if _reaches(times_seen, terms.ends_at_times_seen):
            verdict = _escalating(told_before=["ignoreCount"])
        elif _reaches(users_seen, terms.ends_at_users_seen):
            verdict = _escalating(told_before=["ignoreUserCount"])
        if self._within is not None and _reaches(self._within.add(seen_at), terms.window_count):
            verdict = verdict or _escalating(ignoreCount=terms.window_count, ignoreWindow=terms.window_minutes)
        if self._users is not None and _reaches(self._users.add(event.user_hash, seen_at), terms.window_user_count):
            verdict = verdict or _escalating(
                ignoreUserCount=terms.window_user_count, ignoreUserWindow=terms.window_user_minutes
            )
        if self._hour is not None and terms.escalates_above is not None:
            within_an_hour = self._hour.add(seen_at)
            if within_an_hour > terms.escalates_above:
                verdict = verdict or _escalating(ignoreUntilEscalating=True)
        return verdict


def _reaches(number: int, end: int | None) -> bool:
    return end is not None and number >= end


def _escalating(*, told_before: Sequence[str] = (), **data: Any) -> Verdict:
    return Verdict(ReopenedAs.ESCALATING, ActivityKind.SET_UNRESOLVED, data, told_before)
