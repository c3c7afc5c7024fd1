"""What the names in a search stand for: people, teams, releases, projects; platforms, loggers and ids (contract 1.3).

Few statements find all of them. A list shows nothing for a name that nobody has; a change refuses it, since negated it
would be about everything (docs/decisions/0023).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import QuerySet, Value

from issues.conditions import like
from issues.models import Environment, Issue
from issues.mutation import AllIssues, NamedIssues
from issues.search import AnyOf, Name, Term, refusal
from issues.search import conditions as terms
from issues.services.ground import project_state, words
from projects.actors import Way, ways_to_find
from projects.database import citus
from projects.database.arrays import as_array
from projects.database.reading import connection
from projects.database.transactions import StartOver
from projects.models import Project, Release
from projects.refusals import Refusal

Scope = TypeVar("Scope", bound=NamedIssues | AllIssues)


class UnknownName(Refusal):
    """A search that is to change something names what isn't there."""

    def __init__(self, term: Term, reason: str) -> None:
        super().__init__(refusal(term.written, term.place, reason))


@dataclass(frozen=True, slots=True)
class Found:
    """Whether there is what a name stands for; the ids, where it is rows. Teams are told from everything else."""

    is_there: bool
    ids: tuple[int, ...] = ()
    team_ids: tuple[int, ...] = ()


NOTHING = Found(is_there=False)


def resolve(search: Sequence[Term], project_ids: Collection[int], *, at: datetime) -> tuple[Term, ...]:
    """Return a search of the issues of these projects with ids for names; no ids for a name that nobody has."""
    found = _find(filter(_stands_for_rows, _names(search)), project_ids, at=at)
    return tuple(_with_ids(term, found) for term in search)


def refuse_unknown(search: Sequence[Term], project_ids: Collection[int], *, at: datetime, hidden: bool = False) -> None:
    """See that everything is there that the search names; a platform, logger or release in quotes need not be.

    :param hidden: whether the id of a merged child is one.
    :raises UnknownName: the first that isn't.
    """
    found = _find(filter(_must_exist, _names(search)), project_ids, at=at, hidden=hidden)
    _check(search, found, _must_exist)


def hold(scopes: Sequence[Scope], *, at: datetime) -> list[Scope]:
    """Return the scopes with ids for names, and hold what these are: nobody can delete it before the commit.

    Before any issue is locked. Who is deleted is taken from the issues first, which would then be those of nobody; and
    with a release in it, no release of the projects may come or go, or "latest" would be another. What issues
    themselves have, a platform or a logger, needs no hold: where it goes, it goes with its issues.

    :raises UnknownName: somebody or something is gone that was there when :func:`refuse_unknown` looked.
    """
    project_ids = {pk for scope in scopes for pk in (scope.project_id, *scope.among)}
    searches = {scope.terms for scope in scopes}
    names = list(filter(_stands_for_rows, (name for search in searches for name in _names(search))))
    if any(isinstance(name, terms.NamesRelease | terms.NamesLatestRelease) for name in names):
        for scope in scopes:  # ascending by project; in others, no release is one of these issues'
            project_state.hold_next_release(scope.project_id)
    found = _find(names, project_ids, at=at)
    for search in searches:
        _check(search, found, lambda name: _stands_for_rows(name) and _must_exist(name))
    _lock("projects_user", _ids(found, terms.NamesAssignee), citus.key_share())
    _lock("projects_team", {pk for each in found.values() for pk in each.team_ids}, citus.key_share())
    releases = _ids(found, terms.NamesRelease | terms.NamesLatestRelease)
    _lock("projects_release", releases, "FOR KEY SHARE", project_ids)
    return [replace(scope, terms=tuple(_with_ids(term, found) for term in scope.terms)) for scope in scopes]


# ---------------------------------------------------------------------------------------------------------------------
# Names
# ---------------------------------------------------------------------------------------------------------------------


def _names(search: Iterable[Term]) -> Iterator[Name]:
    for term in search:
        yield from (condition for condition in term.conditions if isinstance(condition, Name))


def _stands_for_rows(name: Name) -> bool:
    """Return whether no issue can be compared with the name itself."""
    return not isinstance(name, terms.NamesWord | terms.NamesId)


def _must_exist(name: Name) -> bool:
    """Return whether the name is not taken at its word."""
    return not (isinstance(name, terms.NamesRelease | terms.NamesWord) and name.is_quoted)


def _check(search: Iterable[Term], found: dict[Name, Found], needed: Callable[[Name], bool]) -> None:
    for term in search:
        for name in _names([term]):
            if needed(name) and not found[name].is_there:
                raise UnknownName(term, _is_missing(name))


def _is_missing(name: Name) -> str:
    match name:
        case terms.NamesAssignee(word):
            return f"nobody here is called {word}, and no team."
        case terms.NamesLatestRelease():
            return "there is no release here yet."
        case terms.NamesRelease(version):
            return f"there is no release {version} here; quotes take it at its word."
        case terms.NamesEnvironment(environment):
            return f"there is no environment {environment} here."
        case terms.NamesProject(slug):
            return f"there is no project {slug} among these."
        case terms.NamesWord(column, word):
            return f"no issue here has the {column} {word}; quotes take it at its word."
        case terms.NamesId(pk):
            return f"there is no issue {pk} here."


