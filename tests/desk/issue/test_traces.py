"""Where it happened: what is open, what is folded, and in which order."""

from typing import Any

import pytest

from desk.issue.traces import (
    LETTERS_OF_A_LINE,
    MOST_FRAMES,
    MOST_OPEN,
    MOST_THREADS,
    MOST_VARIABLES,
    Stack,
    Trace,
    trace_of,
)
from tests.desk.issue.events import failing, frame, shown_of, thrown


def trace(event: dict[str, Any], *, whole: bool = False) -> Trace:
    return trace_of(shown_of(event).entries, whole=whole)


def stack(*frames: dict[str, Any], whole: bool = False) -> Stack:
    (exception,) = trace(failing(thrown("PumpError", *frames)), whole=whole).exceptions
    return exception.stack


def told(stack: Stack) -> list[str | list[str]]:
    """Return the functions, those that are folded in a list, open ones with a mark."""

    def name(frame: Any) -> str:
        return f"{frame.function}*" if frame.is_open else frame.function

    return [[name(frame) for frame in run.frames] if run.is_folded else name(run.frames[0]) for run in stack.runs]


def test_of_an_event_without_a_stack_there_is_none() -> None:
    assert not trace({"message": "disk 7 is full"})


def test_the_newest_call_comes_first_and_frames_of_the_program_are_open() -> None:
    found = stack(frame("main"), frame("call", own=False), frame("send", own=False), frame("intake"))

    assert told(found) == ["intake*", ["send", "call"], "main*"]


def test_one_frame_of_a_library_is_not_folded_away() -> None:
    assert told(stack(frame("main"), frame("call", own=False), frame("intake"))) == ["intake*", "call", "main*"]


def test_where_no_frame_is_of_the_program_the_one_that_crashed_is_open() -> None:
    frames = [frame(name, own=False) for name in ("serve", "handle", "crash")]

    assert told(stack(*frames)) == ["crash*", ["handle", "serve"]]


def test_not_every_frame_of_the_program_is_open() -> None:
    found = told(stack(*[frame(f"f{number}") for number in range(30)]))

    assert found[:MOST_OPEN] == [f"f{29 - number}*" for number in range(MOST_OPEN)]
    assert found[MOST_OPEN:] == [f"f{number}" for number in reversed(range(30 - MOST_OPEN))]


def test_a_recursion_is_one_call_and_how_often_it_came_again() -> None:
    found = stack(frame("main"), *[frame("again")] * 30, frame("intake")).runs

    assert [(run.frames[0].function, len(run.frames), run.words) for run in found] == [
        ("intake", 1, ""),
        ("again", 1, ""),
        ("again", 29, "the same call 29 more times"),
        ("main", 1, ""),
    ]


def test_calls_at_several_addresses_are_not_one_call_where_nobody_knows_their_names() -> None:
    frames = [{"instruction_addr": address, "in_app": True} for address in ("0x1000", "0x2000", "0x2000")]

    assert told(stack(*frames)) == ["0x2000*", "0x2000*", "0x1000*"]


def test_whose_a_frame_is_that_says_nothing_is_told_by_its_place() -> None:
    library = frame("get", in_app=None, abs_path="/usr/lib/python3/site-packages/requests/api.py")

    assert told(stack(library, library, frame("intake", in_app=None))) == ["intake*", ["get", "get"]]


def test_of_a_long_stack_the_newest_are_shown_and_all_when_they_are_asked_for() -> None:
    frames = [frame(f"f{number}") for number in range(MOST_FRAMES + 20)]

    short, whole = stack(*frames), stack(*frames, whole=True)

    assert (len(short.runs), short.left_out) == (MOST_FRAMES, 20)
    assert (len(whole.runs), whole.left_out) == (MOST_FRAMES + 20, 0)
    assert short.runs[0].frames[0].function == f"f{MOST_FRAMES + 19}"


def test_what_was_caught_is_shown_before_what_caused_it_where_there_is_no_room_for_all() -> None:
    frames = [frame(f"f{number}") for number in range(MOST_FRAMES - 10)]

    found = trace(failing(*[thrown(name, *frames) for name in ("A", "B", "C")]))

    assert [each.stack.left_out for each in found.exceptions] == [0, MOST_FRAMES - 20, MOST_FRAMES - 10]


def test_says_how_many_frames_were_too_many_to_be_kept() -> None:
    assert stack(*[frame("again")] * 400).not_kept == 150


# ---------------------------------------------------------------------------------------------------------------------
# One frame
# ---------------------------------------------------------------------------------------------------------------------


def shown(**said: Any) -> Any:
    (run,) = stack(frame("intake", **said)).runs
    return run.frames[0]


def test_has_its_place_and_its_lines_with_numbers() -> None:
    found = shown(colno=7)

    assert (found.function, found.where, found.path, found.line) == ("intake", "pump.run", "/srv/run.py", "42:7")
    assert found.source.numbers == "41\n42\n43"
    assert found.source.before + found.source.current + found.source.after == "a = 1\nb = a / 0\nreturn b"
    assert found.source.current == "b = a / 0"


