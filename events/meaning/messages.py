"""What an event says: a text, or a template with its parameters."""

import re
from typing import Any, NamedTuple

from events.meaning.fields import Errors
from events.meaning.texts import MOST, cut


class Message(NamedTuple):
    text: str = ""  # with its parameters in it
    template: str = ""  # without; "" where none came
    params: list[Any] | dict[str, Any] = []

    @property
    def has_params(self) -> bool:
        return bool(self.params)


def read_message(event: dict[str, Any], errors: Errors) -> Message:
    """Return the message of an event: of ``logentry``, else of ``message``, each a text or an object."""
    for key in ("logentry", "message"):
        message = _read(event.get(key), key, errors)
        if message.text:
            return message
    return Message()


def _read(value: Any, key: str, errors: Errors) -> Message:
    if value is None:
        return Message()
    if type(value) is str:
        return Message(text=value.strip())
    if type(value) is not dict:
        errors.add(key)
        return Message()
    texts = {}
    for name in ("formatted", "message"):
        text = value.get(name)
        if text is not None and type(text) is not str:
            errors.add(f"{key}.{name}")
        texts[name] = text.strip() if type(text) is str else ""
    params: list[Any] | dict[str, Any] = []
    if type(value.get("params")) in (list, dict):
        params = value["params"]
    elif value.get("params") is not None:
        errors.add(f"{key}.params")
    template = texts["message"]
    return Message(texts["formatted"] or formatted(template, params), template if params else "", params)


# A width, a precision and a size count for nothing, but they belong to the place, however long they are.
_PERCENT = re.compile(
    r"%(?:\((?P<name>[^()]{1,100})\))?[-+#0]*+(?P<width>[0-9]++|\*)?(?:\.(?P<precision>[0-9]++|\*)?)?(?:hh?|ll?|L)?[a-zA-Z%]"
)
# With how it is to be written, as Python, Rust and .NET say it: {:>5.2f}, {0!r}, {:?}, {total:N2}.
_BRACES = re.compile(
    r"\{(?P<name>\w{0,100})(?:![a-z])?"
    r"(?::(?:[^{}]?[<>=^])?[-+ ]?#?[0-9]{0,9}[,_]?(?:\.[0-9]{1,9})?[a-zA-Z%]?[0-9]{0,2}\??)?\}"
)


def formatted(template: str, params: list[Any] | dict[str, Any]) -> str:
    """Return a template with its parameters in it. A place without a parameter stays as it is.

    Python's own ``%`` isn't asked: it fails on a wrong type, and ``%999999999d`` takes a gigabyte.
    """
    if not params:
        return template
    places = list(_PERCENT.finditer(template))
    asking = [place for place in places if not place[0].endswith("%")]
    if isinstance(params, dict) and len(asking) == 1 and asking[0]["name"] is None:
        params = [params]  # Python's logging keeps the one parameter alone
    parts: list[str] = []
    length = done = used = 0
    for found in places or _BRACES.finditer(template):
        if found[0].endswith("%"):
            text = "%"
        else:
            groups = found.groupdict()
            used += [groups.get("width"), groups.get("precision")].count("*")  # each takes a parameter of its own
            name = found["name"] or str(used)
            used += not found["name"]
            if not _has(params, name):
                continue
            text = _as_text(params[int(name)] if isinstance(params, list) else params[name])
        parts += [template[done : found.start()], text]
        length += found.start() - done + len(text)
        done = found.end()
        if length >= MOST:  # a name may stand there a thousand times
            break
    return cut("".join(parts) + template[done:], MOST)


def _has(params: list[Any] | dict[str, Any], name: str) -> bool:
    if isinstance(params, dict):
        return name in params
    return name.isascii() and name.isdigit() and int(name) < len(params)


def _as_text(param: Any) -> str:
    return cut(param if isinstance(param, str) else str(param), MOST)
