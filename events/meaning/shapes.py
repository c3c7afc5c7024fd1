"""What is read of an event: the values that readers, titles and fingerprints share.

A text that is missing is "". Texts are clean: no NUL, no lone surrogate, no secret; nothing is longer than an event may
have it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID


class Frame(NamedTuple):
    """A place in a stack. A tuple, since an event may have 12,500 of them."""

    module: str = ""
    filename: str = ""  # as sent, often a path; else the absolute path
    function: str = ""
    in_app: bool | None = None  # None: the SDK doesn't say
    abs_path: str = ""  # tells of a file whether it is the language's own, where `filename` is cut to its end
    package: str = ""  # of native code: the program or the library, as a path
    platform: str = ""  # of the frame alone, where a stack goes from one language into another; else the event's


@dataclass(frozen=True, slots=True)
class Thrown:
    """One exception of a chain."""

    type: str = ""
    value: str = ""
    frames: tuple[Frame, ...] = ()  # the one that crashed is the last
    module: str = ""  # where the type is from: "java.lang", "builtins"
    is_synthetic: bool = False  # made up by the SDK: its type and value are no program's words
    is_group: bool = False  # holds others: ExceptionGroup, AggregateError
    id: int | None = None  # what members of a group name as their `parent`
    parent: int | None = None

    @property
    def is_message(self) -> bool:
        """Whether it is no exception: browsers and Node send a message with its stack so."""
        return self.is_synthetic and not self.type


@dataclass(frozen=True, slots=True)
class Csp:
    """What a browser blocked."""

    directive: str = ""  # "img-src": the effective one, else the first word of the violated one
    blocked: str = ""  # a host, or self, inline, eval, data, blob or another scheme
    uri: str = ""  # what was blocked, as sent
    document: str = ""  # the page
    sample: str = ""  # the start of the script


@dataclass(frozen=True, slots=True)
class Subject:
    """All that titles and fingerprints look at."""

    platform: str = ""
    level: str = "error"
    logger: str = ""
    transaction: str = ""
    culprit: str = ""  # as sent
    fingerprint: tuple[str, ...] | None = None  # as sent, numbers as text; None where it is missing
    exceptions: tuple[Thrown, ...] = ()  # oldest first, as sent
    message: str = ""  # with its parameters in it
    template: str = ""  # without them; "" where none came
    has_params: bool = False  # parameters came with the template
    csp: Csp | None = None
    stack: tuple[Frame, ...] = ()  # of the thread that crashed, else of the current or only one
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def main(self) -> Thrown | None:
        """The exception that the event is about: the last of the chain that doesn't only hold others."""
        thrown = self.exceptions
        return next((one for one in reversed(thrown) if not one.is_group), thrown[-1] if thrown else None)


@dataclass(frozen=True, slots=True)
class Event:
    """What is read of an event."""

    id: UUID
    is_known: bool  # it came with its id: it can be recognised when it comes again
    day: date  # of the timestamp as sent; of the arrival where there is none, or where the event can't be recognised
    seen_at: datetime  # in UTC
    level: str
    platform: str
    logger: str
    environment: str
    release: str
    user: str  # "field:value", as it is counted; never to be kept
    type: str  # error, csp, default
    title: str
    culprit: str
    metadata: dict[str, str]
    fingerprints: tuple[UUID, ...]  # the newest rules' first
    data: dict[str, Any]  # what is kept: scrubbed and cut
    packed: bytes  # the same, as it is stored
