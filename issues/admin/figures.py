"""What the start page counts (issues/reading/counts.py), kept for a while; and bars.

A count is kept for a minute and has a time limit of its own (docs/decisions/0021); who looks is told when it was made,
or that it took too long.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.cache import cache
from django.db import OperationalError
from django.utils import timezone

from projects.database.failures import QUERY_CANCELED, sqlstate
from projects.database.reading import reading

SECONDS_AT_MOST = 3
KEPT_SECONDS = 60
PAUSE_SECONDS = 600  # after a count that took too long

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Counted(Generic[Value]):
    """A count, and when it was made. ``value`` is None when it took too long."""

    value: Value | None
    at: datetime


def kept(name: str, count: Callable[[datetime], Value]) -> Counted[Value]:
    """Return the last count of this name in this process, or a new one when that is older than a minute."""
    counted: Counted[Value] | None = cache.get(f"figures:{name}")
    if counted is None:
        at = timezone.now()
        try:
            with reading(timeout=SECONDS_AT_MOST):
                counted = Counted(count(at), at)
        except OperationalError as error:
            if sqlstate(error) != QUERY_CANCELED:
                raise
            counted = Counted(None, at)
        cache.set(f"figures:{name}", counted, KEPT_SECONDS if counted.value is not None else PAUSE_SECONDS)
    return counted


def shares(parts: dict[str, int], of: int) -> list[tuple[str, int, float]]:
    """Return each part that is not nothing, with its name and its size in percent of ``of``."""
    return [(name, count, round(100 * count / of, 3)) for name, count in parts.items() if count]


def round_up(number: int) -> int:
    """Return the next number that reads well at the end of an axis: 1, 2 or 5 and zeros."""
    size = 1
    while size * 10 < number:
        size *= 10
    return next((step * size for step in (1, 2, 5, 10) if step * size >= number), size * 10)


def bars(days: list[Any], names: list[str]) -> tuple[int, list[tuple[Any, list[tuple[str, int, float]]]]]:
    """Return where the axis ends, and for each day the parts of its bar in percent of that."""
    top = round_up(max([1, *(sum(getattr(day, name) for name in names) for day in days)]))
    return top, [(day, shares({name: getattr(day, name) for name in names}, top)) for day in days]
