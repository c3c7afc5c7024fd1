"""What an event is called (contract 7.5)."""

from typing import Any

import pytest

from events.meaning.shapes import Csp, Frame, Subject, Thrown
from events.meaning.titles import name
from tests.events.meaning.asking import read_event

KEY_ERROR = Thrown(type="KeyError", value="'missing'\nin d", frames=(Frame("shop", "shop.py", "pay"),))
GROUP = Thrown(type="ExceptionGroup", value="several", is_group=True)


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        (Subject(exceptions=(Thrown("Cause"), KEY_ERROR)), "KeyError: 'missing'"),
        (Subject(exceptions=(KEY_ERROR, GROUP)), "KeyError: 'missing'"),
        (Subject(exceptions=(GROUP, GROUP)), "ExceptionGroup: several"),
        (Subject(exceptions=(Thrown(type="E"),), message="hello"), "E"),
        (Subject(exceptions=(Thrown(value="\n v \nw"),), message="hello"), "v"),
        (Subject(exceptions=(Thrown("Evil\r\n Type", "v"),)), "Evil Type: v"),
        (Subject(exceptions=(Thrown("SIGSEGV", "x", KEY_ERROR.frames, is_synthetic=True),)), "pay"),
        (Subject(exceptions=(Thrown("SIGSEGV", "x", is_synthetic=True),)), "SIGSEGV: x"),
        (Subject(exceptions=(Thrown("SIGSEGV", "x", (Frame(function="?"),), is_synthetic=True),)), "SIGSEGV: x"),
        (
            Subject(exceptions=(Thrown("SIGABRT", "x", (Frame(function="<redacted>"),), is_synthetic=True),)),
            "SIGABRT: x",
        ),
        (Subject(exceptions=(Thrown(frames=KEY_ERROR.frames),), message="hello"), "hello"),
        (Subject(exceptions=(Thrown(frames=KEY_ERROR.frames),)), "<no message>"),
        (Subject(message="\n disk 7 is full \n or so"), "disk 7 is full"),
        (Subject(message="Traceback (most recent call last):\n  File 1\nKeyError: 'a'\n"), "KeyError: 'a'"),
        (Subject(), "<no message>"),
        (Subject(csp=Csp(directive="img-src", blocked="evil.example")), "Blocked 'img' from 'evil.example'"),
        (Subject(csp=Csp(directive="script-src-elem", blocked="inline")), "Blocked 'script' from 'inline'"),
    ],
)
def test_titles(subject: Subject, title: str) -> None:
    assert name(subject).title == title


def test_a_message_that_comes_as_an_exception_is_called_by_what_it_says() -> None:
    """As Node and browsers send it: with the stack of where it was sent from."""
    message = Thrown(value="queue 12 is slow", frames=KEY_ERROR.frames, is_synthetic=True)

    assert name(Subject(exceptions=(message,))).title == "queue 12 is slow"


def test_a_title_is_cut() -> None:
    assert name(Subject(message="x" * 256)).title == "x" * 256
    assert name(Subject(message="x" * 257)).title == "x" * 255 + "…"


FRAMES = (Frame("shop", "shop.py", "pay", in_app=True), Frame("lib", "lib.py", "call", in_app=False))


@pytest.mark.parametrize(
    ("subject", "culprit"),
    [
        (Subject(culprit="c", transaction="t", exceptions=(KEY_ERROR,)), "c"),
        (Subject(transaction="t", exceptions=(KEY_ERROR,)), "t"),
        (Subject(exceptions=(Thrown("SIGSEGV", frames=(Frame(package="/data/app/libshop.so"),)),)), "libshop.so"),
        (Subject(transaction="SELECT 1\n  FROM t"), "SELECT 1 FROM t"),
        (Subject(exceptions=(KEY_ERROR,)), "shop in pay"),
        (Subject(exceptions=(Thrown("E", frames=FRAMES),)), "shop in pay"),
        (Subject(exceptions=(Thrown("E", frames=FRAMES[1:]),)), "lib in call"),
        (Subject(exceptions=(KEY_ERROR, Thrown("Wrapper"))), "shop in pay"),
        (
            Subject(exceptions=(Thrown("E", frames=(Frame(filename="src/shop.js", function="pay"),)),)),
            "src/shop.js in pay",
        ),
        (Subject(exceptions=(Thrown("E", frames=(Frame(module="shop"),)),)), "shop"),
        (Subject(exceptions=(Thrown("E", frames=(Frame(function="pay"),)),)), "pay"),
        (Subject(message="hello", stack=FRAMES), "shop in pay"),
        (Subject(message="hello"), ""),
    ],
)
def test_culprits(subject: Subject, culprit: str) -> None:
    assert name(subject).culprit == culprit


def test_where_the_sdk_does_not_say_whose_a_frame_is() -> None:
    path = "/usr/lib/python3.11/site-packages/lib.py"
    frames = (Frame("shop", "shop.py", "pay"), Frame("lib", "lib.py", "call", abs_path=path))

    assert name(Subject(platform="python", exceptions=(Thrown("E", frames=frames),))).culprit == "shop in pay"


@pytest.mark.parametrize(
    ("filename", "shown"),
    [
        ("https://shop.example.com/cart?token=abc#pay", "https://shop.example.com/cart"),
        ("https://shop.example.com/cart#pay?x", "https://shop.example.com/cart"),
        ("app:///main.js?v=3", "app:///main.js"),
        ("shop/is this?.py", "shop/is this?.py"),
    ],
)
def test_what_was_asked_of_a_page_is_no_name_of_its_script(filename: str, shown: str) -> None:
    found = name(Subject(exceptions=(Thrown("E", frames=(Frame(filename=filename, function="pay"),)),)))

    assert (found.culprit, found.location, found.metadata["filename"]) == (f"{shown} in pay", shown, shown)


def test_a_culprit_is_cut() -> None:
    assert read_event({"culprit": "x" * 201}).culprit == "x" * 199 + "…"
    assert name(Subject(stack=(Frame("x" * 150, function="y" * 150),))).culprit.endswith("…")
    assert len(name(Subject(stack=(Frame("x" * 150, function="y" * 150),))).culprit) == 200


@pytest.mark.parametrize(
    ("event", "type_", "metadata", "location"),
    [
        (
            {"exception": {"type": "E", "value": "v", "stacktrace": [{"filename": "a.py", "function": "f"}]}},
            *("error", {"type": "E", "value": "v", "filename": "a.py", "function": "f"}, "a.py"),
        ),
        ({"exception": {"type": "E"}}, "error", {"type": "E"}, None),
        (
            {"csp": {"effective_directive": "img-src", "blocked_uri": "http://evil.example/x.png"}},
            *("csp", {"directive": "img-src", "uri": "http://evil.example/x.png"}, "http://evil.example/x.png"),
        ),
        ({"message": "hello\nyou"}, "default", {"title": "hello"}, None),
        ({}, "default", {"title": "<no message>"}, None),
    ],
)
def test_type_metadata_and_location(
    event: dict[str, Any], type_: str, metadata: dict[str, str], location: str | None
) -> None:
    found = read_event(event)

    assert (found.type, found.metadata, found.data.get("location")) == (type_, metadata, location)
    assert (found.data["type"], found.data["metadata"]) == (type_, metadata)
    assert (found.data["title"], found.data.get("culprit", "")) == (found.title, found.culprit)


def test_metadata_is_cut() -> None:
    assert len(read_event({"exception": {"type": "E", "value": "x" * 5000}}).metadata["value"]) == 1024
