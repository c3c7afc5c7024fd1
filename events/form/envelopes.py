"""Envelopes (contract 7.4): a line that says what all is about, then items, each a line and its payload."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from events.form import refusals, sizes
from events.form.json_objects import read_header, read_object
from events.form.pieces import Pieces
from events.form.posted import Posted
from events.form.sizes import Sizes

MEDIA_TYPE = "application/x-sentry-envelope"

# The words of X-Sentry-Rate-Limits for what is passed over; whatever is not here is "default".
CATEGORIES = {
    "event": "error",
    "unreal_report": "error",
    "transaction": "transaction",
    "security": "security",
    "raw_security": "security",
    "attachment": "attachment",
    "session": "session",
    "sessions": "session",
    "user_report": "feedback",
    "feedback": "feedback",
    "profile": "profile",
    "profile_chunk": "profile_chunk",
    "replay_event": "replay",
    "replay_recording": "replay",
    "replay_video": "replay",
    "check_in": "monitor",
    "log": "log_item",
    "otel_log": "log_item",
    "span": "span",
    "otel_span": "span",
    "otel_traces_data": "span",
    "statsd": "metric_bucket",
    "metric_buckets": "metric_bucket",
    "trace_metric": "trace_metric",
    "client_report": "internal",
}
OTHER = "default"
# One item of these may hold many, and says how many; more than any SDK sends is not believed.
HOLD_MANY = {"log", "span", "trace_metric"}
MOST_IN_ONE = 1000

_AN_ID = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_envelope(content_type: str) -> bool:
    """Return whether a Content-Type says that the body is one."""
    return content_type.partition(";")[0].strip().lower() == MEDIA_TYPE


class Envelope:
    """One that is read from its start, piece by piece, no further than it is asked for."""

    def __init__(self, decoded: Iterator[bytes], limits: Sizes) -> None:
        self._pieces = Pieces(decoded)
        self._limits = limits

    @cached_property
    def header(self) -> dict[str, Any]:
        """What its first line says.

        :raises BadEnvelopeHeader: no JSON object.
        :raises TooLarge: it is longer than any client's.
        :raises Refusal: as ``decoded`` does.
        """
        line = self._pieces.line(sizes.HEADER_LINE)
        if line is None:
            raise refusals.TooLarge("the envelope's header", sizes.HEADER_LINE)
        return read_object(line, refusals.BadEnvelopeHeader)

    def read(self) -> Posted:
        """Return what it holds: the first event, reports of the client, and how much else was passed over.

        :raises BadRequest: it is not of the form, or its event is no JSON object.
        :raises TooLarge: the event, or a line that says what follows.
        :raises TooManyItems: more than any client sends.
        :raises Refusal: as ``decoded`` does.
        """
        header = self.header
        event: bytes | None = None
        reports: list[dict[str, Any]] = []
        passed_over: Counter[str] = Counter()
        for item in self._items():
            if item.type == "event" and event is None:
                event = item.payload(self._limits.event)
                if event is None:
                    raise refusals.TooLarge("the event", self._limits.event)
                continue
            if item.type == "client_report" and len(reports) < sizes.CLIENT_REPORTS:
                report = _report_in(item)
                if report is not None:
                    reports.append(report)
                    continue
            item.pass_over()
            passed_over[CATEGORIES.get(item.type, OTHER)] += item.count
        return Posted(
            event=None if event is None else read_object(event, refusals.BadEvent),
            event_id=read_id(header.get("event_id")),
            sent_at=read_time(header.get("sent_at")),
            reports=tuple(reports),
            passed_over=passed_over,
        )

    def _items(self) -> Iterator["Item"]:
        """Yield each item; its payload is to be read, or passed over, before the next one."""
        for _ in range(sizes.ITEMS):
            self._pieces.pass_newlines()
            if self._pieces.is_at_end():
                return
            line = self._pieces.line(sizes.HEADER_LINE)
            if line is None:
                raise refusals.TooLarge("an item's header", sizes.HEADER_LINE)
            yield Item(read_header(line, refusals.BadItemHeader), self._pieces)
        raise refusals.TooManyItems(sizes.ITEMS)


class Item:
    """One item, whose header was read."""

    def __init__(self, header: dict[str, Any], pieces: Pieces) -> None:
        kind, length, count = header.get("type"), header.get("length"), header.get("item_count")
        if not (length is None or (type(length) is int and length >= 0)):
            raise refusals.BadItemHeader(None, "its length is no whole number")
        self.type = kind if isinstance(kind, str) else ""
        self.count = 1
        if self.type in HOLD_MANY and type(count) is int and 1 <= count <= MOST_IN_ONE:
            self.count = count
        self._length: int | None = length
        self._pieces = pieces
        self._was_read = False

    def payload(self, most: int) -> bytes | None:
        """Return the payload; None if it has more bytes than ``most``. It is still to be passed over then.

        :raises EndsTooEarly: it is shorter than its length.
        :raises MissingNewline: it is longer.
        """
        if self._length is None:
            payload = self._pieces.line(most)
        elif self._length > most:
            payload = None
        else:
            payload = self._pieces.take(self._length)
            self._expect(there_was_enough=payload is not None)
        self._was_read = payload is not None
        return payload

    def pass_over(self) -> None:
        """Pass over the payload, unless it was read.

        :raises EndsTooEarly: it is shorter than its length.
        :raises MissingNewline: it is longer.
        """
        if self._was_read:
            return
        if self._length is None:
            self._pieces.pass_line()
        else:
            self._expect(there_was_enough=self._pieces.pass_bytes(self._length))

    def _expect(self, *, there_was_enough: bool) -> None:
        if not there_was_enough:
            raise refusals.EndsTooEarly(None, "an item's length is beyond it")
        if not self._pieces.pass_newline():
            raise refusals.MissingNewline(None, "an item is longer than its length")


def _report_in(item: Item) -> dict[str, Any] | None:
    """Return the report; None if it is too long, or none: it never costs the event beside it."""
    payload = item.payload(sizes.CLIENT_REPORT)
    if payload is None:
        return None
    try:
        return read_object(payload, refusals.BadClientReport)
    except refusals.BadClientReport:
        return None


def read_id(value: Any) -> UUID | None:
    """Return an event's id, with dashes or without; None for the nil one, which sentry-cli sends for none."""
    if not (isinstance(value, str) and _AN_ID.fullmatch(value)):
        return None
    found = UUID(value)
    return found if found.int else None


def read_time(value: Any) -> datetime | None:
    """Return the time of an ISO 8601 text, UTC unless it says otherwise; None if it is none."""
    if not isinstance(value, str) or len(value) <= len("2026-11-29"):
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
