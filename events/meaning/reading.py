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
from events.meaning.packing import compress
from events.meaning.people import kept_user, read_user
from events.meaning.policies import read_csp
from events.meaning.scrubbing import scrub
from events.meaning.shapes import Event, Subject
from events.meaning.surroundings import read_surroundings
from events.meaning.titles import name

MOST_BYTES = 1024**2  # of what is kept, as JSON
MOST_OF_A_WORD = 64
MOST_OF_A_TRANSACTION = 200
WORDS = ("platform", "logger", "environment", "server_name")


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
    event = without_aliases(event)
    user = read_user(event, peer=peer, errors=errors)
    event = scrub(event)  # from here on there is no secret left, in whatever is made of it

    own_id = read_id(event, errors)
    known_id = event_id or own_id
    timestamp = read_timestamp(event, errors)
    seen = seen_at(timestamp, sent_at=sent_at, at=at)
    words = {key: read_text(event, key, MOST_OF_A_WORD, errors) for key in WORDS}
    release = read_release(event, errors)
    message = read_message(event, errors)
    exceptions, thrown = read_exceptions(event, errors)
    threads, stack = read_threads(event, errors)
    report, csp = read_csp(event, errors)
    subject = Subject(
        platform=words["platform"],
        level=read_level(event, errors),
        logger=words["logger"],
        transaction=read_text(event, "transaction", MOST_OF_A_TRANSACTION, errors),
        culprit=read_text(event, "culprit", MOST_OF_A_TRANSACTION, errors),
        fingerprint=read_fingerprint(event, errors),
        exceptions=thrown,
        message=message.text,
        template=message.template,
        has_params=message.has_params,
        csp=csp,
        stack=stack,
        tags=read_tags(event, errors),
    )
    named = name(subject)

    data: dict[str, Any] = {
        "type": named.type,
        "title": named.title,
        "culprit": named.culprit,
        "metadata": named.metadata,
        "location": named.location,
        "level": subject.level,
        **words,
        "release": release,
        "dist": read_dist(event, MOST_OF_A_WORD, errors),
        "transaction": subject.transaction,
        "timestamp": seen.isoformat(),
        "received": at.isoformat(),
        "fingerprint": list(subject.fingerprint or ()),
        "tags": [[key, value] for key, value in subject.tags.items()],
        "user": kept_user(event.get("user"), peer=peer, keep_addresses=keep_addresses),
        "message": message.text,
        "logentry": {"message": message.template, "params": message.params} if message.has_params else {},
        "exception": _values(exceptions),
        "threads": _values(threads),
        "csp": report,
        **read_surroundings(event, errors),
    }
    data["errors"] = errors.names()
    data, packed = _kept(data, most_bytes)
    return Event(
        id=known_id or uuid4(),
        is_known=known_id is not None,
        day=day_of(timestamp, is_known=known_id is not None, at=at),
        seen_at=seen,
        level=subject.level,
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
        packed=packed,
    )


def _values(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"values": items} if items else {}


ROOM_FOR_THE_SIZE = len(b',"size":1234567890')


def _kept(data: dict[str, Any], most_bytes: int) -> tuple[dict[str, Any], bytes]:
    """Return what of an event is there and fits, with its size, and the same packed. It is written as JSON once."""
    data = {key: value for key, value in data.items() if value}
    written = fit(data, most_bytes - ROOM_FOR_THE_SIZE)
    data["size"] = len(written)
    return data, compress(b'%b%b"size":%d}' % (written[:-1], b"," if len(data) > 1 else b"", data["size"]))
