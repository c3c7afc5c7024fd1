"""Forgetting mutations that are too old to be undone, set by set, each in a transaction of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from issues.models import BEFORE_STATE, Mutation
from projects import acting
from projects.acting import Act

MUTATIONS, ISSUES = 1_000, 10_000  # in one set, of which one mutation may have more


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one set was: mutations that are gone, and activities that have forgotten what they overwrote."""

    mutations: int
    activities: int


def count_older(before: datetime) -> int:
    """Return how many mutations are older."""
    return Mutation.objects.filter(created_at__lt=before).count()


def prune(before: datetime, act: Act) -> Iterator[Pruned]:
    """Remove the mutations that are older, with the before-states of their activities; yield what each set was.

    A mutation goes in one piece: half of its before-states would make a wrong undo. What is gone is always the
    beginning, by id, so that who finds a mutation missing knows whether it was pruned (issues/integrity.py).

    What events overwrote goes then, unless a mutation is left that changed the same issue before: its undo looks at it.

    :raises OperationalError: no lock in time, or no database; what was yielded is done.
    """
    while True:
        for attempt in acting.attempts(act):
            with attempt:
                done = _prune(before)
        if not done.mutations:
            break
        yield done
    while True:
        for attempt in acting.attempts(act):
            with attempt:
                forgotten = forget_what_events_overwrote(before)
        if not forgotten:
            return
        yield Pruned(mutations=0, activities=forgotten)


def _prune(before: datetime) -> Pruned:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id FROM issues_mutation
            WHERE id IN (
                SELECT id FROM (
                    SELECT id, bool_and(created_at < %s) OVER (ORDER BY id) AS is_old,
                           sum(changed) OVER (ORDER BY id) - changed AS in_the_set
                    FROM (SELECT id, created_at, changed FROM issues_mutation ORDER BY id LIMIT %s) AS first
                ) AS counted
                WHERE is_old AND in_the_set < %s
            )
            ORDER BY id
            FOR UPDATE
            """,
            [before, MUTATIONS, ISSUES],
        )
        ids = [pk for (pk,) in cursor.fetchall()]
        cursor.execute(
            f"""
            UPDATE issues_activity
            SET {", ".join(f"{name} = NULL" for name in BEFORE_STATE)}
            WHERE mutation_id = ANY(%s) AND num_nonnulls({", ".join(BEFORE_STATE)}) > 0
            """,
            [ids],
        )
        activities = cursor.rowcount
        cursor.execute("DELETE FROM issues_mutation WHERE id = ANY(%s)", [ids])
        return Pruned(cursor.rowcount, activities)


def forget_what_events_overwrote(before: datetime) -> int:
    """Forget it, in one set, and return of how many activities that was.

    What came before is asked by id, not by time: requests wait for locks.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE issues_activity
            SET {" = NULL, ".join(BEFORE_STATE)} = NULL
            WHERE id = ANY(ARRAY(
                SELECT told.id FROM issues_activity AS told
                WHERE told.mutation_id IS NULL AND told.before_status IS NOT NULL AND told.created_at < %s
                  AND (
                      SELECT kept.id FROM issues_activity AS kept
                      WHERE kept.issue_id = told.issue_id AND kept.id < told.id
                        AND kept.mutation_id >= (SELECT min(id) FROM issues_mutation)
                      ORDER BY kept.id DESC
                      LIMIT 1
                  ) IS NULL
                ORDER BY told.created_at
                LIMIT %s
            ))
            """,
            [before, ISSUES],
        )
        activities: int = cursor.rowcount
        return activities
