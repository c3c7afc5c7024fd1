"""What a counter does all day: it looks ten times a second, and counts what waits, of each project in its turn."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from time import monotonic

from django.db import DatabaseError, InterfaceError, connection

from events.counting import batches, counting
from events.counting.counting import SomethingIsWrong
from events.counting.keeping import Keeping
from events.counting.tidying import Tidying
from projects.database.failures import DatabaseAway, Ended, refusal_of

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.1
AWAY_SECONDS = 1.0  # between two looks for a database that is away
SAID_EVERY = 60.0  # seconds; that it is away, while it is
# A project that is locked is passed over, for longer each time in a row.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
WRONG_SECONDS = 60.0  # something is wrong with all of its events


@dataclass(frozen=True, slots=True)
class Kept:
    """How many of its newest events an issue keeps, beside its first; and for how many days, up to a week more."""

    per_issue: int = 200
    days: int = 90


@dataclass(slots=True)
class Passed:
    """A project that could not be counted: how often in a row, and until when it is left alone."""

    times: int = 0
    until: float = 0
    is_wrong: bool = False


class Counting:
    """Counts events until it is told to stop.

    :param keep: what stays of whole events.
    :param now: the clock.
    :param is_wanted: asked at each look; this ends when it isn't any more.
    """

    def __init__(
        self, *, now: Callable[[], datetime], keep: Kept | None = None, is_wanted: Callable[[], bool] = lambda: True
    ) -> None:
        self.now, self.is_wanted = now, is_wanted
        keep = keep or Kept()
        self.tidying = Tidying(per_issue=keep.per_issue, now=now)
        self.keeping = Keeping(days=keep.days, now=now)
        self.stopping = Event()
        self._passed: dict[int, Passed] = {}
        self._turns: dict[int, float] = {}  # when each project had its last one

    def stop(self) -> None:
        """End with the batch that is in hand. May be called by a signal."""
        self.stopping.set()

    def run(self) -> None:
        """Count whatever comes, until :meth:`stop`."""
        self._begin()
        say_at = 0.0
        while not self.stopping.is_set() and self.is_wanted():
            ends_at = monotonic() + POLL_SECONDS
            try:
                is_more = self.look_at(batches.projects())
                if not is_more:
                    self._tidy(ends_at)
            except (DatabaseError, InterfaceError) as error:
                if not isinstance(refusal_of(error), DatabaseAway):
                    raise
                connection.close()
                if monotonic() >= say_at:
                    logger.warning("No events are counted: %s", " ".join(str(error).split()))
                    say_at = monotonic() + SAID_EVERY
                self.stopping.wait(AWAY_SECONDS)
            else:
                say_at = 0.0
                if not is_more:
                    self.stopping.wait(max(0, ends_at - monotonic()))

    def run_once(self) -> None:
        """Count until nothing waits, but what came after this had begun to look for the last time. Then tidy up.

        :raises SomethingIsWrong: too many events of a project can't be counted.
        """
        self._begin()
        while not self.stopping.is_set() and (waiting := batches.projects()):
            if not self.look_at(waiting):
                self.stopping.wait(POLL_SECONDS)
            for project_id, passed in self._passed.items():
                if passed.is_wrong:
                    raise SomethingIsWrong(f"Too many events of project {project_id} can't be counted")
        self.keeping.keep()
        while not self.stopping.is_set() and self.tidying.step():
            pass

    def _begin(self) -> None:
        if number := batches.take_up():
            logger.warning("%d events that were set aside are tried again", number)

    def _tidy(self, ends_at: float) -> None:
        """Do, until then, what has to be done in the background. A step that is begun is done to its end."""
        self.keeping.look()
        try:
            while not self.stopping.is_set() and monotonic() < ends_at and self.tidying.step():
                pass
        except DatabaseError as error:
            # Another counter took the same away; or a machine is away, and whether it is the one that is asked for
            # what waits is found out there. What is left goes in another round.
            if not isinstance(refusal_of(error), Ended | DatabaseAway):
                raise

    def look_at(self, waiting: list[int]) -> bool:
        """Give each of these projects its turn, and one of those that were passed over. Return whether more waits."""
        is_more = False
        for project_id in self._whose_turn(waiting):
            if self.stopping.is_set():
                return False
            is_more |= self._count(project_id)
        return is_more

    def _whose_turn(self, waiting: list[int]) -> list[int]:
        """Return these projects in their order, but only one of those that were passed over lately.

        Each of these may take as long as a lock: all of them in a row would let the others wait for many.
        """
        self._turns = {project_id: self._turns.get(project_id, 0) for project_id in waiting}
        self._passed = {project_id: passed for project_id, passed in self._passed.items() if project_id in self._turns}
        in_turn = sorted(waiting, key=self._turns.__getitem__)
        free = [project_id for project_id in in_turn if project_id not in self._passed]
        due = [project_id for project_id in in_turn if self._is_due(project_id)]
        return [*free, *due[:1]]

    def _is_due(self, project_id: int) -> bool:
        passed = self._passed.get(project_id)
        return passed is not None and passed.until <= monotonic()

    def _count(self, project_id: int) -> bool:
        """Count a batch of a project, or pass it over. Return whether it was a full one."""
        self._turns[project_id] = monotonic()
        try:
            counted = counting.count_next(project_id, now=self.now)
        except SomethingIsWrong:
            logger.exception("Project %d is left alone for %d seconds", project_id, WRONG_SECONDS)
            passed = self._pass(project_id)
            passed.until, passed.is_wrong = monotonic() + WRONG_SECONDS, True
            return False
        except Exception as error:
            refusal = refusal_of(error)
            if refusal is None or isinstance(refusal, DatabaseAway):
                raise
            self._pass(project_id)
            return False
        self._passed.pop(project_id, None)
        self.tidying.note(project_id, {occurrence.hash for occurrence in counted})
        return len(counted) >= counting.MOST

    def _pass(self, project_id: int) -> Passed:
        passed = self._passed.setdefault(project_id, Passed())
        pause = SHORTEST_PAUSE * 2.0 ** min(passed.times, 10)
        passed.until, passed.times = monotonic() + min(LONGEST_PAUSE, pause), passed.times + 1
        return passed
