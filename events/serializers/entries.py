"""The parts of an event: what is unknown is left out or empty, and never null, which clients' schemas refuse."""

from typing import Any

from events import answers
from events.reading.shapes import Breadcrumb, Entries, Frame, Message, Request, Stack, Thread, Thrown
from projects.serializers import iso

MOST_EXACT = 2**53  # as every program reads a number


def describe_entries(entries: Entries) -> list[answers.Entry]:
    """Return the parts that an event has, the most telling first."""
    described: list[tuple[str, dict[str, Any] | None]] = [
        ("exception", _exceptions(entries.exceptions)),
        ("message", None if entries.message is None else _message(entries.message)),
        ("threads", {"values": [_thread(thread) for thread in entries.threads]} if entries.threads else None),
        ("breadcrumbs", _breadcrumbs(entries.breadcrumbs)),
        ("request", None if entries.request is None else _request(entries.request)),
        ("csp", dict(entries.csp) or None),
    ]
    return [{"type": kind, "data": data} for kind, data in described if data is not None]


def _known(**fields: Any) -> dict[str, Any]:
    """Return what is known of these."""
    return {key: value for key, value in fields.items() if value is not None and value != ""}


def _exceptions(exceptions: tuple[Thrown, ...]) -> dict[str, Any] | None:
    if not exceptions:
        return None
    return {
        "values": [_thrown(thrown) for thrown in exceptions],
        "hasSystemFrames": any(thrown.stack.has_system_frames for thrown in exceptions),
    }


def _thrown(thrown: Thrown) -> dict[str, Any]:
    mechanism = _known(**{str(key): value for key, value in thrown.mechanism.items()})
    return _known(
        type=thrown.type,
        value=thrown.value,
        module=thrown.module,
        threadId=_number(thrown.thread_id),
        mechanism=mechanism or None,
        stacktrace=_stack(thrown.stack),
    )


def _thread(thread: Thread) -> dict[str, Any]:
    return _known(
        id=_number(thread.id),
        name=thread.name,
        crashed=thread.crashed,
        current=thread.current,
        stacktrace=_stack(thread.stack),
    )


def _number(word: str) -> int | str:
    """Return the id of a thread as a number, where it is one: clients take no other."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 17 and int(word) < MOST_EXACT else word


def _stack(stack: Stack) -> dict[str, Any] | None:
    if not stack.frames:
        return None
    return _known(
        frames=[_frame(frame) for frame in stack.frames],
        framesOmitted=None if stack.omitted is None else list(stack.omitted),
        hasSystemFrames=stack.has_system_frames,
    )


def _frame(frame: Frame) -> dict[str, Any]:
    return _known(
        function=frame.function,
        module=frame.module,
        filename=frame.filename,
        absPath=frame.abs_path,
        lineNo=frame.lineno,
        colNo=frame.colno,
        inApp=frame.in_app,
        context=[[number, line] for number, line in frame.lines],
        vars=dict(frame.vars),
        package=frame.package,
        platform=frame.platform,
    )


def _message(message: Message) -> dict[str, Any]:
    params = list(message.params.values() if hasattr(message.params, "values") else message.params)
    return _known(formatted=message.formatted, message=message.template, params=params or None)


def _breadcrumbs(breadcrumbs: tuple[Breadcrumb, ...]) -> dict[str, Any] | None:
    if not breadcrumbs:
        return None
    return {
        "values": [
            _known(
                timestamp=None if one.seen_at is None else iso(one.seen_at),
                type=one.type,
                category=one.category,
                level=one.level,
                message=one.message,
                data=dict(one.data),
            )
            for one in breadcrumbs
        ]
    }


def _request(request: Request) -> dict[str, Any]:
    return _known(
        method=request.method,
        url=request.url,
        query=list(map(list, request.query)),
        fragment=request.fragment,
        headers=list(map(list, request.headers)),
        cookies=list(map(list, request.cookies)),
        data=request.data,
        env=dict(request.env),
    )
