"""An event as it is shown: what the API's answers and pages for people are made of.

A text that is missing is "", an object that is missing is empty. Objects are JSON as it was sent, scrubbed and cut.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from events.meaning.titles import NAMELESS

Object = Mapping[str, Any]
Pairs = tuple[tuple[str, str], ...]  # of which a key may stand there twice


@dataclass(frozen=True, slots=True)
class Frame:
    """A place in a stack."""

    function: str = ""
    module: str = ""
    filename: str = ""
    abs_path: str = ""
    lineno: int | None = None
    colno: int | None = None
    in_app: bool = False  # of the program itself; where the SDK doesn't say, as grouping has it
    pre_context: tuple[str, ...] = ()  # the lines before, the line, the lines after
    context_line: str | None = None
    post_context: tuple[str, ...] = ()
    vars: Object = field(default_factory=dict)
    package: str = ""
    platform: str = ""
    address: str = ""  # of native code: "+0x12b9" counts from where the package begins, "0x7f3f1d32e305" from nothing

    @property
    def name(self) -> str:
        """The function; where it has no name, the address, which tells it from others."""
        return self.address if self.address and self.function in NAMELESS else self.function

    @property
    def lines(self) -> list[tuple[int, str]]:
        """The lines of source, each with its number; none where no number is known."""
        if self.lineno is None:
            return []
        line = [] if self.context_line is None else [self.context_line]
        first = self.lineno - len(self.pre_context)
        return list(enumerate([*self.pre_context, *line, *self.post_context], first))


@dataclass(frozen=True, slots=True)
class Stack:
    """Frames, the one that crashed last; and which of them were left out, from one to before another."""

    frames: tuple[Frame, ...] = ()
    omitted: tuple[int, int] | None = None

    @property
    def has_system_frames(self) -> bool:
        """Whether some are of the program and some are not."""
        return len({frame.in_app for frame in self.frames}) > 1


@dataclass(frozen=True, slots=True)
class Thrown:
    """One exception of a chain."""

    type: str
    value: str
    module: str
    stack: Stack
    mechanism: Object  # how it was caught: `type`, `handled` ...
    thread_id: str

    @property
    def handled(self) -> bool | None:
        """Whether the program caught it; None where nobody says."""
        return self.mechanism.get("handled")


@dataclass(frozen=True, slots=True)
class Thread:
    id: str
    name: str
    crashed: bool
    current: bool
    stack: Stack


@dataclass(frozen=True, slots=True)
class Message:
    """What was said: the text with its parameters in it, and, where some came, the template and they."""

    formatted: str
    template: str = ""
    params: Sequence[Any] | Object = ()


@dataclass(frozen=True, slots=True)
class Breadcrumb:
    """Something that happened before."""

    seen_at: datetime | None
    type: str
    category: str
    level: str
    message: str
    data: Object


@dataclass(frozen=True, slots=True)
class Request:
    """What a server was asked when it happened, or the page that a browser showed."""

    method: str
    url: str  # without what was asked of it, and without the fragment
    query: Pairs
    fragment: str
    headers: Pairs
    cookies: Pairs
    data: Any  # the body: a text, or JSON; None where there is none
    env: Object


@dataclass(frozen=True, slots=True)
class Entries:
    """What an event is about, part by part; a part that is missing is empty, or None."""

    exceptions: tuple[Thrown, ...] = ()  # oldest first: the last is what was caught
    message: Message | None = None
    threads: tuple[Thread, ...] = ()
    breadcrumbs: tuple[Breadcrumb, ...] = ()  # oldest first
    request: Request | None = None
    csp: Object = field(default_factory=dict)


class Place(NamedTuple):
    """Where an event stands among others: by the time it was seen, then by its id."""

    seen_at: datetime
    event_id: UUID


@dataclass(frozen=True, slots=True)
class EventShown:
    """A whole event.

    :ivar issue_id: of the issue that shows it, the root of its tree; None until there is one.
    :ivar fingerprint: None of one that is made from its issue.
    :ivar previous_id: of the event before it in the same issue; None for the first, and where nobody asked.
    """

    id: UUID
    project_id: int
    fingerprint: UUID | None
    issue_id: int | None
    seen_at: datetime
    received_at: datetime
    type: str  # error, csp, default
    title: str
    culprit: str
    location: str
    level: str
    platform: str
    logger: str
    environment: str
    server_name: str
    transaction: str
    release: str
    dist: str
    message: str
    metadata: Object
    tags: Pairs  # by key; with what else can be said in a word
    user: Object  # texts; but for what a program adds
    sdk: Object
    contexts: Mapping[str, Object]
    extra: Object
    packages: Object
    words: tuple[str, ...]  # the fingerprint as the program sent it
    errors: tuple[str, ...]  # names of what could not be read
    size: int  # bytes of JSON
    entries: Entries
    previous_id: UUID | None = None
    next_id: UUID | None = None

    @property
    def place(self) -> Place:
        return Place(self.seen_at, self.id)
