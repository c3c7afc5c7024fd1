"""Several things written of rows that are read once: in one statement, or step by step where a cluster wants that.

To an INSERT, Citus sends what a CTE has found by way of every machine: with any of them down, nothing could be changed
in the projects of the others (docs/decisions/0066). What is one statement on one machine is several there, each of
which reads the rows anew, and asks the machine of the project alone.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from projects.database import citus


def named(sql: str, params: Mapping[str, Any]) -> RawSQL:
    """Return SQL that names its values (``%(at)s``) with those values, in the order in which they stand there."""
    values: list[Any] = []

    def hole(found: re.Match[str]) -> str:
        values.append(params[found[1]])
        return "%s"

    return RawSQL(re.sub(r"%\((\w+)\)s", hole, sql), values)


def read_and_write(reads: Sequence[RawSQL], writes: Sequence[RawSQL], answer: RawSQL | None = None) -> list[Any]:
    """Write several things of the same rows, and return what is asked of these, as all was before.

    The caller has the rows locked. What is read anew is the same then, unless it was written by a step before: the
    order of ``writes`` says that none reads what an earlier one has written.

    :param reads: CTEs, each with its name: ``target AS (SELECT ...)``.
    :param writes: what the CTEs are for, in an order as above.
    :param answer: a SELECT from the CTEs.
    """
    asked = [] if answer is None else [answer]
    if not citus.is_spread():
        *beside, last = [*writes, *asked]
        return _send([*reads, *(_as_cte(number, each) for number, each in enumerate(beside))], last)
    found = [row for each in asked for row in _send(reads, each)]
    for each in writes:
        _send(reads, each)
    return found


def _as_cte(number: int, write: RawSQL) -> RawSQL:
    return RawSQL(f"written_{number} AS ({write.sql})", write.params)


def _send(ctes: Sequence[RawSQL], last: RawSQL) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {', '.join(each.sql for each in ctes)} {last.sql}",
            [param for each in [*ctes, last] for param in each.params],
        )
        return [] if cursor.description is None else list(cursor.fetchall())