def _with_ids(term: Term, found: dict[Name, Found]) -> Term:
    conditions = tuple(_condition(each, found) for each in term.conditions)
    return replace(term, condition=AnyOf(conditions) if isinstance(term.condition, AnyOf) else conditions[0])


def _condition(condition: Any, found: dict[Name, Found]) -> Any:
    match condition:
        case terms.NamesAssignee():
            return terms.IsAssignedTo(found[condition].ids, found[condition].team_ids)
        case terms.NamesRelease(first_only=first_only) | terms.NamesLatestRelease(first_only):
            return terms.IsOfRelease(found[condition].ids, first_only)
        case terms.NamesEnvironment():
            return terms.IsSeenIn(found[condition].ids)
        case terms.NamesProject():
            return terms.IsOfProject(found[condition].ids)
        case _:
            return condition


# ---------------------------------------------------------------------------------------------------------------------
# Rows
# ---------------------------------------------------------------------------------------------------------------------


def _find(
    names: Iterable[Name], project_ids: Collection[int], *, at: datetime, hidden: bool = False
) -> dict[Name, Found]:
    """Return what is there of each name, found by one statement; platforms and loggers by one of their own."""
    asked = list(dict.fromkeys(names))
    of_issues = [name for name in asked if isinstance(name, terms.NamesWord)]
    known = words.known(of_issues, project_ids)
    parts = [
        rows.values_list(Value(number), Value(way), column)
        for number, name in enumerate(asked)
        for way, rows, column in _ways(name, project_ids, at=at, hidden=hidden)
    ]
    ids: list[dict[int, set[int]]] = [{} for _ in asked]
    if parts:
        for number, way, pk in parts[0].union(*parts[1:], all=True):
            ids[number].setdefault(way, set()).add(pk)
    found = {name: _found(ids[number]) for number, name in enumerate(asked)}
    return found | {name: Found(is_there=name in known) for name in of_issues}


def _found(ids: dict[int, set[int]]) -> Found:
    """Return what was found, by the first way that finds any; of two people with one name neither is surely meant."""
    way = min(ids, default=None)
    if way is None or (way in {Way.USER_NAME, Way.EMAIL} and len(ids[way]) > 1):
        return NOTHING
    found = tuple(sorted(ids[way]))
    return Found(True, team_ids=found) if way == Way.TEAM else Found(True, found)


def _ways(
    name: Name, project_ids: Collection[int], *, at: datetime, hidden: bool
) -> Iterator[tuple[Way, QuerySet[Any], str]]:
    """Yield the rows that a name may stand for, with the column that has their ids."""
    projects = Project.objects.filter(pk__in=project_ids)
    issues = Issue.objects.of_projects(project_ids)
    match name:
        case terms.NamesAssignee(word):
            for way, found in ways_to_find(word, projects.values("organization")):
                yield way, found, "pk" if way == Way.TEAM else "user_id"
        case terms.NamesRelease(version):
            yield Way.ID, Release.objects.of_projects(project_ids).filter(version__like=like(version)), "pk"
        case terms.NamesLatestRelease():
            for project_id in project_ids:
                yield Way.ID, Release.objects.of_project(project_id).out_at(at).newest_first()[:1], "pk"
        case terms.NamesEnvironment(environment):
            yield Way.ID, Environment.objects.filter(project__in=project_ids, name__like=like(environment)), "pk"
        case terms.NamesProject(slug):
            yield Way.ID, projects.filter(slug=slug), "pk"
        case terms.NamesId(pk):
            named = issues.filter(pk=pk)
            yield Way.ID, named if hidden else named.visible(), "pk"


def _ids(found: dict[Name, Found], kind: Any) -> set[int]:
    return {pk for name, each in found.items() if isinstance(name, kind) for pk in each.ids}


def _lock(table: str, ids: Collection[int], lock: str, project_ids: Collection[int] | None = None) -> None:
    """Lock these rows so that others may change them, and nobody can delete them before the commit.

    :param lock: in SQL; "" only looks whether they are there.
    :param project_ids: whose rows they are, where it is a table of projects.
    :raises StartOver: one is gone.
    """
    if not ids:
        return
    found = 0
    with connection.cursor() as cursor:
        for group in [None] if project_ids is None else citus.together(project_ids):
            of, params = ("", []) if group is None else ("project_id = ANY(%s::bigint[]) AND", [as_array(group)])
            cursor.execute(
                f"SELECT id FROM {table} WHERE {of} id = ANY(%s::bigint[]) ORDER BY id {lock}",
                [*params, as_array(sorted(ids))],
            )
            found += len(cursor.fetchall())
    if found < len(ids):
        raise StartOver("What the search names is being deleted just now. Try again.")
