"""Asks what must hold between tables, of which a life of tests is made: by one statement, planned once.

To plan forty statements takes five times as long as to ask them of the few rows of a test.
"""

from collections.abc import Sequence
from hashlib import md5

from django.db import connection

from issues.integrity import Invariant, find
from issuetracker.integrity import INVARIANTS
from projects.database import citus


def broken(invariants: Sequence[Invariant] = INVARIANTS) -> set[str]:
    """Return the names of the invariants that do not hold."""
    if citus.is_spread():
        return {invariant.name for invariant in invariants if find(invariant)}
    sql = " UNION ALL ".join(
        f"SELECT '{invariant.name}' WHERE EXISTS (SELECT FROM ({invariant.sql}) AS broken)" for invariant in invariants
    )
    name = f"broken_{md5(sql.encode(), usedforsecurity=False).hexdigest()}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_prepared_statements WHERE name = %s", [name])
        if not cursor.rowcount:
            cursor.execute(f"PREPARE {name} AS {sql}")
        cursor.execute(f"EXECUTE {name}")
        return {name for (name,) in cursor.fetchall()}


def breaches(invariants: Sequence[Invariant] = INVARIANTS) -> list[str]:
    """Return a sentence for each invariant that does not hold."""
    names = broken(invariants)
    return [str(find(invariant)) for invariant in invariants if invariant.name in names]
