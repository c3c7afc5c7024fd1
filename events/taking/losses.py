"""What did not become an event, and why (contract 7.8): counted in memory, written once a second."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from threading import Lock, Timer
from typing import Any, NamedTuple

from django.db import DatabaseError, InterfaceError, connection

from events import observing
from events.models import LossSource
from events.taking.senders import Sender

logger = logging.getLogger("events.losses")

WRITTEN_AFTER = 1.0  # seconds
WRITTEN_AGAIN_AFTER = 10.0  # where the database did not take it
SAID_EVERY = 60.0

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
# Of one row: whoever has a public key may say any numbers, and a sum beyond bigint would be written never, with all
# that is written beside it.
MOST = 2**53

# Nothing is wrong where these are counted: SDKs send what nobody keeps, and some send twice.
USUAL = frozenset({"not_kept", "again"})


class Loss(NamedTuple):
    project_id: int
    day: date
    key: str
    source: str
    reason: str
    category: str


class Losses:
    """Counts for one process. Up to a second of them is lost with it, unless it ends in order."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget everything: in a forked process, what was counted is the parent's, and its thread is not here."""
        self._lock = Lock()
        self._writing = Lock()
        self._counts: Counter[Loss] = Counter()
        self._timer: Timer | None = None
        self._unsaid: Counter[tuple[int, str, str]] = Counter()
        self._say_at = 0.0

    def note(self, sender: Sender, reason: str, category: str, quantity: int = 1, *, at: datetime) -> None:
        """Count what this server did not take."""
        observing.lost(reason, quantity)
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
                if source == LossSource.SERVER and reason not in USUAL:
                    self._unsaid[sender.project_id, sender.key, reason] += quantity
            self._write_after(WRITTEN_AFTER)

    def _write_after(self, seconds: float) -> None:
        """Write once in so many seconds, unless somebody is about to; only ever called with the lock."""
        if self._timer is None:
            self._timer = Timer(seconds, self._write_in_a_thread)
            self._timer.daemon = True
            try:
                self._timer.start()
            except RuntimeError:  # no more threads: what is counted waits for the next that is, which tries again
                self._timer = None

    def _write_in_a_thread(self) -> None:
        try:
            self._write_or_say_why_not()
        finally:
            connection.close()

    def _write_or_say_why_not(self) -> None:
        try:
            self.write()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("What was not taken could not be written down just now (%s).", str(error).strip())

    def end(self) -> None:
        """Write what is not written yet, since the process ends; if that fails, it is lost."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
        if self._counts or self._writing.locked():
            self._write_in_a_thread()

    def write(self) -> None:
        """Write what was counted since the last time, and say it in the log now and then.

        :raises DatabaseError: nothing was written; it will be tried again.
        """
        with self._writing:
            with self._lock:
                counts, self._counts, self._timer = self._counts, Counter(), None
            self._say()
            if not counts:
                return
            try:
                _insert(counts)
            except BaseException:
                with self._lock:
                    self._counts.update(counts)
                    self._write_after(WRITTEN_AGAIN_AFTER)
                raise

    def _say(self) -> None:
        """Log what was refused: at once when it begins, then once a minute, never a line for each event."""
        if not self._unsaid or self._clock() < self._say_at:
            return
        with self._lock:
            unsaid, self._unsaid = self._unsaid, Counter()
        self._say_at = self._clock() + SAID_EVERY
        for (project_id, key, reason), quantity in sorted(unsaid.items()):
            logger.warning(
                "Not taken of project %d, key %s: %d, %s.",
                project_id,
                key,
                quantity,
                reason,
                extra={"project_id": project_id, "client_key": key, "reason": reason, "quantity": quantity},
            )


def _insert(counts: Counter[Loss]) -> None:
    rows = sorted(counts.items())  # in one order for all processes, or two of them would wait for each other
    columns: list[Any] = [
        *map(list, zip(*(loss for loss, _ in rows), strict=True)),
        [min(quantity, MOST) for _, quantity in rows],
        MOST,
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO events_loss AS known (project_id, day, key, source, reason, category, quantity)
            SELECT * FROM unnest(
                %s::bigint[], %s::date[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[]
            )
            ON CONFLICT (project_id, day, key, source, reason, category)
            DO UPDATE SET quantity = least(known.quantity + excluded.quantity, %s)
            """,
            columns,
        )


def _known(word: Any, words: frozenset[str]) -> str:
    return word if isinstance(word, str) and word in words else OTHER
