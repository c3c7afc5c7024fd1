"""What there is: people, issues, and what is known of a mutation. Frozen values, which are replaced."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from tests.model.messages import Who


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    username: str
    name: str
    email: str
    is_active: bool = True

    def told(self) -> dict[str, str]:
        return {"id": str(self.id), "name": self.name, "username": self.username, "email": self.email}


@dataclass(frozen=True, slots=True)
class Team:
    id: int
    slug: str
    members: tuple[int, ...]
    has_access: bool


@dataclass(frozen=True, slots=True)
class Place:
    """The project and its organization, which no request changes. A caller without a person is an API key."""

    project: Mapping[str, str | None]
    callers: Mapping[Who, Person | None]
    members: tuple[Person, ...]
    teams: tuple[Team, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What ends "ignored". A count without a window is what is left of it, and goes down with every event."""

    until: datetime | None = None
    count: int | None = None
    window: int | None = None
    user_count: int | None = None
    user_window: int | None = None
    until_escalating: bool = False
    above: int | None = field(default=None, compare=False)  # how many events within an hour are no escalation

    def are_over(self, at: datetime) -> bool:
        return (
            (self.until is not None and self.until <= at)
            or (self.count is not None and self.window is None and self.count <= 0)
            or (self.user_count is not None and self.user_window is None and self.user_count <= 0)
        )

    def after(self, events: int, users: int) -> "Terms":
        return replace(
            self,
            count=self.count if self.count is None or self.window else self.count - events,
            user_count=self.user_count if self.user_count is None or self.user_window else self.user_count - users,
        )

    def told(self) -> dict[str, Any]:
        if self.until_escalating:
            return {"ignoreUntilEscalating": True}
        return {
            "ignoreCount": self.count,
            "ignoreUntil": None if self.until is None else iso(self.until),
            "ignoreUserCount": self.user_count,
            "ignoreUserWindow": self.user_window,
            "ignoreWindow": self.window,
        }


NO_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class Release:
    version: str
    dated: datetime


@dataclass(frozen=True, slots=True)
class Resolution:
    """Resolved in a release; without a version, in the next one ``after`` another; after none at all, in the first."""

    version: str | None = None
    after: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One activity; ``data`` as JSON."""

    kind: str
    data: str
    user: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Follower:
    is_active: bool
    reason: str
    since: datetime = field(compare=False)


@dataclass(frozen=True, slots=True)
class Overwritten:
    """6: what a mutation found in a part of an issue, and changed."""

    part: str
    mutation: int | None  # None: an event
    value: Any
    at: datetime


@dataclass(frozen=True, slots=True)
class Mutation:
    """6: what an undo has to know. ``user`` is whose marks it set; ``made`` and ``cut`` are links, child -> parent."""

    number: int
    at: datetime
    user: int | None
    deletes: bool = False
    is_reversed: bool = False
    marks: Mapping[str, tuple[bool, frozenset[int]]] = field(default_factory=dict)
    made: Mapping[int, int] = field(default_factory=dict)
    cut: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """7.5, 7.6: what is read of an event. ``kind`` stands for its fingerprint; of a text, "" is none."""

    id: str
    kind: str
    at: datetime
    received: datetime
    title: str
    level: str = "error"
    user: str = ""
    release: str = ""
    environment: str = ""
    transaction: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """Its own numbers, and everything that stays with it while it is merged into another one."""

    id: int
    facts: Mapping[str, Any] = field(compare=False)  # what no request changes, by its key in a list
    first_seen: datetime
    last_seen: datetime
    events: int = 1
    users: int = 1
    comments: int = 0
    hours: tuple[tuple[datetime, int], ...] = ()
    level: str = "error"
    people: frozenset[tuple[str, datetime]] = frozenset()  # who was seen, and when last
    environments: tuple[tuple[str, datetime, datetime, int], ...] = ()  # first and last seen, events
    first_release: str | None = None
    last_release: str | None = None
    # 7.9: the minutes of events that terms with a window may ask for, or when these began, in that minute.
    minutes: tuple[datetime, ...] = ()

    status: str = "unresolved"
    set_by: int | None = None
    resolved_at: datetime | None = None
    resolution: Resolution | None = None
    terms: Terms = NO_TERMS
    since: datetime | None = None  # when, as an ignored one
    reopened: Literal["regressed", "escalating"] | None = None  # 7.9: how an event did it
    priority: str = "medium"
    assignee: tuple[str, int] | None = None
    link: int | None = None  # the number of the one that it is public by
    links: int = 0  # how many links it has had
    parent: int | None = None
    seen: frozenset[tuple[int, datetime]] = frozenset()
    bookmarks: frozenset[int] = frozenset()
    followers: frozenset[tuple[int, Follower]] = frozenset()
    activity: tuple[Entry, ...] = ()
    past: tuple[Overwritten, ...] = field(default=(), compare=False)
    # Since the beginning, to itself or to what is under it: events, and users who were new to an issue.
    came: int = field(default=0, compare=False)
    users_came: int = field(default=0, compare=False)

    @property
    def is_public(self) -> bool:
        return self.link is not None

    def status_at(self, at: datetime) -> str:
        """1.5: a snooze that has run out is over."""
        return "unresolved" if self.status == "ignored" and self.terms.are_over(at) else self.status

    def follower(self, user: int) -> Follower | None:
        return dict(self.followers).get(user)

    def is_followed_by(self, user: int) -> bool:
        follower = self.follower(user)
        return follower is not None and follower.is_active

    def with_follower(self, user: int, follower: Follower | None) -> "Issue":
        others = frozenset(pair for pair in self.followers if pair[0] != user)
        return replace(self, followers=others if follower is None else others | {(user, follower)})

    def followed_by(self, users: Iterable[int], reason: str, at: datetime) -> "Issue":
        """1.5: as a side effect, which revives nothing and keeps a reason that exists."""
        issue = self
        for user in users:
            issue = issue if issue.follower(user) else issue.with_follower(user, Follower(True, reason, at))
        return issue

    def following(self, user: int, is_active: bool, at: datetime) -> "Issue":
        """1.4: as the user says it."""
        old = self.follower(user) or Follower(False, "unknown", at)
        return self.with_follower(
            user, replace(old, is_active=is_active, reason="unknown" if is_active else old.reason)
        )

    def recorded(self, kind: str, data: Mapping[str, Any], by: Person | None, at: datetime) -> "Issue":
        entry = Entry(kind, json.dumps(data), None if by is None else by.id, at)
        return replace(self, activity=(*self.activity, entry))


@dataclass(frozen=True, slots=True)
class Totals:
    """1.6: over an issue and everything under it."""

    first_seen: datetime
    last_seen: datetime
    events: int
    users: int
    comments: int
    hours: Mapping[datetime, int]
    first_release: str | None
    last_release: str | None
