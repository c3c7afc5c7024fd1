"""What comes in, what is known of it on the way, and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

# An issue by its id; or the fingerprint of one that is to be made.
Place = int | UUID


class Occurrence(NamedTuple):
    """One event that waits to be counted. A tuple, since a batch has 2,000 of them.

    :ivar hash: its fingerprint by the newest rules.
    :ivar older_hashes: by older rules, newest first.
    :ivar event_id: 32 hex digits; to make a UUID of each takes longer than the rest of an occurrence.
    :ivar seen_at: when it happened; what is counted and judged goes by it.
    :ivar user: whom it is about, as a hash that is the same for the same one. Of this and the next two, "" is none.
    """

    hash: UUID
    older_hashes: tuple[UUID, ...]
    event_id: str
    seen_at: datetime
    received_at: datetime
    level: str
    user: str = ""
    release: str = ""
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    """What an issue that is to be made is called, after its first event.

    :ivar is_unhandled: it has an exception that nobody caught.
    """

    type: str
    title: str
    culprit: str
    metadata: Mapping[str, Any]
    platform: str
    logger: str
    is_unhandled: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of a batch.

    :ivar events: counted.
    :ivar forgotten: not counted, since their issue was deleted while they waited.
    :ivar made: new issues.
    :ivar reopened: issues that were resolved or ignored, and are no more.
    """

    events: int = 0
    forgotten: int = 0
    made: int = 0
    reopened: int = 0


@dataclass(slots=True)
class Event:
    """An occurrence whose place is known."""

    occurrence: Occurrence
    issue_id: int
    release_id: int | None
    user_hash: int | None
    is_new_user: bool = False  # the first of this user in the issue


@dataclass(slots=True)
class Numbers:
    """What is counted of events."""

    times_seen: int
    users_seen: int
    first_seen: datetime
    last_seen: datetime
    first_release_id: int | None
    last_release_id: int | None


@dataclass(slots=True)
class Terms:
    """Under which an issue is ignored."""

    ends_at: datetime | None
    ends_at_times_seen: int | None
    ends_at_users_seen: int | None
    window_count: int | None
    window_minutes: int | None
    window_user_count: int | None
    window_user_minutes: int | None
    escalates_above: int | None
    started_at: datetime | None


@dataclass(slots=True)
class LockedIssue:
    """The row of an issue that this transaction has locked: nobody else changes it before the commit."""

    id: int
    merged_into_id: int | None
    level: str
    status: str
    resolved_at: datetime | None
    resolution_kind: str | None
    resolution_release_id: int | None
    own: Numbers
    total: Numbers
    terms: Terms


Issues = Mapping[int, LockedIssue]
