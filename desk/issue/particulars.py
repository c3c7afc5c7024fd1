"""What an event tells besides where it happened: message, request, breadcrumbs, user, contexts, as a page shows them.

Values in, values out; nothing is asked. What stands in these objects is whatever somebody sent: a page can be made of
it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.issue.traces import written
from desk.texts import Text, fold, visible
from events.reading import shapes

# SDKs send a hundred breadcrumbs at most. Whoever has a DSN may send a hundred thousand, in a few KB when they are
# packed: each takes more of a page, and of the time to make it, than of the event.
NEWEST_BREADCRUMBS = 10  # the others are folded
MOST_BREADCRUMBS = 500
MOST_CONTEXTS = 100
MOST_ROWS = 200  # of a table
LETTERS = 400  # of a value, before the fold
LINES = 12
LETTERS_OF_A_MESSAGE = 2_000
ONE_LINE = 80  # letters of JSON that stay on one
INDENTED = 20_000  # letters of JSON that are indented in any case; of more, what gets four times as long is not

NOTHING: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Row:
    """A name and what it says. ``is_code``: it has a form of its own, as JSON has."""

    name: str
    value: Text
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a title, and how many more there are."""

    title: str
    rows: tuple[Row, ...]
    left_out: int = 0
    is_open: bool = True

    def __bool__(self) -> bool:
        return bool(self.rows)


@dataclass(frozen=True, slots=True)
class Message:
    """A text with its parameters in it; where it was a template, that and they."""

    text: Text
    template: Text
    params: Table


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for. An address is a text and no link: it leads wherever who sent the event likes."""

    method: str
    url: Text
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Breadcrumb:
    """``at`` is None where the SDK's word for it is no time."""

    at: datetime | None
    level: str
    category: str
    message: Text
    data: Text


@dataclass(frozen=True, slots=True)
class Breadcrumbs:
    """The newest first; and how many more there are."""

    newest: tuple[Breadcrumb, ...] = ()
    older: tuple[Breadcrumb, ...] = ()
    left_out: int = 0

    def __bool__(self) -> bool:
        return bool(self.newest)


@dataclass(frozen=True, slots=True)
class Particulars:
    """``unread`` are names of what was of a wrong type; ``left_out`` are contexts that have no table."""

    message: Message | None
    request: Request | None
    breadcrumbs: Breadcrumbs
    tables: tuple[Table, ...]
    left_out: int
    unread: tuple[str, ...]


def particulars_of(event: shapes.EventShown) -> Particulars:
    """Return what an event tells besides where it happened."""
    entries = event.entries
    newest_first = entries.breadcrumbs[::-1]
    crumbs = tuple(map(_breadcrumb, newest_first[:MOST_BREADCRUMBS]))
    contexts = list(event.contexts.items())
    tables = (
        table("User", event.user),
        table("Blocked by the page's policy", entries.csp),
        table("Extra", event.extra),
        *(_context(name, values) for name, values in contexts[:MOST_CONTEXTS]),
        table("SDK", _without(event.sdk, "packages"), is_open=False),
        table("Packages", event.packages or _packages(event.sdk), is_open=False),
    )
    return Particulars(
        message=None if entries.message is None else _message(entries.message),
        request=None if entries.request is None else _request(entries.request),
        breadcrumbs=Breadcrumbs(
            crumbs[:NEWEST_BREADCRUMBS], crumbs[NEWEST_BREADCRUMBS:], left_out=len(newest_first) - len(crumbs)
        ),
        tables=tuple(found for found in tables if found),
        left_out=len(contexts[MOST_CONTEXTS:]),
        unread=tuple(map(visible, event.errors)),
    )


# ---------------------------------------------------------------------------------------------------------------------
# Tables
# ---------------------------------------------------------------------------------------------------------------------


def table(title: str, values: Mapping[str, Any], *, is_open: bool = True) -> Table:
    """Return what an object says, without what says nothing."""
    said = [(name, value) for name, value in values.items() if value not in NOTHING]
    return _rows(title, said, is_open=is_open)


def _rows(title: str, said: Sequence[tuple[str, Any]], *, is_open: bool = True) -> Table:
    rows = tuple(_row(name, value) for name, value in said[:MOST_ROWS])
    return Table(visible(title), rows, left_out=max(len(said) - MOST_ROWS, 0), is_open=is_open)


def _row(name: str, value: Any) -> Row:
    if isinstance(value, dict | list):
        line = json.dumps(value, ensure_ascii=False)
        text = line if len(line) <= ONE_LINE else _indented(value, most=max(INDENTED, 4 * len(line))) or line
        return Row(visible(name), fold(text, LETTERS, lines=LINES), is_code=True)
    return Row(visible(name), fold(written(value), LETTERS, lines=LINES))


def _indented(value: Any, *, most: int) -> str:
    """Return JSON a line for each value; "" if that is longer: what is nested deep gets a hundred times as long."""
    parts, length = [], 0
    for part in _INDENTING.iterencode(value):
        parts.append(part)
        length += len(part)
        if length > most:
            return ""
    return "".join(parts)


_INDENTING = json.JSONEncoder(ensure_ascii=False, indent=2)


def _context(name: str, values: Mapping[str, Any]) -> Table:
    """Return one context; its kind is said where that isn't its name."""
    return table(name, _without(values, "type") if values.get("type") in (name, "default") else values)


def _packages(sdk: Mapping[str, Any]) -> dict[str, Any]:
    packages = sdk.get("packages")
    named = [each for each in packages if isinstance(each, dict)] if isinstance(packages, list) else []
    return {written(each.get("name", "?")): each.get("version", "?") for each in named}


def _without(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


# ---------------------------------------------------------------------------------------------------------------------
# Message, request, breadcrumbs
# ---------------------------------------------------------------------------------------------------------------------


def _message(message: shapes.Message) -> Message:
    params = message.params
    named: Iterable[tuple[Any, Any]] = params.items() if isinstance(params, Mapping) else enumerate(params, start=1)
    return Message(
        text=fold(message.formatted, LETTERS_OF_A_MESSAGE),
        template=fold(message.template, LETTERS),
        params=_rows("Parameters", [(str(name), value) for name, value in named]),
    )


def _request(request: shapes.Request) -> Request:
    body = request.data
    tables = (
        _rows("Query", request.query),
        table("Body", body if isinstance(body, dict) else {"": body}),
        _rows("Headers", request.headers, is_open=False),
        _rows("Cookies", request.cookies, is_open=False),
        table("Environment", request.env, is_open=False),
    )
    fragment = f"#{request.fragment}" if request.fragment else ""
    return Request(
        method=visible(request.method),
        url=fold(f"{request.url}{fragment}", LETTERS),
        tables=tuple(found for found in tables if found),
    )


def _breadcrumb(crumb: shapes.Breadcrumb) -> Breadcrumb:
    message, data = crumb.message, crumb.data
    if not message and isinstance(data.get("url"), str):  # a request: its line, as in a server's log
        words = (data.get("method"), data["url"], data.get("status_code"))
        message = " ".join(written(word) for word in words if word not in NOTHING)
        data = _without(data, "method", "url", "status_code")
    return Breadcrumb(
        at=crumb.seen_at,
        level=visible(crumb.level),
        category=visible(crumb.category or crumb.type),
        message=fold(message, LETTERS, lines=LINES),
        data=fold(written(dict(data)), LETTERS, lines=LINES) if data else Text(""),
    )
