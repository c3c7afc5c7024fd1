"""Exceptions, stacks and threads (contract 7.5)."""

from typing import Any

import pytest

from events.meaning.exceptions import read_exceptions, read_threads
from events.meaning.fields import Errors
from events.meaning.shapes import Frame, Thrown
from tests.events.meaning.asking import errors_of, read_event

KEY_ERROR = {"type": "KeyError", "value": "'missing'", "module": "builtins"}
FRAME = {"module": "shop", "function": "pay", "filename": "shop.py", "abs_path": "/srv/shop.py", "in_app": True}


def thrown(event: dict[str, Any]) -> tuple[Thrown, ...]:
    return read_exceptions(event, Errors())[1]


def stack(event: dict[str, Any]) -> tuple[Frame, ...]:
    return read_threads(event, Errors())[1]


@pytest.mark.parametrize(
    "event",
    [
        {"exception": {"values": [KEY_ERROR]}},
        {"exception": [KEY_ERROR]},
        {"exception": KEY_ERROR},
        {"exception": {"values": KEY_ERROR}},
        {"exception": [None, KEY_ERROR, {}, {"type": None, "stacktrace": {"frames": []}}]},
        {"sentry.interfaces.Exception": {"values": [KEY_ERROR]}},
        {"sentry.interfaces.Exception": [KEY_ERROR]},
        {"sentry.interfaces.Exception": KEY_ERROR},
    ],
    ids=["values", "list", "one", "one in values", "with nothing", "old, values", "old, list", "old, one"],
)
def test_exceptions_come_in_several_forms_and_are_kept_in_one(event: dict[str, Any]) -> None:
    found = read_event(event)

    assert found.data["exception"] == {"values": [KEY_ERROR]}
    assert (found.type, found.title) == ("error", "KeyError: 'missing'")
    assert "errors" not in found.data


@pytest.mark.parametrize("exception", [None, [], {"values": None}, {"values": []}, {}, [{}]])
def test_an_event_may_have_none(exception: Any) -> None:
    found = read_event({"exception": exception, "message": "hello"})

    assert (found.type, found.title) == ("default", "hello")
    assert "exception" not in found.data
    assert "errors" not in found.data


def test_what_is_looked_at_of_an_exception() -> None:
    mechanism = {"type": "chained", "synthetic": True, "is_exception_group": True, "exception_id": 2, "parent_id": 0}
    event = {"exception": [{**KEY_ERROR, "mechanism": mechanism, "stacktrace": {"frames": [FRAME]}}]}

    assert thrown(event) == (
        Thrown(
            type="KeyError",
            value="'missing'",
            module="builtins",
            frames=(Frame("shop", "shop.py", "pay", in_app=True, abs_path="/srv/shop.py"),),
            is_synthetic=True,
            is_group=True,
            id=2,
            parent=0,
        ),
    )


def test_the_chain_stays_in_its_order() -> None:
    assert [one.type for one in thrown({"exception": [{"type": "Cause"}, {"type": "Effect"}]})] == ["Cause", "Effect"]


def test_of_51_exceptions_the_middle_one_goes() -> None:
    event = {"exception": [{"type": str(n)} for n in range(51)]}

    assert [one.type for one in thrown(event)] == [str(n) for n in range(51) if n != 25]
    assert len(read_event(event).data["exception"]["values"]) == 50


def test_of_252_frames_the_two_in_the_middle_go_and_it_is_said() -> None:
    event = {"exception": [{"type": "E", "stacktrace": {"frames": [{"lineno": n} for n in range(252)]}}]}

    kept = read_event(event).data["exception"]["values"][0]["stacktrace"]

    assert [frame["lineno"] for frame in kept["frames"]] == [n for n in range(252) if n not in {125, 126}]
    assert kept["frames_omitted"] == [125, 127]


def test_250_frames_are_kept() -> None:
    event = {"exception": [{"type": "E", "stacktrace": {"frames": [{"lineno": n} for n in range(250)]}}]}

    kept = read_event(event).data["exception"]["values"][0]["stacktrace"]

    assert len(kept["frames"]) == 250
    assert "frames_omitted" not in kept


@pytest.mark.parametrize("key", ["type", "value", "module", "mechanism", "stacktrace", "thread_id"])
def test_a_part_of_another_type_is_as_if_absent_and_named(key: str) -> None:
    data = read_event({"exception": [{"type": "E", "value": "v"}, {"type": "F", "value": "w", key: True}]}).data

    assert key not in data["exception"]["values"][1]
    assert data["errors"] == [f"exception.1.{key}"]


@pytest.mark.parametrize("key", ["type", "synthetic", "is_exception_group", "exception_id", "parent_id", "handled"])
def test_a_part_of_a_mechanism_too(key: str) -> None:
    data = read_event({"exception": {"type": "E", "mechanism": {key: "x" if key != "type" else 5, "a": 1}}}).data

    assert data["exception"]["values"][0]["mechanism"] == {"a": 1}
    assert data["errors"] == [f"exception.0.mechanism.{key}"]


@pytest.mark.parametrize("exception", ["x", 5, True])
def test_what_is_no_list_of_exceptions_is_named(exception: Any) -> None:
    assert errors_of({"exception": exception}) == ["exception"]
    assert errors_of({"exception": {"values": exception}}) == ["exception"]
    assert errors_of({"exception": [KEY_ERROR, exception]}) == ["exception.1"]


# ---------------------------------------------------------------------------------------------------------------------
# Frames
# ---------------------------------------------------------------------------------------------------------------------


