"""The addresses that SDKs send to (contract 7.2, 7.3). Plain views: every error at night passes here.

What comes before them is issuetracker/middleware.py's way past all that other requests need.
"""

import json
import logging
import time
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from events import accepting, form, meaning
from events.accepting import Arriving
from events.form.posted import Posted
from events.taking.limits import Backlog, RateLimits, TooMany
from events.taking.losses import Losses
from events.taking.senders import NoSuchSender, Sender, Senders
from projects.api.addresses import client_address
from projects.database.failures import DatabaseAway, refusal_of
from projects.refusals import RETRY_SECONDS, Refusal

logger = logging.getLogger(__name__)

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": (
        "X-Sentry-Auth, X-Requested-With, X-Forwarded-For, Origin, Referer, Accept, Content-Type, Authentication, "
        "Authorization, Content-Encoding, Transfer-Encoding, sentry-trace, baggage, X-CSRFToken"
    ),
    "Access-Control-Expose-Headers": "X-Sentry-Error, X-Sentry-Rate-Limits, Retry-After",
}
PREFLIGHT = {"Access-Control-Max-Age": "3600"}

# What SDKs need not send, told them once an hour: they then stop, and events go on.
NOT_KEPT = (
    "3600:transaction;transaction_indexed;span;span_indexed;session;profile;profile_chunk;replay;log_item;log_byte;"
    "monitor;metric_bucket;trace_metric:organization:not_kept"
)
TOLD_EVERY = 3600.0

senders = Senders()
rate_limits = RateLimits()
backlog = Backlog()
losses = Losses()
_told: dict[str, float] = {}  # by key: when its SDKs were told last what is not kept


class NotTaken(Refusal):
    """Sentry has such an address, and it leads nowhere here."""

    status = 501

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not taken.")


class MethodNotAllowed(Refusal):
    status = 405

    def __init__(self, method: str) -> None:
        super().__init__(f'Method "{method}" not allowed.')


# ---------------------------------------------------------------------------------------------------------------------
# The addresses
# ---------------------------------------------------------------------------------------------------------------------


def envelope(request: HttpRequest, project_id: str) -> HttpResponse:
    """Take an envelope; the answer names its event."""
    return _answer(request, partial(_take_envelope, project_id=project_id))


def store(request: HttpRequest, project_id: str | None = None) -> HttpResponse:
    """Take one event, as old SDKs send it."""
    return _answer(request, partial(_take_store, project_id=project_id))


def security(request: HttpRequest, project_id: str) -> HttpResponse:
    """Take what a browser reports of a Content-Security-Policy."""
    return _answer(request, partial(_take_reports, project_id=project_id))


def not_taken(request: HttpRequest, project_id: str, what: str) -> HttpResponse:
    """Say that there is no such thing here."""

    def refuse(request: HttpRequest) -> HttpResponse:
        raise NotTaken(what)

    return _answer(request, refuse)


def _answer(request: HttpRequest, take: Any) -> HttpResponse:
    """Answer what ``take`` does, or why not; with the headers that browsers need to read either."""
    if request.method == "OPTIONS":
        response = HttpResponse(headers=PREFLIGHT)
        del response.headers["Content-Type"]
    else:
        try:
            if request.method != "POST":
                raise MethodNotAllowed(request.method or "")
            response = take(request)
        except Refusal as refusal:
            response = _refused(refusal)
        except (DatabaseError, InterfaceError) as error:
            away = refusal_of(error) or DatabaseAway(None)
            logger.error("An event was not stored (%s).", away.reason, exc_info=error)
            response = _refused(away)
    for name, value in CORS.items():
        response.headers[name] = value
    response.headers["Content-Length"] = str(len(response.content))
    return response


def _refused(refusal: Refusal) -> HttpResponse:
    response = _json(refusal.body, status=refusal.status)
    response.headers["X-Sentry-Error"] = refusal.sentence
    if isinstance(refusal, TooMany):
        response.headers["Retry-After"] = str(refusal.seconds)
        if refusal.lost_by == "rate_limit":
            limited = f"{refusal.seconds}:default;error;security:key:rate_limit"
        else:
            limited = f"{refusal.seconds}:default;error;security:organization:{refusal.lost_by}"
        response.headers["X-Sentry-Rate-Limits"] = limited
    elif refusal.status == 503:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    elif refusal.status == 405:
        response.headers["Allow"] = "POST, OPTIONS"
    return response


def _json(body: Any, *, status: int = 200) -> HttpResponse:
    return HttpResponse(json.dumps(body), status=status, content_type="application/json")


# ---------------------------------------------------------------------------------------------------------------------
# The order of the checks is that of contract 7.3
# ---------------------------------------------------------------------------------------------------------------------


