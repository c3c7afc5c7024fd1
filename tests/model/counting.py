"""Events are counted, one after the other: numbers, and what they do to a status (7.7, 7.9)."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from tests.model.changing import Changing
from tests.model.things import NO_TERMS, Event, Issue, Release, Resolution, Terms

MINUTE = timedelta(minutes=1)
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Counting(Changing):
    """Counts events."""

    def arrive(self, event: Event) -> None:
        self.waiting = (*self.waiting, event)

    def unknown(self, most: int) -> list[str]:
        """Return the kinds of which an issue is made when so many are counted, in their order."""
        return [
            kind for kind in dict.fromkeys(event.kind for event in self._next_batch(most)) if kind not in self.kinds
        ]

    def _next_batch(self, most: int) -> list[Event]:
        """7.11: without those that waited while their issue was deleted."""
        return [
            event
            for event in self.waiting[:most]
            if event.kind not in self.deleted or event.received > self.deleted[event.kind]
        ]

    def count(self, most: int, ids: Mapping[str, int], url: str, at: datetime) -> None:
        """Count the next events; ``ids`` of the issues that are made, which nobody can foresee."""
        batch, self.waiting = self._next_batch(most), self.waiting[most:]
        for version in dict.fromkeys(event.release for event in batch if event.release):
            if version not in self.versions:
                self._release_comes(Release(version, min(event.at for event in batch if event.release == version)))
        for event in batch:
            if event.kind not in self.kinds:
                self.kinds[event.kind] = ids[event.kind]
                self.issues[ids[event.kind]] = self._made(event, ids[event.kind], url)
            self._count(event, self.kinds[event.kind], at)

    def _made(self, event: Event, pk: int, url: str) -> Issue:
        """7.5: called after its first event, for good."""
        self.short_numbers += 1
        facts: dict[str, Any] = {
            "shortId": f"{str(self.place.project['slug']).upper()}-{DIGITS[self.short_numbers]}",
            "title": event.title,
            "culprit": event.transaction,
            "permalink": f"{url}/admin/desk/issues/{pk}/",
            "logger": None,
            "platform": None,
            "type": "default",
            "metadata": {"title": event.title},
        }
        return Issue(id=pk, facts=facts, first_seen=event.at, last_seen=event.at, events=0, users=0)

    def _count(self, event: Event, pk: int, at: datetime) -> None:
        tree = (pk, *self._above(pk))
        root = self.issues[tree[-1]]
        is_new = event.user != "" and event.user not in dict(self.issues[pk].people)
        verdict = self._verdict(root, event, int(is_new))
        self._keep_minutes(root, at)
        since = self._counted_since(root, at)
        issue = with_event(self.issues[pk], event, is_new, self._in_order())
        if since is not None and event.at >= since:
            issue = replace(issue, minutes=(*issue.minutes, max(minute_of(event.at), since)))
        self.issues[pk] = issue
        for above in tree:
            one = self.issues[above]
            self.issues[above] = replace(
                one,
                terms=one.terms.after(1, int(is_new)),
                came=one.came + 1,
                users_came=one.users_came + int(is_new),
            )
        if verdict is not None:
            self._reopen(tree[-1], *verdict, at)

    # --- 7.9 ---

    def _reopen(
        self, pk: int, how: Literal["regressed", "escalating"], kind: str, data: dict[str, Any], at: datetime
    ) -> None:
        before = self.issues[pk]
        after = replace(
            before,
            status="unresolved",
            set_by=None,
            resolved_at=None,
            resolution=None,
            terms=NO_TERMS,
            since=None,
            reopened=how,
        )
        self.issues[pk] = self._remembered(before, after.recorded(kind, data, None, at), None, at)

    def _verdict(
        self, root: Issue, event: Event, new_users: int
    ) -> tuple[Literal["regressed", "escalating"], str, dict[str, Any]] | None:
        """Return how this event, which isn't counted yet, opens an issue again, and what is told of it."""
        if root.status == "resolved" and self._regresses(root, event):
            return "regressed", "set_regression", {"version": event.release, "event_id": event.id}
        if root.status == "ignored" and (told := self._ends(root, event, new_users)) is not None:
            return "escalating", "set_unresolved", told
        return None

    def _regresses(self, root: Issue, event: Event) -> bool:
        if root.resolved_at is not None and event.at < root.resolved_at:
            return False
        if root.resolution is None:
            return True
        if not event.release:
            return False
        order = self._in_order()
        if root.resolution.version is not None:
            return order.index(event.release) >= order.index(root.resolution.version)
        after = root.resolution.after
        return after is None or order.index(event.release) > order.index(after)

    def _ends(self, root: Issue, event: Event, new_users: int) -> dict[str, Any] | None:
        terms = root.terms
        if replace(terms, until=None).are_over(event.at):
            return None
        if terms.until is not None and event.at >= terms.until:
            return None
        left = terms.after(1, new_users)
        if left.count is not None and left.window is None and left.count <= 0:
            return told_when_ignored(root, "ignoreCount")
        if left.user_count is not None and left.user_window is None and left.user_count <= 0:
            return told_when_ignored(root, "ignoreUserCount")
        if terms.window is not None and self._events_within(root, event, terms.window) >= (terms.count or 0):
            return {"ignoreCount": terms.count, "ignoreWindow": terms.window}
        if terms.user_window is not None and self._users_within(root, event, terms.user_window) >= (
            terms.user_count or 0
        ):
            return {"ignoreUserCount": terms.user_count, "ignoreUserWindow": terms.user_window}
        if terms.above is not None and self._events_within(root, event, 60) > terms.above:
            return {"ignoreUntilEscalating": True}
        return None

    def _events_within(self, root: Issue, event: Event, width: int) -> int:
        """Return how many there were since it was ignored, this one too, in its minute or so many before it."""
        last, since = minute_of(event.at), root.since
        assert since is not None
        minutes = [minute for pk in (root.id, *self._under(root.id)) for minute in self.issues[pk].minutes]
        found = [minute for minute in minutes if minute >= since and last - width * MINUTE <= minute_of(minute) <= last]
        return len(found) + (event.at >= since)

    def _users_within(self, root: Issue, event: Event, width: int) -> int:
        """Return how many were seen last there, each once over the tree."""
        last, since = minute_of(event.at), root.since
        assert since is not None
        seen: dict[str, datetime] = {}
        everybody = [pair for pk in (root.id, *self._under(root.id)) for pair in self.issues[pk].people]
        for user, when in [*everybody, (event.user, event.at)]:
            if user and when >= since:
                seen[user] = max(when, seen.get(user, when))
        return sum(last - width * MINUTE <= minute_of(when) <= last for when in seen.values())

    # --- what is counted by the minute ---

    def _keep_minutes(self, root: Issue, at: datetime) -> None:
        """Kept while there are such terms, and their width after."""
        if self._counted_since(root, at) is None:
            for pk in (root.id, *self._under(root.id)):
                self.issues[pk] = replace(self.issues[pk], minutes=())

    def _counted_since(self, root: Issue, at: datetime) -> datetime | None:
        if root.status == "ignored" and width_of(root.terms) is not None:
            return root.since
        for kept in reversed(root.past):
            if kept.part == "status" and (width := width_of(kept.value[5])) is not None:
                since: datetime = kept.value[6]
                return since if kept.at + width * MINUTE >= at else None
        return None

    # --- releases ---

    def _release_comes(self, release: Release) -> None:
        """5: it settles what waits for it, unless it is older; and may make others newer."""
        self.releases = (*self.releases, release)
        for pk, issue in self.issues.items():
            if issue.resolution == Resolution() and (come := self._next(issue.resolution.after)):
                number = max(i for i, entry in enumerate(issue.activity) if entry.kind == "set_resolved_in_release")
                told = replace(issue.activity[number], data=json.dumps({"version": come}))
                activity = (*issue.activity[:number], told, *issue.activity[number + 1 :])
                self.issues[pk] = replace(issue, resolution=Resolution(come), activity=activity)


