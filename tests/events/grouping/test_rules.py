"""Which part of an event tells it, in which order; and what doesn't (contract 7.6)."""

from dataclasses import replace
from uuid import UUID

import pytest

from events.meaning import grouping
from events.meaning.grouping import VERSION, fingerprints
from events.meaning.grouping.rules import Rules
from events.meaning.shapes import Csp, Frame, Subject, Thrown

PAY = Frame(module="shop", function="pay", in_app=True)
SEND = Frame(module="bank", function="send", in_app=True)
ERROR = Thrown(type="KeyError", value="'a'", frames=(PAY,))
EVERYTHING = Subject(
    platform="python",
    transaction="/cart",
    exceptions=(ERROR,),
    message="disk 7 is full",
    csp=Csp(directive="img-src", blocked="cdn.example"),
    stack=(SEND,),
)


def parts(subject: Subject) -> list[object]:
    return grouping.RULES[0].default(subject)


def test_the_first_part_that_is_there_tells_an_event() -> None:
    without_csp = replace(EVERYTHING, csp=None)
    without_exception = replace(without_csp, exceptions=())
    without_message = replace(without_exception, message="")
    without_stack = replace(without_message, stack=())

    assert parts(EVERYTHING) == ["csp", "img-src", "cdn.example", ""]
    assert parts(without_csp) == ["exceptions", ["KeyError", [("shop", "pay")]]]
    assert parts(without_exception) == ["message", "disk * is full"]
    assert parts(without_message) == ["stack", ("bank", "send")]
    assert parts(without_stack) == ["transaction", "/cart"]
    assert parts(Subject()) == ["transaction", ""]


@pytest.mark.parametrize(
    "subject",
    [
        replace(EVERYTHING, csp=None),
        replace(EVERYTHING, csp=None, exceptions=()),
        replace(EVERYTHING, csp=None, exceptions=(), message="", stack=(SEND,)),
        EVERYTHING,
    ],
)
def test_what_is_around_an_event_never_counts(subject: Subject) -> None:
    around = replace(subject, level="info", logger="shop", transaction="/home", culprit="x", tags={"a": "b"})

    assert fingerprints(around) == fingerprints(subject)


def test_a_template_counts_as_it_is_when_its_parameters_came_with_it() -> None:
    logged = Subject(message="no stock for 7", template="no stock for %d of 3", has_params=True)

    assert parts(logged) == ["message", "no stock for %d of 3"]
    assert parts(replace(logged, has_params=False)) == ["message", "no stock for *"]
    assert parts(replace(logged, has_params=False, message="")) == ["message", "no stock for %d of *"]


@pytest.mark.parametrize("template", ["%s", "%(what)s: %d", "{}: {}", "{what}", "%-5.2f%%"])
def test_a_template_without_words_tells_nothing(template: str) -> None:
    """`log.error("%s", error)` would make one issue of all that a program logs."""
    logged = Subject(message="no stock for 7", template=template, has_params=True)

    assert parts(logged) == ["message", "no stock for *"]
    assert parts(replace(logged, template="{} is empty")) == ["message", "{} is empty"]


def test_an_exception_without_a_type_is_a_message() -> None:
    sent = Thrown(value="queue 12 is slow", frames=(PAY,), is_synthetic=True)

    assert parts(Subject(exceptions=(sent,))) == ["message", "queue * is slow"]
    assert parts(Subject(exceptions=(sent,), message="queue 12 is late")) == ["message", "queue * is late"]
    assert parts(Subject(exceptions=(replace(sent, value=""),))) == ["exceptions", ["", [("shop", "pay")]]]


def test_a_value_counts_where_no_place_has_a_function() -> None:
    nameless = Frame(filename="a/b.py", function="?")

    assert parts(Subject(exceptions=(replace(ERROR, frames=(nameless,), value="order 7"),))) == [
        "exceptions",
        ["KeyError", [("b.py", "")], "order *"],
    ]
    assert parts(Subject(exceptions=(replace(ERROR, frames=(), value="order 7"),))) == [
        "exceptions",
        ["KeyError", [], "order *"],
    ]
    assert parts(Subject(exceptions=(replace(ERROR, frames=(nameless, PAY)),))) == [
        "exceptions",
        ["KeyError", [("b.py", ""), ("shop", "pay")]],
    ]


def test_a_chain_counts_oldest_first_without_repeats() -> None:
    cause = Thrown(type="Timeout", frames=(SEND,))

    assert parts(Subject(exceptions=(cause, ERROR, cause))) == [
        "exceptions",
        ["Timeout", [("bank", "send")]],
        ["KeyError", [("shop", "pay")]],
    ]


