"""Pages of a list: cursors in, ``Link`` out (contract section 2)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import accumulate
from typing import Any
from urllib.parse import quote

from django.db.models import QuerySet
from django.db.models.expressions import Combinable
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from projects.api.addresses import base_url
from projects.api.parameters import repeated
from projects.database.keyset import EPOCH, MICROSECOND, Key, Position, Sort
from projects.querysets import MAX_ID

MAX_LIMIT = 100
NUMBERS = range(-MAX_ID, MAX_ID + 1)
MICROSECONDS = range(
    (datetime.min.replace(tzinfo=EPOCH.tzinfo) - EPOCH) // MICROSECOND,
    (datetime.max.replace(tzinfo=EPOCH.tzinfo) - EPOCH) // MICROSECOND + 1,
)
PARAMETERS = frozenset({"per_page", "cursor"})  # what ``paginate`` reads
# Microseconds, of a time in March 1973: ids, counts and offsets are smaller numbers, times here larger.
LEAST_TIME = 10**14
# What may stand in a path, less what parts links from each other: many a client splits the header there.
IN_A_PATH = "/:@&=+$!*'()~"


@dataclass(frozen=True, slots=True)
class Page:
    """The keys of rows in the order of the list, and whether there are more on either side."""

    keys: Sequence[Key]
    has_previous: bool
    has_next: bool
    asked: Position


def read_limit(word: str | None, *, name: str = "limit") -> int:
    """Return the size of a page.

    :raises ValidationError: it is no whole number of at least 1.
    """
    if word is None:
        return MAX_LIMIT
    found = re.fullmatch(r"0*([1-9][0-9]*)", word, re.ASCII)
    if found is None:
        raise ValidationError({name: [f'"{word}" is no page size; say a whole number from 1 to {MAX_LIMIT}.']})
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
        raise ValidationError({"cursor": [f'"{word}" is no cursor; take one from the Link header of an answer.']})
    if (value, pk, backwards) == (0, 0, 0) and sort.descending:
        return Position(sort)  # of an empty list, which something may have come to; others mean the first page by it
    return Position(sort, (EPOCH + value * MICROSECOND if is_time else value, pk), backwards=bool(backwards))


def write_cursor(key: Key, *, backwards: bool) -> str:
    """Return a place in a list by one number and an id: what :func:`read_cursor` reads."""
    return f"{_number(key[0])}:{key[1]}:{int(backwards)}"


def refuse_foreign(position: Position, is_there: Callable[[Key], bool]) -> None:
    """Refuse a cursor that can't be of this list: it would read as the end, or as the start, without a word.

    The value of a list by id is the id. Elsewhere a time that is no larger than an id or a count, and a count as large
    as a time, are of another sort, or made up; unless there really is such a row.

    :param is_there: whether the list has a row with this value and this id, or the one beside it: a cursor leaves out
        the row that it names, so that the way back from an empty page names the next id.
    :raises ValidationError: it can't.
    """
    if position.key is None or position.key in {(0, 0), (EPOCH, 0)}:  # around an empty list
        return
    value, pk = position.key
    if position.sort.column == "id":
        is_ours = value == pk
    else:
        number, is_time = _number(value), isinstance(value, datetime)
        is_likely = abs(number) >= LEAST_TIME if is_time else 0 <= number < LEAST_TIME
        is_ours = is_likely or is_there(position.key)
    if not is_ours:
        word = write_cursor(position.key, backwards=position.backwards)
        raise ValidationError(
            {"cursor": [f'"{word}" is no cursor of this list; take one from the Link header of one of its answers.']}
        )


def beside(key: Key) -> tuple[int, int]:
    """Return the first and the last id that a cursor with this key may name."""
    return _as_id(key[1] - 1), _as_id(key[1] + 1)


def cut_page(keys: Sequence[Key], asked: Position, limit: int) -> Page:
    """Make a page of up to ``limit`` rows; ``keys``, in the order of reading, is one longer if there are more."""
    more, kept = len(keys) > limit, list(keys[:limit])
    if asked.backwards:
        return Page(kept[::-1], has_previous=more, has_next=True, asked=asked)
    return Page(kept, has_previous=asked.key is not None, has_next=more, asked=asked)


def link_header(request: Request, page: Page, *, write: Callable[..., str] = write_cursor) -> str:
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
        before = pk if page.asked.backwards else _as_id(pk - towards_start)
        behind = _as_id(pk + towards_start) if page.asked.backwards else pk
        is_by_id = page.asked.sort.column == "id"
        first, last = (before if is_by_id else value, before), (behind if is_by_id else value, behind)
    address = base_url(request) + quote(request.path, safe=IN_A_PATH)
    query = "".join(f"{part}&" for part in repeated(request, without="cursor"))
    return ", ".join(
        [
            _link(f"{address}?{query}", "previous", page.has_previous, write(first, backwards=True)),
            _link(f"{address}?{query}", "next", page.has_next, write(last, backwards=False)),
        ]
    )


def paginate(
    request: Request,
    rows: QuerySet[Any] | Callable[[Position, int], QuerySet[Any]],
    sort: Sort,
    *,
    is_time: bool = False,
    weight: Combinable | None = None,
    max_weight: int = 0,
) -> tuple[list[Any], dict[str, str]]:
    """Return the page of rows that ``per_page`` and ``cursor`` ask for, and the header that leads on from it.

    :param rows: those of the list; or, where one query could not read them by an index, what returns up to so many of
        them from a position on, in the order of reading. Such a list is sorted by id.
    :param weight: what a row weighs, where rows may be large: the page ends before it weighs more than ``max_weight``,
        but has one row in any case.
    :raises ValidationError: one of the two is wrong.
    """
    limit = read_limit(request.query_params.get("per_page"), name="per_page")
    position = read_cursor(request.query_params.get("cursor"), sort, is_time=is_time)
    if callable(rows):
        refuse_foreign(position, lambda key: False)
        onwards = rows(position, limit + 1)
    else:
        refuse_foreign(position, partial(_is_there, rows, sort))
        onwards = rows.filter(position.beyond()).order_by(*position.order())
    if weight is not None:
        weights = onwards.annotate(weight=weight).values_list("weight", flat=True)[:limit]
        limit = max(1, sum(total <= max_weight for total in accumulate(weights)))
    found = list(onwards[: limit + 1])
    page = cut_page([(getattr(row, sort.column), row.pk) for row in found], position, limit)
    kept = found[:limit][::-1] if position.backwards else found[:limit]
    return kept, {"Link": link_header(request, page)}


def _is_there(rows: QuerySet[Any], sort: Sort, key: Key) -> bool:
    return rows.filter(pk__range=beside(key), **{sort.column: key[0]}).exists()


def _number(value: Any) -> int:
    """Return a value as a cursor has it."""
    number: int = (value - EPOCH) // MICROSECOND if isinstance(value, datetime) else value
    return number


def _as_id(number: int) -> int:
    return min(max(number, 0), MAX_ID)


def _link(url: str, rel: str, results: bool, cursor: str) -> str:
    return f'<{url}cursor={cursor}>; rel="{rel}"; results="{str(results).lower()}"; cursor="{cursor}"'
