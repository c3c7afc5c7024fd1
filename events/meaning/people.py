"""Whom an event happened to."""

from typing import Any

from events.meaning.fields import Errors, Types
from events.meaning.texts import MOST, clean, cut

FIELDS = ("id", "username", "email", "ip_address")  # the first that is there counts
OF_A_USER: Types = {"name": (str, int, float), "data": (dict,)}  # besides these
EXACT = 2.0**53  # what is larger may be another number
PEER = "{{auto}}"  # the address that the request came from


def read_user(event: dict[str, Any], *, peer: str, errors: Errors) -> str:
    """Return the user as it is counted, ``field:value``; "" where there is none.

    :param event: as it was sent. An id may look like the number of a card: scrubbed, all such users would be one.
    """
    user = event.get("user")
    if type(user) is not dict:
        if user is not None:
            errors.add("user")
        return ""
    words = {field: _as_text(user.get(field), field, errors) for field in FIELDS}
    for key, allowed in OF_A_USER.items():  # kept as they were sent: the desk shows all that is told of a user
        if user.get(key) is not None and type(user[key]) not in allowed:
            errors.add(f"user.{key}")
    if words["ip_address"] == PEER:
        words["ip_address"] = peer
    return next((f"{field}:{word}" for field, word in words.items() if word), "")


def _as_text(value: Any, field: str, errors: Errors) -> str:
    value = _whole(value)
    if value is None:
        return ""
    if type(value) is int and value.bit_length() <= 1_000:  # Python refuses to write 4,300 digits
        return str(value)
    if type(value) is not str:
        errors.add(f"user.{field}")
        return ""
    return cut(clean(value).strip(), MOST)


def _whole(value: Any) -> Any:
    """Return a number without its fraction where that is nothing: Lua and PHP may write 7 as 7.0."""
    return int(value) if type(value) is float and abs(value) < EXACT and value == int(value) else value


def kept_user(user: Any, *, peer: str, keep_addresses: bool) -> dict[str, Any]:
    """Return what is kept of a scrubbed user. The address of the peer is kept only if that is wished.

    What tells who it is, is kept as it is counted: who is shown and searched for is who was counted.
    """
    if type(user) is not dict:
        return {}
    whole = {key: _without_blanks(_whole(value)) if key in FIELDS else value for key, value in user.items()}
    kept = {
        key: value
        for key, value in whole.items()
        if value is not None and (key not in FIELDS or type(value) in (str, int))
    }
    if kept.get("ip_address") == PEER:
        del kept["ip_address"]
        if keep_addresses and peer:
            kept["ip_address"] = peer
    return kept


def _without_blanks(value: Any) -> Any:
    """Return a text without the blanks around it, None where nothing else is in it; anything else as it is."""
    return value.strip() or None if type(value) is str else value