def with_event(issue: Issue, event: Event, is_new: bool, order: list[str]) -> Issue:
    """7.7: own numbers; an event that comes late moves nothing back."""
    people = dict(issue.people)
    if event.user:
        people[event.user] = max(event.at, people.get(event.user, event.at))
    hour = event.at.replace(minute=0, second=0, microsecond=0)
    hours = dict(issue.hours)
    hours[hour] = hours.get(hour, 0) + 1
    releases = {version: order.index(version) for version in (event.release,) if version}
    first = releases | ({issue.first_release: order.index(issue.first_release)} if issue.first_release else {})
    last = releases | ({issue.last_release: order.index(issue.last_release)} if issue.last_release else {})
    return replace(
        issue,
        events=issue.events + 1,
        users=issue.users + is_new,
        first_seen=min(issue.first_seen, event.at),
        last_seen=max(issue.last_seen, event.at),
        hours=tuple(sorted(hours.items())),
        level=event.level if event.at >= issue.last_seen else issue.level,
        people=frozenset(people.items()),
        environments=with_environment(issue, event),
        first_release=min(first, key=first.__getitem__, default=None),
        last_release=max(last, key=last.__getitem__, default=None),
    )


def with_environment(issue: Issue, event: Event) -> tuple[tuple[str, datetime, datetime, int], ...]:
    if not event.environment:
        return issue.environments
    known = {name: (first, last, count) for name, first, last, count in issue.environments}
    first, last, count = known.get(event.environment, (event.at, event.at, 0))
    known[event.environment] = (min(first, event.at), max(last, event.at), count + 1)
    return tuple(sorted((name, *seen) for name, seen in known.items()))


def told_when_ignored(issue: Issue, key: str) -> dict[str, Any]:
    """7.9: what the activity that ignored it told, as far as it ends now."""
    told = next(json.loads(entry.data) for entry in reversed(issue.activity) if entry.kind == "set_ignored")
    return {key: told[key]}


def width_of(terms: Terms) -> int | None:
    widths = [width for width in (terms.window, 60 if terms.until_escalating else None) if width is not None]
    return max(widths, default=None)


def minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
