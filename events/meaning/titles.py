"""How an event is called: what lists show of an issue is made of its first event."""

import re
from dataclasses import dataclass

from events.meaning.grouping.languages import base_name
from events.meaning.grouping.parameters import TRACEBACK
from events.meaning.grouping.places import crashing
from events.meaning.shapes import Csp, Frame, Subject, Thrown
from events.meaning.texts import cut, first_line, last_line, one_line

MOST_OF_A_TITLE = 256
MOST_OF_A_CULPRIT = 200
MOST_OF_METADATA = 1_024
NO_MESSAGE = "<no message>"
NAMELESS = {"", "?", "<anonymous>", "<unknown>", "<redacted>"}


@dataclass(frozen=True, slots=True)
class Named:
    """An event's names."""

    type: str
    title: str
    culprit: str
    metadata: dict[str, str]
    location: str


def name(subject: Subject) -> Named:
    """Return the names of an event."""
    main = subject.main
    frame = _crashing(subject)
    if main is not None:
        type_, title = "error", _of_exception(main, frame) or _of_message(subject)
        metadata = {"type": main.type, "value": main.value, "filename": _file(frame), "function": frame.function}
        location = _file(frame)
    elif subject.csp is not None:
        type_, title = "csp", _of_csp(subject.csp)
        metadata = {"directive": subject.csp.directive, "uri": subject.csp.uri}
        location = subject.csp.uri
    else:
        type_, title, location = "default", _of_message(subject), ""
        metadata = {"title": cut(title or NO_MESSAGE, MOST_OF_A_TITLE)}
    return Named(
        type=type_,
        title=cut(title or NO_MESSAGE, MOST_OF_A_TITLE),
        culprit=cut(one_line(subject.culprit or subject.transaction or _place(frame)), MOST_OF_A_CULPRIT),
        metadata={key: cut(value, MOST_OF_METADATA) for key, value in metadata.items() if value},
        location=cut(location, MOST_OF_METADATA),
    )


def _crashing(subject: Subject) -> Frame:
    """Return where it crashed: in the main exception, else in the last that has a stack, else in the thread."""
    main = subject.main
    stacks = [one.frames for one in (main, *reversed(subject.exceptions)) if one is not None and one.frames]
    return crashing(stacks[0] if stacks else subject.stack, subject.platform) or Frame()


def _of_exception(main: Thrown, frame: Frame) -> str:
    value, type_ = first_line(main.value), one_line(main.type)
    if main.is_synthetic and not main.is_message and frame.function not in NAMELESS:
        return one_line(frame.function)
    return f"{type_}: {value}" if type_ and value else type_ or value


def _of_message(subject: Subject) -> str:
    line = first_line(subject.message)
    return last_line(subject.message) if line.startswith(TRACEBACK) else line


def _of_csp(csp: Csp) -> str:
    return f"Blocked '{csp.directive.partition('-src')[0]}' from '{csp.blocked}'"


def _place(frame: Frame) -> str:
    where = frame.module or _file(frame) or ("" if frame.function else base_name(frame.package))
    return f"{where} in {frame.function}" if where and frame.function else where or frame.function


def _file(frame: Frame) -> str:
    """Return the file of a frame.

    Of a page that has the script in it, the address without what was asked for there: that may hold a secret, and is
    another one each time.
    """
    return re.split("[?#]", frame.filename, maxsplit=1)[0] if "://" in frame.filename else frame.filename
