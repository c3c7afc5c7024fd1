"""Statements that the ORM says once: for those that it takes longer to say than PostgreSQL to answer.

What the ORM knows, a status's rule or a column's name, still stands in one place; only the text is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models.expressions import RawSQL

from projects.database.reading import connection

# Not compiled, either: a table without an index of use looks so dear then that it seems to be worth it.
_BY_INDEX = """
    SET LOCAL enable_seqscan = off;
    SET LOCAL jit = off;
"""
_BY_LOOK_UP = """
    SET LOCAL enable_mergejoin = off;
    SET LOCAL enable_hashjoin = off;
"""


_ALONE = """
    SET LOCAL max_parallel_workers_per_gather = 0;
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """The text of a query with named parameters, and the values of those that are always the same."""

    sql: str
    constants: Mapping[str, Any]

    def within(self, sql: str) -> Statement:
        """Return a statement around this one, which stands where ``sql`` has ``{}``."""
        return Statement(sql.format(self.sql), self.constants)

    def by_index(self, *, joins_all: bool = False) -> Statement:
        """Return the same, which reads no table from end to end where there is an index: until its transaction ends.

        For a project that has most rows of a table, PostgreSQL would rather read the table with everybody else's; and,
        to join it to another, all of that one. Who asks for one project shall not wait for the size of the others.

        :param joins_all: whether it may do the latter, by an index: for many rows that find few there.
        """
        return Statement(_BY_INDEX + ("" if joins_all else _BY_LOOK_UP) + self.sql, self.constants)

    def alone(self) -> Statement:
        """Return the same, read by one process: for a walk that ends as soon as it has enough. Helpers take longer to
        start than most of them, and each reads on while the others have enough already."""
        return Statement(_ALONE + self.sql, self.constants)

    def rows(self, **values: Any) -> list[Any]:
        """Return what the database answers, with a value in each hole."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, {**self.constants, **values})
            rows: list[Any] = cursor.fetchall()
            return rows


def hole(name: str) -> RawSQL:
    """Return what stands in a query for a value that comes later."""
    return RawSQL(f"%({name})s", ())


def kept(sql: str, params: Sequence[Any]) -> Statement:
    """Return a query of the ORM as a statement: its parameters get names, as its holes have."""
    constants = {f"constant_{number}": value for number, value in enumerate(params)}
    names = iter(constants)
    named = re.sub("%%|%s", lambda found: found[0] if found[0] == "%%" else f"%({next(names)})s", sql)
    return Statement(named, constants)
