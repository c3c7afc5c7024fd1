"""What an operator sees of events: counts for Prometheus.

The log has a line now and then for what was refused (events/taking/losses.py).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import Counter, Histogram

# Each has a label: without one, a series is made when this is imported, before workers count together.
TAKEN = Counter("issuetracker_events_taken_total", "Events that were stored.", ["category"])
# Few values: the reasons are ours, those that clients say are not among them.
LOST = Counter("issuetracker_events_lost_total", "What SDKs sent and was not stored as an event, by why.", ["reason"])
STORING_SECONDS = Histogram(
    "issuetracker_event_storing_seconds",
    "How long it took the database to have an event on disk.",
    ["category"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)

REASONS = (
    *("rate_limit", "backlog", "too_large", "unknown_encoding", "invalid", "unavailable", "internal_error"),
    *("not_kept", "again"),
)


def begin_at_zero() -> None:
    """Make the series that are known beforehand: Prometheus sees no increase in what begins at 1."""
    for reason in REASONS:
        LOST.labels(reason)
    for category in ("error", "security"):
        TAKEN.labels(category)
        STORING_SECONDS.labels(category)


def lost(reason: str, quantity: int) -> None:
    """Count what was not stored."""
    LOST.labels(reason).inc(quantity)


def taken(category: str) -> None:
    """Count an event that was stored."""
    TAKEN.labels(category).inc()


@contextmanager
def storing(category: str) -> Iterator[None]:
    """Time the statement that stores an event, also when it fails."""
    started = perf_counter()
    try:
        yield
    finally:
        STORING_SECONDS.labels(category).observe(perf_counter() - started)
