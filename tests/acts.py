"""Who changes something in a test, when, and how carefully; all that a test doesn't care about is said here."""

from datetime import datetime
from typing import Any

from projects.acting import Act
from projects.callers import Caller
from tests.factories import NOW


def act(by: Caller | None = None, at: datetime = NOW, *, lock_timeout: int = 5, **how: Any) -> Act:
    """Return an act of this caller; without one, of nobody who is known."""
    return Act(by=by or Caller(), at=at, lock_timeout=lock_timeout, **how)