def test_groups_are_left_out_where_they_have_members() -> None:
    group = Thrown(type="ExceptionGroup", frames=(SEND,), is_group=True, id=0)
    member = replace(ERROR, id=1, parent=0)
    alone = ["exceptions", ["KeyError", [("shop", "pay")]]]

    assert parts(Subject(exceptions=(member, group))) == alone
    assert parts(Subject(exceptions=(ERROR, replace(group, id=None)))) == alone  # who sends no numbers
    assert parts(Subject(exceptions=(group,))) == ["exceptions", ["ExceptionGroup", [("bank", "send")]]]
    assert parts(Subject(exceptions=(replace(member, parent=7), group)))[1:] == [
        ["KeyError", [("shop", "pay")]],
        ["ExceptionGroup", [("bank", "send")]],
    ]
    circle = (replace(group, parent=1), replace(group, id=1, parent=0))
    assert parts(Subject(exceptions=circle)) == ["exceptions", ["ExceptionGroup", [("bank", "send")]]]


def test_a_chunk_that_is_not_loaded_is_one_part_of_its_chain() -> None:
    chunk = Thrown(type="ChunkLoadError", value="Loading chunk 5 failed", frames=(PAY,))

    assert parts(Subject(exceptions=(chunk,))) == ["exceptions", ["ChunkLoadError"]]
    assert parts(Subject(exceptions=(chunk, ERROR))) == [
        "exceptions",
        ["ChunkLoadError"],
        ["KeyError", [("shop", "pay")]],
    ]


@pytest.mark.parametrize(("blocked", "sample"), [("inline", "alert(1)"), ("eval", "alert(1)"), ("cdn.example", "")])
def test_the_start_of_a_script_counts_where_there_is_no_address(blocked: str, sample: str) -> None:
    csp = Csp(directive="script-src", blocked=blocked, sample="  alert(1)")

    assert parts(Subject(csp=csp)) == ["csp", "script-src", blocked, sample]
    assert len(str(parts(Subject(csp=replace(csp, sample="x" * 100)))[3])) in (0, 40)


# ---------------------------------------------------------------------------------------------------------------------
# Versions
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def upgraded(monkeypatch: pytest.MonkeyPatch) -> Rules:
    """Return rules of a later version, by which numbers in a message count."""
    later = replace(grouping.RULES[0], version=VERSION + 1, without_parameters=str.strip)
    monkeypatch.setattr(grouping, "RULES", (later, *grouping.RULES))
    return later


def test_a_later_version_gives_a_fingerprint_more_in_front(upgraded: Rules) -> None:
    seven, eight = Subject(message="disk 7 is full"), Subject(message="disk 8 is full")
    old = grouping.RULES[1]

    assert fingerprints(seven) == (upgraded.fingerprint(seven), old.fingerprint(seven))
    assert fingerprints(seven)[0] != fingerprints(eight)[0]
    assert fingerprints(seven)[1] == fingerprints(eight)[1]


def test_fingerprints_of_two_versions_differ_where_the_rules_agree(upgraded: Rules) -> None:
    new, old = fingerprints(EVERYTHING)

    assert new != old


def test_one_version_gives_one_fingerprint() -> None:
    assert len(fingerprints(EVERYTHING)) == 1
    assert [rules.version for rules in grouping.RULES] == sorted({rules.version for rules in grouping.RULES})[::-1]


FROZEN = {
    "csp": EVERYTHING,
    "exceptions": replace(EVERYTHING, csp=None),
    "message": Subject(message="disk 7 is full"),
    "stack": Subject(stack=(SEND,)),
    "transaction": Subject(transaction="/cart"),
    "wish": Subject(message="disk 7 is full", fingerprint=("{{ default }}", "größer \U0001f4a5", "{{ logger }}")),
}


@pytest.mark.parametrize(
    ("subject", "fingerprint"),
    [
        ("csp", "0a02c5ef-dc60-0a68-0e61-6df48d651ddd"),
        ("exceptions", "38174604-2407-20c2-9969-0a537c5e0bcb"),
        ("message", "ba8f15ac-fd4f-df3f-a204-ea9d2fb6b808"),
        ("stack", "9a10a80f-1118-3a57-fd7c-25981d8e877b"),
        ("transaction", "ec256c30-6244-8bf8-b347-13b2e684b1ea"),
        ("wish", "4e8c6a3c-512e-8137-8eb1-d5f4e6d5e78b"),
    ],
)
def test_a_version_that_was_released_says_the_same_for_ever(subject: str, fingerprint: str) -> None:
    """They are stored: if one of these changes, every issue is opened a second time."""
    assert grouping.RULES[-1].fingerprint(FROZEN[subject]) == UUID(fingerprint)
