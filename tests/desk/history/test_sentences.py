"""Every body of contract 1.4 as a sentence, and what else a mutation can be."""

from typing import Any

import pytest

from desk.history.sentences import (
    duration,
    ids_named,
    in_a_row,
    is_true,
    number,
    scope_in_words,
    sentence_of,
    who_did,
)
from issues.enums import MutationKind
from issues.mutation import Assignee
from issues.named import Names, Person
from issues.reading.mutations import Tree
from projects.models import ApiKey
from tests.desk.history.telling import told, undo_of

NAMES = Names(
    people={7: Person(7, "jane", "Jane Schmidt", "jane@example.com"), 8: Person(8, "sam", "", "")},
    teams={3: Assignee("team", 3, "pumps")},
    releases={},
)
IGNORED = {"status": "ignored"}
PUMP = Tree("PUMP-3", 5)

BODIES: list[tuple[dict[str, Any], str]] = [
    # status
    ({"status": "resolved"}, "resolved 3 issues"),
    ({"status": "unresolved"}, "reopened 3 issues"),
    ({"status": "unresolved", "substatus": "ongoing"}, "reopened 3 issues"),
    ({"status": "resolvedInNextRelease"}, "resolved 3 issues in the next release"),
    ({"status": "resolved", "statusDetails": {"inNextRelease": True}}, "resolved 3 issues in the next release"),
    ({"status": "resolved", "statusDetails": {"inNextRelease": "true"}}, "resolved 3 issues in the next release"),
    ({"status": "resolved", "statusDetails": {"inNextRelease": False}}, "resolved 3 issues"),
    ({"status": "resolved", "statusDetails": {"inRelease": "pumps@2.1.0"}}, "resolved 3 issues in pumps@2.1.0"),
    ({"status": "resolved", "statusDetails": {"inRelease": "v{}"}}, "resolved 3 issues in v{}"),
    ({"status": "resolved", "statusDetails": {"inRelease": "latest"}}, "resolved 3 issues in the latest release"),
    ({"status": "resolved", "statusDetails": {}}, "resolved 3 issues"),
    # ignored, and until when
    (IGNORED, "ignored 3 issues for good"),
    ({"status": "muted"}, "ignored 3 issues for good"),
    (IGNORED | {"snoozeDuration": None}, "ignored 3 issues for good"),
    (IGNORED | {"ignoreDuration": 0, "ignoreCount": "0", "ignoreUntil": None}, "ignored 3 issues for good"),
    (IGNORED | {"substatus": "archived_forever"}, "ignored 3 issues for good"),
    (IGNORED | {"ignoreDuration": 30}, "ignored 3 issues for 30 minutes"),
    (IGNORED | {"ignoreDuration": "120"}, "ignored 3 issues for 2 hours"),
    (IGNORED | {"snoozeDuration": 1440}, "ignored 3 issues for 1 day"),
    (IGNORED | {"ignoreDuration": 30, "snoozeDuration": 60}, "ignored 3 issues for 30 minutes"),
    (IGNORED | {"ignoreUntil": "2026-05-01T08:30:00Z"}, "ignored 3 issues until 2026-05-01 08:30 UTC"),
    (IGNORED | {"ignoreUntil": "2026-05-01T08:30:00+02:00"}, "ignored 3 issues until 2026-05-01 06:30 UTC"),
    (IGNORED | {"ignoreUntil": "2026-05-01T08:30"}, "ignored 3 issues until 2026-05-01 08:30 UTC"),
    (IGNORED | {"ignoreCount": 10}, "ignored 3 issues until 10 more events"),
    (IGNORED | {"ignoreCount": 1}, "ignored 3 issues until 1 more event"),
    (IGNORED | {"ignoreCount": 1000, "ignoreWindow": 60}, "ignored 3 issues until 1,000 events within 1 hour"),
    (IGNORED | {"ignoreUserCount": 10}, "ignored 3 issues until 10 more users"),
    (IGNORED | {"ignoreUserCount": 10, "ignoreUserWindow": 90}, "ignored 3 issues until 10 users within 90 minutes"),
    (IGNORED | {"substatus": "archived_until_escalating"}, "ignored 3 issues until escalating"),
    (IGNORED | {"statusDetails": {"ignoreUntilEscalating": True}}, "ignored 3 issues until escalating"),
    (IGNORED | {"statusDetails": {"ignoreCount": 5, "ignoreWindow": None}}, "ignored 3 issues until 5 more events"),
    (IGNORED | {"ignoreCount": 5, "statusDetails": {"ignoreCount": "0"}}, "ignored 3 issues until 5 more events"),
    (
        IGNORED | {"statusDetails": {"ignoreUntil": "2026-05-01T08:30:00Z"}},
        "ignored 3 issues until 2026-05-01 08:30 UTC",
    ),
    (
        IGNORED | {"substatus": "archived_until_condition_met", "ignoreDuration": 10080, "ignoreCount": 2},
        "ignored 3 issues for 1 week or until 2 more events",
    ),
    (
        IGNORED | {"ignoreUntil": "2026-05-01T08:30:00Z", "ignoreCount": 2, "ignoreUserCount": 3},
        "ignored 3 issues until 2026-05-01 08:30 UTC or until 2 more events or until 3 more users",
    ),
    # priority, assignee, share
    ({"priority": "high"}, "set the priority of 3 issues to high"),
    ({"assignedTo": None}, "assigned 3 issues to nobody"),
    ({"assignedTo": ""}, "assigned 3 issues to nobody"),
    ({"assignedTo": "me"}, "assigned 3 issues to themselves"),
    ({"assignedTo": "user:7"}, "assigned 3 issues to Jane Schmidt"),
    ({"assignedTo": "7"}, "assigned 3 issues to Jane Schmidt"),
    ({"assignedTo": 8}, "assigned 3 issues to sam"),
    ({"assignedTo": "user:99"}, "assigned 3 issues to somebody who is gone"),
    ({"assignedTo": "jane@example.com"}, "assigned 3 issues to jane@example.com"),
    ({"assignedTo": "team:3"}, "assigned 3 issues to #pumps"),
    ({"assignedTo": "team:4"}, "assigned 3 issues to a team that is gone"),
    ({"assignedTo": "#pumps"}, "assigned 3 issues to #pumps"),
    ({"assignedTo": {"type": "team", "id": "3"}}, "assigned 3 issues to #pumps"),
    ({"isPublic": True}, "made 3 issues public"),
    ({"isPublic": "no"}, "made 3 issues private"),
    # marks
    ({"hasSeen": True}, "marked 3 issues as seen"),
    ({"hasSeen": 0}, "marked 3 issues as not seen"),
    ({"isBookmarked": "true"}, "bookmarked 3 issues"),
    ({"isBookmarked": False}, "removed the bookmark of 3 issues"),
    ({"isSubscribed": True}, "followed 3 issues"),
    ({"isSubscribed": False}, "stopped following 3 issues"),
    # several, in the order in which they are done
    (
        {"assignedTo": "user:7", "status": "resolvedInNextRelease"},
        "resolved 3 issues in the next release and assigned them to Jane Schmidt",
    ),
    (
        {"isBookmarked": True, "isPublic": True, "priority": "low", "status": "unresolved"},
        "reopened 3 issues, set the priority of them to low, made them public and bookmarked them",
    ),
    ({"merge": True, "status": "resolved"}, "resolved 3 issues and merged them"),
    # merges of which nothing tells any more
    ({"merge": True}, "merged 3 issues"),
    ({"merge": False}, "unmerged 3 issues"),
]


