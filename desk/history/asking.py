"""What the address of the history asks for: which project, who, what, which day; and how the page shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.http import QueryDict
from rest_framework.exceptions import ValidationError

from desk.asking import first_sentence, read_chosen
from desk.list.chips import Chip, Choice, projects_chip
from desk.people import Visitor
from issues.enums import MutationKind
from issues.reading.authors import find_author, suggest_authors
from issues.reading.history import NEWEST_FIRST
from issues.reading.mutation_walks import MutationQuery
from issues.serializers.list_query import read_project_ids
from projects.api.pagination import read_cursor
from projects.database.keyset import Position
from projects.models import ApiKey, Project, User
from projects.refusals import Refusal

KEPT = ("project", "by", "what", "day")  # what links from one view to another carry along
SUGGESTED = 200  # user names
KEYS_OFFERED = 20
DAYS_OFFERED = 7

# What can have been done: how the chip says it, and what that asks for.
WHAT: Mapping[str, tuple[str, dict[str, Any]]] = {
    "resolved": ("Resolved", {"statuses": ("resolved", "resolvedInNextRelease")}),
    "ignored": ("Ignored", {"statuses": ("ignored", "muted")}),
    "reopened": ("Reopened", {"statuses": ("unresolved",)}),
    "assigned": ("Assigned", {"key": "assignedTo"}),
    "priority": ("Priority set", {"key": "priority"}),
    "merged": ("Merged or unmerged", {"key": "merge"}),
    "shared": ("Made public or private", {"key": "isPublic"}),
    "deleted": ("Deleted", {"kind": MutationKind.DELETE}),
    "undone": ("Undone", {"kind": MutationKind.UNDO}),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One view of the history.

    :ivar chosen: the ids of projects that the address names; empty for all.
    :ivar author: whose mutations; None for everybody's.
    :ivar query: what is read; None when something is not understood, and ``error`` says what.
    :ivar must_choose: whether nothing is read since somebody sees too many projects, and says none.
    """

    params: QueryDict
    projects: Sequence[Project]
    chosen: frozenset[int]
    author: User | ApiKey | None
    day: date | None
    position: Position
    query: MutationQuery | None
    error: str = ""
    must_choose: bool = False

    @property
    def by(self) -> str:
        return self.params.get("by", "").strip()

    @property
    def what(self) -> str:
        return self.params.get("what", "")

    def address(self, **changes: str | Sequence[str]) -> str:
        """Return the query string of another view, from its first page on; an empty value leaves a parameter out."""
        values: Mapping[str, str | Sequence[str]] = {name: self.params.getlist(name) for name in KEPT} | changes
        view = QueryDict(mutable=True)
        for name, words in values.items():
            view.setlist(name, [word for word in ([words] if isinstance(words, str) else words) if word])
        return f"?{view.urlencode()}"


def read_asked(params: QueryDict, visitor: Visitor) -> Asked:
    """Return what the address asks for, as far as it is understood."""
    asked = Asked(params, visitor.projects, frozenset(), None, None, Position(NEWEST_FIRST), None)
    try:
        chosen = read_project_ids(params.getlist("project")) or frozenset()
        projects, error = read_chosen(chosen, visitor)
        asked = replace(asked, chosen=chosen, projects=projects, must_choose=visitor.sees_more and not chosen)
        if error:
            return replace(asked, error=error)
        asked = replace(asked, position=read_cursor(params.get("cursor"), NEWEST_FIRST, is_time=False))
    except Refusal as refusal:
        return replace(asked, error=refusal.sentence)
    except ValidationError as error:
        return replace(asked, error=first_sentence(error.detail))
    if asked.what and asked.what not in WHAT:
        return replace(asked, error=f"“{asked.what}” is nothing that the history knows; choose one of what it offers.")
    if asked.by:
        among = {project.pk for project in asked.projects}
        author = find_author(asked.by, organizations_of(asked, visitor), among, by=visitor.by)
        if author is None and not asked.must_choose:
            return replace(asked, error=f"Nobody here is called “{asked.by}”, or several are.")
        asked = replace(asked, author=author)
    if word := params.get("day", "").strip():
        day = _day(word)
        if day is None:
            return replace(asked, error=f"“{word}” is no day; say one as 2026-01-31.")
        asked = replace(asked, day=day)
    return asked if asked.must_choose else replace(asked, query=_query(asked))