def test_a_frame_may_have_its_path_alone() -> None:
    frame = {"abs_path": "/srv/main.go"}

    assert thrown({"exception": {"type": "E", "stacktrace": {"frames": [frame]}}})[0].frames == (
        Frame(filename="/srv/main.go", abs_path="/srv/main.go"),
    )


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        *((key, 5) for key in ("function", "module", "filename", "abs_path", "context_line", "package", "platform")),
        *((key, "5") for key in ("lineno", "colno", "in_app", "vars", "pre_context", "post_context")),
        *(("lineno", True), ("in_app", 1)),
    ],
)
def test_a_part_of_a_frame_of_another_type_is_as_if_absent_and_named(key: str, wrong: Any) -> None:
    frames = [{"lineno": 1}, {"colno": 2, "made_up": 3, key: wrong}]
    data = read_event({"exception": {"type": "E", "stacktrace": {"frames": frames}}}).data

    kept = data["exception"]["values"][0]["stacktrace"]["frames"][1]
    assert kept == {name: value for name, value in {"colno": 2, "made_up": 3}.items() if name != key}
    assert data["errors"] == [f"exception.0.stacktrace.frames.1.{key}"]


def test_nulls_in_a_frame_are_no_errors() -> None:
    """Ruby sends null for the lines before the first."""
    frame = {"lineno": 1, "module": None, "pre_context": [None, "import os\n"], "post_context": None}
    data = read_event({"exception": {"type": "E", "stacktrace": {"frames": [frame, None]}}}).data

    assert data["exception"]["values"][0]["stacktrace"]["frames"] == [{"lineno": 1, "pre_context": ["", "import os\n"]}]
    assert "errors" not in data


@pytest.mark.parametrize("frames", ["x", 5, True])
def test_what_is_no_list_of_frames_is_named(frames: Any) -> None:
    event = {"exception": {"type": "E", "stacktrace": {"frames": frames}}}

    assert errors_of(event) == ["exception.0.stacktrace.frames"]
    assert thrown(event)[0].frames == ()


def test_a_stack_may_be_the_list_of_its_frames() -> None:
    assert thrown({"exception": {"type": "E", "stacktrace": [FRAME]}})[0].frames[0].function == "pay"


@pytest.mark.parametrize("old", ["stacktrace", "sentry.interfaces.Stacktrace"])
def test_an_old_stack_is_that_of_the_only_exception(old: str) -> None:
    data = read_event({"exception": [KEY_ERROR], old: {"frames": [FRAME]}}).data

    assert data["exception"]["values"][0]["stacktrace"] == {"frames": [FRAME]}
    assert data["culprit"] == "shop in pay"
    assert "threads" not in data


def test_an_old_stack_without_exception_is_that_of_the_thread() -> None:
    data = read_event({"message": "hello", "stacktrace": {"frames": [FRAME]}}).data

    assert data["threads"]["values"][0]["stacktrace"] == {"frames": [FRAME]}
    assert data["culprit"] == "shop in pay"


# ---------------------------------------------------------------------------------------------------------------------
# Threads
# ---------------------------------------------------------------------------------------------------------------------


def thread(function: str, **told: Any) -> dict[str, Any]:
    return {"stacktrace": {"frames": [{"function": function}]}, **told}


@pytest.mark.parametrize(
    ("threads", "function"),
    [
        ([thread("a"), thread("b", current=True), thread("c", crashed=True)], "c"),
        ([thread("a"), thread("b", current=True), {"crashed": True}], "b"),
        ([thread("a", crashed=False, current=False)], "a"),
        ([thread("a"), {"id": 5}], "a"),
    ],
    ids=["crashed", "current", "only", "only one with a stack"],
)
def test_the_stack_that_tells_most(threads: list[dict[str, Any]], function: str) -> None:
    assert stack({"threads": threads}) == stack({"threads": {"values": threads}}) == (Frame(function=function),)


@pytest.mark.parametrize("threads", [[], None, {"values": None}, [thread("a"), thread("b")], [{"stacktrace": None}]])
def test_no_stack_tells_more(threads: Any) -> None:
    assert stack({"threads": threads}) == ()


def test_wrong_parts_of_a_thread_are_named() -> None:
    assert errors_of({"threads": [{"crashed": "yes", "id": 1.5, "stacktrace": "x", "name": 5, "current": None}]}) == [
        *("threads.0.id", "threads.0.name", "threads.0.crashed", "threads.0.stacktrace"),
    ]
    assert errors_of({"threads": 5}) == ["threads"]


@pytest.mark.parametrize(
    ("meta", "title"),
    [
        ({"ns_error": {"domain": "shop.cart", "code": 2}}, "shop.cart: Code: 2"),
        ({"ns_error": {"domain": "shop.cart", "code": "2"}}, "shop.cart"),
        ({"ns_error": {"code": 2}, "signal": {"number": 6, "name": "SIGABRT"}}, "SIGABRT"),
        ({"mach_exception": {"name": "EXC_BAD_ACCESS"}, "signal": {"name": "SIGSEGV"}}, "EXC_BAD_ACCESS"),
        ({"signal": "SIGABRT"}, "<no message>"),
        ([], "<no message>"),
    ],
)
def test_an_exception_without_words_is_called_by_its_mechanism(meta: Any, title: str) -> None:
    found = read_event(
        {"exception": {"mechanism": {"type": "NSError", "meta": meta}, "stacktrace": [{"function": "f"}]}}
    )

    assert found.title == title
    named = read_event({"exception": {"type": "E", "mechanism": {"meta": meta}}})
    assert named.title == "E"
