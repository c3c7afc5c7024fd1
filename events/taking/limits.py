"""How much is taken in (contract 7.8). Counted by each process: a guard that has to cost nothing."""

import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from django.db import OperationalError, connection

from events.taking.senders import Sender
from projects.database import citus
from projects.database.connections import first_look_up_tried_again
from projects.refusals import Refusal

MINUTE = 60
LONGEST_WAIT = 60  # SDKs drop everything until then
BACKLOG_WAIT = 60
LOOKED_AT_EVERY = 1.0  # seconds; the backlog, and the disk
COUNTED_EVERY = 10.0  # the backlog, where it has to be counted
SWEPT_AT = 10_000  # windows: with so many, those that are over are looked for, and forgotten
MB = 1_000_000


class TooMany(Refusal):
    """Over a limit; SDKs wait for so many seconds, and drop what happens meanwhile."""

    status = 429

    def __init__(self, seconds: int, lost_by: str, sentence: str) -> None:
        self.seconds, self.lost_by = seconds, lost_by
        super().__init__(sentence)


# ---------------------------------------------------------------------------------------------------------------------
# Of a key
# ---------------------------------------------------------------------------------------------------------------------


class Window(NamedTuple):
    """So many seconds of a key, beginning at a whole number of them: all keys' windows begin anew together."""

    key: str
    seconds: int
    number: int


class RateLimits:
    """Events by key and window. A place is taken before an event is read, so that no two take the last one."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = Lock()
        self._counts: dict[Window, int] = {}
        self._sweep_at = SWEPT_AT

    def __len__(self) -> int:
        return len(self._counts)

    def take(self, sender: Sender, per_minute: int) -> tuple[Window, ...]:
        """Take a place for an event, and return in which windows.

        :param per_minute: the limit of the installation for each key; 0 is none.
        :raises TooMany: it has sent as many as it may; it waits for the last of the windows that are full.
        """
        limits = ([] if sender.limit is None else [sender.limit]) + ([(per_minute, MINUTE)] if per_minute else [])
        if not limits:
            return ()
        now = self._clock()
        wait = 0
        windows = tuple({Window(sender.key, seconds, int(now // seconds)) for _, seconds in limits})
        with self._lock:
            for most, seconds in limits:
                number = int(now // seconds)
                if self._counts.get(Window(sender.key, seconds, number), 0) >= most:
                    wait = max(wait, math.ceil((number + 1) * seconds - now))
            if wait:
                raise TooMany(min(wait, LONGEST_WAIT), "rate_limit", "This key has sent too many events.")
            for window in windows:
                self._counts[window] = self._counts.get(window, 0) + 1
            if len(self._counts) >= self._sweep_at:
                self._counts = {
                    each: count for each, count in self._counts.items() if each.number == int(now // each.seconds)
                }
                self._sweep_at = max(SWEPT_AT, 2 * len(self._counts))
        return windows

    def give_back(self, windows: tuple[Window, ...]) -> None:
        """Give the place back: it was not for a new event."""
        with self._lock:
            for window in windows:
                if window in self._counts:  # else it is over
                    self._counts[window] -= 1


# ---------------------------------------------------------------------------------------------------------------------
# Of the installation
# ---------------------------------------------------------------------------------------------------------------------


class Backlog:
    """How many events wait to be counted, looked at once a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._look_at = -math.inf
        self._is_full = False

    def check(self, most: int, *, lock_timeout: float) -> None:
        """Let an event in.

        :param lock_timeout: so many seconds to wait for who has locked the table.
        :raises TooMany: more than ``most`` wait.
        """
        now = self._clock()
        if now >= self._look_at:
            self._look_at = now + LOOKED_AT_EVERY
            try:
                self._is_full = self._look(most, now, lock_timeout)
            except OperationalError as error:
                if not citus.is_away(error):
                    raise
                self._is_full = False  # how many wait there nobody knows; those of others are let in
        if self._is_full:
            raise TooMany(BACKLOG_WAIT, "backlog", "More events wait to be counted than this server takes.")

    def _look(self, most: int, now: float, lock_timeout: float) -> bool:
        if not may_be_more_than(most, lock_timeout=lock_timeout):  # the span of ids says that there are not so many
            return False
        self._look_at = now + COUNTED_EVERY
        return are_more_than(most, lock_timeout=lock_timeout)


def may_be_more_than(most: int, *, lock_timeout: float) -> bool:
    """Return whether the ids of what waits span more than so many; two looks into an index."""
    with first_look_up_tried_again(lock_timeout=lock_timeout), connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id) - min(id) + 1, 0) > %s FROM events_arrival", [most])
        return bool(cursor.fetchone()[0])


def are_more_than(most: int, *, lock_timeout: float) -> bool:
    """Return whether more than so many wait: counted, up to one more. Ids span more when an old one still waits."""
    with first_look_up_tried_again(lock_timeout=lock_timeout), connection.cursor() as cursor:
        # With a column: Citus keeps what several machines answer, and can't keep rows that have none.
        cursor.execute(
            "SELECT count(*) > %s FROM (SELECT id FROM events_arrival LIMIT %s) AS waiting", [most, most + 1]
        )
        return bool(cursor.fetchone()[0])


class Disk:
    """How much room the disk of the database has, looked at once a second; only where that disk is this machine's."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._look_at = -math.inf
        self._is_full = False

    def check(self, least_mb: int) -> None:
        """Let an event in.

        :param least_mb: so many megabytes have to be free; 0 is no limit.
        :raises TooMany: there are fewer.
        """
        now = self._clock()
        if now >= self._look_at:
            self._look_at = now + LOOKED_AT_EVERY
            folder = data_folder()
            self._is_full = folder is not None and free_bytes(folder) < least_mb * MB
        if self._is_full:
            raise TooMany(BACKLOG_WAIT, "backlog", "The disk of this server is nearly full.")


def data_folder() -> Path | None:
    """Return where the database keeps its data, if it says so: the embedded PostgreSQL does."""
    return getattr(connection, "data_folder", None)


def free_bytes(folder: Path) -> int:
    """Return how much may still be written there, by whoever is not root."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
