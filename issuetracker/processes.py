"""Processes that this one starts, and that must not outlive it."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def dies_with_this_process() -> Callable[[], None] | None:
    """Return what a child does before its program begins, so that it ends when this process does, however that ends.

    After a ``kill -9`` nobody else could tell it: pg_restore would go on, and fill a database that somebody fills anew.
    It gets SIGTERM. Linux alone can do that; elsewhere None.
    """
    if sys.platform != "linux":
        return None
    parent, prctl = os.getpid(), ctypes.CDLL(None, use_errno=True).prctl  # looked up here: the child only calls it

    def bind() -> None:
        if prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0 or os.getppid() != parent:
            os._exit(1)  # it can't be bound, or the parent is gone already

    return bind
