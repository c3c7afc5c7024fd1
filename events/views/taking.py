"""The addresses that SDKs send to (contract 7.2, 7.3): every error at night passes here.

What comes before them is issuetracker/middleware.py's way past all that other requests need.
"""

import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from events import accepting, cors, form, observing
from events.accepting import Accepted, Arriving
from events.form.posted import Posted
from events.taking import reading
from events.taking.limits import Backlog, Disk, RateLimits, TooMany, Window
from events.taking.losses import Losses
from events.taking.senders import NoSuchSender, Sender, Senders
from events.taking.turns import in_turn
from events.views.plain import Answer
from projects.api.addresses import client_address
from projects.database import outages
from projects.database.failures import DatabaseAway, Ended, refusal_of
from projects.refusals import RETRY_SECONDS, Refusal
from projects.remembering import Remembered

logger = logging.getLogger(__name__)

# What SDKs need not send, told them once an hour: they then stop, and events go on.
NOT_KEPT = (
    "3600:transaction;transaction_indexed;span;span_indexed;session;profile;profile_chunk;replay;log_item;log_byte;"
    "monitor;metric_bucket;trace_metric:organization:not_kept"
)
TOLD_EVERY = 3600.0

# What this process knows.
senders = Senders()
rate_limits = RateLimits()
backlog = Backlog()
disk = Disk()
losses = Losses()
told = Remembered[bool](TOLD_EVERY)  # the keys whose SDKs were told what is not kept
os.register_at_fork(after_in_child=losses.begin_anew)


class NotTaken(Refusal):
    """Sentry has such an address, and it leads nowhere here."""

    status = 501

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not taken.")


class MethodNotAllowed(Refusal):
    status = 405

    def __init__(self, method: str) -> None:
        super().__init__(f'Method "{method}" not allowed.')


class Failed(Refusal):
    """A bug. SDKs count the event as lost; the log has why."""

    status = 500
    sentence = "Internal server error. The event was not stored."


# ---------------------------------------------------------------------------------------------------------------------
# The addresses
# ---------------------------------------------------------------------------------------------------------------------


def envelope(request: HttpRequest, project_id: str) -> Answer:
    """Take an envelope; the answer names its event."""
    return _answer(request, partial(_take_envelope, project_id=project_id))


def store(request: HttpRequest, project_id: str | None = None) -> Answer:
    """Take one event, as old SDKs send it."""
    return _answer(request, partial(_take_store, project_id=project_id))


def security(request: HttpRequest, project_id: str) -> Answer:
    """Take what a browser reports of a Content-Security-Policy."""
    return _answer(request, partial(_take_reports, project_id=project_id))


def not_taken(request: HttpRequest, project_id: str, what: str) -> Answer:
    """Say that there is no such thing here."""

    def refuse(request: HttpRequest) -> Answer:
        raise NotTaken(what)

    return _answer(request, refuse)


Take = Callable[[HttpRequest], Answer]


def _answer(request: HttpRequest, take: Take) -> Answer:
    """Answer what ``take`` does, or why not; with the headers that browsers need to read either."""
    if request.method == "OPTIONS":
        answer = Answer(headers={**cors.ON_PREFLIGHTS})
    else:
        try:
            if request.method != "POST":
                raise MethodNotAllowed(request.method or "")
            answer = take(request)
        except Exception as error:
            answer = _refused(_said(_refusal_of(error), error))
    answer.headers.update(cors.ON_EVERY_ANSWER)
    answer.headers["Content-Length"] = str(len(answer.body))
    return answer


def _refusal_of(error: Exception) -> Refusal:
    """Return what to tell an SDK. It can't change what ended a statement, a lock that an operator has for example."""
    refusal = refusal_of(error) or Failed()
    return DatabaseAway(refusal.code) if isinstance(refusal, Ended) else refusal


def _said(refusal: Refusal, error: Exception) -> Refusal:
    """Say in the log what an operator has to know of it: of a bug always, of a database that is away now and then."""
    if isinstance(refusal, Failed):
        logger.error("Bug: an event was not stored.", exc_info=error)
    else:
        outages.say(refusal, error, each=False)
    return refusal


def _refused(refusal: Refusal) -> Answer:
    answer = _json(refusal.body, status=refusal.status)
    answer.headers["X-Sentry-Error"] = refusal.sentence
    if isinstance(refusal, TooMany):
        answer.headers["Retry-After"] = str(refusal.seconds)
        if refusal.lost_by == "rate_limit":
            limited = f"{refusal.seconds}:default;error;security:key:rate_limit"
        else:
            limited = f"{refusal.seconds}:default;error;security:organization:{refusal.lost_by}"
        answer.headers["X-Sentry-Rate-Limits"] = limited
    elif refusal.status == 503:
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    elif refusal.status == 405:
        answer.headers["Allow"] = "POST, OPTIONS"
    return answer


def _json(body: Any, *, status: int = 200) -> Answer:
    return Answer(json.dumps(body).encode("ascii"), status, {"Content-Type": "application/json"})


# ---------------------------------------------------------------------------------------------------------------------
# The order of the checks is that of contract 7.3
# ---------------------------------------------------------------------------------------------------------------------


def _take_envelope(request: HttpRequest, project_id: str | None) -> Answer:
    envelope = form.Envelope(_body(request), _sizes())
    sender = _sender(request, project_id, dsn=lambda: envelope.header.get("dsn"))
    # One that is refused before it is read may hold anything.
    return _take(request, sender, lambda: [envelope.read()], unread="default")


def _take_store(request: HttpRequest, project_id: str | None) -> Answer:
    if form.is_envelope(request.META.get("CONTENT_TYPE", "")):
        return _take_envelope(request, project_id)
    sender = _sender(request, project_id)
    return _take(request, sender, lambda: [form.read_store(_body(request), _sizes())], unread="error")


