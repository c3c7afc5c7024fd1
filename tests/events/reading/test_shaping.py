"""What is shown of an event: all that is kept of it, whatever that is (contract 7.10)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given

from events.reading.shapes import Breadcrumb, EventShown, Frame, Message, Request, Stack
from events.reading.shaping import shape
from tests.events.meaning.asking import AT, read_event
from tests.events.meaning.test_any_event import things
from tests.events.meaning.test_samples import CAME, EXPECTED, event_of

SEEN_AT = datetime(2026, 11, 29, 1, 10, 6, 500_000, tzinfo=UTC)


def shown(data: Mapping[str, Any]) -> EventShown:
    return shape(
        data,
        project_id=1,
        issue_id=2,
        event_id=UUID(int=3),
        fingerprint=UUID(int=4),
        seen_at=AT,
        received_at=AT,
    )


def shown_of(event: dict[str, Any]) -> EventShown:
    """Return what is shown of an event that an SDK sent so."""
    return shown(read_event(event).data)


def of_stack(frame: dict[str, Any], **event: Any) -> Frame:
    sent = {"exception": {"values": [{"type": "Error", "stacktrace": {"frames": [frame]}}]}, **event}
    (found,) = shown_of(sent).entries.exceptions[0].stack.frames
    return found


def test_of_an_empty_event_has_every_part_empty() -> None:
    event = shown({})

    assert (event.title, event.user, event.contexts, event.tags, event.errors, event.size) == ("", {}, {}, (), (), 0)
    assert event.entries.message is None
    assert event.entries.request is None
    assert (event.entries.exceptions, event.entries.threads, event.entries.breadcrumbs) == ((), (), ())


def test_has_the_frame_with_its_lines() -> None:
    frame = of_stack(
        {
            **{"function": "intake", "module": "pump.run", "filename": "run.py", "abs_path": "/srv/run.py"},
            **{"lineno": 42, "colno": 7, "in_app": True, "vars": {"level": "3"}},
            **{"pre_context": ["a", "b"], "context_line": "c", "post_context": ["d"]},
        }
    )

    assert (frame.function, frame.module, frame.filename, frame.abs_path) == (
        *("intake", "pump.run"),
        *("run.py", "/srv/run.py"),
    )
    assert (frame.lineno, frame.colno, frame.in_app, frame.vars) == (42, 7, True, {"level": "3"})
    assert frame.lines == [(40, "a"), (41, "b"), (42, "c"), (43, "d")]


def test_has_no_numbers_of_lines_where_none_is_known() -> None:
    assert of_stack({"function": "f", "context_line": "c"}).lines == []


@pytest.mark.parametrize(
    ("frame", "in_app"),
    [
        ({"function": "f", "abs_path": "/venv/lib/python3.11/site-packages/django/x.py"}, False),
        ({"function": "f", "abs_path": "/srv/app.py"}, True),
        ({"function": "f", "abs_path": "/venv/site-packages/a.py", "in_app": True}, True),
        ({"function": "f", "abs_path": "/srv/app.py", "in_app": False}, False),
    ],
)
def test_says_whose_a_frame_is_as_grouping_has_it(frame: dict[str, Any], in_app: bool) -> None:
    assert of_stack(frame, platform="python").in_app == in_app


@pytest.mark.parametrize(
    ("frame", "address"),
    [
        ({"instruction_addr": "0x5575d4c1a2b9", "image_addr": "0x5575d4c19000"}, "+0x12b9"),
        ({"instruction_addr": "0x5575d4c1a2b9"}, "0x5575d4c1a2b9"),
        ({"instruction_addr": "0x10", "image_addr": "0x5575d4c19000"}, "0x10"),
        ({"instruction_addr": "nowhere", "image_addr": "0x5575d4c19000"}, ""),
        ({"function": "f"}, ""),
    ],
)
def test_says_where_native_code_lies(frame: dict[str, Any], address: str) -> None:
    assert of_stack(frame, platform="native").address == address


def test_a_frame_without_a_name_is_called_by_its_address() -> None:
    address = {"instruction_addr": "0x1234"}

    assert of_stack({"function": "pay", **address}).name == "pay"
    assert [of_stack({"function": name, **address}).name for name in (None, "?", "<redacted>")] == ["0x1234"] * 3
    assert of_stack({"function": "<anonymous>"}).name == "<anonymous>"


def test_knows_whether_some_frames_are_of_the_program_and_some_are_not() -> None:
    own, other = Frame(in_app=True), Frame(in_app=False)

    assert [Stack(frames).has_system_frames for frames in ((own, other), (own, own), (other,), ())] == [
        *(True, False),
        *(False, False),
    ]


def test_says_which_frames_were_left_out() -> None:
    frames = [{"function": f"f{number}"} for number in range(300)]

    (thrown,) = shown_of(
        {"exception": {"values": [{"type": "E", "stacktrace": {"frames": frames}}]}}
    ).entries.exceptions

    assert (len(thrown.stack.frames), thrown.stack.omitted) == (250, (125, 175))


@pytest.mark.parametrize(("handled", "expected"), [(True, True), (False, False), (None, None)])
def test_says_whether_an_exception_was_handled(handled: Any, expected: bool | None) -> None:
    mechanism = {"type": "excepthook", **({} if handled is None else {"handled": handled})}

    (thrown,) = shown_of({"exception": {"values": [{"type": "E", "mechanism": mechanism}]}}).entries.exceptions

    assert (thrown.handled, thrown.mechanism["type"]) == (expected, "excepthook")


def test_has_the_message_with_its_template() -> None:
    event = shown_of({"logentry": {"message": "pump %s", "params": [3]}})

    assert event.entries.message == Message("pump 3", "pump %s", [3])
    assert shown_of({"message": "pump 3"}).entries.message == Message("pump 3", "", [])


def test_has_breadcrumbs() -> None:
    event = shown_of(
        {
            "breadcrumbs": [
                {"timestamp": 1_795_914_606.5, "category": "http", "data": {"url": "x"}, "level": "warning"},
                {"timestamp": "odd", "message": "started", "type": "navigation"},
            ]
        }
    )

    assert event.entries.breadcrumbs == (
        Breadcrumb(SEEN_AT, "default", "http", "warning", "", {"url": "x"}),
        Breadcrumb(None, "navigation", "", "info", "started", {}),
    )


def test_has_the_request() -> None:
    event = shown_of(
        {
            "request": {
                **{"method": "POST", "url": "https://shop.example/a?x=1&y=#top", "data": {"a": [1]}},
                **{"headers": {"Host": "shop.example"}, "env": {"REMOTE_PORT": "7"}},
            }
        }
    )

    assert event.entries.request == Request(
        method="POST",
        url="https://shop.example/a",
        query=(("x", "1"), ("y", "")),
        fragment="top",
        headers=(("Host", "shop.example"),),
        cookies=(),
        data={"a": [1]},
        env={"REMOTE_PORT": "7"},
    )


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("?a=1&a=2", (("a", "1"), ("a", "2"))),
        ([["a", "1"], ["b", ["2", "3"]]], (("a", "1"), ("b", "2, 3"))),
        ({"a": 1}, (("a", "1"),)),
        (7, ()),
    ],
)
def test_reads_a_query_in_every_form(query: Any, pairs: Any) -> None:
    request = shown_of({"request": {"url": "https://shop.example/", "query_string": query}}).entries.request

    assert request is not None
    assert request.query == pairs


def test_has_the_ids_of_users_as_text() -> None:
    assert shown_of({"user": {"id": 7, "name": None, "data": {"plan": "x"}}}).user == {"id": "7", "data": {"plan": "x"}}


def test_leaves_out_contexts_that_are_no_objects() -> None:
    assert shown_of({"contexts": {"os": {"name": "Linux"}, "odd": 7}}).contexts == {"os": {"name": "Linux"}}


@pytest.mark.parametrize("name", EXPECTED)
def test_of_real_events_is_what_their_sdks_sent(name: str) -> None:
    kept = read_event(event_of(name), at=CAME)

    event = shown(kept.data)

    assert (event.title, event.culprit, event.type, event.release) == (
        *(kept.title, kept.culprit),
        *(kept.type, kept.release),
    )
    assert len(event.entries.exceptions) == len(kept.data.get("exception", {}).get("values", []))
    assert event.size == kept.data["size"] > 100


@given(things)
def test_is_made_of_anything(value: Any) -> None:
    """A week may hold what an older version kept: nothing in it makes its issue unreadable."""
    fields = [
        *("type", "title", "level", "tags", "user", "exception", "threads", "breadcrumbs", "request", "csp"),
        *("logentry", "message", "contexts", "extra", "modules", "sdk", "errors", "size", "fingerprint"),
    ]
    for field in fields:
        assert shown({field: value, "message": "m"}).id == UUID(int=3)
    assert shown({"exception": {"values": [value]}, "threads": {"values": [value]}, "breadcrumbs": {"values": [value]}})
