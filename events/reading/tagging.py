"""The tags of an event: its own, and what else of it can be said in a word (contract 7.10)."""

import re
from collections.abc import Mapping
from typing import Any

WORDS = ("level", "environment", "release", "logger", "transaction", "server_name")
CONTEXTS = ("browser", "os", "runtime")
USER_FIELDS = ("id", "username", "email", "ip_address")  # in the order in which users are counted
MOST = 200  # characters of a value


def tags_of(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of what is kept of an event, in no order.

    What stands in a field of its own is what it is; elsewhere, a tag that a program sent wins over what is made of the
    rest.
    """
    tags: dict[str, str] = {}
    for made in (_made(data), _sent(data), {word: data.get(word) for word in WORDS}):
        tags.update((key, value[:MOST]) for key, value in made.items() if isinstance(value, str) and value)
    return tags


def _sent(data: Mapping[str, Any]) -> dict[str, Any]:
    tags = data.get("tags")
    pairs = tags if isinstance(tags, list) else []
    return {pair[0]: pair[1] for pair in pairs if isinstance(pair, list) and len(pair) == 2 and type(pair[0]) is str}


def _made(data: Mapping[str, Any]) -> dict[str, Any]:
    contexts = data.get("contexts")
    found = contexts if isinstance(contexts, dict) else {}
    return {
        "user": _user(data.get("user")),
        "url": _url(data.get("request")),
        **{name: _product(found.get(name)) for name in CONTEXTS},
    }


def _user(user: Any) -> str:
    """Return a user by the first of the fields that tells who it is: ``id:7``."""
    if isinstance(user, dict):
        for field in USER_FIELDS:
            value = user.get(field)
            if type(value) in (str, int) and value != "":
                return f"{field.removesuffix('_address')}:{value}"
    return ""


def _url(request: Any) -> str:
    """Return the address of a request, without what was asked of it: that is another one each time."""
    url = request.get("url") if isinstance(request, dict) else None
    return re.split("[?#]", url, maxsplit=1)[0] if isinstance(url, str) else ""


def _product(context: Any) -> str:
    """Return the name and the version of what a context is about, in one line.

    @sentry/node sends Debian's version as it is in its file: with the end of the line.
    """
    if not isinstance(context, dict):
        return ""
    words = [context.get(key) for key in ("name", "version")]
    return " ".join(" ".join(word for word in words if isinstance(word, str)).split())
