"""A process beside the workers: there as long as they are, and started again when it has died."""

import logging
import os
import subprocess
import sys
from time import monotonic

from django.conf import settings

from issuetracker import metrics
from issuetracker.processes import dies_with_this_process

logger = logging.getLogger("issuetracker.server")

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between two starts
LONG_ENOUGH = 60.0  # what has lived so long is started again at once
GRACE_SECONDS = 10


class Companion:
    """A command of ``manage.py`` that ends when its parent has.

    Its log lines go where the workers' go. It has a session of its own: Ctrl-C at a terminal comes to the master alone,
    which ends it when the workers have ended.
    """

    def __init__(self, command: str) -> None:
        self.command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = 0.0

    def tend(self) -> None:
        """Start it, if it isn't there; not at once if it has only just died. Called again and again."""
        if self._process is not None and self._process.poll() is None:
            return
        if self._process is not None:
            self._bury(self._process)
        if monotonic() - self._started >= self._pause:
            self._start()

    def _start(self) -> None:
        self._started = monotonic()
        try:
            self._process = subprocess.Popen(
                [sys.executable, str(settings.BASE_DIR / "manage.py"), self.command, f"--parent={os.getpid()}"],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=dies_with_this_process(),
            )
        except OSError as error:  # no more processes, memory or descriptors: the master must not end for it
            self._wait_longer()
            logger.error("%s can't be started (%s), and is tried again", self.command, error.strerror)

    def _bury(self, process: "subprocess.Popen[bytes]") -> None:
        """Note that it has died. With what code is unknown: gunicorn may have taken note of it first."""
        metrics.bury(process.pid)
        self._process = None
        lived = monotonic() - self._started
        if lived >= LONG_ENOUGH:
            self._pause = 0
        else:
            self._wait_longer()
        logger.error("%s (process %d) has ended by itself, and is started again", self.command, process.pid)

    def _wait_longer(self) -> None:
        self._pause = min(LONGEST_PAUSE, max(SHORTEST_PAUSE, 2 * self._pause))

    def end(self) -> None:
        """End it, and wait until it has."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
