"""The page of the list."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from desk.acting.actions import offered
from desk.acting.selection import AT_MOST
from desk.asking import CHARTS, DEFAULT, GONE_PAGE, Asked, read_asked
from desk.list.chips import chips_of
from desk.list.rows import rows_of
from desk.pages import page, ways_beside
from desk.people import AT_ONCE, Visitor, visitor_of
from desk.searches import STANDING, Saved, read_saved
from issues import short_ids
from issues.named import Named
from issues.reading.items import look_up_names
from issues.reading.lists import MAX_HITS, IssueList, has_any, read_list
from issues.serializers.list_query import read_event_id
from projects.pages import ForeignCursor

COLUMNS = {"date": "Last seen", "new": "First seen", "freq": "Events", "user": "Users"}
SORTS = COLUMNS | {"priority": "Priority"}


@dataclass(frozen=True, slots=True)
class Tab:
    """A search that is at hand: everybody's, one's own, or shared."""

    label: str
    address: str
    is_on: bool
    shared_in: str = ""


@dataclass(frozen=True, slots=True)
class Sorting:
    """A word to sort by, and the view that does."""

    word: str
    label: str
    address: str
    is_on: bool


@require_safe
def list_page(request: HttpRequest) -> HttpResponse:
    """Answer a page of the issues that somebody sees, of all their projects or of those that they choose."""
    visitor = visitor_of(request)
    asked = read_asked(request.GET, visitor)
    error, found = asked.error, None
    if asked.query is not None:
        try:
            found = read_list(asked.query, asked.projects, by=visitor.by, at=visitor.at)
        except ForeignCursor:
            error = GONE_PAGE
    return page(request, visitor, "desk/list.html", _context(asked, visitor, found, error))


def _context(asked: Asked, visitor: Visitor, found: IssueList | None, error: str) -> dict[str, object]:
    saved = read_saved(visitor)
    context: dict[str, object] = {
        "asked": asked,
        "tabs": _tabs(asked, saved),
        "this": asked.address(),
        "mine": [each for each in saved if each.may_remove and not each.by],
        "of_others": [each for each in saved if each.may_remove and each.by],
        "organizations": visitor.organizations,
        "error": error,
        "first_page": asked.address() if error == GONE_PAGE else "",
        "chips": chips_of(asked, visitor),
        "sortings": {
            word: Sorting(word, label, asked.address(sort=word), asked.sort == word) for word, label in SORTS.items()
        },
        "columns": tuple(COLUMNS),
        "charts": [(word, asked.address(chart=word), word == asked.chart) for word in CHARTS],
        "default": asked.address(query=DEFAULT),
        "everything": asked.address(query=""),
        "at_once": AT_ONCE,
        "several_organizations": visitor.sees_several_organizations,
        "rows": [],
        "offered": offered(),
        "at_most": AT_MOST,
        "view": asked.address(sort=[], chart=[]),
    }
    if found is not None and found.stats is not None:
        named: list[tuple[Named, int | None]] = [("releases", item.last_release_id) for item in found.items]
        last_releases = look_up_names(named, {item.project_id for item in found.items}).releases
        names = replace(found.names, releases=found.names.releases | last_releases)
        context |= {
            "rows": rows_of(found.items, names, found.stats, came_from=asked.params.urlencode()),
            "hits": found.hits,
            "is_more_than_page": found.hits > len(found.items),
            "is_more": found.hits >= MAX_HITS,
            **ways_beside(found.page, lambda cursor: asked.address(cursor=cursor)),
        }
        if not found.items and asked.words in (DEFAULT, ""):
            context["has_none"] = not has_any([project.pk for project in asked.projects])
        if not found.items and (alone := _names_one(asked)):
            context |= {"alone": alone, "alone_address": asked.address(query=alone)}
    return context


def _names_one(asked: Asked) -> str:
    """Return the word of a search of several that names one issue, or an event; "" for none.

    It is read so where it is the whole search (contract section 2); beside others it is a word of the title. Who writes
    it behind what stands in the box finds nothing.
    """
    words, slugs = asked.words.split(), {project.slug for project in asked.projects}
    for word in words if len(words) > 1 else ():
        named = short_ids.read(word)
        if (named is not None and named[0] in slugs) or read_event_id(word) is not None:
            return word
    return ""


def _tabs(asked: Asked, saved: Sequence[Saved]) -> list[Tab]:
    """Return the searches at hand; which of them this is."""
    here = QueryDict(asked.address()[1:], mutable=True)
    here.setdefault("query", DEFAULT)
    standing = [
        Tab(label, f"?{urlencode({'query': words})}", here.dict() == {"query": words}) for label, words in STANDING
    ]
    own = [Tab(each.name, each.view, QueryDict(each.view[1:]) == here, each.shared_in) for each in saved]
    return [*standing, *own]
