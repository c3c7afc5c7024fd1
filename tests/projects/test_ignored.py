"""The header that names what was ignored (contract 1.4, 2)."""

import re
from urllib.parse import unquote

import pytest

from projects.api.ignored import ignored_header


def named(*names: str) -> str:
    return ignored_header("Ignored-Keys", names)["Ignored-Keys"]


def test_is_not_there_when_nothing_was_ignored() -> None:
    assert ignored_header("Ignored-Keys", []) == {}


@pytest.mark.parametrize(
    ("names", "header"),
    {
        "one": (["inbox"], "inbox"),
        "as they came": (["b", "a"], "b,a"),
        "each once": (["a", "b", "a"], "a,b"),
        "in capitals or not": (["a", "A"], "a,A"),
        "the empty one": (["", "a"], ",a"),
        "what a header can't hold": (
            ["id[]", "a,b", "a b", "a/b", "\r\nX-Evil: 1", "\0"],
            "id%5B%5D,a%2Cb,a%20b,a%2Fb,%0D%0AX-Evil%3A%201,%00",
        ),
        "other alphabets": (["größe", "🦀"], "gr%C3%B6%C3%9Fe,%F0%9F%A6%80"),
        "half a surrogate": (["\ud800"], "%3F"),
        "no more than twenty": ([str(number) for number in range(30)], ",".join(map(str, range(20)))),
    }.values(),
)
def test_names_them(names: list[str], header: str) -> None:
    assert named(*names) == header


@pytest.mark.parametrize("before", range(4))
def test_is_a_thousand_characters_at_most(before: int) -> None:
    assert named("x" * 10**6) == "x" * 1000
    assert len(named(*(f"{number:060}" for number in range(20)))) == 1000

    header = named("x" * before + "ä" * 1000)

    assert 1000 - 3 < len(header) <= 1000
    assert re.sub("%[0-9A-F]{2}", "", header) == "x" * before
    assert unquote(header).rstrip("\ufffd") == "x" * before + "ä" * ((len(header) - before) // 6)
