"""A database that fails: what the log says of it, wherever it was met."""

import logging

from projects.refusals import Refusal
from projects.remembering import Remembered

logger = logging.getLogger(__name__)

TRACED_EVERY = 10.0  # seconds; where it failed, of each of its codes
SAID_CHARACTERS = 300  # of what it said
traced = Remembered[bool](TRACED_EVERY)


def say(refusal: Refusal, error: BaseException, *, each: bool = True) -> bool:
    """Say in the log that the database failed, if that is what it is; return whether it is.

    A line in PostgreSQL's own words; where it was, now and then. A database that is away for an hour would else leave
    the same traceback thousands of times, and nobody would find another one between them.

    :param each: False where hundreds may fail in a second: then only what has the traceback is a line.
    """
    if refusal.is_certain:
        return False
    is_known = traced.get(refusal.reason) is not None
    if not is_known:
        traced.put(refusal.reason, True)
    if each or not is_known:
        words = " ".join(str(error).split())[:SAID_CHARACTERS]
        logger.error("The database failed (%s): %s", refusal.reason, words, exc_info=None if is_known else error)
    return True
