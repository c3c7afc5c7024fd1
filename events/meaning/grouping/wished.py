"""What an event itself says it is to be told by: its `fingerprint`, with values of its own in it."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from events.meaning.grouping.places import crashing
from events.meaning.shapes import Frame, Subject, Thrown

_VARIABLE = re.compile(r"\s*+\{\{\s*+([^\s{}]++)\s*+\}\}\s*+")


def wished(subject: Subject, default: list[Any]) -> list[Any]:
    """Return what tells an event: what it asks for, else the default.

    A text that was sent can't be taken for a default of the same words: it stands in a list of its own.
    """
    values = subject.fingerprint or ()
    if not any(value.strip() for value in values):
        return default
    said: set[str] = set()
    parts = [_part(value, subject, default, said) for value in values]
    return default if len(parts) == 1 and parts[0] is default else ["wish", parts]


def _part(value: str, subject: Subject, default: list[Any], said: set[str]) -> Any:
    """Return what a value stands for.

    :param said: the variables that stood there before. Each is said once: a few bytes ask for what has megabytes.
    """
    variable = _VARIABLE.fullmatch(value)
    if variable is None:
        return value
    name = variable[1]
    if not (name == "default" or name in _VARIABLES or name.startswith("tags.")):
        return value  # no variable, but a text with braces
    if name in said:
        return ["again", name]
    said.add(name)
    if name == "default":
        return default
    found = _VARIABLES[name](subject) if name in _VARIABLES else subject.tags.get(name.removeprefix("tags."), "")
    return found or ["without", name]


def _main(subject: Subject) -> Thrown:
    return subject.main or Thrown()


def _frame(subject: Subject) -> Frame:
    return crashing(_main(subject).frames or subject.stack, subject.platform) or Frame()


_VARIABLES: Mapping[str, Callable[[Subject], str]] = {
    "type": lambda subject: _main(subject).type,
    "value": lambda subject: _main(subject).value,
    "message": lambda subject: subject.message or _main(subject).value,
    "function": lambda subject: _frame(subject).function,
    "module": lambda subject: _frame(subject).module,
    "transaction": lambda subject: subject.transaction,
    "level": lambda subject: subject.level,
    "logger": lambda subject: subject.logger,
}
