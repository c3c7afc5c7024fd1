"""The page of one issue, with one of its events."""

import json
import re
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from desk.acting.actions import Offered, offered_for
from desk.issue.particulars import Table, table
from desk.issue.seen import mark_as_seen
from desk.issue.shown import WHOLE, shares_of, shown_event
from desk.issue.steps import steps_of
from desk.issue.trends import trend_of
from desk.issue.ways import Origin, neighbours_of, origin_of
from desk.pages import page
from desk.people import Visitor, visitor_of
from desk.texts import visible
from desk.wording import assignee_in_words, newness_badge, status_badge
from events.reading.events import read_event
from events.reading.shapes import EventShown
from events.reading.tags import read_tags
from issues.models import UNTITLED, Issue
from issues.reading.items import Item
from issues.reading.named import find_all, projects_of
from issues.reading.story import read_children, read_told
from issues.reading.whole import WholeIssue, read_whole
from issues.serializers.activities import MAX_NOTE
from issues.services.ground.trees import shown_for
from issues.views.links import share_link

LATEST, OLDEST = "latest", "oldest"
TAGGED = 200  # events whose tags are counted, the newest: a page is to come at once, however many were merged
_AN_ID = re.compile("[0-9a-fA-F]{32}", re.ASCII)


@require_safe
def issue_page(request: HttpRequest, issue: str, event: str = LATEST) -> HttpResponse:
    """Answer the page of the issue that a number or a short id names, with an event of it.

    One that was merged into another leads there. A short id that several organizations have asks which one is meant.

    Where who asks sees no such issue, the answer is the same whether there is one or not.
    """
    visitor, origin = visitor_of(request), origin_of(request)
    found = find_all(project_ids(visitor, issue), issue)
    if not found:
        return no_such_issue(request, visitor)
    if len(found) > 1:
        context = {"word": issue, "issues": found, "kept_from": origin.kept}
        return page(request, visitor, "desk/issue/choose.html", context)
    named = found[0]
    which = _read_word(event)
    if which is None:
        return no_such_issue(request, visitor)
    if named.merged_into_id is None:
        return answer_issue(request, visitor, named, which)
    root = shown_for(named)
    if root is None:  # deleted in this very moment
        return no_such_issue(request, visitor)
    messages.info(request, f"{named.short_id} was merged into {root.short_id}, which is this.")
    return HttpResponseRedirect(origin.of("desk:issue", root.pk))


def project_ids(visitor: Visitor, issue: str) -> list[int]:
    """Return the ids of the projects among which to look for the issue that a number or a short id names."""
    return [project.pk for project in visitor.among(lambda: projects_of(issue))]


