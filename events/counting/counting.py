"""One batch of events becomes numbers of issues; and what happens when it can't."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import connection

from events.counting import batches
from events.counting.batches import Batch
from events.counting.describing import describe
from issues.services import occurrences
from issues.services.occurrences import Occurrence
from projects.database import migrated, transactions
from projects.database.failures import refusal_of, sqlstate

logger = logging.getLogger(__name__)

MOST = 2_000  # in a batch
# Of one batch: more that can't be counted are no odd events, but something that is wrong with all of them.
MOST_SET_ASIDE = 10
# For each lock. Others' events wait as long, when a project is locked.
LOCK_SECONDS = 0.1
PROGRAM_LIMIT_EXCEEDED = "54"  # a value that no index takes: the event's fault, though PostgreSQL says it as of itself


class Failed(Exception):
    """A batch can't be counted, whoever tries; all of it waits as before."""

    def __init__(self, batch: Batch) -> None:
        super().__init__(f"{len(batch.ids)} events can't be counted")
        self.batch = batch


class SomethingIsWrong(Exception):
    """Too many events of a project can't be counted."""


def count_next(project_id: int, *, now: Callable[[], datetime], most: int = MOST) -> Sequence[Occurrence]:
    """Count the next events of a project that wait; return those that wait no more.

    What can't be counted is looked for by halves, logged, and set aside: it is not lost, and stops no other.

    :raises TryAgain: somebody else has the project, its releases or issues; what was not counted waits as before.
    :raises Migrating: the database is being migrated; the same.
    :raises Newer: a newer version has migrated it; the same.
    :raises OperationalError: no lock in time, or no database; the same.
    :raises SomethingIsWrong: too many can't be counted; the same, but for those that were set aside.
    """
    done: list[Occurrence] = []
    was_set_aside = 0
    sizes = [most]
    while sizes:
        try:
            done += _count(project_id, sizes.pop(), at=now())
        except Failed as failed:
            if was_set_aside == MOST_SET_ASIDE:
                raise SomethingIsWrong(
                    f"Too many events of project {project_id} can't be counted"
                ) from failed.__cause__
            ids = failed.batch.ids
            if len(ids) > 1:
                sizes += [len(ids) - len(ids) // 2, len(ids) // 2]
            else:
                done.append(_set_aside(project_id, failed, at=now()))
                was_set_aside += 1
    return done


def _count(project_id: int, most: int, *, at: datetime) -> Sequence[Occurrence]:
    """Count a batch, in one transaction; return its events.

    :raises Failed: nothing was counted, and another try would not help.
    """
    batch = Batch([], [])
    try:
        for attempt in transactions.attempts(lock_timeout=LOCK_SECONDS):
            with attempt:
                migrated.hold_as_it_is(connection)
                there_is_such_a_project = occurrences.hold(project_id)
                batch = batches.take(project_id, most)
                if there_is_such_a_project:
                    described = describe(project_id, occurrences.unknown(project_id, batch.occurrences, at=at))
                    occurrences.count(project_id, batch.occurrences, described, at=at)
    except Exception as error:
        if _may_pass(error) or not batch.ids:
            raise
        raise Failed(batch) from error
    return batch.occurrences


def _may_pass(error: Exception) -> bool:
    """Return whether it is nothing in the events: locks, or the database itself."""
    return refusal_of(error) is not None and not (sqlstate(error) or "").startswith(PROGRAM_LIMIT_EXCEEDED)


def _set_aside(project_id: int, failed: Failed, *, at: datetime) -> Occurrence:
    (occurrence,) = failed.batch.occurrences
    logger.error(
        "Event %s of project %d can't be counted, and is set aside until a counter starts",
        occurrence.event_id,
        project_id,
        exc_info=failed.__cause__,
    )
    batches.set_aside(project_id, failed.batch.ids, at=at)
    return occurrence
