"""Taking away what is old: set by set, each in a short transaction of its own, beside whoever else is at work.

Nobody is waited for. What others hold is left for the next time, and counted; so no two ever wait for each other, be it
two that prune, or one that prunes beside a counter, a change, an undo or a merge. A kill anywhere loses nothing: what
was not committed is there, and goes the next time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Any, TypeVar

from django.db import connection

from projects import acting
from projects.acting import Act
from projects.database.arrays import as_array
from projects.models import Project
from projects.querysets import MAX_ID

MUTATIONS = 500  # in one set, each of which may name 100,000 issues
ISSUES, ACTIVITIES = 1_000, 10_000  # in one set
HOURS = timedelta(days=30)  # in one set, of each of its issues

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Step:
    """What one set was.

    :ivar removed: how many rows are gone.
    :ivar left: how many mutations or issues are old enough, and were left since others hold them.
    :ivar looked_at: how many issues were looked at, these included.
    """

    removed: int = 0
    left: int = 0
    looked_at: int = 0


# ---------------------------------------------------------------------------------------------------------------------
# Mutations
# ---------------------------------------------------------------------------------------------------------------------


def prune_mutations(before: datetime, act: Act) -> Iterator[Step]:
    """Remove the mutations that are older: nobody can undo them any more. Yield what each set was.

    What is gone is always the beginning of a project's, by id, so that who finds one missing knows whether it was
    pruned (issues/integrity). One that is being undone stays, and with it those after it.

    :raises OperationalError: no database; what was yielded is done.
    """
    for project_id in _projects():
        held = None
        while ids := _old_mutations(project_id, before):
            if ids[0] == held:
                yield Step(left=len(ids))
                break
            removed = _in_a_transaction(act, partial(_remove_mutations, project_id, ids))
            held = ids[removed] if removed < len(ids) else None
            yield Step(removed)
        else:
            yield Step()


def _old_mutations(project_id: int, before: datetime) -> list[int]:
    """Return the first mutations of the project, as far as all of them are older."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, created_at < %s FROM issues_mutation WHERE project_id = %s ORDER BY id LIMIT %s",
            [before, project_id, MUTATIONS],
        )
        return [pk for pk, _ in takewhile(lambda row: row[1], cursor.fetchall())]


def _remove_mutations(project_id: int, ids: Sequence[int]) -> int:
    """Remove these, up to the first that somebody holds; return how many these were."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id FROM issues_mutation
            WHERE project_id = %s AND id = ANY(%s::bigint[])
            ORDER BY id
            FOR UPDATE SKIP LOCKED
            """,
            [project_id, as_array(ids)],
        )
        free = {pk for (pk,) in cursor.fetchall()}
        first = list(takewhile(free.__contains__, ids))
        cursor.execute(
            "DELETE FROM issues_mutation WHERE project_id = %s AND id = ANY(%s::bigint[])",
            [project_id, as_array(first)],
        )
        return int(cursor.rowcount)


# ---------------------------------------------------------------------------------------------------------------------
# What hangs on issues: one set of issues after the other
# ---------------------------------------------------------------------------------------------------------------------

# The first mutation of the project that is kept: an undo of it, or of a later one, reads what came after it.
_FIRST_KEPT = f"""
    coalesce((SELECT min(id) FROM issues_mutation WHERE project_id = %(project_id)s), {MAX_ID})
"""


def prune_activities(before: datetime, act: Act) -> Iterator[Step]:
    """Remove activities that are older, but notes, which stay as long as their issue. Yield what each set was.

    Of each issue it is the beginning that goes, by id, and never what a mutation that is kept did, nor what came after
    that: an undo of it looks there.

    :raises OperationalError: no database; what was yielded is done.
    """
    is_due = f"""
        coalesce(
            (
                SELECT first.created_at < %(before)s AND coalesce(first.mutation_id, 0) < {_FIRST_KEPT}
                FROM issues_activity AS first
                WHERE first.project_id = %(project_id)s AND first.issue_id = issue.id AND first.kind <> 'note'
                ORDER BY first.id
                LIMIT 1
            ),
            false
        )
    """
    return _prune(is_due, before, act, _remove_activities)


