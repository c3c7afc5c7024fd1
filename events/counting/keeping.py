"""What goes by its age, in a thread of its own: to take a week of events away means to wait for every reader that is
there."""

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Thread
from time import monotonic

from django.db import connections

from events import weeks
from events.counting import losses
from projects.database import clocks

logger = logging.getLogger(__name__)

EVERY = 3600.0  # seconds


class Keeping:
    """Makes weeks ahead, and takes old ones away, and old counts of losses, once an hour.

    :param days: for how many days whole events are kept.
    """

    def __init__(self, *, days: int, now: Callable[[], datetime]) -> None:
        self.days, self.now = days, now
        self._thread: Thread | None = None
        self._next = 0.0

    def look(self) -> None:
        """Begin, if it is time, and the last time is over."""
        if monotonic() >= self._next and not (self._thread and self._thread.is_alive()):
            self._next = monotonic() + EVERY
            # A daemon: whoever ends the counter does not wait for readers, and what is half done is done next time.
            self._thread = Thread(target=self._keep, name="weeks", daemon=True)
            self._thread.start()

    def keep(self) -> None:
        """Do it now, and wait for it."""
        weeks.make_ahead(self.now())
        now = clocks.earlier(self.now())
        losses.forget_old(now, self.days)
        weeks.drop_old(now, self.days)

    def _keep(self) -> None:
        try:
            self.keep()
        except Exception:
            logger.exception("The weeks of events could not be kept; this is tried again in an hour")
        finally:
            connections.close_all()