def no_such_issue(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Answer that there is none, or none that who asks sees: nobody learns which of the two."""
    return page(request, visitor, "desk/issue/none.html", {}, status=404)


def _read_word(word: str) -> str | UUID | None:
    """Return which event a word of an address names; None when it can name none."""
    if word in (LATEST, OLDEST):
        return word
    digits = word.replace("-", "")
    return UUID(digits) if _AN_ID.fullmatch(digits) else None


def answer_issue(
    request: HttpRequest,
    visitor: Visitor,
    issue: Issue,
    which: Any = LATEST,
    *,
    unsaved_note: str = "",
    status: int = 200,
) -> HttpResponse:
    """Answer the page of an issue that was found.

    :param which: ``latest``, ``oldest``, or the id of an event; one that isn't kept leads to the latest.
    """
    origin = origin_of(request)
    whole = read_whole(issue, by=visitor.by, at=visitor.at)
    if whole is None:  # deleted since it was found
        return no_such_issue(request, visitor)
    event = read_event(issue.project_id, issue.pk, which)
    if event is None and which != LATEST:
        messages.warning(request, "This event is not one of this issue, or is not kept any more. Here is the newest.")
        return HttpResponseRedirect(origin.of("desk:issue", issue.pk))
    context = _context(request, visitor, issue, whole, event, origin) | {"unsaved_note": unsaved_note}
    mark_as_seen(request, issue, whole.item, visitor)
    return page(request, visitor, "desk/issue/page.html", context, status=status)


def _context(
    request: HttpRequest,
    visitor: Visitor,
    issue: Issue,
    whole: WholeIssue,
    event: EventShown | None,
    origin: Origin,
) -> dict[str, Any]:
    item, names = whole.item, whole.names
    told = read_told(issue, whole.activities.rows)
    day, month = whole.stats
    return {
        "issue": issue,
        "item": item,
        "project": issue.project,
        "title": visible(UNTITLED if item.text__title is None else item.text__title),
        "culprit": visible(item.text__culprit or ""),
        "status": status_badge(item, names),
        "newness": newness_badge(item),
        "assignee": visible(assignee_in_words(item, names)),
        "also": _also(item),
        "day": trend_of(day.points(issue.pk)),
        "month": trend_of(month.points(issue.pk)),
        "first_release": _version(whole.first_release),
        "last_release": _version(whole.last_release),
        "share_link": share_link(request, issue) if issue.share_id else "",
        "offered": _offered(item, visitor),
        "followers": whole.followers,
        "seen": whole.seen,
        "children": read_children(issue),
        "steps": steps_of(told, issue_id=issue.pk, user_id=visitor.user.pk),
        "more_steps": whole.activities.has_more,
        "most_of_a_note": MAX_NOTE,
        # where one came from, and goes on to
        "origin": origin,
        "kept_from": origin.kept,
        "neighbours": neighbours_of(origin, issue, visitor),
        # what one of its events says, and all of them
        **_of_events(request, issue, item, event, origin, visitor),
    }


def _also(item: Item) -> list[str]:
    """Return what else is said of it besides its status and whom it is assigned to: all that a button changes."""
    marks = (
        ("public", item.share_id is not None),
        ("bookmarked by you", item.bookmark_id is not None),
        ("followed by you", item.subscribed_for is not None),
    )
    return [f"{item.priority} priority", *(words for words, is_so in marks if is_so)]


def _offered(item: Item, visitor: Visitor) -> Offered:
    """Return what can be done to it; who looks at it has seen it."""
    return offered_for(
        status=item.status_shown,
        is_assigned=bool(item.assignee_user_id or item.assignee_team_id),
        is_mine=item.assignee_user_id == visitor.user.pk,
        is_public=item.share_id is not None,
        is_seen=True,
        is_bookmarked=item.bookmark_id is not None,
        is_followed=item.subscribed_for is not None,
    )


def _of_events(
    request: HttpRequest, issue: Issue, item: Item, event: EventShown | None, origin: Origin, visitor: Visitor
) -> dict[str, Any]:
    if event is None:
        return {"event": None, "why_no_event": _why_no_event(item, visitor), "metadata": _metadata(item)}
    tags = read_tags(issue.project_id, issue.pk, most=TAGGED)
    return {
        "all_events": origin.of("desk:events", issue.pk),
        "event": shown_event(event, issue, origin, whole=request.GET.get(WHOLE) == "1"),
        "tags": shares_of(tags, issue, origin),
        "tags_over": max((tag.total for tag in tags), default=0),
    }


def _version(release: Any) -> str:
    return "" if release is None else visible(release.version)


def _why_no_event(item: Item, visitor: Visitor) -> str:
    """Return why there is no stack trace, as far as the issue tells."""
    days = settings.EVENTS_DAYS
    if (visitor.at - item.last_seen).days < days:
        return (
            "This issue was not made of events that came here: a command made it, as seeds are made, or its events "
            "have not been counted yet. There is a stack trace from the first event on that an SDK sends."
        )
    return f"Whole events are kept for {days} days, and the last one of this issue is older. Its numbers stay."


def _metadata(item: Item) -> Table:
    """Return what the issue keeps of its first event besides its title."""
    found = json.loads(item.text__metadata) if item.text__metadata else {}
    return table("What is known of it", found if isinstance(found, dict) else {})