def _remove_activities(project_id: int, ids: Sequence[int], before: datetime) -> tuple[Step, list[int]]:
    free = _lock(project_id, ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT old.id
            FROM unnest(%(ids)s::bigint[]) AS issue (id)
            CROSS JOIN LATERAL (
                SELECT told.id
                FROM issues_activity AS told
                WHERE told.project_id = %(project_id)s AND told.issue_id = issue.id AND told.kind <> 'note'
                  AND told.id < coalesce(
                      (
                          SELECT kept.id
                          FROM issues_activity AS kept
                          WHERE kept.project_id = %(project_id)s AND kept.issue_id = issue.id AND kept.kind <> 'note'
                            AND (kept.created_at >= %(before)s OR kept.mutation_id >= {_FIRST_KEPT})
                          ORDER BY kept.id
                          LIMIT 1
                      ),
                      {MAX_ID}
                  )
                ORDER BY told.id
            ) AS old
            LIMIT %(most)s
            """,
            {"project_id": project_id, "ids": as_array(free), "before": before, "most": ACTIVITIES},
        )
        old = [pk for (pk,) in cursor.fetchall()]
        # Whoever ends a user writes their activities, and holds no issue meanwhile.
        cursor.execute(
            """
            DELETE FROM issues_activity
            WHERE project_id = %(project_id)s AND id = ANY(ARRAY(
                SELECT id FROM issues_activity
                WHERE project_id = %(project_id)s AND id = ANY(%(old)s::bigint[])
                FOR UPDATE SKIP LOCKED
            ))
            """,
            {"project_id": project_id, "old": as_array(old)},
        )
        removed = int(cursor.rowcount)
    return Step(removed, left=len(ids) - len(free)), free if len(old) == ACTIVITIES and removed else []


def prune_hours(before: datetime, act: Act) -> Iterator[Step]:
    """Remove counts of hours that began earlier, of whole trees of merged issues at once. Yield what each set was.

    :raises OperationalError: no database; what was yielded is done.
    """
    return _prune(f"issue.merged_into_id IS NULL AND {_HAS_OLD_HOURS}", before, act, _remove_hours)


# Its first, so that it is looked up: for EXISTS PostgreSQL may read all hours that there are, and keep the old ones.
_HAS_OLD_HOURS = """
    coalesce(
        (
            SELECT first.hour < %(before)s
            FROM issues_issuehour AS first
            WHERE first.project_id = %(project_id)s AND first.issue_id = issue.id
            ORDER BY first.hour
            LIMIT 1
        ),
        false
    )
"""


def _remove_hours(project_id: int, ids: Sequence[int], before: datetime) -> tuple[Step, list[int]]:
    wanted = {pk for tree in _trees(project_id, ids).values() for pk in tree}
    locked = set(_lock(project_id, sorted(wanted)))
    # A tree that grew before it was locked has one that is not; what was merged meanwhile goes with its root.
    free = {root: tree for root, tree in _trees(project_id, ids).items() if locked.issuperset(tree)}
    params: dict[str, Any] = {
        "project_id": project_id,
        "ids": as_array(sorted(pk for tree in free.values() for pk in tree)),
        "before": before,
        "slice": HOURS,
    }
    with connection.cursor() as cursor:
        # All of them up to the same hour, so that what a tree shows is what its issues have.
        cursor.execute(
            """
            SELECT least(%(before)s, min(first.hour) + %(slice)s)
            FROM unnest(%(ids)s::bigint[]) AS issue (id)
            CROSS JOIN LATERAL (
                SELECT hour FROM issues_issuehour
                WHERE project_id = %(project_id)s AND issue_id = issue.id
                ORDER BY hour
                LIMIT 1
            ) AS first
            """,
            params,
        )
        params["until"] = cursor.fetchone()[0]
        cursor.execute(
            """
            DELETE FROM issues_issuehour
            WHERE project_id = %(project_id)s AND issue_id = ANY(%(ids)s::bigint[]) AND hour < %(until)s
            """,
            params,
        )
        removed = int(cursor.rowcount)
        cursor.execute(
            f"SELECT id FROM unnest(%(roots)s::bigint[]) AS issue (id) WHERE {_HAS_OLD_HOURS}",
            params | {"roots": as_array(free)},
        )
        return Step(removed, left=len(ids) - len(free)), [pk for (pk,) in cursor.fetchall()]


def _trees(project_id: int, roots: Sequence[int]) -> dict[int, list[int]]:
    """Return each of these that is merged into none, with all that was merged into it, however deep; not locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE level AS (  -- as services/verbs/totals.py walks trees
                SELECT id AS root, ARRAY[id] AS ids FROM issues_issue
                WHERE project_id = %(project_id)s AND id = ANY(%(roots)s::bigint[]) AND merged_into_id IS NULL
                UNION ALL
                SELECT root, ARRAY(
                    SELECT id FROM issues_issue WHERE merged_into_id = ANY(level.ids) AND project_id = %(project_id)s
                )
                FROM level
                WHERE ids <> '{}'
            )
            SELECT root, array_agg(id) FROM (SELECT root, unnest(ids) AS id FROM level) AS tree GROUP BY root
            """,
            {"project_id": project_id, "roots": as_array(roots)},
        )
        return dict(cursor.fetchall())


def prune_minutes(before: datetime, act: Act) -> Iterator[Step]:
    """Remove counts of minutes that began earlier, of issues that no event comes to any more. Yield what each set was.

    Where events come, the counter does it.

    :raises OperationalError: no database; what was yielded is done.
    """
    is_due = """
        coalesce(
            (
                SELECT first.minute < %(before)s
                FROM issues_issueminute AS first
                WHERE first.project_id = %(project_id)s AND first.issue_id = issue.id
                ORDER BY first.minute
                LIMIT 1
            ),
            false
        )
    """
    return _prune(is_due, before, act, _remove_minutes)


def _remove_minutes(project_id: int, ids: Sequence[int], before: datetime) -> tuple[Step, list[int]]:
    free = _lock(project_id, ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM issues_issueminute WHERE project_id = %s AND issue_id = ANY(%s::bigint[]) AND minute < %s",
            [project_id, as_array(free), before],
        )
        return Step(int(cursor.rowcount), left=len(ids) - len(free)), []


# ---------------------------------------------------------------------------------------------------------------------
# What these have in common
# ---------------------------------------------------------------------------------------------------------------------


def _prune(
    is_due: str, before: datetime, act: Act, remove: Callable[[int, Sequence[int], datetime], tuple[Step, list[int]]]
) -> Iterator[Step]:
    """Remove what is old of each issue, and yield what each set was.

    :param is_due: SQL, of the row ``issue`` and the parameters ``project_id`` and ``before``.
    :param remove: what removes it of these issues in a transaction, and returns the issues of which there may be more.
    """
    for project_id in _projects():
        for looked_at, due in _due(project_id, is_due, {"project_id": project_id, "before": before}):
            yield Step(looked_at=looked_at)
            while due:
                step, due = _in_a_transaction(act, partial(remove, project_id, due, before))
                yield step


def _due(project_id: int, is_due: str, params: Mapping[str, Any]) -> Iterator[tuple[int, list[int]]]:
    """Look at all issues of the project, some at a time; yield how many, and those that are due, ascending.

    In the order of their short numbers, by which alone an index has all issues of a project.
    """
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT issue.id, issue.short_number, {is_due}
                FROM (
                    SELECT id, short_number, merged_into_id FROM issues_issue
                    WHERE project_id = %(project_id)s AND short_number > %(last)s
                    ORDER BY short_number
                    LIMIT %(most)s
                ) AS issue
                ORDER BY issue.short_number
                """,
                {**params, "last": last, "most": ISSUES},
            )
            rows = cursor.fetchall()
        yield len(rows), sorted(pk for pk, _, due in rows if due)
        if len(rows) < ISSUES:
            return
        last = rows[-1][1]


def _lock(project_id: int, ids: Sequence[int]) -> list[int]:
    """Lock these issues, but those that others hold, until the end of the transaction; return which, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id FROM issues_issue
            WHERE project_id = %s AND id = ANY(%s::bigint[])
            ORDER BY id
            FOR NO KEY UPDATE SKIP LOCKED
            """,
            [project_id, as_array(ids)],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _projects() -> list[int]:
    return list(Project.objects.order_by("id").values_list("id", flat=True))


def _in_a_transaction(act: Act, work: Callable[[], Result]) -> Result:
    for attempt in acting.attempts(act):
        with attempt:
            result = work()
    return result
