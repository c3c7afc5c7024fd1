"""Texts from outside: every character of them can be seen, and long ones are folded."""

import pytest

from desk.templatetags.desk_texts import with_times
from desk.texts import Text, fold, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("pump 3 lost suction", "pump 3 lost suction"),
        ("Überdruck: 水泵 🚱", "Überdruck: 水泵 🚱"),
        ("a\r\nb\tc", "a\nb\tc"),
        ("a\rb", "a␍b"),
        ("a\x00b\x1b[31m\x7f", "a␀b␛[31m␡"),
        ("a\x85b", "a[U+0085]b"),
        ("exe\u202egpj", "exe[U+202E]gpj"),
        ("\u2066pay\u2069pal", "[U+2066]pay[U+2069]pal"),
        ("pay\u200bpal\ufeff", "pay[U+200B]pal[U+FEFF]"),
        ("a\u2028b", "a[U+2028]b"),
        ("a\U000e0041", "a[U+E0041]"),
        ("👩\u200d🔧", "👩\u200d🔧"),  # joined: a mechanic
        ("z" + "\u0301" * 100, "z\u0301\u0301\u0301"),
        (7, "7"),
    ],
)
def test_every_character_can_be_seen(text: object, shown: str) -> None:
    assert visible(text) == shown


def test_a_short_text_is_whole() -> None:
    assert fold("abc", 3) == Text("abc")


def test_a_text_that_is_hardly_longer_is_whole() -> None:
    assert fold("a" * 100, 30).rest == ""


def test_a_long_text_is_cut_in_two_and_nothing_of_it_is_lost() -> None:
    text = fold("a" * 500, 300)

    assert (text.head, text.rest, text.length) == ("a" * 300, "a" * 200, 500)


def test_a_text_of_many_lines_is_cut_at_a_line() -> None:
    text = fold("\n".join(["pump"] * 50), 1000, lines=2)

    assert text.head == "pump\npump"
    assert text.rest == "\npump" * 48


def test_instants_of_a_sentence_are_times() -> None:
    words = "<b> until 2030-01-01 08:30 UTC or \u202e5 more"

    time = '<time datetime="2030-01-01T08:30Z" data-instant>2030-01-01 08:30 UTC</time>'
    assert with_times(words) == f"&lt;b&gt; until {time} or [U+202E]5 more"
