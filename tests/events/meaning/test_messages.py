"""Messages (contract 7.5)."""

from typing import Any

import pytest

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
    ],
)
def test_parameters_go_into_their_places(template: str, params: Any, text: str) -> None:
    assert formatted(template, params) == text


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
