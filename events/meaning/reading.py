"""The way in: what is read of one event (contract 7.5)."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from events.meaning.exceptions import read_exceptions, read_threads
from events.meaning.fields import (
    Errors,
    day_of,
    read_dist,
    read_fingerprint,
    read_id,
    read_level,
    read_object,
    read_objects,
    read_release,
    read_tags,
    read_text,
    read_timestamp,
    seen_at,
    without_aliases,
)
from events.meaning.fitting import fit
from events.meaning.grouping import fingerprints
from events.meaning.messages import read_message
from events.meaning.people import kept_user, read_user
from events.meaning.policies import read_csp
from events.meaning.scrubbing import scrub
from events.meaning.shapes import Event, Subject
from events.meaning.titles import name

MOST_BYTES = 1024**2  # of what is kept, as JSON
MOST_OF_A_WORD = 64
MOST_OF_A_TRANSACTION = 200
WORDS = ("platform", "logger", "environment", "server_name")
OBJECTS = ("sdk", "contexts", "extra", "modules", "request")


def read(
    event: dict[str, Any],
    *,
    event_id: UUID | None,
    sent_at: datetime | None,
    at: datetime,
    peer: str,
    keep_addresses: bool,
    most_bytes: int = MOST_BYTES,
) -> Event:
    """Return what an event says. Nothing in it is refused; it is left as it is.

    :param event_id: of the envelope, which wins over the event's own. Without either a new one is made.
    :param sent_at: when the SDK sent it, by its clock; what differs much from ours is set right.
    :param at: when it was received, in UTC.
    :param peer: the address it came from; "" where that is unknown.
    :param keep_addresses: whether that address may be kept where the SDK asks for it.
    :param most_bytes: how large it may be when it is kept.
    """
    errors = Errors()
    sent = without_aliases(event)
    user = read_user(sent, peer=peer, errors=errors)
    clean: dict[str, Any] = scrub(sent)

    own_id = read_id(clean, errors)
    found_id = event_id or own_id
    timestamp = read_timestamp(clean, errors)
    seen = seen_at(timestamp, sent_at=sent_at, at=at)
    words = {key: read_text(clean, key, MOST_OF_A_WORD, errors) for key in WORDS}
    level = read_level(clean, errors)
    transaction = read_text(clean, "transaction", MOST_OF_A_TRANSACTION, errors)
    release = read_release(clean, errors)
    fingerprint = read_fingerprint(clean, errors)
    tags = read_tags(clean, errors)
    message = read_message(clean, errors)
    exceptions, thrown = read_exceptions(clean, errors)
    threads, stack = read_threads(clean, errors)
    kept_csp, csp = read_csp(clean, errors)

    subject = Subject(
        platform=words["platform"],
        level=level,
        logger=words["logger"],
        transaction=transaction,
        culprit=read_text(clean, "culprit", MOST_OF_A_TRANSACTION, errors),
        fingerprint=fingerprint,
        exceptions=thrown,
        message=message.text,
        template=message.template,
        has_params=message.has_params,
        csp=csp,
        stack=stack,
        tags=tags,
    )
    named = name(subject)

    data: dict[str, Any] = {
        "type": named.type,
        "title": named.title,
        "culprit": named.culprit,
        "metadata": named.metadata,
        "location": named.location,
        "level": level,
        **words,
        "release": release,
        "dist": read_dist(clean, MOST_OF_A_WORD, errors),
        "transaction": transaction,
        "timestamp": seen.isoformat(),
        "received": at.isoformat(),
        "fingerprint": list(fingerprint or ()),
        "tags": [[key, value] for key, value in tags.items()],
        "user": kept_user(clean.get("user"), peer=peer, keep_addresses=keep_addresses),
        "message": message.text,
        "logentry": {"message": message.template, "params": message.params} if message.has_params else {},
        "exception": _values(exceptions),
        "threads": _values(threads),
        "breadcrumbs": _values(read_objects(clean, "breadcrumbs", errors)),
        "csp": kept_csp,
        **{key: read_object(clean, key, errors) for key in OBJECTS},
    }
    data["errors"] = errors.names()
    data = {key: value for key, value in data.items() if value}
    data["size"] = fit(data, most_bytes - ROOM_FOR_THE_SIZE)
    return Event(
        id=found_id or uuid4(),
        is_known=found_id is not None,
        day=day_of(timestamp, is_known=found_id is not None, at=at),
        seen_at=seen,
        level=level,
        platform=words["platform"],
        logger=words["logger"],
        environment=words["environment"],
        release=release,
        user=user,
        type=named.type,
        title=named.title,
        culprit=named.culprit,
        metadata=named.metadata,
        fingerprints=fingerprints(subject),
        data=data,
    )


ROOM_FOR_THE_SIZE = len(',"size":1234567890')


def _values(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"values": items} if items else {}
