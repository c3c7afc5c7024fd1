"""Who changes something, when, and how carefully: one value, made at the edge and passed down as it is."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

from projects.callers import Caller
from projects.database import transactions


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What every change needs to know, and what doesn't depend on what is changed.

    :ivar at: the one time of the request, which every row carries that it writes.
    :ivar lock_timeout: for how many seconds to wait for each lock.
    :ivar preview: whether only to tell what would happen: all is done, and rolled back.
    :ivar expected: how many issues must match; with another number nothing is changed. None: any number.
    :ivar more_than: more issues than this must match; with fewer nothing is changed. None: any number.
    :ivar in_person: whether the caller acts. An operator acts in the name of a user for the history alone,
        and so puts back nobody's marks.
    """

    by: Caller
    at: datetime
    lock_timeout: int
    preview: bool = False
    expected: int | None = None
    more_than: int | None = None
    in_person: bool = True
    _made: float = field(default_factory=monotonic, repr=False, compare=False)

    def at_present(self) -> datetime:
        """Return ``at``, and how long it is ago: for who must know it after having waited for a lock."""
        return self.at + timedelta(seconds=monotonic() - self._made)

    @property
    def user_id(self) -> int | None:
        """The calling user's id; None without a user context (an API key)."""
        return self.by.user_id


def attempts(act: Act) -> Iterator[AbstractContextManager[None]]:
    """Yield transactions to act in, as :func:`transactions.attempts` does; a preview is rolled back."""
    return transactions.attempts(lock_timeout=act.lock_timeout, keep=not act.preview)
