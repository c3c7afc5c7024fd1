"""What did not become an event, and why (contract 7.8): counted in memory, written once a second."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from threading import Lock, Timer
from typing import Any, NamedTuple

from django.db import DatabaseError, connection

from events.models import LossSource
from events.taking.senders import Sender

logger = logging.getLogger(__name__)

WRITTEN_AFTER = 1.0  # seconds

# What SDKs say of what they discarded; another word is `other`.
REASONS = frozenset(
    {
        *("queue_overflow", "cache_overflow", "buffer_overflow", "ratelimit_backoff", "network_error", "sample_rate"),
        *("before_send", "event_processor", "send_error", "internal_sdk_error", "insufficient_data", "backpressure"),
        *("no_parent_span", "ignored", "invalid", "too_many_attachments", "callback"),
    }
)
CATEGORIES = frozenset(
    {
        *("default", "error", "security", "transaction", "transaction_indexed", "span", "span_indexed", "attachment"),
        *("session", "profile", "profile_chunk", "replay", "feedback", "monitor", "log_item", "log_byte"),
        *("metric_bucket", "trace_metric", "internal"),
    }
)
OTHER = "other"
MOST_OF_A_REPORT = 100  # entries
MOST_IN_AN_ENTRY = 2**31 - 1


class Loss(NamedTuple):
    project_id: int
    day: date
    key: str
    source: str
    reason: str
    category: str


class Losses:
    """Counts for one process. Up to a second of them is lost with it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[Loss] = Counter()
        self._timer: Timer | None = None

    def note(self, sender: Sender, reason: str, category: str, quantity: int = 1, *, at: datetime) -> None:
        """Count what this server did not take."""
        self._add(sender, LossSource.SERVER, {(reason, category): quantity}, at)

    def note_reports(self, sender: Sender, reports: Iterable[Mapping[str, Any]], *, at: datetime) -> None:
        """Count what clients say that they discarded; what is no count is passed over."""
        said: Counter[tuple[str, str]] = Counter()
        for report in reports:
            entries = report.get("discarded_events")
            for entry in entries[:MOST_OF_A_REPORT] if isinstance(entries, list) else ():
                quantity = entry.get("quantity") if isinstance(entry, dict) else None
                if type(quantity) is int and 1 <= quantity <= MOST_IN_AN_ENTRY:
                    said[_known(entry.get("reason"), REASONS), _known(entry.get("category"), CATEGORIES)] += quantity
        self._add(sender, LossSource.CLIENT, said, at)

    def _add(self, sender: Sender, source: LossSource, counts: Mapping[tuple[str, str], int], at: datetime) -> None:
        if not counts:
            return
        day = at.astimezone(UTC).date()
        with self._lock:
            for (reason, category), quantity in counts.items():
                self._counts[Loss(sender.project_id, day, sender.key, source.value, reason, category)] += quantity
            if self._timer is None:
                self._timer = Timer(WRITTEN_AFTER, self._write_in_a_thread)
                self._timer.daemon = True
                self._timer.start()

    def _write_in_a_thread(self) -> None:
        try:
            self.write()
        except DatabaseError:
            logger.warning("What was not taken could not be written down just now; it is tried again.", exc_info=True)
        finally:
            connection.close()

    def write(self) -> None:
        """Write what was counted since the last time.

        :raises DatabaseError: nothing was written; it will be, with what comes then.
        """
        with self._lock:
            counts, self._counts, self._timer = self._counts, Counter(), None
        if not counts:
            return
        try:
            self._insert(counts)
        except DatabaseError:
            with self._lock:
                self._counts.update(counts)
            raise

    def _insert(self, counts: Counter[Loss]) -> None:
        rows = sorted(counts.items())  # in one order for all processes, or two of them would wait for each other
        columns = [*map(list, zip(*(loss for loss, _ in rows), strict=True)), [quantity for _, quantity in rows]]
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO events_loss AS known (project_id, day, key, source, reason, category, quantity)
                SELECT * FROM unnest(
                    %s::bigint[], %s::date[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[]
                )
                ON CONFLICT (project_id, day, key, source, reason, category)
                DO UPDATE SET quantity = known.quantity + excluded.quantity
                """,
                columns,
            )


def _known(word: Any, words: frozenset[str]) -> str:
    return word if isinstance(word, str) and word in words else OTHER
