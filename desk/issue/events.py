"""The events of an issue, one line each, and a search among them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.views.decorators.http import require_safe
from rest_framework.exceptions import ValidationError

from desk.asking import GONE_PAGE, first_sentence
from desk.issue.tags import TagShown, linked
from desk.issue.view import no_such_issue, project_ids
from desk.issue.ways import Origin, origin_of
from desk.pages import page, ways_beside
from desk.people import visitor_of
from desk.texts import visible
from events.reading.events import read_events
from events.reading.shapes import EventShown
from events.serializers.asked import read_list_asked
from issues.models import UNTITLED, Issue
from issues.reading.named import find_all
from projects.pages import ForeignCursor
from projects.refusals import Refusal

ROWS = 50  # of a page
TAGS = 6  # of a row
LOOKED_AT = 400  # events, for one page: it is to come at once, and the next one goes on from there
FIRST = ("environment", "release", "user")  # of the tags of a row


@dataclass(frozen=True, slots=True)
class Row:
    id: UUID
    address: str
    seen_at: datetime
    title: str
    tags: Sequence[TagShown]


@require_safe
def events_page(request: HttpRequest, issue: str) -> HttpResponse:
    """Answer a page of the events that are kept of an issue, of all or of those that a search finds.

    Where who asks sees no such issue, the answer is the same whether there is one or not.
    """
    visitor, origin = visitor_of(request), origin_of(request)
    found = find_all(project_ids(visitor, issue), issue)
    if not found:
        return no_such_issue(request, visitor)
    if len(found) > 1 or found[0].merged_into_id is not None:  # that page asks which, and leads to the root
        return HttpResponseRedirect(origin.of("desk:issue", issue))
    words, error, listed = request.GET.get("query", "").strip(), "", None
    try:
        asked = read_list_asked(_as_the_api_is_asked(words, request.GET.get("cursor", "")), at=visitor.at)
        listed = read_events(found[0].project_id, found[0].pk, replace(asked.events, most=LOOKED_AT))
    except Refusal as refusal:
        error = refusal.sentence
    except ValidationError as invalid:
        error = first_sentence(invalid.detail)
    except ForeignCursor:
        error = GONE_PAGE
    context = {
        "issue": found[0],
        "title": visible(found[0].shown_text.title or UNTITLED),
        "words": words,
        "error": error,
        "first_page": _page_at(found[0], origin, words) if error == GONE_PAGE else "",
        "origin": origin,
        "rows": [] if listed is None else [_row(event, found[0], origin) for event in listed.rows],
        "everything": origin.of("desk:events", found[0].pk),
        "back": origin.of("desk:issue", found[0].pk),
        **ways_beside(listed, partial(_page_at, found[0], origin, words)),
    }
    return page(request, visitor, "desk/issue/events.html", context)


def _as_the_api_is_asked(words: str, cursor: str) -> QueryDict:
    params = QueryDict(mutable=True)
    params.update({"query": words, "cursor": cursor, "per_page": str(ROWS)})
    return params


def _page_at(issue: Issue, origin: Origin, words: str, cursor: str = "") -> str:
    query = {"query": words, "cursor": cursor}
    return origin.of("desk:events", issue.pk, **{name: word for name, word in query.items() if word})


def _row(event: EventShown, issue: Issue, origin: Origin) -> Row:
    tags = sorted(event.tags, key=lambda tag: (FIRST.index(tag[0]) if tag[0] in FIRST else len(FIRST), tag[0]))
    return Row(
        id=event.id,
        address=origin.of("desk:event", issue.pk, event.id.hex),
        seen_at=event.seen_at,
        title=visible(event.title),
        tags=linked(tags[:TAGS], issue, origin),
    )