def _take_envelope(request: HttpRequest, project_id: str) -> HttpResponse:
    envelope = form.Envelope(_body(request), _sizes())
    sender = _sender(request, project_id, dsn=lambda: envelope.header.get("dsn"))
    return _take(request, sender, lambda: [envelope.read()])


def _take_store(request: HttpRequest, project_id: str | None) -> HttpResponse:
    if form.is_envelope(request.headers.get("Content-Type", "")):
        envelope = form.Envelope(_body(request), _sizes())
        sender = _sender(request, project_id, dsn=lambda: envelope.header.get("dsn"))
        return _take(request, sender, lambda: [envelope.read()])
    sender = _sender(request, project_id)
    return _take(request, sender, lambda: [form.read_store(_body(request), _sizes())])


def _take_reports(request: HttpRequest, project_id: str) -> HttpResponse:
    sender = _sender(request, project_id)

    def read() -> Iterable[Posted]:
        return form.read_reports(
            _body(request),
            _sizes(),
            release=request.GET.get("sentry_release", ""),
            environment=request.GET.get("sentry_environment", ""),
            user_agent=request.headers.get("User-Agent", ""),
        )

    taken = _take(request, sender, read)
    if taken.status_code == 200:
        taken.content = b""
    return taken


def _sender(request: HttpRequest, project_id: str | None, *, dsn: Any = lambda: None) -> Sender:
    """Return who sends: checks 1 to 4.

    :raises Refusal: there is no good key, or it has sent enough.
    """
    key = form.read_key(
        x_sentry_auth=request.headers.get("X-Sentry-Auth", ""),
        query=request.GET.dict(),
        authorization=request.headers.get("Authorization", ""),
        dsn=dsn,
    )
    sender = senders.find(key, None if project_id is None else int(project_id))
    try:
        rate_limits.check(sender, settings.INGEST_PER_MINUTE)
        backlog.check(settings.INGEST_BACKLOG)
    except TooMany as refusal:
        losses.note(sender, refusal.lost_by, "error", at=timezone.now())
        raise
    return sender


def _take(request: HttpRequest, sender: Sender, read: Any) -> HttpResponse:
    """Read what was sent, and store the events in it: checks 5 to 8."""
    at = timezone.now()
    try:
        posted = list(read())
    except Refusal as refusal:
        losses.note(sender, LOST_BY.get(refusal.status, "invalid"), "error", at=at)
        raise
    ids = [_store(request, sender, each, at) for each in posted if each.event is not None]
    for each in posted:
        for category, count in each.passed_over.items():
            losses.note(sender, "not_kept", category, count, at=at)
        losses.note_reports(sender, each.reports, at=at)
    named = ids[0] if ids else next((each.event_id for each in posted if each.event_id is not None), None)
    response = _json({} if named is None else {"id": named.hex})
    if _is_to_be_told(sender.key):
        response.headers["X-Sentry-Rate-Limits"] = NOT_KEPT
    return response


LOST_BY = {413: "too_large", 415: "unknown_encoding"}


def _store(request: HttpRequest, sender: Sender, posted: Posted, at: datetime) -> UUID:
    """Store an event, and return its id.

    :raises NoSuchSender: the key was disabled or deleted a moment ago.
    """
    assert posted.event is not None
    event = meaning.read(
        posted.event,
        event_id=posted.event_id,
        sent_at=posted.sent_at,
        at=at,
        peer=client_address(request) or "",
        keep_addresses=settings.KEEP_ADDRESSES,
        most_bytes=settings.INGEST_EVENT_KEPT_BYTES,
    )
    accepted = accepting.accept(
        sender.key,
        sender.project_id,
        Arriving(
            event_id=event.id,
            day=event.day,
            seen_at=event.seen_at,
            hashes=event.fingerprints,
            level=event.level,
            user=sha256(event.user.encode()).hexdigest() if event.user else "",
            release=event.release,
            environment=event.environment,
            data=event.packed,
        ),
        at=at,
    )
    if not accepted.by_key:
        senders.forget(sender.key)
        raise NoSuchSender
    if accepted.is_new:
        rate_limits.count(sender, settings.INGEST_PER_MINUTE)
    else:
        losses.note(sender, "again", "error", at=at)
    return event.id


def _body(request: HttpRequest) -> Any:
    return form.decoded(request, request.headers.get("Content-Encoding", ""), _sizes())


def _sizes() -> form.Sizes:
    return form.Sizes(
        sent=settings.INGEST_REQUEST_BYTES, decoded=settings.INGEST_DECODED_BYTES, event=settings.INGEST_EVENT_BYTES
    )


def _is_to_be_told(key: str) -> bool:
    """Return whether the SDKs with this key were not told for an hour what is not kept; if so, they are now."""
    now = time.monotonic()
    if now - _told.get(key, -TOLD_EVERY) < TOLD_EVERY:
        return False
    _told[key] = now
    return True
