"""Opening an issue marks it as seen by who looks (services/looking.py says why that is no mutation)."""

import logging

from django.http import HttpRequest

from desk.acting.attempting import act_of
from desk.people import Visitor
from issues.models import Issue
from issues.reading.items import Item
from issues.services import looking
from projects.database.failures import refusal_of

logger = logging.getLogger(__name__)


def mark_as_seen(request: HttpRequest, issue: Issue, item: Item, visitor: Visitor) -> None:
    """Mark an issue as seen, if somebody opened it, and has not seen its last event before.

    The one write that a GET of this site makes: what is asked for by a link is what a person sees. Not for a browser
    that fetches ahead, nor for a page that shows this one as something else. When it can't be written, it is not: the
    page was asked for, not the mark.
    """
    if not is_opened(request) or (item.seen_at is not None and item.seen_at >= item.last_seen):
        return
    try:
        looking.look_at(issue, act_of(visitor))
    except Exception as error:
        if refusal_of(error) is None:
            raise
        logger.warning("An issue that was opened could not be marked as seen", exc_info=error)


def is_opened(request: HttpRequest) -> bool:
    """Return whether a person looks at the answer, as far as a browser tells."""
    is_fetched_ahead = any("prefetch" in request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz"))
    is_the_page = request.headers.get("Sec-Fetch-Dest", "document") == "document"
    return request.method == "GET" and is_the_page and not is_fetched_ahead
