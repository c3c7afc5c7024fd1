"""What Prometheus is told: requests here, the rest in issues/ and events/observing.py; over all workers, dead ones too.

Each worker counts in files of its own, which prometheus_client adds up when it is asked. The server makes their folder
when it starts and takes it away when it ends. Without METRICS_TOKEN nobody can ask, and each process counts for itself.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, Metric, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from events import observing as observing_events
from issues import observing
from projects.database import replica
from projects.database.failures import SENTENCES
from projects.database.reading import PRIMARY

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the variable by which prometheus_client finds it

# Never a part of the address as such, nor a method as it was sent: each would be a series for ever.
METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"})
REQUESTS = Counter("issuetracker_requests_total", "Requests that were answered.", ["route", "method", "status"])
REQUEST_SECONDS = Histogram(
    "issuetracker_request_seconds",
    "How long it took to make answers.",
    ["route", "method"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
UNAVAILABLE = Counter(
    "issuetracker_unavailable_total", "Answers with 503 of the API, by what was in the way.", ["reason"]
)

# What issuetracker/pruning.py takes away, and how a look for it ends.
PRUNED_KINDS = (
    *("mutations", "activities", "hours", "minutes"),
    *("lost events", "weeks of events", "sessions", "log-ins", "changes of settings"),
)
DONE, STOPPED, FAILED = "done", "stopped", "failed"
PRUNING_OUTCOMES = (DONE, STOPPED, FAILED)
PRUNED = Counter("issuetracker_pruned_total", "Rows that were removed since they were old; weeks of events.", ["kind"])
PRUNING_LEFT = Counter("issuetracker_pruning_left_total", "Left for the next time, since others held it.", ["kind"])
PRUNING_RUNS = Counter("issuetracker_pruning_runs_total", "Looks for what is old, by how they ended.", ["outcome"])
PRUNING_ENDED = Gauge(
    "issuetracker_pruning_ended_timestamp_seconds",
    "When a look for what is old ended last.",
    ["outcome"],
    multiprocess_mode="max",
)


def count(route: str, method: str, status: int, seconds: float) -> None:
    """Count a request that was answered."""
    method = method if method in METHODS else "other"
    REQUESTS.labels(route, method, status).inc()
    REQUEST_SECONDS.labels(route, method).observe(seconds)


@cache
def route_name(route: str) -> str:
    """Return the pattern of an address, of which there are as many as there are, as the README writes it."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Events that are not counted yet.

    :ivar events: all of them.
    :ivar set_aside: those that could not be counted.
    :ivar seconds: for how long the oldest of the others has waited.
    """

    events: int
    set_aside: int
    seconds: float

    def collect(self) -> Iterator[Metric]:
        """Yield what is told of it."""
        yield GaugeMetricFamily("issuetracker_events_lag_seconds", "Age of the oldest uncounted event.", self.seconds)
        yield GaugeMetricFamily("issuetracker_events_waiting", "Events that wait to be counted.", self.events)
        yield GaugeMetricFamily("issuetracker_events_set_aside", "Those that can't be counted.", self.set_aside)


class _Everything:
    """What is told at once."""

    def __init__(self, *sources: Any) -> None:
        self.sources = [source for source in sources if source is not None]

    def collect(self) -> Iterator[Metric]:
        for source in self.sources:
            yield from source.collect()


def exposition(accept: str, *asked: Any) -> tuple[bytes, str]:
    """Return everything as text, and its media type: one of those that the reader accepts.

    :param asked: what was asked just now, each with a ``collect()``; None: it didn't say.
    """
    counted: CollectorRegistry = REGISTRY
    if FOLDER in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)
    told = CollectorRegistry()
    told.register(_Everything(counted, *asked))
    encode, media_type = choose_encoder(accept)
    return encode(told), media_type


# ---------------------------------------------------------------------------------------------------------------------
# Over several processes: called by issuetracker/server/, in the master
# ---------------------------------------------------------------------------------------------------------------------


def share() -> None:
    """From here on, count together with whatever is forked from this process."""
    memory = "/dev/shm"
    # A new one, so that it is empty, and no other installation's. In memory: it is written at every request.
    os.environ[FOLDER] = tempfile.mkdtemp(
        prefix="issuetracker-metrics-", dir=memory if os.access(memory, os.W_OK) else None
    )
    # As prometheus_client does by itself when the variable is set before it is imported; here the database is migrated,
    # and the demo seeded, before it is known that there will be a server.
    values.ValueClass = values.MultiProcessValue()
    observing.begin_at_zero()
    observing_events.begin_at_zero()
    for reason in (*SENTENCES, "none"):
        UNAVAILABLE.labels(reason)
    if settings.READ_DATABASE != PRIMARY:
        replica.begin_at_zero()
    for kind in PRUNED_KINDS:
        PRUNED.labels(kind)
        PRUNING_LEFT.labels(kind)
    for outcome in PRUNING_OUTCOMES:
        PRUNING_RUNS.labels(outcome)


def bury(pid: int) -> None:
    """Forget what a worker that has ended was at; what it had counted stays."""
    if FOLDER in os.environ:
        mark_process_dead(pid)


def end_sharing() -> None:
    """Take the folder away."""
    if folder := os.environ.pop(FOLDER, None):
        shutil.rmtree(folder)
