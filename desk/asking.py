"""What the address of the list asks for: the API's own parameters (contract section 2), and how the page shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict
from rest_framework.exceptions import ValidationError

from desk.people import AT_ONCE, Visitor
from issues.reading.lists import ListQuery
from issues.search import Term, parse
from issues.search.conditions import NamesProject
from issues.serializers.list_query import read_list_query, read_project_ids, read_stats_period
from issues.serializers.scopes import of_environments
from issues.walks import URGENCY
from projects.api.pagination import read_cursor
from projects.api.parameters import MAX_QUERY
from projects.database.keyset import Position, Sort
from projects.models import Project
from projects.refusals import Refusal

ROWS = 50  # of a page
DEFAULT = "is:unresolved"  # as the API's own list, where nothing is asked
KEPT = ("project", "sort", "chart")  # what links from one view to another carry along
CHARTS = ("24h", "14d")
GONE_PAGE = "This page is not there; here is the way to the first one."  # said beside a link to it
# Sorts of the desk, beside those of the API (contract section 2); their cursors have times.
MORE_SORTS = {"priority": Sort(URGENCY)}


@dataclass(frozen=True, slots=True)
class Asked:
    """One view of the list.

    :ivar words: what stands in the search box.
    :ivar terms: what it means; none when that is not understood.
    :ivar projects: those that the view is about, which somebody sees.
    :ivar chosen: the ids of projects that the address names; empty for all.
    :ivar query: what is read; None when something is not understood, and ``error`` says what.
    :ivar must_choose: whether nothing is read since somebody sees too many projects, and says none.
    """

    params: QueryDict
    words: str
    terms: tuple[Term, ...]
    projects: Sequence[Project]
    chosen: frozenset[int]
    chart: str
    query: ListQuery | None
    error: str = ""
    must_choose: bool = False

    @property
    def sort(self) -> str:
        return self.params.get("sort", "date")

    def address(self, **changes: str | Sequence[str]) -> str:
        """Return the query string of another view: this one with other values; an empty one leaves a parameter out.

        The place in the list is left out: it is another list. A query is never left out: without one, the list is of
        what is unresolved.
        """
        values: Mapping[str, Sequence[str]] = {
            "query": [self.words],
            **{name: self.params.getlist(name) for name in KEPT if name in self.params},
            **{name: [value] if isinstance(value, str) else value for name, value in changes.items()},
        }
        view = QueryDict(mutable=True)
        for name, words in values.items():
            view.setlist(name, [word for word in words if word or name == "query"])
        return f"?{view.urlencode()}"


def read_asked(params: QueryDict, visitor: Visitor) -> Asked:
    """Return what the address asks for, as far as it is understood."""
    words = _words(params)
    chart = params.get("chart", CHARTS[0])
    asked = Asked(
        params=params,
        words=words,
        terms=(),
        projects=visitor.projects,
        chosen=frozenset(),
        chart=chart if chart in CHARTS else CHARTS[0],
        query=None,
    )
    try:
        chosen = read_project_ids(params.getlist("project")) or frozenset()
        projects, error = read_chosen(chosen, visitor)
        asked = replace(asked, chosen=chosen, projects=projects)
        if error:
            return replace(asked, error=error)
        terms = parse(words, user_id=visitor.by.user_id, max_length=MAX_QUERY, of_organization=True)
        asked = replace(asked, terms=terms)
        if visitor.sees_more and not chosen:
            called = _called(terms)
            asked = replace(asked, must_choose=not called, projects=visitor.called(called) if called else [])
        if asked.must_choose:
            return asked
        query = read_list_query(_as_the_api_is_asked(params, words), period_narrows=True, by=visitor.by)
        query = replace(query, position=_position(params, query), stats=read_stats_period(asked.chart))
    except Refusal as refusal:
        return replace(asked, error=refusal.sentence)
    except ValidationError as error:
        return replace(asked, error=first_sentence(error.detail))
    return replace(asked, query=query)


def read_chosen(chosen: frozenset[int], visitor: Visitor) -> tuple[Sequence[Project], str]:
    """Return the projects that an address names, all where it names none; and what is wrong with that, or ""."""
    if not chosen:
        return visitor.projects, ""
    if len(chosen) > AT_ONCE:
        return [], f"Choose {AT_ONCE:,} projects at most."
    projects = visitor.seen(chosen)
    unknown = sorted(chosen.difference(project.pk for project in projects))
    return projects, f"There is no project {unknown[0]} here, or none that you see." if unknown else ""


def _called(search: Sequence[Term]) -> frozenset[str]:
    """Return the slugs of which a search asks for one: nothing of other projects can match it."""
    for term in search:
        slugs = frozenset(each.slug for each in term.conditions if isinstance(each, NamesProject))
        if len(slugs) == len(set(term.conditions)) and not term.negated:
            return slugs
    return frozenset()


def _words(params: QueryDict) -> str:
    """Return the search, with the environments that an address of the API names beside it as a term of it: so they
    stand in the box, and "all that match" is what is listed."""
    words = params.get("query", DEFAULT)
    named = of_environments(filter(None, params.getlist("environment")))
    return " ".join(filter(None, [words, named]))


def _position(params: QueryDict, query: ListQuery) -> Position:
    """Return the place in the list, in a sort that the API doesn't have, too."""
    sort = MORE_SORTS.get(params.get("sort", ""))
    return query.position if sort is None else read_cursor(params.get("cursor"), sort, is_time=True)


def _as_the_api_is_asked(params: QueryDict, words: str) -> QueryDict:
    """Return the parameters of the API that mean the same: a short id alone finds its issue, whatever its status."""
    asked = QueryDict(mutable=True)
    if params.get("sort") not in MORE_SORTS:
        for name in {"sort", "cursor"}.intersection(params):
            asked.setlist(name, params.getlist(name))
    asked.update({"query": words, "limit": str(ROWS), "shortIdLookup": "1"})
    return asked


def first_sentence(detail: object) -> str:
    """Return the first sentence of what DRF says is wrong; of a cursor, which nobody writes by hand, what to do."""
    if isinstance(detail, dict) and "cursor" in detail:
        return GONE_PAGE
    while isinstance(detail, dict | list):
        detail = next(iter(detail.values() if isinstance(detail, dict) else detail), "")
    return str(detail)
