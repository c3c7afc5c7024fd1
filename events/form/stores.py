"""What /store/ takes (contract 7.2): one event, as JSON or as old clients of Raven send it."""

import zlib
from base64 import b64decode
from collections.abc import Iterator

from events.form.envelopes import read_id
from events.form.json_objects import read_object
from events.form.posted import Posted
from events.form.refusals import BadEvent, TooLarge
from events.form.sizes import Sizes


def read_store(decoded: Iterator[bytes], limits: Sizes) -> Posted:
    """Return the event; that it is not taken, if it is a transaction.

    :raises BadEvent: it is neither JSON nor base64 of zlib of it.
    :raises TooLarge: it is larger than an event may be.
    :raises Refusal: as ``decoded`` does.
    """
    event = read_object(_unwrapped(read_whole(decoded, limits.event), limits.event), BadEvent)
    if event.get("type") == "transaction":
        return Posted(event_id=read_id(event.get("event_id")), passed_over={"transaction": 1})
    return Posted(event=event)


def read_whole(decoded: Iterator[bytes], most: int) -> bytes:
    """Return all that comes.

    :raises TooLarge: it has more bytes than ``most``.
    """
    held = bytearray()
    for piece in decoded:
        held += piece
        if len(held) > most:
            raise TooLarge("the event", most)
    return bytes(held)


def _unwrapped(raw: bytes, most: int) -> bytes:
    """Return the JSON: base64 has no brace."""
    if b"{" in raw:
        return raw
    try:
        packed = b64decode(b"".join(raw.split()), validate=True)
        decoder = zlib.decompressobj()
        event = decoder.decompress(packed, most + 1)
    except (ValueError, zlib.error) as error:
        raise BadEvent(None, f"it is neither JSON nor base64 of zlib of it: {error}") from error
    if len(event) > most:
        raise TooLarge("the event", most)
    if not decoder.eof:
        raise BadEvent(None, "it is base64 of zlib, and ends too early")
    return event