def _take_reports(request: HttpRequest, project_id: str) -> Answer:
    sender = _sender(request, project_id)

    def read() -> Iterable[Posted]:
        return form.read_reports(
            _body(request),
            _sizes(),
            release=request.GET.get("sentry_release", ""),
            environment=request.GET.get("sentry_environment", ""),
            user_agent=_header(request, "USER_AGENT"),
        )

    taken = _take(request, sender, read, unread="security")
    taken.body = b""
    return taken


def _sender(request: HttpRequest, project_id: str | None, *, dsn: Callable[[], object] = lambda: None) -> Sender:
    """Return who sends: checks 1 to 3.

    :raises Refusal: there is no good key.
    """
    key = form.read_key(
        x_sentry_auth=_header(request, "X_SENTRY_AUTH"),
        query=request.GET.dict() if request.META.get("QUERY_STRING") else {},
        authorization=_header(request, "AUTHORIZATION"),
        dsn=dsn,
    )
    return senders.find(
        key, None if project_id is None else int(project_id), lock_timeout=settings.LOCK_TIMEOUT_SECONDS
    )


def _take(request: HttpRequest, sender: Sender, read: Callable[[], Iterable[Posted]], *, unread: str) -> Answer:
    """Read what was sent, and store the events in it: checks 4 to 8.

    :param unread: the category of what is lost when it is not even read.
    """
    at = timezone.now()
    category, left = unread, 1  # what is lost when it fails from here on
    place: tuple[Window, ...] | None = None  # under the limits, for the next event
    ids: list[UUID] = []
    try:
        place = _admitted(sender)
        posted = list(read())
        events = [each for each in posted if each.event is not None]
        _note_others(sender, posted, at)
        for each in events:
            category, left = "security" if each.is_csp else "error", len(events) - len(ids)
            if place is None:
                place = _admitted(sender)
            event_id, is_new = _store(request, sender, each, at)
            ids.append(event_id)
            if is_new:
                observing.taken(category)
                place = None
            else:
                losses.note(sender, "again", category, at=at)
    except Exception as error:
        losses.note(sender, _lost_by(error), category, left, at=at)
        raise
    finally:
        rate_limits.give_back(place or ())
    named = ids[0] if ids else next((each.event_id for each in posted if each.event_id is not None), None)
    answer = _json({} if named is None else {"id": named.hex})
    if told.get(sender.key) is None:
        told.put(sender.key, True)
        answer.headers["X-Sentry-Rate-Limits"] = NOT_KEPT
    return answer


def _admitted(sender: Sender) -> tuple[Window, ...]:
    """Return the place of the next event under the limits.

    :raises TooMany: there is none.
    """
    backlog.check(settings.INGEST_BACKLOG, lock_timeout=settings.LOCK_TIMEOUT_SECONDS)
    disk.check(settings.INGEST_DISK_FREE_MB)
    return rate_limits.take(sender, settings.INGEST_PER_MINUTE)


def _note_others(sender: Sender, posted: Iterable[Posted], at: datetime) -> None:
    """Count what stands beside the events, and is not kept; what clients say that they lost."""
    for each in posted:
        for category, count in each.passed_over.items():
            losses.note(sender, "not_kept", category, count, at=at)
        if each.reports:
            losses.note_reports(sender, each.reports, at=at)


def _lost_by(error: Exception) -> str:
    """Return the word by which a loss is counted."""
    refusal = refusal_of(error)
    match refusal:
        case None:
            return "internal_error"
        case TooMany():
            return refusal.lost_by
    return {413: "too_large", 415: "unknown_encoding", 503: "unavailable"}.get(refusal.status, "invalid")


def _store(request: HttpRequest, sender: Sender, posted: Posted, at: datetime) -> tuple[UUID, bool]:
    """Store an event. Return its id, and whether it is a new one.

    :raises NoSuchSender: the key was disabled or deleted a moment ago.
    """
    assert posted.event is not None
    event = reading.read(
        posted.event,
        event_id=posted.event_id,
        sent_at=posted.sent_at,
        at=at,
        peer=client_address(request) or "",
        keep_addresses=settings.KEEP_ADDRESSES,
        most_bytes=settings.INGEST_EVENT_KEPT_BYTES,
    )
    arriving = Arriving(
        event_id=event.id,
        day=event.day,
        seen_at=event.seen_at,
        hashes=event.fingerprints,
        level=event.level,
        user=sha256(event.user.encode()).hexdigest() if event.user else "",
        release=event.release,
        environment=event.environment,
        data=event.packed,
    )
    with observing.storing("security" if posted.is_csp else "error"):
        accepted = accepting.accept(
            sender.key, sender.project_id, arriving, at=at, lock_timeout=settings.LOCK_TIMEOUT_SECONDS
        )
    if accepted == Accepted.NOT_BY_THIS_KEY:
        senders.forget(sender.key)
        raise NoSuchSender
    return event.id, accepted == Accepted.NEW


def _body(request: HttpRequest) -> Iterator[bytes]:
    return in_turn(form.decoded(request, _header(request, "CONTENT_ENCODING"), _sizes()), request.META)


def _header(request: HttpRequest, name: str) -> str:
    """Return a header as WSGI calls it; ``request.headers`` would give all of them other names first."""
    said: str = request.META.get(f"HTTP_{name}", "")
    return said


def _sizes() -> form.Sizes:
    return form.Sizes(
        sent=settings.INGEST_REQUEST_BYTES, decoded=settings.INGEST_DECODED_BYTES, event=settings.INGEST_EVENT_BYTES
    )
