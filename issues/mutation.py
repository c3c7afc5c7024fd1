"""A request, parsed: which issues were named, what was asked, what was done. Frozen values; no HTTP and no ORM."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from issues.enums import IssuePriority, IssueStatus
from issues.search import Term
from projects.refusals import Refusal


@dataclass(frozen=True, slots=True)
class _Filters:
    """What narrows a scope. None means that the filter was not given."""

    project_id: int
    statuses: frozenset[IssueStatus] | None = field(default=None, kw_only=True)
    terms: tuple[Term, ...] = field(default=(), kw_only=True)  # all of them must hold
    # Where a request is about several projects, all of them: what the search names is there if one of them has it.
    among: tuple[int, ...] = field(default=(), compare=False, kw_only=True)
    # The search as the caller wrote it, for the history; nothing is decided by it.
    query: str | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class NamedIssues(_Filters):
    """Issues of a project that the caller named by their ids, as far as the filters leave them."""

    ids: frozenset[int] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class AllIssues(_Filters):
    """Every issue of a project that the filters leave."""


IssueScope = NamedIssues | AllIssues


class UnknownActor(Refusal):
    """The body assigns to somebody whom this organization doesn't have, or hasn't any more."""

    field = ("assignedTo",)
    sentence = "Unknown actor input"


class UnknownRelease(Refusal):
    """The body names a release that the project doesn't have, or hasn't any more."""

    field = ("statusDetails", "inRelease")
    sentence = "Unable to find a release with the given version."


@dataclass(frozen=True, slots=True)
class NamedRelease:
    """A release that was looked up by the version in the body."""

    id: int
    version: str


@dataclass(frozen=True, slots=True)
class SnoozeTerms:
    """What ends the status "ignored"; with nothing given, nothing does.

    ``until`` is an instant, the counts are events and users from now on, the windows minutes. ``until_escalating``,
    which has no others beside it, is until there are many more events within an hour than before.
    """

    until: datetime | None = None
    count: int | None = None
    window: int | None = None
    user_count: int | None = None
    user_window: int | None = None
    until_escalating: bool = False

    def __bool__(self) -> bool:
        """Whether any term was given."""
        return self.until_escalating or (self.until, self.count, self.user_count) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Resolve:
    """Resolved; by the next release, or by one that is named, if either is given."""

    in_next_release: bool = False
    in_release: NamedRelease | None = None


@dataclass(frozen=True, slots=True)
class Unresolve:
    """Open again."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """Ignored, under these terms."""

    terms: SnoozeTerms = SnoozeTerms()


StatusChange = Resolve | Unresolve | Ignore


@dataclass(frozen=True, slots=True)
class Assignee:
    """A user or a team that was looked up by what the body called it; ``name`` of a team is its slug."""

    type: Literal["user", "team"]
    id: int
    name: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """To somebody, or to nobody."""

    to: Assignee | None


@dataclass(frozen=True, slots=True)
class IssueMutation:
    """One validated body. None means that the key was absent: leave that alone."""

    status: StatusChange | None = None
    substatus: str | None = None  # said of the status, and answered; what it says follows from the status anyway
    assignment: Assignment | None = None
    is_public: bool | None = None
    priority: IssuePriority | None = None
    has_seen: bool | None = None
    is_bookmarked: bool | None = None
    is_subscribed: bool | None = None
    merge: bool | None = None
    # Whether the body has ids or a search, which belong into the query: who wrote them there does not mean "all".
    says_which: bool = field(default=False, compare=False)
    # What was understood of the body, as the caller wrote it, for the history; nothing is decided by it. And the other
    # keys, in the order of the body.
    body: Mapping[str, Any] = field(default_factory=dict, compare=False)
    ignored_keys: tuple[str, ...] = field(default=(), compare=False)

    @property
    def changes_status_only(self) -> bool:
        """Whether this may apply to all issues of a project (contract 1.3)."""
        status_alone = IssueMutation(status=self.status, substatus=self.substatus)
        return self.status is not None and self == status_alone and not self.says_which

    @property
    def only_unmerges(self) -> bool:
        """Whether merged children may be named (contract 1.6)."""
        return self == IssueMutation(merge=False)


@dataclass(frozen=True, slots=True)
class Merged:
    """The one issue that is left in the lists, and those that went under it, ascending."""

    parent: int
    children: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MutationOutcome:
    """What was done.

    ``matched`` issues were in scope after the filters; ``changed`` of them, or of their relatives by merge, are
    different now. With anything ``out_of_scope`` (ascending) nothing was done at all. ``mutation_id`` is None when
    nothing changed, and in a preview.
    """

    matched: int = 0
    changed: int = 0
    out_of_scope: tuple[int, ...] = ()
    mutation_id: int | None = None
    share_id: UUID | None = None
    merged: Merged | None = None


@dataclass(frozen=True, slots=True)
class UndoOutcome(MutationOutcome):
    """What was put back: ``changed`` issues. In ``skipped`` others something was left alone, since it is another now.

    ``skipped_ids`` are the first hundred of those, ascending.
    """

    skipped: int = 0
    skipped_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseChange:
    """What a body says about a release. None means that it was not given: leave that alone.

    ``project_ids`` are projects that it is made for from now on, besides those that it was made for before.
    """

    project_ids: frozenset[int] = frozenset()
    ref: str | None = None
    url: str | None = None
    status: str | None = None
    started_at: datetime | None = None
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewDeploy:
    """A release went live in an environment; empty texts were not given."""

    environment: str
    finished_at: datetime
    name: str = ""
    url: str = ""
    started_at: datetime | None = None