@pytest.mark.parametrize(
    ("said", "where", "path"),
    [
        ({"module": None}, "run.py", "/srv/run.py"),
        ({"module": None, "filename": None}, "/srv/run.py", ""),
        ({"module": None, "filename": None, "abs_path": None, "package": "libc.so.6"}, "libc.so.6", ""),
        ({"module": None, "filename": None, "abs_path": None}, "", ""),
    ],
)
def test_is_named_by_what_is_known_of_its_place(said: dict[str, Any], where: str, path: str) -> None:
    assert (shown(**said).where, shown(**said).path) == (where, path)


def test_a_frame_of_which_nothing_is_known_is_a_line() -> None:
    (run,) = stack({"function": "", "lineno": None, "in_app": True}).runs

    assert (run.frames[0].function, run.frames[0].line, run.frames[0].has_more) == ("?", "", False)


def test_lines_without_a_number_have_none() -> None:
    assert shown(lineno=None).source.numbers == ""


def test_lines_before_the_first_have_no_number() -> None:
    assert shown(lineno=1).source.numbers == "\n1\n2"


def test_a_line_is_one_line_and_not_endless() -> None:
    found = shown(context_line="a\nb\n", post_context=["x" * 5_000])

    assert found.source.current == "a␊b"
    assert found.source.after == "\n" + "x" * LETTERS_OF_A_LINE + "…"


def test_variables_are_as_they_are_read_best() -> None:
    found = shown(vars={"level": "3", "pumps": ["'a'", {"b": 1}], "on": True, "none": None, "long": "x" * 1_000})

    values = {variable.name: variable.value for variable in found.variables}
    heads = [values[name].head for name in ("level", "pumps", "on", "none")]
    assert heads == ["3", '["\'a\'", {"b": 1}]', "true", "null"]
    assert values["long"].length == 1_000
    assert len(values["long"].head) < 1_000


def test_of_many_variables_the_first_are_shown() -> None:
    found = shown(vars={f"v{number}": "1" for number in range(MOST_VARIABLES + 3)})

    assert (len(found.variables), found.more_variables) == (MOST_VARIABLES, 3)


# ---------------------------------------------------------------------------------------------------------------------
# The chain, threads
# ---------------------------------------------------------------------------------------------------------------------


def test_what_was_caught_comes_before_what_caused_it() -> None:
    found = trace(failing(thrown("KeyError", value="'a'"), thrown("OrderError", value="could not load")))

    assert [(each.type, each.value.head, each.relation) for each in found.exceptions] == [
        ("OrderError", "could not load", ""),
        ("KeyError", "'a'", "Caused by"),
    ]


def mechanism(number: int, parent: int | None = None, source: str = "", **said: Any) -> dict[str, Any]:
    return {"mechanism": {"type": "chained", "exception_id": number, "parent_id": parent, "source": source, **said}}


def test_members_of_a_group_are_said_to_be_some() -> None:
    found = trace(
        failing(
            thrown("ValueError", value="3", **mechanism(3, 0, "exceptions[1]")),
            thrown("KeyError", value="2", **mechanism(2, 1, "__cause__")),
            thrown("TypeError", value="1", **mechanism(1, 0, "exceptions[0]")),
            thrown("ExceptionGroup", value="0", **mechanism(0, is_exception_group=True)),
        )
    )

    assert [each.relation for each in found.exceptions] == [
        "",
        "In the group of ExceptionGroup",
        "The cause of TypeError",
        "In the group of ExceptionGroup",
    ]


def test_says_when_another_came_while_one_was_handled() -> None:
    found = trace(
        failing(
            thrown("KeyError", value="2", **mechanism(1, 0, "__context__")),
            thrown("TypeError", value="1", **mechanism(0)),
        )
    )

    assert found.exceptions[1].relation == "Was being handled when TypeError came"


def test_says_how_it_came() -> None:
    found = trace(failing(thrown("KeyError", value="1", mechanism={"type": "onerror", "handled": False})))

    assert found.exceptions[0].how == ("not handled", "onerror")


@pytest.mark.parametrize(("module", "type_"), [("pump.errors", "pump.errors.Dry"), ("builtins", "Dry"), (None, "Dry")])
def test_a_type_is_named_with_its_module_but_for_the_languages_own(module: str | None, type_: str) -> None:
    assert trace(failing(thrown("Dry", value="1", module=module))).exceptions[0].type == type_


def test_the_thread_that_crashed_comes_first_and_those_without_a_stack_are_left_out() -> None:
    threads = [
        {"id": 1, "name": "main", "current": True, "stacktrace": {"frames": [frame("wait")]}},
        {"id": 2, "crashed": True, "stacktrace": {"frames": [frame("intake")]}},
        {"id": 3, "name": "idle"},
    ]

    found = trace({"threads": {"values": threads}, "message": "m"})

    assert [(thread.name, thread.is_crashed) for thread in found.threads] == [("2", True), ("main", False)]


@pytest.mark.parametrize("whole", [False, True])
def test_more_threads_than_programs_have_are_counted(whole: bool) -> None:
    threads = [{"id": number, "stacktrace": {"frames": [frame("wait")]}} for number in range(MOST_THREADS + 2)]
    entries = shown_of({"threads": [{"id": 7}, *threads, {"id": -1, "crashed": True, **threads[0]}]}).entries

    found = trace_of(entries, whole=whole)

    assert (len(found.threads), found.left_out) == (MOST_THREADS, 3)
    assert found.threads[0].is_crashed
