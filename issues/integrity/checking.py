"""What an invariant is, and who breaks it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction

from projects.database import citus

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Invariant:
    """``holds`` is the sentence that must be true; ``sql`` selects the ids of the rows (``of``) for which it isn't.

    :ivar is_of_all: whether it compares rows of one project with those of others.
    """

    name: str
    holds: str
    of: str
    sql: str
    is_of_all: bool = False


@dataclass(frozen=True, slots=True)
class Breach:
    """How many rows break an invariant, and the first of them."""

    invariant: Invariant
    count: int
    examples: tuple[int, ...]

    def __str__(self) -> str:
        rows = self.invariant.of if self.count != 1 else self.invariant.of.replace("ies", "y").removesuffix("s")
        which = ", ".join(map(str, self.examples))
        return f"Not true: {self.invariant.holds}. {self.count:,} {rows}: {which}{', ...' * (self.count > EXAMPLES)}"


def find(invariant: Invariant) -> Breach | None:
    """Return who breaks the invariant; None when it holds."""
    sql = f"SELECT id, count(*) OVER () FROM ({invariant.sql}) AS broken (id) ORDER BY id LIMIT {EXAMPLES}"
    count, examples = 0, list[int]()
    for each in citus.each_shard(sql) if citus.is_spread() and not invariant.is_of_all else [sql]:
        with connection.cursor() as cursor:
            cursor.execute(each)
            rows = cursor.fetchall()
        count += rows[0][1] if rows else 0
        examples += [pk for pk, _ in rows]
    return Breach(invariant, count=count, examples=tuple(sorted(examples)[:EXAMPLES])) if count else None


@contextmanager
def one_state() -> Iterator[None]:
    """Let all statements inside see the database as it is now, whoever changes it meanwhile, and write nothing."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # Memory to join a million rows in, and no compiler for a statement that runs once. No merge joins: with
        # statistics from before an "update all" PostgreSQL would merge a million rows with a million by their mutation.
        cursor.execute(
            """
            SELECT set_config('statement_timeout', '0', true), set_config('work_mem', '64MB', true),
                   set_config('jit', 'off', true), set_config('enable_mergejoin', 'off', true)
            """
        )
        yield