def test_there_are_bodies_of_every_key() -> None:
    keys = {key for body, _ in BODIES for key in (*body, *body.get("statusDetails", ()))}

    assert len(BODIES) >= 40
    assert keys >= {
        *("status", "statusDetails", "substatus", "priority", "assignedTo", "isPublic", "merge"),
        *("hasSeen", "isBookmarked", "isSubscribed", "inRelease", "inNextRelease", "ignoreUntilEscalating"),
        *("ignoreUntil", "ignoreDuration", "snoozeDuration", "ignoreCount", "ignoreWindow", "ignoreUserCount"),
        "ignoreUserWindow",
    }


@pytest.mark.parametrize(("body", "sentence"), BODIES, ids=[repr(body) for body, _ in BODIES])
def test_tells_a_body(body: dict[str, Any], sentence: str) -> None:
    assert sentence_of(told(body), NAMES) == sentence


@pytest.mark.parametrize(
    ("scope", "sentence"),
    [
        ({"changed": 1}, "resolved 1 issue and made it public"),
        ({"changed": 1, "issue": "PUMP-3"}, "resolved PUMP-3 and made it public"),
        ({"changed": 1204}, "resolved 1,204 issues and made them public"),
        ({"changed": 2, "issue": "PUMP-3"}, "resolved 2 issues and made them public"),  # with its relatives
        ({"changed": 2, "statuses": ["ignored"]}, "resolved 2 issues and made them public"),
    ],
)
def test_tells_which_were_named(scope: dict[str, Any], sentence: str) -> None:
    assert sentence_of(told({"status": "resolved", "isPublic": True}, **scope)) == sentence


@pytest.mark.parametrize(
    ("scope", "sentence"),
    [
        ({"matched": 1204}, "resolved all 1,204 issues"),
        ({"matched": 1204, "query": " "}, "resolved all 1,204 issues"),
        ({"matched": 40, "statuses": ["ignored"]}, "resolved all 40 ignored issues"),
        ({"matched": 40, "statuses": ["ignored", "unresolved"]}, "resolved all 40 ignored or unresolved issues"),
        (
            {"matched": 40, "query": "is:unresolved level:error"},
            "resolved all 40 issues that match “is:unresolved level:error”",
        ),
        (
            {"matched": 1, "changed": 1, "statuses": ["ignored"], "query": "pump"},
            "resolved the one ignored issue that matches “pump”",
        ),
    ],
)
def test_tells_an_update_of_all_with_its_search(scope: dict[str, Any], sentence: str) -> None:
    assert sentence_of(told({"status": "resolved"}, is_about_all=True, **scope)) == sentence


