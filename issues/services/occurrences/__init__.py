"""Events become issues: the one way by which what came in is counted (contract 7.7, 7.9).

Who calls this opens the transaction, holds the project before anything else, takes a batch of its events, and counts
them; then both are committed together, or neither. It knows nothing of how events are stored.

::

    for attempt in transactions.attempts(lock_timeout=...):
        with attempt:
            if occurrences.hold(project_id):
                batch = ...  # taken from what waits
                new = occurrences.unknown(project_id, batch, at=...)
                described = {fingerprint: ... for fingerprint, first in new.items()}
                counted = occurrences.count(project_id, batch, described, at=...)
"""

from issues.services.occurrences.counting import count, hold, unknown
from issues.services.occurrences.forgetting import Forgotten, forgotten, stop_forgetting
from issues.services.occurrences.minutes import OLDEST as OLDEST_MINUTE
from issues.services.occurrences.shapes import Counted, Description, Occurrence

__all__ = [
    "OLDEST_MINUTE",
    "Counted",
    "Description",
    "Forgotten",
    "Occurrence",
    "count",
    "forgotten",
    "hold",
    "stop_forgetting",
    "unknown",
]
