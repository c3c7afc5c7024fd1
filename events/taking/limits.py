"""How much is taken in (contract 7.8). Counted by each process: a guard that has to cost nothing."""

import math
import time
from collections.abc import Callable
from threading import Lock

from django.db import connection

from events.taking.senders import Sender
from projects.refusals import Refusal

MINUTE = 60
LONGEST_WAIT = 60  # SDKs drop everything until then
BACKLOG_WAIT = 60
LOOKED_AT_EVERY = 1.0  # seconds; the backlog
COUNTED_EVERY = 10.0  # the same, where it has to be counted


class TooMany(Refusal):
    """Over a limit; SDKs wait for so many seconds, and drop what happens meanwhile."""

    status = 429

    def __init__(self, seconds: int, reason: str, sentence: str) -> None:
        self.seconds, self.lost_by = seconds, reason
        super().__init__(sentence)


class RateLimits:
    """Events by key, in windows that begin anew together."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = Lock()
        self._counts: dict[tuple[str, int], tuple[int, int]] = {}  # key, seconds -> number of the window, events in it

    def check(self, sender: Sender, per_minute: int) -> None:
        """Let the sender go on.

        :param per_minute: the limit of the installation for each key; 0 is none.
        :raises TooMany: it has sent as many as it may.
        """
        now = self._clock()
        for most, seconds in _limits(sender, per_minute):
            number, count = self._counts.get((sender.key, seconds), (0, 0))
            if number == int(now // seconds) and count >= most:
                wait = math.ceil((number + 1) * seconds - now)
                raise TooMany(min(max(wait, 1), LONGEST_WAIT), "rate_limit", "This key has sent too many events.")

    def count(self, sender: Sender, per_minute: int, events: int = 1) -> None:
        """Count events that were stored."""
        now = self._clock()
        with self._lock:
            for _, seconds in _limits(sender, per_minute):
                current = int(now // seconds)
                number, count = self._counts.get((sender.key, seconds), (current, 0))
                self._counts[sender.key, seconds] = current, (count if number == current else 0) + events


def _limits(sender: Sender, per_minute: int) -> list[tuple[int, int]]:
    own = [] if sender.limit is None else [sender.limit]
    return own + ([(per_minute, MINUTE)] if per_minute else [])


class Backlog:
    """How many events wait to be counted, looked at once a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._look_at = 0.0
        self._is_full = False

    def check(self, most: int) -> None:
        """Let an event in.

        :raises TooMany: more than ``most`` wait.
        """
        now = self._clock()
        if now >= self._look_at:
            self._look_at = now + LOOKED_AT_EVERY
            if may_be_more_than(most):  # else the span of ids says that there are not so many
                self._look_at = now + COUNTED_EVERY
                self._is_full = are_more_than(most)
            else:
                self._is_full = False
        if self._is_full:
            raise TooMany(BACKLOG_WAIT, "backlog", "More events wait to be counted than this server takes.")


def may_be_more_than(most: int) -> bool:
    """Return whether the ids of what waits span more than so many; two looks into an index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id) - min(id) + 1, 0) > %s FROM events_arrival", [most])
        return bool(cursor.fetchone()[0])


def are_more_than(most: int) -> bool:
    """Return whether more than so many wait: counted, no further. One of a project that is held may be old."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) > %s FROM (SELECT FROM events_arrival LIMIT %s) AS waiting", [most, most + 1])
        return bool(cursor.fetchone()[0])
