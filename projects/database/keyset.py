"""Keyset pages: a place in a list is named by what the list is sorted by, never by how far down it is.

So a page deep in a million rows costs what the first one does, and no row is shown twice or left out because others
came or went meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Key = tuple[Any, int]  # what a row is sorted by, and its id


@dataclass(frozen=True, slots=True)
class Sort:
    """The column that a list is sorted by, which is never null; ties by id, in the same direction."""

    column: str
    descending: bool = True

    def order(self, *, backwards: bool = False) -> tuple[str, str]:
        """Return what ``order_by`` takes."""
        sign = "-" if self.descending is not backwards else ""
        return f"{sign}{self.column}", f"{sign}id"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a list: between two rows, named by one of them; or, without a key, the start of the list.

    ``backwards`` reads towards the start.
    """

    sort: Sort
    key: Key | None = None
    backwards: bool = False

    def beyond(self) -> Q:
        """Return the condition "on the side that is read next"."""
        if self.key is None:
            return Q()
        value, pk = self.key
        side = "lt" if self.sort.descending is not self.backwards else "gt"
        if self.sort.column == "id":
            return Q(**{f"id__{side}": pk})
        # The first condition is implied by the second; the index can start from it.
        return Q(**{f"{self.sort.column}__{side}e": value}) & (
            Q(**{f"{self.sort.column}__{side}": value}) | Q(**{f"id__{side}": pk})
        )

    def is_before(self, key: Key) -> bool:
        """Return whether a row is on that side, by its key."""
        if self.key is None:
            return True
        return key < self.key if self.sort.descending is not self.backwards else key > self.key

    def order(self) -> tuple[str, ...]:
        """Return what ``order_by`` takes to read on from here."""
        return self.sort.order(backwards=self.backwards)
