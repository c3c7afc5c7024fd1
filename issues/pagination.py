"""Pages of a list: cursors in, ``Link`` out (contract section 2).

A cursor is a key, not an offset: walking ``next`` never repeats or loses an issue, whatever changes meanwhile.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest
from rest_framework.exceptions import ValidationError

from issues.querysets import Position

MAX_LIMIT = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the order of the list, and whether there are more on either side."""

    rows: Sequence[Row]
    has_previous: bool
    has_next: bool
    asked: Position


def read_limit(word: str | None) -> int:
    """Return the size of a page.

    :raises ValidationError: it is no whole number of at least 1.
    """
    if word is None:
        return MAX_LIMIT
    found = re.fullmatch(r"0*([1-9][0-9]*)", word)
    if found is None:
        raise ValidationError({"limit": [f'"{word}" is no page size; say a whole number from 1 to {MAX_LIMIT}.']})
    return min(int(found[1][:4]), MAX_LIMIT)  # four digits are more than enough, a thousand would be work


def read_cursor(word: str | None) -> Position:
    """Return the place that a cursor names; an empty one is the start.

    :raises ValidationError: it is no cursor that an answer of ours could have held.
    """
    if not word:
        return Position()
    found = re.fullmatch(r"(-?[0-9]{1,16}):([0-9]{1,19}):([01])", word)
    if found is None:
        raise ValidationError({"cursor": [f'"{word}" is no cursor; take one from the Link header of an answer.']})
    value, pk, backwards = (int(part) for part in found.groups())
    return Position(EPOCH + timedelta(microseconds=value), pk, backwards=bool(backwards))


def cut_page(rows: Sequence[Row], asked: Position, limit: int) -> Page:
    """Make a page of up to ``limit`` rows; ``rows`` is one longer if there are more."""
    more, kept = len(rows) > limit, list(rows[:limit])
    if asked.backwards:
        return Page(kept[::-1], has_previous=more, has_next=True, asked=asked)
    return Page(kept, has_previous=asked.last_seen is not None, has_next=more, asked=asked)


def link_header(request: HttpRequest, page: Page) -> str:
    """Return both links, the last page's too: clients read the second one without looking how many there are."""
    if page.rows:
        first, last = page.rows[0], page.rows[-1]
    else:  # a cursor leaves out the issue that it names: the way back must begin with that one, or it would be lost
        value, pk = page.asked.last_seen or EPOCH, page.asked.id
        first = (value, pk if page.asked.backwards else max(pk - 1, 0))
        last = (value, pk + 1 if page.asked.backwards else pk)
    return ", ".join(
        [
            _link(request, "previous", page.has_previous, _cursor(first, backwards=True)),
            _link(request, "next", page.has_next, _cursor(last, backwards=False)),
        ]
    )


def _cursor(row: Row, *, backwards: bool) -> str:
    return f"{(row[0] - EPOCH) // timedelta(microseconds=1)}:{row[1]}:{int(backwards)}"


def _link(request: HttpRequest, rel: str, results: bool, cursor: str) -> str:
    kept = [part for part in request.META.get("QUERY_STRING", "").split("&") if part and not part.startswith("cursor=")]
    url = request.build_absolute_uri(f"{request.path}?{'&'.join([*kept, f'cursor={cursor}'])}")
    return f'<{url}>; rel="{rel}"; results="{str(results).lower()}"; cursor="{cursor}"'