@pytest.mark.parametrize(
    ("body", "trees", "sentence"),
    [
        ({"merge": True}, [PUMP], "merged 5 issues into PUMP-3"),
        ({"merge": True}, [Tree("", 1)], "merged 1 issue into one that is gone"),
        ({"merge": "false"}, [PUMP], "took 5 issues out of PUMP-3"),
        ({"merge": False}, [PUMP, Tree("PUMP-9", 2)], "took 7 issues out of PUMP-3 and 1 more"),
        (
            {"merge": True, "status": "resolved"},
            [PUMP],
            "resolved 6 issues and merged 5 issues into PUMP-3",
        ),
    ],
)
def test_tells_what_became_of_trees(body: dict[str, Any], trees: list[Tree], sentence: str) -> None:
    assert sentence_of(told(body, 6, trees=trees)) == sentence


def test_tells_a_deletion() -> None:
    assert sentence_of(told(kind=MutationKind.DELETE)) == "deleted 3 issues"
    assert sentence_of(told(kind=MutationKind.DELETE, changed=1)) == "deleted 1 issue"


def test_tells_an_undo_as_an_undo() -> None:
    first = told({"status": "resolvedInNextRelease"}, 40)
    undo = undo_of(first, id=2)

    assert sentence_of(undo) == "undid “resolved 40 issues in the next release”"
    assert sentence_of(undo_of(first, 38)) == "undid “resolved 40 issues in the next release” for 38 of 40 issues"
    again = undo_of(undo, id=3)
    assert sentence_of(again) == "undid an undo of “resolved 40 issues in the next release”"
    assert sentence_of(undo_of(again)) == "undid an undo of “resolved 40 issues in the next release”"


def test_tells_an_undo_of_what_is_pruned() -> None:
    undo = told(changed=4, kind=MutationKind.UNDO, undoes=9)

    assert sentence_of(undo) == "undid something that is not kept any more: 4 issues put back"


def test_tells_of_others_marks_that_they_are_theirs() -> None:
    assert sentence_of(told({}, has_others_marks=True)) == "changed marks of their own on 3 issues"
    assert sentence_of(told({"status": "resolved"}, has_others_marks=True)) == "resolved 3 issues"
    assert sentence_of(told({})) == "changed 3 issues"


def test_tells_no_marks_of_a_key() -> None:
    """They have no effect (contract 1.4)."""
    key = ApiKey(label="deploys", hint="12ab")

    by_key = told({"status": "resolved", "hasSeen": True}, user=None, api_key=key)

    assert sentence_of(by_key) == "resolved 3 issues"
    assert who_did(by_key) == "API key deploys"


def test_says_who() -> None:
    assert who_did(told()) == "Jane Schmidt"
    assert who_did(told(user=None, api_key=ApiKey(label="", hint="12ab"))) == "API key …12ab"
    assert who_did(told(user=None)) == "Somebody who is gone"


def test_says_whom_to_look_up() -> None:
    first = told({"assignedTo": {"type": "team", "id": "3"}})

    assert list(ids_named([undo_of(first), told({"assignedTo": "user:7"}), told({"assignedTo": "jane"})])) == [
        ("teams", 3),
        ("teams", 3),
        ("people", 7),
    ]


def test_says_which_issues_as_they_were_asked_for() -> None:
    assert scope_in_words(told(statuses=["ignored"], query="level:error")) == [
        "issues by their ids",
        "only those that were ignored",
        "only those that match “level:error”",
    ]
    assert scope_in_words(told(is_about_all=True)) == ["all issues of the project"]
    assert scope_in_words(told(issue="PUMP-3")) == ["PUMP-3"]


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (1, "1 minute"),
        (90, "90 minutes"),
        (180, "3 hours"),
        (2880, "2 days"),
        (20160, "2 weeks"),
        (52_560_000, "36,500 days"),
    ],
)
def test_says_a_duration(minutes: int, words: str) -> None:
    assert duration(minutes) == words


@pytest.mark.parametrize(
    ("value", "meant"), [("30", 30), (" 30 ", 30), (30.0, 30), ("30.0", 30), (None, 0), (True, 0), ("x", 0), ([], 0)]
)
def test_reads_a_number_as_the_api_does(value: object, meant: int) -> None:
    assert number(value) == meant


@pytest.mark.parametrize(
    ("value", "meant"), [(True, True), ("yes", True), (1, True), ("0", False), (None, False), ([], False), ({}, False)]
)
def test_reads_a_boolean_as_the_api_does(value: object, meant: bool) -> None:
    assert is_true(value) is meant


def test_puts_parts_in_a_row() -> None:
    assert [in_a_row(list(words)) for words in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]