def organizations_of(asked: Asked, visitor: Visitor) -> set[int]:
    """Return the organizations whose people may be asked for: of all that somebody sees, or, where that is too much, of
    what they chose."""
    projects = asked.projects if visitor.sees_more else visitor.projects
    return {project.organization_id for project in projects}


def _day(word: str) -> date | None:
    try:
        day = date.fromisoformat(word)
    except ValueError:
        return None
    return day if len(word) == len("2026-01-31") and date(1970, 1, 2) < day < date(9999, 1, 1) else None


def _query(asked: Asked) -> MutationQuery:
    begin = None if asked.day is None else datetime.combine(asked.day, time(), UTC)
    return MutationQuery(
        [project.pk for project in asked.projects],
        user_id=asked.author.pk if isinstance(asked.author, User) else None,
        api_key_id=asked.author.pk if isinstance(asked.author, ApiKey) else None,
        since=begin,
        until=None if begin is None else begin + timedelta(days=1),
        **(WHAT[asked.what][1] if asked.what else {}),
    )


# ---------------------------------------------------------------------------------------------------------------------
# Chips
# ---------------------------------------------------------------------------------------------------------------------


def key_label(key: ApiKey) -> str:
    return f"API key {key.label or f'…{key.hint}'}"


def author_label(author: User | ApiKey | None) -> str:
    if author is None:
        return ""
    return author.get_full_name() if isinstance(author, User) else key_label(author)


def chips_of(asked: Asked, visitor: Visitor) -> tuple[list[Chip], list[str]]:
    """Return the chips of a view, and user names that its form suggests."""
    names, keys = suggest_authors(organizations_of(asked, visitor), SUGGESTED)
    return [projects_chip(asked, visitor), _of_people(asked, keys), _of_what(asked), _of_days(asked, visitor)], names


def _of_people(asked: Asked, keys: Sequence[ApiKey]) -> Chip:
    offered = [("me", "Me"), *((f"key:{key.pk}", key_label(key)) for key in keys[:KEYS_OFFERED])]
    choices = [Choice(label, asked.address(by=word), asked.by == word) for word, label in offered]
    everybody = Choice("Everybody", asked.address(by=""), not asked.by)
    value = "Me" if asked.by == "me" else author_label(asked.author) or asked.by
    return Chip("Who", value, [everybody, *choices], hint="A name in the list, or the field beside it, chooses others")


def _of_what(asked: Asked) -> Chip:
    choices = [Choice(label, asked.address(what=word), asked.what == word) for word, (label, _) in WHAT.items()]
    value = WHAT[asked.what][0] if asked.what in WHAT else asked.what
    return Chip("What", value, [Choice("Everything", asked.address(what=""), not asked.what), *choices])


def _of_days(asked: Asked, visitor: Visitor) -> Chip:
    today = visitor.at.astimezone(UTC).date()
    days = [today - timedelta(days=ago) for ago in range(DAYS_OFFERED)]
    labels = ["Today", "Yesterday", *(f"{day:%A, %d %B}" for day in days[2:])]
    choices = [
        Choice(label, asked.address(day=day.isoformat()), day == asked.day)
        for day, label in zip(days, labels, strict=True)
    ]
    value = "" if asked.day is None else dict(zip(days, labels, strict=True)).get(asked.day, asked.day.isoformat())
    return Chip("Day", value, [Choice("Any day", asked.address(day=""), asked.day is None), *choices], hint="In UTC")
