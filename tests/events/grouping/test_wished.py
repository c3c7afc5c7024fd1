"""What an event's own fingerprint asks for (contract 7.6, 1)."""

from dataclasses import replace

import pytest

from events.meaning.grouping import fingerprints
from events.meaning.grouping.wished import wished
from events.meaning.shapes import Frame, Subject, Thrown

DEFAULT = ["message", "disk is full"]
SUBJECT = Subject(
    platform="python",
    level="fatal",
    logger="shop.cart",
    transaction="/cart",
    message="disk is full",
    exceptions=(
        Thrown(type="Timeout", value="after 3 s", frames=(Frame(module="bank", function="send", in_app=True),)),
        Thrown(
            type="PaymentFailed",
            value="card refused",
            frames=(
                Frame(module="shop", function="pay", in_app=True),
                Frame(module="django", function="get_response", in_app=False),
            ),
        ),
        Thrown(type="ExceptionGroup", value="jobs", is_group=True),
    ),
    tags={"stage": "production", "a.b:c-d": "x"},
)


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("{{ default }}", DEFAULT),
        ("{{ type }}", "PaymentFailed"),
        ("{{ value }}", "card refused"),
        ("{{ message }}", "disk is full"),
        ("{{ function }}", "pay"),
        ("{{ module }}", "shop"),
        ("{{ transaction }}", "/cart"),
        ("{{ level }}", "fatal"),
        ("{{ logger }}", "shop.cart"),
        ("{{ tags.stage }}", "production"),
        ("{{ tags.a.b:c-d }}", "x"),
        ("{{type}}", "PaymentFailed"),
        (" {{\t type \n}} ", "PaymentFailed"),
        ("{{ tags.color }}", ["without", "tags.color"]),
        ("{{ tags. }}", ["without", "tags."]),
        ("{{ color }}", "{{ color }}"),
        ("{{ type", "{{ type"),
        ("{{ ty pe }}", "{{ ty pe }}"),
        ("of {{ type }}", "of {{ type }}"),
        ("default", "default"),
        ("", ""),
    ],
)
def test_what_a_value_stands_for(value: str, part: object) -> None:
    assert wished(replace(SUBJECT, fingerprint=("shop", value)), DEFAULT) == ["wish", ["shop", part]]


@pytest.mark.parametrize("name", ["type", "value", "message", "function", "module", "transaction", "logger"])
def test_a_value_that_is_not_there_is_no_text(name: str) -> None:
    asked = Subject(fingerprint=(f"{{{{ {name} }}}}",))

    assert wished(asked, DEFAULT) == ["wish", [["without", name]]]
    assert fingerprints(asked) != fingerprints(replace(asked, fingerprint=("without",)))


@pytest.mark.parametrize("fingerprint", [None, (), ("{{ default }}",), ("{{default}}",), ("",), (" ", "")])
def test_who_asks_for_nothing_gets_the_default(fingerprint: tuple[str, ...] | None) -> None:
    assert wished(replace(SUBJECT, fingerprint=fingerprint), DEFAULT) is DEFAULT


def test_a_variable_is_said_once_however_often_it_stands_there() -> None:
    """Else 8 MiB of them asked for gigabytes: each for all of a message, or for all places of all stacks."""
    asked = replace(SUBJECT, fingerprint=("{{ type }}", "{{ default }}", "{{type}}", "a", "{{default}}", "{{ color }}"))

    assert wished(asked, DEFAULT) == [
        *("wish", ["PaymentFailed", DEFAULT, ["again", "type"], "a", ["again", "default"], "{{ color }}"])
    ]
    assert wished(replace(SUBJECT, fingerprint=("{{ tags.no }}",) * 2), DEFAULT) == [
        *("wish", [["without", "tags.no"], ["again", "tags.no"]])
    ]
    twice = replace(SUBJECT, fingerprint=("{{ color }}",) * 2)
    assert wished(twice, DEFAULT) == ["wish", ["{{ color }}", "{{ color }}"]]  # no variable


def test_without_an_exception_the_place_is_that_of_the_thread() -> None:
    asked = Subject(stack=(Frame(module="shop", function="pay"),), fingerprint=("{{ module }}", "{{ function }}"))

    assert wished(asked, DEFAULT) == ["wish", ["shop", "pay"]]


def test_a_group_without_members_is_what_the_event_is_about() -> None:
    group = Thrown(type="ExceptionGroup", is_group=True)

    assert wished(Subject(exceptions=(group,), fingerprint=("{{ type }}",)), DEFAULT) == ["wish", ["ExceptionGroup"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "bc"), ("ab", "c")),
        (("a", "b"), ("b", "a")),
        (("a",), ("a", "a")),
        (('a","b',), ("a", "b")),
        (('["message","disk is full"]',), ("{{ default }}",)),
        (("message", "disk is full"), ("{{ default }}",)),
        (("wish", "a"), ("a",)),
        (("{{ default }}", "{{ default }}"), ("{{ default }}",)),
        (("without", "type"), ("{{ type }}",)),
    ],
)
def test_two_wishes_are_never_taken_for_one(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    event = Subject(message="disk is full")

    assert fingerprints(replace(event, fingerprint=one)) != fingerprints(replace(event, fingerprint=other))
