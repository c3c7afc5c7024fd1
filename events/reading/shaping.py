"""From what is kept of an event to what is shown of it. Whatever an SDK sent is read: what is odd is left out."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from events.meaning.fields import Errors, read_timestamp
from events.meaning.grouping.places import is_own
from events.meaning.images import read_address
from events.meaning.shapes import Frame as Place
from events.reading import tagging
from events.reading.shapes import (
    Breadcrumb,
    Entries,
    EventShown,
    Frame,
    Message,
    Object,
    Pairs,
    Request,
    Stack,
    Thread,
    Thrown,
)

MOST_PAIRS = 200  # of a query, of headers, of cookies
NO_ENTRIES = Entries()


def shape(
    data: Object,
    *,
    project_id: int,
    issue_id: int | None,
    event_id: UUID,
    fingerprint: UUID,
    seen_at: datetime,
    received_at: datetime,
    has_entries: bool = True,
) -> EventShown:
    """Return a whole event, from what is kept of it and what stands beside that.

    :param has_entries: whether its parts are wanted: stacks, breadcrumbs, a request. They are most of the work.
    """
    platform = text(data, "platform")
    return EventShown(
        id=event_id,
        project_id=project_id,
        fingerprint=fingerprint,
        issue_id=issue_id,
        seen_at=seen_at,
        received_at=received_at,
        type=text(data, "type") or "default",
        title=text(data, "title"),
        culprit=text(data, "culprit"),
        location=text(data, "location"),
        level=text(data, "level"),
        platform=platform,
        logger=text(data, "logger"),
        environment=text(data, "environment"),
        server_name=text(data, "server_name"),
        transaction=text(data, "transaction"),
        release=text(data, "release"),
        dist=text(data, "dist"),
        message=text(data, "message"),
        metadata=mapping(data, "metadata"),
        tags=tuple(sorted(tagging.tags_of(data).items())),
        user=_user(mapping(data, "user")),
        sdk=mapping(data, "sdk"),
        contexts={name: value for name, value in mapping(data, "contexts").items() if isinstance(value, dict)},
        extra=mapping(data, "extra"),
        packages=mapping(data, "modules"),
        words=tuple(word for word in items(data, "fingerprint") if isinstance(word, str)),
        errors=tuple(name for name in items(data, "errors") if isinstance(name, str)),
        size=number(data, "size") or 0,
        entries=_entries(data, platform) if has_entries else NO_ENTRIES,
    )


# ---------------------------------------------------------------------------------------------------------------------
# JSON of which nothing is sure
# ---------------------------------------------------------------------------------------------------------------------


def text(data: Object, key: str) -> str:
    """Return a text; "" where there is none. A number is one, too."""
    value = data.get(key)
    if isinstance(value, str):
        return value
    return str(value) if type(value) in (int, float) else ""


def number(data: Object, key: str) -> int | None:
    value = data.get(key)
    return value if type(value) is int else None


def mapping(data: Object, key: str) -> dict[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def items(data: Object, key: str) -> list[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else []


def _values(data: Object, key: str) -> list[dict[str, Any]]:
    return [value for value in items(mapping(data, key), "values") if isinstance(value, dict)]


def _span(value: Any) -> tuple[int, int] | None:
    is_span = isinstance(value, list) and len(value) == 2 and all(type(each) is int for each in value)
    return (value[0], value[1]) if is_span else None


def as_text(value: Any) -> str:
    """Return a value as a text for people: of a list, its texts in a row."""
    if isinstance(value, list):
        return ", ".join(map(as_text, value))
    return value if isinstance(value, str) else "" if value is None else str(value)


def pairs(value: Any) -> Pairs:
    """Return keys and values: of an object, of a list of pairs, or of what stands behind the `?` of an address."""
    found: list[tuple[str, str]] = []
    if isinstance(value, str):
        found = parse_qsl(value.removeprefix("?")[:65_536], keep_blank_values=True)
    elif isinstance(value, dict):
        found = [(key, as_text(each)) for key, each in value.items()]
    elif isinstance(value, list):
        found = [(as_text(each[0]), as_text(each[1])) for each in value if isinstance(each, list) and len(each) == 2]
    return tuple(found[:MOST_PAIRS])


# ---------------------------------------------------------------------------------------------------------------------
# Parts
# ---------------------------------------------------------------------------------------------------------------------


def _user(user: Mapping[str, Any]) -> dict[str, Any]:
    """Return a user whose id is a text, as that of everybody is; nothing of what has no value."""
    return {
        key: str(value) if type(value) in (int, float) else value for key, value in user.items() if value is not None
    }


def _entries(data: Object, platform: str) -> Entries:
    return Entries(
        exceptions=tuple(_thrown(value, platform) for value in _values(data, "exception")),
        message=_message(data),
        threads=tuple(_thread(value, platform) for value in _values(data, "threads")),
        breadcrumbs=tuple(_breadcrumb(value) for value in _values(data, "breadcrumbs")),
        request=_request(mapping(data, "request")),
        csp=mapping(data, "csp"),
    )


def _message(data: Object) -> Message | None:
    formatted, entry = text(data, "message"), mapping(data, "logentry")
    params = entry.get("params")
    if not isinstance(params, list | dict):
        params = []
    return Message(formatted, text(entry, "message"), params) if formatted else None


def _thrown(value: dict[str, Any], platform: str) -> Thrown:
    return Thrown(
        type=text(value, "type"),
        value=text(value, "value"),
        module=text(value, "module"),
        stack=_stack(value, platform),
        mechanism=mapping(value, "mechanism"),
        thread_id=text(value, "thread_id"),
    )


def _thread(value: dict[str, Any], platform: str) -> Thread:
    return Thread(
        id=text(value, "id"),
        name=text(value, "name"),
        crashed=value.get("crashed") is True,
        current=value.get("current") is True,
        stack=_stack(value, platform),
    )


def _stack(holder: dict[str, Any], platform: str) -> Stack:
    stack = mapping(holder, "stacktrace")
    frames = [_frame(frame, platform) for frame in items(stack, "frames") if isinstance(frame, dict)]
    return Stack(tuple(frames), _span(stack.get("frames_omitted")))


def _frame(value: dict[str, Any], platform: str) -> Frame:
    frame = Frame(
        function=text(value, "function"),
        module=text(value, "module"),
        filename=text(value, "filename"),
        abs_path=text(value, "abs_path"),
        lineno=number(value, "lineno"),
        colno=number(value, "colno"),
        in_app=value.get("in_app") is True,
        pre_context=tuple(map(as_text, items(value, "pre_context"))),
        context_line=value.get("context_line") if isinstance(value.get("context_line"), str) else None,
        post_context=tuple(map(as_text, items(value, "post_context"))),
        vars=mapping(value, "vars"),
        package=text(value, "package"),
        platform=text(value, "platform"),
        address=_address(value),
    )
    if isinstance(value.get("in_app"), bool):
        return frame
    place = Place(
        module=frame.module,
        filename=frame.filename or frame.abs_path,
        function=frame.function,
        abs_path=frame.abs_path,
        package=frame.package,
        platform=frame.platform,
    )
    return replace(frame, in_app=is_own(place, platform))


def _address(frame: dict[str, Any]) -> str:
    """Return where the code of a frame lies: within its package, as in the file of it, where that is known."""
    address, start = read_address(frame.get("instruction_addr")), read_address(frame.get("image_addr"))
    if address is None:
        return ""
    return hex(address) if start is None or start > address else f"+{hex(address - start)}"


def _breadcrumb(value: dict[str, Any]) -> Breadcrumb:
    return Breadcrumb(
        seen_at=read_timestamp(value, Errors()),
        type=text(value, "type") or "default",
        category=text(value, "category"),
        level=text(value, "level") or "info",
        message=text(value, "message"),
        data=mapping(value, "data"),
    )


def _request(value: dict[str, Any]) -> Request | None:
    if not value:
        return None
    url, query, fragment = parts_of_url(text(value, "url"))
    return Request(
        method=text(value, "method"),
        url=url,
        query=pairs(value.get("query_string") or query),
        fragment=text(value, "fragment") or fragment,
        headers=pairs(value.get("headers") if not isinstance(value.get("headers"), str) else None),
        cookies=_cookies(value.get("cookies")),
        data=value.get("data"),
        env=mapping(value, "env"),
    )


def _cookies(value: Any) -> Pairs:
    if isinstance(value, str):
        parts = [part.strip().partition("=") for part in value.split(";")[:MOST_PAIRS]]
        return tuple((key, rest) for key, _, rest in parts if key)
    return pairs(value)


def parts_of_url(url: str) -> tuple[str, str, str]:
    """Return an address without its query and fragment, and these two."""
    try:
        parts = urlsplit(url)
    except ValueError:  # [ and no ]
        return re.split("[?#]", url, maxsplit=1)[0], "", ""
    return parts._replace(query="", fragment="").geturl(), parts.query, parts.fragment
