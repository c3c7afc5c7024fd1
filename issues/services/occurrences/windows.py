"""How many events and users there were within some minutes. Pure: it asks nobody.

A window is the minute of an event and so many minutes before it. What was before the start counts for none.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

MINUTE = timedelta(minutes=1)


def minute_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


class EventsWithin:
    """Counts events, one after the other, and says how many are in the window of each.

    :param counted: how many there were in each minute before.
    :param minutes: how wide the window is.
    """

    def __init__(self, counted: Mapping[datetime, int], minutes: int, since: datetime | None) -> None:
        self._width, self._since = minutes * MINUTE, since
        self._minutes = sorted(counted)
        self._sums = [0]
        for minute in self._minutes:
            self._sums.append(self._sums[-1] + counted[minute])
        # Of each window that was asked for, by its last minute: with what came since.
        self._asked: dict[datetime, int] = {}
        self._new: dict[datetime, int] = {}

    def add(self, seen_at: datetime) -> int:
        """Count an event, and return how many are in its window."""
        minute = minute_of(seen_at)
        if minute not in self._asked:
            first = bisect_left(self._minutes, minute - self._width)
            before = self._sums[bisect_right(self._minutes, minute)] - self._sums[first]
            new = sum(count for other, count in self._new.items() if minute - self._width <= other <= minute)
            self._asked[minute] = before + new
        if self._since is None or seen_at >= self._since:
            self._new[minute] = self._new.get(minute, 0) + 1
            for last in self._asked:
                if last - self._width <= minute <= last:
                    self._asked[last] += 1
        return self._asked[minute]


class UsersWithin:
    """Notes users, event by event, and says how many were seen last in the window of each.

    :param last_seen: when each was seen last before, since the start.
    """

    def __init__(self, last_seen: Mapping[int, datetime], minutes: int, since: datetime | None) -> None:
        self._width, self._since = minutes * MINUTE, since
        self._last = {user: minute_of(seen_at) for user, seen_at in last_seen.items()}
        self._asked: dict[datetime, int] = {}

    def add(self, user: int | None, seen_at: datetime) -> int:
        """Note an event, of somebody or of nobody, and return how many users are in its window."""
        minute = minute_of(seen_at)
        if minute not in self._asked:
            self._asked[minute] = sum(self._is_in(last, minute) for last in self._last.values())
        if user is not None and (self._since is None or seen_at >= self._since):
            before = self._last.get(user)
            if before is None or minute > before:
                self._last[user] = minute
                for last in self._asked:
                    self._asked[last] += self._is_in(minute, last) - (before is not None and self._is_in(before, last))
        return self._asked[minute]

    def _is_in(self, minute: datetime, last: datetime) -> bool:
        return last - self._width <= minute <= last
