"""Chips: what one may ask for by a click. Each is a link that writes the query, and says nothing that one couldn't."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl

from django.http import QueryDict

from desk.asking import Asked
from desk.people import Visitor
from desk.texts import visible
from issues.enums import IssueLevel, IssuePriority
from issues.reading.environments import OLDEST_FIRST, read_environments
from issues.search import Term, quoted
from issues.search import conditions as terms
from projects.database.keyset import Position
from projects.models import Project
from projects.pages import PageQuery

PROJECTS_OFFERED = 100
FIND = "find"  # the parameter with a part of a project's name
ENVIRONMENTS_OFFERED = 30


@dataclass(frozen=True, slots=True)
class Choice:
    label: str
    address: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Search:
    """A field for a part of a name: ``text`` is what it has, ``kept`` what its form says besides."""

    text: str
    kept: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Chip:
    """``value`` is what is asked for now; empty: everything."""

    label: str
    value: str
    choices: Sequence[Choice]
    hint: str = ""
    search: Search | None = None  # among what is offered, where that is only some


@dataclass(frozen=True, slots=True)
class _Kind:
    """One chip: which terms of a search are its own, and which it offers, with their labels."""

    label: str
    conditions: tuple[type, ...]
    offered: Sequence[tuple[str, str]]
    everything: str
    column: str = ""  # of HasWord
    hint: str = ""

    def owns(self, term: Term) -> bool:
        """Return whether choosing another value takes this term away."""
        return all(
            isinstance(each, self.conditions) and getattr(each, "column", self.column) == self.column
            for each in term.conditions
        )


def _words(key: str, words: Iterable[str]) -> list[tuple[str, str]]:
    return [(word.capitalize(), f"{key}:{word}") for word in words]


KINDS = (
    _Kind(
        "Status",
        (terms.HasStatus, terms.IsIgnored, terms.IsReopened),
        [
            *_words("is", ["unresolved", "resolved", "ignored", "regressed", "escalating"]),
            ("Ignored until escalating", "is:archived_until_escalating"),
            ("Ignored for good", "is:archived_forever"),
        ],
        "Any status",
    ),
    _Kind(
        "Assigned",
        (
            *(terms.IsAssigned, terms.IsAssignedToNobody, terms.IsAssignedTo),
            *(terms.IsAssignedToTeamsOf, terms.NamesAssignee),
        ),
        [
            ("To me", "assigned:me"),
            ("To my teams", "assigned:my_teams"),
            ("To me or my teams", "assigned:[me,my_teams]"),
            ("To nobody", "assigned:none"),
            ("To anybody", "is:assigned"),
        ],
        "Whoever",
        hint="assigned:jane or assigned:#team names somebody",
    ),
    _Kind("Level", (terms.HasWord,), _words("level", reversed(IssueLevel.values)), "Any level", column="level"),
    _Kind("Priority", (terms.HasWord,), _words("priority", IssuePriority.values), "Any priority", column="priority"),
    _Kind(
        "Release",
        (terms.NamesRelease, terms.NamesLatestRelease, terms.IsOfRelease),
        [("Seen in the latest", "release:latest"), ("First seen in the latest", "firstRelease:latest")],
        "Any release",
        hint="release:2.1* names others",
    ),
    _Kind(
        "Last seen",
        (terms.IsSeenWithin, terms.IsSeenAt),
        [
            *((f"Within {words}", f"lastSeen:-{ago}") for words, ago in (("an hour", "1h"), ("24 hours", "24h"))),
            *((f"Within {words}", f"lastSeen:-{ago}") for words, ago in (("7 days", "7d"), ("30 days", "30d"))),
            ("Not for 30 days", "lastSeen:+30d"),
        ],
        "Whenever",
        column="last_seen",
    ),
    _Kind(
        "First seen",
        (terms.IsSeenWithin, terms.IsSeenAt),
        [
            *((f"Within {words}", f"firstSeen:-{ago}") for words, ago in (("24 hours", "24h"), ("7 days", "7d"))),
            ("Longer than 30 days ago", "firstSeen:+30d"),
        ],
        "Whenever",
        column="first_seen",
    ),
    _Kind("Bookmarks", (terms.IsBookmarked,), [("Mine", "bookmarks:me")], "All issues"),
)


def chips_of(asked: Asked, visitor: Visitor) -> list[Chip]:
    """Return the chips of a view, that of the projects first."""
    return [_projects_of_search(asked, visitor), *(_of(kind, asked) for kind in [*KINDS, _environments(asked)])]


def _environments(asked: Asked) -> _Kind:
    """Return the chip of where issues were seen: one statement."""
    first = PageQuery(Position(OLDEST_FIRST), ENVIRONMENTS_OFFERED)
    named = read_environments([project.pk for project in asked.projects], first).rows
    return _Kind(
        "Environment",
        (terms.NamesEnvironment, terms.IsSeenIn),
        [(visible(name), f"environment:{quoted(name)}") for _, name in named],
        "Anywhere",
        hint="" if named else "No event has named one yet",
    )


def _of(kind: _Kind, asked: Asked) -> Chip:
    own = [term for term in asked.terms if kind.owns(term)]
    written = {term.written.casefold() for term in own}
    labels = {text.casefold(): label for label, text in kind.offered}
    choices = [
        Choice(label, asked.address(query=rewritten(asked, kind.owns, text)), text.casefold() in written)
        for label, text in kind.offered
    ]
    everything = Choice(kind.everything, asked.address(query=rewritten(asked, kind.owns, "")), not own)
    value = ", ".join(labels.get(term.written.casefold(), term.written) for term in own)
    return Chip(kind.label, value, [everything, *choices], kind.hint)


def rewritten(asked: Asked, is_taken_away: Callable[[Term], bool], text: str) -> str:
    """Return the search with other words for some of its terms; what else somebody wrote stays as they wrote it.

    Words that stood apart stay two phrases: side by side they would be one, which finds less.
    """
    if not asked.terms:
        return " ".join(part for part in (asked.words.strip(), text) if part)
    parts: list[str] = []
    of_words = False  # whether the last part is such
    for term in asked.terms:
        if is_taken_away(term):
            if text:
                parts.append(text)
                text, of_words = "", False
            continue
        is_of_words = not term.negated and not set('":').intersection(term.written)
        if of_words and is_of_words:
            # Quotes keep the two apart, and take away what a * means: they go around the one without.
            at = len(parts) if "*" not in term.written else len(parts) - 1
            parts.append(term.written)
            parts[at] = quoted(" ".join(parts[at].split()))
            is_of_words = at < len(parts) - 1
        else:
            parts.append(term.written)
        of_words = is_of_words
    return " ".join([*parts, text] if text else parts)


class View(Protocol):
    """What an address asks for, of the list or of the history."""

    @property
    def params(self) -> QueryDict: ...
    @property
    def projects(self) -> Sequence[Project]: ...
    @property
    def chosen(self) -> frozenset[int]: ...
    def address(self, **changes: str | Sequence[str]) -> str: ...


def _slugs(term: Term) -> list[str]:
    """Return the projects that a term names; none where it is about anything else."""
    named = [each.slug for each in term.conditions if isinstance(each, terms.NamesProject)]
    return named if len(named) == len(term.conditions) else []


def _projects_of_search(asked: Asked, visitor: Visitor) -> Chip:
    """Return the chip of the projects, with those that the search names; choosing another takes them out of it."""
    own = [term for term in asked.terms if _slugs(term)]
    if not own:
        return projects_chip(asked, visitor)
    found = visitor.called({slug for term in own if not term.negated for slug in _slugs(term)})
    known = {project.slug for project in found}
    others = [term.written for term in own if term.negated or not known.issuperset(_slugs(term))]
    named = [project for project in found if project.pk not in asked.chosen]
    words = rewritten(asked, lambda term: bool(_slugs(term)), "")
    return projects_chip(asked, visitor, named=named, others=others, query=words)


def projects_chip(
    asked: View, visitor: Visitor, *, named: Sequence[Project] = (), others: Sequence[str] = (), **kept: str
) -> Chip:
    """Return the chip of the projects: those that are chosen, and the first others; where these are more than are
    offered, with a field that finds them.

    :param named: projects that are chosen by words of a search.
    :param others: what else it says of projects.
    :param kept: the search without those words.
    """
    label = "{0.organization.slug} / {0.slug}" if visitor.sees_several_organizations else "{0.slug}"
    text = asked.params.get(FIND, "").strip()
    chosen = [*(project for project in asked.projects if project.pk in asked.chosen), *named]
    chosen_ids = asked.chosen.union(project.pk for project in named)
    found = visitor.find(text, PROJECTS_OFFERED + 1)
    is_all = not chosen_ids and not others
    everything = [] if visitor.sees_more else [Choice("All projects", asked.address(project=[], **kept), is_all)]
    choices = []
    for project in [*chosen, *(each for each in found if each.pk not in chosen_ids)][:PROJECTS_OFFERED]:
        ids = chosen_ids ^ {project.pk}
        address = asked.address(project=[str(pk) for pk in sorted(ids)], **kept)
        choices.append(Choice(label.format(project), address, project.pk in chosen_ids))
    search = None
    if text or len(found) > PROJECTS_OFFERED:
        search = Search(text, parse_qsl(asked.address()[1:], keep_blank_values=True))
    hint = "No project is called so." if text and not found else ""
    value = ", ".join([*(label.format(project) for project in chosen), *others])
    return Chip("Project", value, [*everything, *choices], hint, search)
