"""A page of a list: read by keyset, with what its neighbours need to be found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import accumulate
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from django.db.models.expressions import Combinable

from projects.database.keyset import EPOCH, MICROSECOND, Key, Position, Sort
from projects.querysets import MAX_ID
from projects.refusals import Refusal

# Microseconds, of a time in March 1973: ids, counts and offsets are smaller numbers, times here larger.
LEAST_TIME = 10**14

Row = TypeVar("Row")
# One query; or, where that could not be read by an index, what returns up to so many rows from a position on, in the
# order of reading. Such a list is sorted by id.
Rows = QuerySet[Any] | Callable[[Position, int], QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which page is asked for: from where on, and of how many rows at most."""

    position: Position
    limit: int


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows in the order of the list with their keys, and whether there are more on either side."""

    rows: Sequence[Row]
    keys: Sequence[Key]
    has_previous: bool
    has_next: bool
    asked: Position


class ForeignCursor(Refusal):
    """A cursor that no answer of this list can have held."""

    field = ("cursor",)

    def __init__(self, word: str) -> None:
        super().__init__(f'"{word}" is no cursor of this list; take one from the Link header of one of its answers.')


def read_page(rows: Rows, asked: PageQuery, *, weight: Combinable | None = None, max_weight: int = 0) -> Page[Any]:
    """Return the page that is asked for.

    :param weight: what a row weighs, where rows may be large: the page ends before it weighs more than ``max_weight``,
        but has one row in any case.
    :raises ForeignCursor: its position is of another list.
    """
    position, limit = asked.position, asked.limit
    if callable(rows):
        refuse_foreign(position, lambda key: False)
        onwards = rows(position, limit + 1)
    else:
        refuse_foreign(position, partial(_is_there, rows, position.sort))
        onwards = rows.filter(position.beyond()).order_by(*position.order())
    if weight is not None:
        weights = onwards.annotate(weight=weight).values_list("weight", flat=True)[:limit]
        limit = max(1, sum(total <= max_weight for total in accumulate(weights)))
    found = [((getattr(row, position.sort.column), row.pk), row) for row in onwards[: limit + 1]]
    return cut_page(found, position, limit)


def cut_page(found: Sequence[tuple[Key, Row]], asked: Position, limit: int) -> Page[Row]:
    """Make a page of up to ``limit`` rows of those found, in the order of reading; one more, if there are more."""
    more, kept = len(found) > limit, list(found[:limit])
    if asked.backwards:
        kept.reverse()
    return Page(
        rows=[row for _, row in kept],
        keys=[key for key, _ in kept],
        has_previous=more if asked.backwards else asked.key is not None,
        has_next=asked.backwards or more,
        asked=asked,
    )


def refuse_foreign(position: Position, is_there: Callable[[Key], bool]) -> None:
    """Refuse a cursor that can't be of this list: it would read as the end, or as the start, without a word.

    The value of a list by id is the id. Elsewhere a time that is no larger than an id or a count, and a count as large
    as a time, are of another sort, or made up; unless there really is such a row.

    :param is_there: whether the list has a row with this value and this id, or the one beside it: a cursor leaves out
        the row that it names, so that the way back from an empty page names the next id.
    :raises ForeignCursor: it can't.
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
        raise ForeignCursor(write_cursor(position.key, backwards=position.backwards))


def beside(key: Key) -> tuple[int, int]:
    """Return the first and the last id that a cursor with this key may name."""
    return as_id(key[1] - 1), as_id(key[1] + 1)


def write_cursor(key: Key, *, backwards: bool) -> str:
    """Return a place in a list by one number and an id, as the API's cursors name it."""
    return f"{_number(key[0])}:{key[1]}:{int(backwards)}"


def as_id(number: int) -> int:
    """Return the nearest number that may be an id, or 0."""
    return min(max(number, 0), MAX_ID)


def _number(value: Any) -> int:
    """Return a value as a cursor has it."""
    number: int = (value - EPOCH) // MICROSECOND if isinstance(value, datetime) else value
    return number


def _is_there(rows: QuerySet[Any], sort: Sort, key: Key) -> bool:
    return rows.filter(pk__range=beside(key), **{sort.column: key[0]}).exists()
