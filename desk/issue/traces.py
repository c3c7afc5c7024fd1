"""Where it happened: the chain of exceptions of an event, and the stacks of its threads, as a page shows them.

Values in, values out; nothing is asked. The newest comes first everywhere: the exception that was caught before what
caused it, the frame that crashed before who called it.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from desk.texts import Text, fold, visible
from events.reading import shapes

MOST_FRAMES = 100  # of a page: of the first stacks, until they are so many
MOST_THREADS = 1_000  # of a page, even of the whole trace
MOST_OPEN = 10  # of a stack with their source open
MOST_VARIABLES = 50  # of a frame
LETTERS_OF_A_VALUE = 1_000  # of an exception, before the fold
LINES_OF_A_VALUE = 12
LETTERS_OF_A_VARIABLE = 300
LETTERS_OF_A_LINE = 1_000

UNSAID = {"", "builtins", "exceptions", "__builtin__", "__main__"}  # modules that nobody writes before a name


@dataclass(frozen=True, slots=True)
class Source:
    """Lines around the one that was running; ``numbers`` and the three texts together have as many lines."""

    numbers: str
    before: str
    current: str
    after: str


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    value: Text


@dataclass(frozen=True, slots=True)
class Frame:
    """One place in a stack.

    :ivar where: the module, else the file.
    :ivar path: the whole path, where that says more.
    :ivar line: "12", "12:7", or "" where it is unknown.
    """

    function: str
    where: str
    path: str
    line: str
    is_own: bool
    is_open: bool
    source: Source | None
    variables: tuple[Variable, ...]
    more_variables: int

    @property
    def has_more(self) -> bool:
        """Whether there is something to open."""
        return self.source is not None or bool(self.variables)


@dataclass(frozen=True, slots=True)
class Run:
    """Frames in a row. One alone has no ``words``; several are folded, and these say what they are."""

    frames: tuple[Frame, ...]
    words: str = ""

    @property
    def is_folded(self) -> bool:
        return bool(self.words)


@dataclass(frozen=True, slots=True)
class Stack:
    """The frames, the newest first; how many the page leaves out, and how many were too many to be kept."""

    runs: tuple[Run, ...] = ()
    left_out: int = 0
    not_kept: int = 0


@dataclass(frozen=True, slots=True)
class Thrown:
    """One exception of a chain; ``relation`` says what it is to the one above, in words, and ``how`` how it came."""

    type: str
    value: Text
    relation: str
    how: tuple[str, ...]
    stack: Stack


@dataclass(frozen=True, slots=True)
class Thread:
    name: str
    is_crashed: bool
    stack: Stack


@dataclass(frozen=True, slots=True)
class Trace:
    """``left_out`` are threads that are not shown."""

    exceptions: tuple[Thrown, ...] = ()
    threads: tuple[Thread, ...] = ()
    left_out: int = 0

    def __bool__(self) -> bool:
        return bool(self.exceptions or self.threads)


def trace_of(entries: shapes.Entries, *, whole: bool = False) -> Trace:
    """Return what an event tells of where it happened; of threads, the one that crashed first, then the current one.

    :param whole: whether to show every frame, however many there are.
    """
    room = _Room(None if whole else MOST_FRAMES)
    chain = entries.exceptions
    threads = sorted(
        (thread for thread in entries.threads if thread.stack.frames),
        key=lambda each: (not each.crashed, not each.current),
    )
    return Trace(
        exceptions=tuple(_thrown(thrown, chain, room) for thrown in reversed(chain)),
        threads=tuple(_thread(thread, room) for thread in threads[:MOST_THREADS]),
        left_out=len(threads[MOST_THREADS:]),
    )


@dataclass(slots=True)
class _Room:
    """How many frames the page still has room for; None for any number."""

    left: int | None

    def take(self, frames: Sequence[shapes.Frame]) -> Sequence[shapes.Frame]:
        """Return those of the frames that there is room for."""
        taken = frames[: self.left]
        if self.left is not None:
            self.left -= len(taken)
        return taken


# ---------------------------------------------------------------------------------------------------------------------
# Exceptions and threads
# ---------------------------------------------------------------------------------------------------------------------


def _thrown(thrown: shapes.Thrown, chain: Sequence[shapes.Thrown], room: _Room) -> Thrown:
    is_plain = thrown.module in UNSAID or not thrown.type
    return Thrown(
        type=visible(thrown.type if is_plain else f"{thrown.module}.{thrown.type}"),
        value=fold(thrown.value, LETTERS_OF_A_VALUE, lines=LINES_OF_A_VALUE),
        relation="" if thrown is chain[-1] else _relation(thrown, chain),
        how=tuple(_how(thrown)),
        stack=_stack(thrown.stack, room),
    )


def _relation(thrown: shapes.Thrown, chain: Sequence[shapes.Thrown]) -> str:
    """Return what an exception is to that which names it, or to the one after it in the chain."""
    parent_id, source = thrown.mechanism.get("parent_id"), str(thrown.mechanism.get("source") or "")
    parents = (each.type for each in chain if each.mechanism.get("exception_id") == parent_id and parent_id is not None)
    parent = visible(next(parents, ""))
    of = f" of {parent}" if parent else ""
    if source.startswith(("exceptions[", "errors[")):
        return f"In the group{of}"
    if source == "__context__":
        return f"Was being handled when {parent} came" if parent else "Was being handled"
    return f"The cause{of}" if of else "Caused by"


def _how(thrown: shapes.Thrown) -> Iterator[str]:
    if thrown.handled is not None:
        yield "handled" if thrown.handled else "not handled"
    kind = thrown.mechanism.get("type")
    if isinstance(kind, str) and kind not in {"", "generic", "chained"}:
        yield visible(kind)


def _thread(thread: shapes.Thread, room: _Room) -> Thread:
    return Thread(visible(thread.name or thread.id), thread.crashed, _stack(thread.stack, room))


# ---------------------------------------------------------------------------------------------------------------------
# Frames
# ---------------------------------------------------------------------------------------------------------------------


def _stack(stack: shapes.Stack, room: _Room) -> Stack:
    newest = stack.frames[::-1]
    first, end = stack.omitted or (0, 0)
    shown = room.take(newest)
    # Where none is the program's own, the one that crashed stands for it.
    opened = set([index for index, frame in enumerate(shown) if frame.in_app][:MOST_OPEN] or [0])
    frames = [_frame(frame, is_open=index in opened) for index, frame in enumerate(shown)]
    return Stack(tuple(_runs(frames)), left_out=len(newest) - len(shown), not_kept=max(end - first, 0))


def _runs(frames: Sequence[Frame]) -> Iterator[Run]:
    """Yield the frames; several in a row together that are of libraries, or the same call once more."""
    for is_of_libraries, group in groupby(frames, key=lambda frame: not (frame.is_own or frame.is_open)):
        row = tuple(group)
        if is_of_libraries:
            yield from _folded(row, f"{len(row)} frames of libraries, from {row[0].function} in {row[0].where}")
            continue
        for _, calls in groupby(row, key=lambda frame: (frame.function, frame.where, frame.line)):
            first, *again = calls
            yield Run((first,))
            yield from _folded(tuple(again), f"the same call {len(again)} more times")


def _folded(row: tuple[Frame, ...], words: str) -> Iterator[Run]:
    if len(row) > 1:
        yield Run(row, words)
    elif row:
        yield Run(row)


def _frame(frame: shapes.Frame, *, is_open: bool) -> Frame:
    where = frame.module or frame.filename or frame.abs_path or frame.package
    path = next((name for name in (frame.abs_path, frame.filename) if name not in ("", where)), "")
    line, column = frame.lineno, frame.colno
    variables = list(frame.vars.items())
    return Frame(
        function=visible(frame.name) or "?",
        where=visible(where),
        path=visible(path),
        line=f"{line}:{column}" if line and column else str(line or ""),
        is_own=frame.in_app,
        is_open=is_open,
        source=_source(frame),
        variables=tuple(
            Variable(visible(name), fold(written(value), LETTERS_OF_A_VARIABLE))
            for name, value in variables[:MOST_VARIABLES]
        ),
        more_variables=max(len(variables) - MOST_VARIABLES, 0),
    )


def _source(frame: shapes.Frame) -> Source | None:
    """Return the lines around the one that was running; None where the SDK sent none."""
    if frame.context_line is None:
        return None
    count = len(frame.pre_context) + 1 + len(frame.post_context)
    first = None if frame.lineno is None else frame.lineno - len(frame.pre_context)
    numbers = [] if first is None else [str(max(number, 0) or "") for number in range(first, first + count)]
    return Source(
        numbers="\n".join(numbers),
        before="".join(f"{_line(line)}\n" for line in frame.pre_context),
        current=_line(frame.context_line),
        after="".join(f"\n{_line(line)}" for line in frame.post_context),
    )


def _line(text: str) -> str:
    """Return one line, as one line: a minified file is one of a million letters."""
    shown = visible(text.rstrip("\r\n")).replace("\n", "\u240a")
    return shown if len(shown) <= LETTERS_OF_A_LINE else f"{shown[:LETTERS_OF_A_LINE]}\u2026"


def written(value: Any) -> str:
    """Return a value as it is read best: a text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
