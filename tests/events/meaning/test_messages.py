"""Messages (contract 7.5)."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.meaning.fields import Errors
from events.meaning.messages import formatted, read_message
from tests.events.meaning.asking import errors_of, read_event


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"logentry": {"formatted": "a 1", "message": "a %s", "params": [1]}, "message": "b"}, "a 1"),
        ({"sentry.interfaces.Message": {"message": "a %s", "params": [1], "formatted": None}, "message": "b"}, "a 1"),
        ({"message": {"formatted": "a 1", "message": "a %s"}}, "a 1"),
        ({"message": {"message": "a"}}, "a"),
        ({"message": " a\nb "}, "a\nb"),
        ({"logentry": "a", "message": "b"}, "a"),
        ({"logentry": {"message": ""}, "message": "b"}, "b"),
        ({"logentry": None, "message": None}, ""),
        ({}, ""),
    ],
)
def test_the_first_message_that_is_there(event: dict[str, Any], text: str) -> None:
    data = read_event(event).data

    assert data.get("message", "") == text
    assert "errors" not in data


def test_a_template_is_kept_with_its_parameters() -> None:
    event = {"logentry": {"formatted": "no stock for 5", "message": "no stock for %s", "params": [5]}}

    assert read_message(event, Errors()).template == "no stock for %s"
    assert read_event(event).data["logentry"] == {"message": "no stock for %s", "params": [5]}


@pytest.mark.parametrize("params", [None, [], {}])
def test_a_message_without_parameters_is_no_template(params: Any) -> None:
    found = read_message({"logentry": {"message": "100% sure", "params": params}}, Errors())

    assert (found.text, found.template, found.has_params) == ("100% sure", "", False)


def test_a_message_is_cut() -> None:
    assert read_event({"message": "x" * 8192}).data["message"] == "x" * 8192
    assert read_event({"message": "x" * 9000}).data["message"] == "x" * 8191 + "…"


@pytest.mark.parametrize(
    ("template", "params", "text"),
    [
        ("%s of %d", ["a", 5], "a of 5"),
        ("%(what)s of %(n)05.2f", {"what": "a", "n": 5}, "a of 5"),
        ("{} of {}", ["a", 5], "a of 5"),
        ("{1} of {0}", ["a", 5], "5 of a"),
        ("{what} of {n}", {"what": "a", "n": 5}, "a of 5"),
        ("%s %s", ["a"], "a %s"),
        ("{what}", ["a"], "{what}"),
        ("{9}", ["a"], "{9}"),
        ("100%% of %s", ["a"], "100% of a"),
        ("100% of %s", ["a"], "100% of a"),
        ("{} of %s", ["a"], "{} of a"),
        ("%s", [None], "None"),
        ("%s", [["a", {"b": 1}]], "['a', {'b': 1}]"),
        ("%s", ["%s"], "%s"),
        ("nothing", ["a"], "nothing"),
        ("was %s", {"a": 1}, "was {'a': 1}"),  # Python's logging keeps the one parameter alone
        ("was %(a)s, %s", {"a": 1}, "was 1, %s"),
        ("%% was %s", {"a": 1}, "% was {'a': 1}"),
        *((f"{place} %s", ["a", "b"], "a b") for place in ("%999999999d", "%.999999999f", "%-+#00009999999.9d", "%.d")),
        *((f"{place} %s", ["a", "b"], "a b") for place in ("%ld", "%lld", "%hhx", "%Lf")),
        ("%*d %s", [5, "a", "b"], "a b"),
        ("%-*.*f %s", [5, 2, "a", "b"], "a b"),
        ("%.*f %s", [2, "a"], "a %s"),
        ("%999999999(a)d %s", ["a"], "%999999999(a)d a"),
        ("%(a)999999999d %(b)s", {"a": 1, "b": 2}, "1 2"),
        ("%5% %s", ["a"], "% a"),
        *((f"{place} {{}}", ["a", "b"], "a b") for place in ("{:d}", "{!r}", "{:>5.2f}", "{!s:>999999999}", "{:?}")),
        ("{0:.2f} {1!r} {0:N2}", ["a", "b"], "a b a"),
        ("{what:>10} of {n:,}", {"what": "a", "n": 5}, "a of 5"),
        ('{"a": {}}', ["a"], '{"a": a}'),
        ("{:name} {}", ["a"], "{:name} a"),
    ],
)
def test_parameters_go_into_their_places(template: str, params: Any, text: str) -> None:
    assert formatted(template, params) == text


PLACES = ["%s", "%5d", "%%", "%*d", "%-07.3f", "%.*s", "%ld", "%r", " of ", "x"]


@given(st.lists(st.sampled_from(PLACES), min_size=1, max_size=8))
def test_each_place_takes_the_parameter_that_python_gives_it(parts: list[str]) -> None:
    template = "|".join(parts)
    params = list(range(100, 100 + len(re.findall(r"\*|%(?!%)", template.replace("%%", "")))))

    assert re.findall("1[0-9][0-9]", formatted(template, params)) == re.findall("1[0-9][0-9]", template % (*params,))


@pytest.mark.parametrize("template", ["%999999999999d", "%.999999999d", "%(a)s" * 2000, "{" * 9000, "%" * 9000])
def test_no_template_makes_a_message_longer_than_it_may_be(template: str) -> None:
    assert len(formatted(template, {"a": "x" * 8192, "0": 1})) <= 8192
    assert len(formatted(template, ["x" * 8192])) <= 8192


def test_a_parameter_is_not_written_more_often_than_there_is_room() -> None:
    """A template may name megabytes a thousand times."""
    written = []

    class Megabytes:
        def __str__(self) -> str:
            written.append(self)
            return "x" * 9000

    assert len(formatted("%(a)s" * 1000, {"a": Megabytes()})) == 8192
    assert len(written) == 1


@pytest.mark.parametrize(
    ("event", "names"),
    [
        ({"logentry": 5}, ["logentry"]),
        ({"logentry": {"message": 5, "formatted": [], "params": "x"}}, ["formatted", "message", "params"]),
        ({"message": 5}, ["message"]),
        ({"message": {"message": True}}, ["message.message"]),
    ],
)
def test_what_is_no_message_is_named(event: dict[str, Any], names: list[str]) -> None:
    expected = names if len(names) == 1 else [f"logentry.{name}" for name in names]

    assert errors_of(event) == expected
