"""Taking away what is older than it is kept, of every app: what there is, in which order, how fast, and what is said.

Whole events beyond what an issue keeps, and those of deleted issues, the counters take away (events/counting/), which
know what they have counted.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from threading import Event, Thread
from time import monotonic, time

from django.db import DatabaseError, InterfaceError, connection, connections

from events import weeks
from events.counting import losses
from issues.services import occurrences, pruning
from issues.services.pruning import Step
from issuetracker import logins, metrics
from issuetracker.metrics import DONE, FAILED, PRUNED_KINDS, STOPPED
from projects.acting import Act
from projects.callers import Caller
from projects.database import clocks
from projects.database.failures import refusal_of

logger = logging.getLogger(__name__)

EVERY = 3600.0  # seconds from the end of a look to the next one; more, where a look takes long:
SHARE = 10  # of its time, one in so many goes to looking
PAUSE = 1.0  # after each set that was removed, as many times what it took: others have half of the time, at least
LONGEST_PAUSE = 1.0  # seconds
ROWS = 1_000  # of Django's own tables, in one set
AWAY_SECONDS = 60.0  # until the next look, when the database is away


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """For how many days what is kept."""

    mutations: int
    activities: int
    hours: int
    events: int


@dataclass(slots=True)
class Done:
    """What one look has done about one kind of things.

    :ivar error: why it has not come to its end; None when it has.
    """

    kind: str
    removed: int = 0
    left: int = 0
    seconds: float = 0
    error: str | None = None

    @property
    def sentence(self) -> str:
        """Return it as one: how many, in how long, and what was left."""
        left = f", {self.left} left, which others hold" if self.left else ""
        error = f"; then it failed: {self.error}" if self.error else ""
        return f"{self.kind}: {self.removed} removed in {self.seconds:.1f} s{left}{error}"


Kind = Callable[[], Iterator[Step]]


class Pruning:
    """Looks for what is old, and takes it away, until it is told to stop.

    :param kept: for how long what is kept.
    :param now: the clock.
    :param is_wanted: asked all the time; this ends when it isn't any more.
    :param lock_timeout: for how many seconds to wait for a lock of a whole table; rows are waited for by nobody.
    """

    def __init__(
        self,
        *,
        kept: Kept,
        now: Callable[[], datetime],
        lock_timeout: int,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self.kept, self.now, self.lock_timeout, self.is_wanted = kept, now, lock_timeout, is_wanted
        self.stopping = Event()

    def stop(self) -> None:
        """End with the set that is in hand. May be called by a signal."""
        self.stopping.set()

    @property
    def _is_over(self) -> bool:
        return self.stopping.is_set() or not self.is_wanted()

    def run(self) -> None:
        """Look again and again, until :meth:`stop`."""
        while not self._is_over:
            began = monotonic()
            done = list(self.look())
            pause = max(EVERY, SHARE * (monotonic() - began))
            if any(each.error for each in done):
                connection.close()  # it may be a database that is away
                pause = AWAY_SECONDS
            ends_at = monotonic() + pause
            while not self._is_over and monotonic() < ends_at:
                self.stopping.wait(1.0)

    def look(self, on_step: Callable[[str, Step], None] = lambda kind, step: None) -> Iterator[Done]:
        """Look at everything once; yield what was done about each kind. What fails is said, and keeps no other back.

        :param on_step: called after each set.
        """
        outcome, began = FAILED, monotonic()  # until it comes to its end: a bug ends it, too
        removed, left = {}, {}
        has_failed = False
        try:
            for kind, steps in self._kinds().items():
                if self._is_over:
                    outcome = STOPPED
                    return
                done = self._take_away(kind, steps, on_step)
                removed[kind], left[kind] = done.removed, done.left
                has_failed |= done.error is not None
                yield done
            outcome = FAILED if has_failed else STOPPED if self._is_over else DONE
        finally:
            metrics.PRUNING_RUNS.labels(outcome).inc()
            metrics.PRUNING_ENDED.labels(outcome).set(time())
            said = ", ".join(f"{number} {kind}" for kind, number in removed.items() if number) or "nothing was old"
            is_news = any(removed.values()) or any(left.values()) or outcome == FAILED
            logger.log(
                logging.INFO if is_news else logging.DEBUG,
                "pruned: %s; %d left, %s in %.3f s",
                said,
                sum(left.values()),
                outcome,
                monotonic() - began,
                extra={"outcome": outcome, "removed": removed, "left": left, "seconds": round(monotonic() - began, 3)},
            )

    def _take_away(self, kind: str, steps: Kind, on_step: Callable[[str, Step], None]) -> Done:
        done, began = Done(kind), monotonic()
        try:
            step_began = monotonic()
            for step in steps():
                done.removed += step.removed
                done.left += step.left
                metrics.PRUNED.labels(kind).inc(step.removed)
                metrics.PRUNING_LEFT.labels(kind).inc(step.left)
                on_step(kind, step)
                if self._is_over:
                    break
                if step.removed:
                    self.stopping.wait(min(LONGEST_PAUSE, PAUSE * (monotonic() - step_began)))
                step_began = monotonic()
        except (DatabaseError, InterfaceError) as error:
            if refusal_of(error) is None:
                raise  # a bug
            done.error = " ".join(str(error).split())
            logger.warning("%s could not be pruned, and are looked at again later: %s", kind, done.error)
        done.seconds = monotonic() - began
        return done

    def _kinds(self) -> Mapping[str, Kind]:
        act = Act(by=Caller(), at=self.now(), lock_timeout=self.lock_timeout, in_person=False)

        @cache
        def now() -> datetime:  # when it is asked for, within what says that the database is away
            return clocks.earlier(self.now())

        def before(days: int) -> datetime:
            return now() - timedelta(days=days)

        found: dict[str, Kind] = {
            "mutations": lambda: pruning.prune_mutations(before(self.kept.mutations), act),
            "activities": lambda: pruning.prune_activities(before(self.kept.activities), act),
            "hours": lambda: pruning.prune_hours(before(self.kept.hours), act),
            "minutes": lambda: pruning.prune_minutes(now() - occurrences.OLDEST_MINUTE, act),
            "lost events": lambda: iter([Step(losses.forget_old(now(), self.kept.events))]),
            "weeks of events": lambda: self._weeks(now()),
            "sessions": lambda: _rows("django_session", "session_key", "expire_date", now()),
            "log-ins": lambda: iter([Step(logins.remove_old(now()))]),
            "changes of settings": lambda: _rows("django_admin_log", "id", "action_time", before(self.kept.activities)),
        }
        return {kind: found[kind] for kind in PRUNED_KINDS}

    def _weeks(self, now: datetime) -> Iterator[Step]:
        """Take away old weeks, in a thread of its own: that waits for whoever reads, and this for a signal, too."""
        dropped: list[int] = []
        failed: list[Exception] = []

        def drop() -> None:
            try:
                dropped.append(weeks.drop_old(now, self.kept.events))
            except Exception as error:
                failed.append(error)
            finally:
                connections.close_all()

        thread = Thread(target=drop, name="weeks", daemon=True)  # what is half done is done next time
        thread.start()
        while thread.is_alive() and not self._is_over:
            thread.join(0.1)
        if failed:
            raise failed[0]
        yield Step(sum(dropped))


def _rows(table: str, key: str, column: str, before: datetime) -> Iterator[Step]:
    """Remove the rows of a table that are older, some at a time, but those that others hold."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                DELETE FROM {table} WHERE {key} = ANY(ARRAY(
                    SELECT {key} FROM {table} WHERE {column} < %s ORDER BY {column} LIMIT %s FOR UPDATE SKIP LOCKED
                ))
                """,
                [before, ROWS],
            )
            removed = int(cursor.rowcount)
        yield Step(removed)
        if removed < ROWS:
            return
