"""What a term of a search can say of an issue. Every condition holds of an issue or doesn't; none is unknown."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from issues.enums import IssueStatus, ReopenedAs

Comparison = Literal["", ">", ">=", "<", "<="]  # the empty one is "equal"
Moment = Literal["first_seen", "last_seen"]  # columns
Count = Literal["times_seen", "users_seen"]
Words = Literal["platform", "logger"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text, in capitals or not: its parts, between which anything may stand. One part is the text itself."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        return "*".join(self.parts)


@dataclass(frozen=True, slots=True)
class HasText:
    """The title, or the culprit unless ``title_only``, contains it."""

    text: Pattern
    title_only: bool = False


@dataclass(frozen=True, slots=True)
class HasStatus:
    """Counts as it: what was ignored until a moment that has passed is unresolved."""

    status: IssueStatus


@dataclass(frozen=True, slots=True)
class IsIgnored:
    """Counts as ignored: for good, until escalating, or under other terms."""

    how: Literal["forever", "until_escalating", "under_terms"]


@dataclass(frozen=True, slots=True)
class IsReopened:
    """An event opened it again, and nobody has changed its status since."""

    reopened_as: ReopenedAs


@dataclass(frozen=True, slots=True)
class IsAssigned:
    """To anybody."""


@dataclass(frozen=True, slots=True)
class IsAssignedToNobody:
    """The opposite."""


@dataclass(frozen=True, slots=True)
class IsAssignedToTeamsOf:
    """To one of a user's teams."""

    user_id: int


@dataclass(frozen=True, slots=True)
class IsAssignedTo:
    """To one of these."""

    user_ids: tuple[int, ...] = ()
    team_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class IsBookmarked:
    """By a user."""

    user_id: int


@dataclass(frozen=True, slots=True)
class IsPublic:
    """Has a share link."""


@dataclass(frozen=True, slots=True)
class IsAnError:
    """As every issue is."""


@dataclass(frozen=True, slots=True)
class HasWord:
    """A column of a closed set of words, which is never NULL, holds this one."""

    column: str
    word: str


@dataclass(frozen=True, slots=True)
class HasCount:
    column: Count
    comparison: Comparison
    number: int


@dataclass(frozen=True, slots=True)
class IsSeenAt:
    """First or last seen before or after an instant."""

    column: Moment
    comparison: Comparison
    moment: datetime


@dataclass(frozen=True, slots=True)
class IsSeenWithin:
    """First or last seen so long ago at most; or, with ``longer``, at least."""

    column: Moment
    ago: timedelta
    longer: bool = False


@dataclass(frozen=True, slots=True)
class IsOfRelease:
    """First or last seen in one of these; or, with ``first_only``, first."""

    release_ids: tuple[int, ...]
    first_only: bool = False


@dataclass(frozen=True, slots=True)
class IsSeenIn:
    """Seen in one of these environments, itself or what was merged into it."""

    environment_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class IsOfProject:
    """Of one of these."""

    project_ids: tuple[int, ...]


# ---------------------------------------------------------------------------------------------------------------------
# Names. Each stands for rows that may be there or not.
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NamesAssignee:
    """Is assigned to whom this spells: ``user:ID``, ``ID``, a user name, an e-mail; ``team:ID``, ``#slug``, a slug."""

    word: str


@dataclass(frozen=True, slots=True)
class NamesRelease:
    """Is first or last seen, or only first, in a release of this version. ``is_quoted``: it need not be there."""

    version: Pattern
    first_only: bool = False
    is_quoted: bool = False


@dataclass(frozen=True, slots=True)
class NamesLatestRelease:
    """Is first or last seen, or only first, in the newest release of its project."""

    first_only: bool = False


@dataclass(frozen=True, slots=True)
class NamesEnvironment:
    """Was seen in an environment of this name."""

    name: Pattern


@dataclass(frozen=True, slots=True)
class NamesProject:
    slug: str


@dataclass(frozen=True, slots=True)
class NamesWord:
    """Has this platform or logger. ``is_quoted``: no issue need have it."""

    column: Words
    word: Pattern
    is_quoted: bool = False


@dataclass(frozen=True, slots=True)
class NamesId:
    id: int


Name = NamesAssignee | NamesRelease | NamesLatestRelease | NamesEnvironment | NamesProject | NamesWord | NamesId
Single = (
    HasText
    | HasStatus
    | IsIgnored
    | IsReopened
    | IsAssigned
    | IsAssignedToNobody
    | IsAssignedToTeamsOf
    | IsAssignedTo
    | IsBookmarked
    | IsPublic
    | IsAnError
    | HasWord
    | HasCount
    | IsSeenAt
    | IsSeenWithin
    | IsOfRelease
    | IsSeenIn
    | IsOfProject
    | Name
)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of these holds, at least."""

    conditions: tuple[Single, ...]


Condition = Single | AnyOf


@dataclass(frozen=True, slots=True)
class Term:
    """A condition that must hold, or must not; with how it was written, and after how many characters, for refusals."""

    condition: Condition
    negated: bool = False
    written: str = field(default="", compare=False)
    place: int = field(default=0, compare=False)

    @property
    def conditions(self) -> tuple[Single, ...]:
        """The elements of a list, or the one condition that it is."""
        return self.condition.conditions if isinstance(self.condition, AnyOf) else (self.condition,)


def split_status(terms: tuple[Term, ...]) -> tuple[frozenset[IssueStatus], tuple[Term, ...]]:
    """Take the first ``is:STATUS`` out of the terms: pages are read by an index for each status, not by its rule."""
    for number, term in enumerate(terms):
        statuses = [each.status for each in term.conditions if isinstance(each, HasStatus)]
        if len(statuses) == len(term.conditions) and not term.negated:
            return frozenset(statuses), terms[:number] + terms[number + 1 :]
    return frozenset(), terms
