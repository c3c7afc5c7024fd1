"""Pages of a list: cursors in, ``Link`` out (contract section 2)."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from projects.api.addresses import base_url
from projects.api.packing import LONGEST, pack
from projects.api.parameters import PACKED, repeated
from projects.database.keyset import EPOCH, MICROSECOND, Position, Sort
from projects.pages import Page, PageQuery, Rows, as_id, read_page, write_cursor
from projects.querysets import MAX_ID

MAX_LIMIT = 100
NUMBERS = range(-MAX_ID, MAX_ID + 1)
MICROSECONDS = range(
    (datetime.min.replace(tzinfo=EPOCH.tzinfo) - EPOCH) // MICROSECOND,
    (datetime.max.replace(tzinfo=EPOCH.tzinfo) - EPOCH) // MICROSECOND + 1,
)
PARAMETERS = frozenset({"per_page", "cursor"})  # what ``read_page_query`` reads
# What may stand in a path, less what parts links from each other: many a client splits the header there.
IN_A_PATH = "/:@&=+$!*'()~"


def read_limit(word: str | None, *, name: str = "limit") -> int:
    """Return the size of a page.

    :raises ValidationError: it is no whole number of at least 1.
    """
    if word is None:
        return MAX_LIMIT
    found = re.fullmatch(r"0*([1-9][0-9]*)", word, re.ASCII)
    if found is None:
        raise ValidationError({name: [f'"{word[:40]}" is no page size; say a whole number from 1 to {MAX_LIMIT}.']})
    return min(int(found[1][:4]), MAX_LIMIT)  # four digits are more than enough, a thousand would be work


def read_cursor(word: str | None, sort: Sort, *, is_time: bool) -> Position:
    """Return the place that a cursor names in a list with this sort; an empty one is the start.

    :param is_time: whether the list is sorted by a time, which a cursor gives in microseconds.
    :raises ValidationError: it is no cursor that an answer of ours could have held.
    """
    if not word:
        return Position(sort)
    found = re.fullmatch(r"(-?[0-9]{1,19}):([0-9]{1,19}):([01])", word, re.ASCII)
    value, pk, backwards = (int(part) for part in found.groups()) if found else (0, MAX_ID + 1, 0)
    if pk > MAX_ID or value not in (MICROSECONDS if is_time else NUMBERS):
        raise ValidationError({"cursor": [f'"{word[:40]}" is no cursor; take one from the Link header of an answer.']})
    if (value, pk, backwards) == (0, 0, 0) and sort.descending:
        return Position(sort)  # of an empty list, which something may have come to; others mean the first page by it
    return Position(sort, (EPOCH + value * MICROSECOND if is_time else value, pk), backwards=bool(backwards))


def link_header(request: Request, page: Page[Any], *, write: Callable[..., str] = write_cursor) -> str:
    """Return both links, the last page's too: clients read the second one without looking how many there are.

    They repeat what the route knows of the query, and nothing else.

    :param write: what writes a key of this list, and which way it reads on (``backwards``).
    :raises ValidationError: that is too long for a header.
    """
    if page.keys:
        first, last = page.keys[0], page.keys[-1]
    elif page.asked.key is None:  # nothing at all
        first = last = (0, 0)
    else:  # a cursor leaves out the row that it names: the way back must begin with that one, or it would be lost
        value, pk = page.asked.key
        towards_start = 1 if page.asked.sort.descending else -1
        before = pk if page.asked.backwards else as_id(pk - towards_start)
        behind = as_id(pk + towards_start) if page.asked.backwards else pk
        is_by_id = page.asked.sort.column == "id"
        first, last = (before if is_by_id else value, before), (behind if is_by_id else value, behind)
    address = base_url(request) + quote(request.path, safe=IN_A_PATH)
    query = "".join(f"{part}&" for part in repeated(request, without="cursor"))
    if len(query) > LONGEST:
        query = f"{PACKED}={pack(query[:-1])}&"
    return ", ".join(
        [
            _link(f"{address}?{query}", "previous", page.has_previous, write(first, backwards=True)),
            _link(f"{address}?{query}", "next", page.has_next, write(last, backwards=False)),
        ]
    )


def read_page_query(request: Request, sort: Sort, *, is_time: bool = False) -> PageQuery:
    """Return which page of a list with this sort ``per_page`` and ``cursor`` ask for.

    :param is_time: whether the list is sorted by a time.
    :raises ValidationError: one of the two is wrong.
    """
    limit = read_limit(request.query_params.get("per_page"), name="per_page")
    return PageQuery(read_cursor(request.query_params.get("cursor"), sort, is_time=is_time), limit)


def paginate(request: Request, rows: Rows, sort: Sort, *, is_time: bool = False) -> tuple[list[Any], dict[str, str]]:
    """Return the page of these rows that is asked for, and the header that leads on from it.

    :raises ValidationError: ``per_page`` or ``cursor`` is wrong.
    :raises ForeignCursor: the cursor is of another list.
    """
    page = read_page(rows, read_page_query(request, sort, is_time=is_time))
    return list(page.rows), {"Link": link_header(request, page)}


def _link(url: str, rel: str, results: bool, cursor: str) -> str:
    return f'<{url}cursor={cursor}>; rel="{rel}"; results="{str(results).lower()}"; cursor="{cursor}"'
