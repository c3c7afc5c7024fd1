"""The edge without HTTP: what a body becomes, key by key, and what a query string names.

Each table has four kinds of rows for each key: absent, null, falsy, wrong. What is said through HTTP about the same
stands in tests/api/.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from rest_framework.exceptions import ValidationError

from issues.mutation import (
    Assignee,
    Assignment,
    Ignore,
    IssueMutation,
    NamedRelease,
    Resolve,
    SnoozeTerms,
    UnknownActor,
    UnknownRelease,
    Unresolve,
)
from issues.reading.wished import Wished, Words
from issues.serializers.assignees import NO_WORD
from issues.serializers.mutations import read_mutation, read_words

Json = dict[str, Any]

WITH_IGNORED = 'This goes with "status": "ignored".'
WITH_RESOLVED = 'This goes with "status": "resolved".'
WITH_STATUS = 'This goes with "status".'
NULL = "This field may not be null."
NO_BOOLEAN = "Must be a valid boolean."
NO_INTEGER = "A valid integer is required."

NOTHING = IssueMutation()
RESOLVED = IssueMutation(status=Resolve())
IGNORED = IssueMutation(status=Ignore())


JANE = Assignee("user", 1, "Jane Schmidt", "jane@example.com")
RELEASE = NamedRelease(2, "1.0.0")


def parse(body: Any, at: datetime) -> IssueMutation:
    """Read a body whose words stand for JANE and RELEASE, or for nothing."""
    words = read_words(body)
    wished = Wished(
        {"jane": JANE}.get(words.assignee, UnknownActor()) if words.assignee else None,
        {"1.0.0": RELEASE}.get(words.version, UnknownRelease()) if words.version else None,
    )
    return read_mutation(body, wished, of_several=False, at=at)


def ignore(**terms: Any) -> IssueMutation:
    return IssueMutation(status=Ignore(SnoozeTerms(**terms)))


def flagged(name: str, wish: bool) -> IssueMutation:
    flags: dict[str, Any] = {name: wish}
    return IssueMutation(**flags)


# ---------------------------------------------------------------------------------------------------------------------
# A body -> IssueMutation
# ---------------------------------------------------------------------------------------------------------------------


FLAGS = {
    "isPublic": "is_public",
    "merge": "merge",
    "hasSeen": "has_seen",
    "isBookmarked": "is_bookmarked",
    "isSubscribed": "is_subscribed",
}
COUNTS = {"ignoreCount": "count", "ignoreUserCount": "user_count"}
WINDOWS = {"ignoreWindow": ("ignoreCount", "window"), "ignoreUserWindow": ("ignoreUserCount", "user_window")}

MEANT: list[tuple[Json, IssueMutation]] = [
    # absent
    ({}, NOTHING),
    ({"inbox": "x", "is_public": True, "ispublic": True}, NOTHING),
    # flags: true, false, coerced
    *(({key: True}, flagged(name, True)) for key, name in FLAGS.items()),
    *(({key: False}, flagged(name, False)) for key, name in FLAGS.items()),
    *(({key: "true"}, flagged(name, True)) for key, name in FLAGS.items()),
    *(({key: 0}, flagged(name, False)) for key, name in FLAGS.items()),
    # status
    ({"status": "resolved"}, RESOLVED),
    ({"status": "unresolved"}, IssueMutation(status=Unresolve())),
    ({"status": "ignored"}, IGNORED),
    ({"status": "muted"}, IGNORED),
    ({"status": "resolvedInNextRelease"}, IssueMutation(status=Resolve(in_next_release=True))),
    # statusDetails: falsy, and what only answers hold
    ({"statusDetails": {}}, NOTHING),
    ({"status": "resolved", "statusDetails": {}}, RESOLVED),
    ({"status": "resolved", "statusDetails": {"actor": 1}}, RESOLVED),
    # inNextRelease: true, false
    ({"status": "resolved", "statusDetails": {"inNextRelease": True}}, IssueMutation(status=Resolve(True))),
    ({"status": "resolved", "statusDetails": {"inNextRelease": False}}, RESOLVED),
    ({"status": "ignored", "statusDetails": {"inNextRelease": False}}, IGNORED),
    # durations: null, falsy, given, in the details, under the old name
    *(({"status": "ignored", key: None}, IGNORED) for key in ("ignoreDuration", "snoozeDuration")),
    *(({"status": "resolved", key: None}, RESOLVED) for key in ("ignoreDuration", "snoozeDuration")),
    *(({key: None}, NOTHING) for key in ("ignoreDuration", "snoozeDuration")),
    *(({"status": "ignored", key: 0}, IGNORED) for key in ("ignoreDuration", "snoozeDuration")),
    *(({"status": "resolved", key: 0}, RESOLVED) for key in ("ignoreDuration", "snoozeDuration")),
    ({"status": "ignored", "statusDetails": {"ignoreDuration": 0}}, IGNORED),
    ({"status": "ignored", "statusDetails": {"ignoreDuration": None}}, IGNORED),
    # counts: null, falsy, given, coerced, in the details
    *(({"status": "ignored", key: None}, IGNORED) for key in COUNTS),
    *(({"status": "unresolved", key: None}, IssueMutation(status=Unresolve())) for key in COUNTS),
    *(({"status": "ignored", key: 0}, IGNORED) for key in COUNTS),
    *(({"status": "resolved", key: 0}, RESOLVED) for key in COUNTS),
    *(({"status": "ignored", key: 5}, ignore(**{name: 5})) for key, name in COUNTS.items()),
    *(({"status": "ignored", key: "5"}, ignore(**{name: 5})) for key, name in COUNTS.items()),
    *(({"status": "ignored", "statusDetails": {key: 5}}, ignore(**{name: 5})) for key, name in COUNTS.items()),
    *(({"status": "ignored", "statusDetails": {key: 0}}, IGNORED) for key in COUNTS),
    # windows: null, given
    *(({"status": "ignored", key: None}, IGNORED) for key in WINDOWS),
    *(
        ({"status": "ignored", count: 5, key: None}, ignore(**{COUNTS[count]: 5}))
        for key, (count, _) in WINDOWS.items()
    ),
    *(
        ({"status": "ignored", count: 5, key: 60}, ignore(**{COUNTS[count]: 5, name: 60}))
        for key, (count, name) in WINDOWS.items()
    ),
    *(
        ({"status": "ignored", "statusDetails": {count: 5, key: 60}}, ignore(**{COUNTS[count]: 5, name: 60}))
        for key, (count, name) in WINDOWS.items()
    ),
    # assignedTo: null and falsy are a wish
    ({"assignedTo": None}, IssueMutation(assignment=Assignment(None))),
    ({"assignedTo": ""}, IssueMutation(assignment=Assignment(None))),
    ({"assignedTo": " "}, IssueMutation(assignment=Assignment(None))),
]


@pytest.mark.parametrize(("body", "mutation"), MEANT, ids=lambda value: str(value) if isinstance(value, dict) else "")
def test_reads_a_body(now: datetime, body: Json, mutation: IssueMutation) -> None:
    assert parse(body, now) == mutation


@pytest.mark.parametrize(
    ("terms", "minutes"),
    [
        ({"ignoreDuration": 30}, 30),
        ({"ignoreDuration": "30"}, 30),
        ({"snoozeDuration": 20}, 20),
        ({"ignoreDuration": 30, "snoozeDuration": 20}, 30),
        ({"ignoreDuration": 0, "snoozeDuration": 20}, 20),
        ({"ignoreDuration": None, "snoozeDuration": 20}, 20),
        ({"statusDetails": {"ignoreDuration": 30}}, 30),
        ({"ignoreDuration": 52_560_000}, 52_560_000),
    ],
    ids=str,
)
def test_counts_a_duration_from_the_time_of_the_request(now: datetime, terms: Json, minutes: int) -> None:
    mutation = parse({"status": "ignored"} | terms, now)

    assert mutation == ignore(until=now + timedelta(minutes=minutes))


def test_reads_all_keys_of_one_body(now: datetime) -> None:
    body = {
        "status": "ignored",
        "ignoreDuration": 30,
        "ignoreCount": 1,
        "ignoreWindow": 2,
        "ignoreUserCount": 3,
        "ignoreUserWindow": 4,
        "assignedTo": "jane",
        "isPublic": False,
        "merge": False,
        "hasSeen": False,
        "isBookmarked": False,
        "isSubscribed": False,
    }

    mutation = parse(body | {"unknown": {"kept": "nowhere"}}, now)

    assert mutation == IssueMutation(
        status=Ignore(SnoozeTerms(now + timedelta(minutes=30), 1, 2, 3, 4)),
        assignment=Assignment(JANE),
        is_public=False,
        merge=False,
        has_seen=False,
        is_bookmarked=False,
        is_subscribed=False,
    )
    assert mutation.body == body
    assert mutation.ignored_keys == ("unknown",)


@pytest.mark.parametrize("version", ["1.0.0", " 1.0.0 "])
def test_resolves_in_the_release_that_was_found(now: datetime, version: str) -> None:
    mutation = parse({"status": "resolved", "statusDetails": {"inRelease": version}}, now)

    assert mutation == IssueMutation(status=Resolve(in_release=RELEASE))


NO_WORDS: list[Any] = [None, "", " ", [], True, {}]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, Words()),
        ({"assignedTo": " jane "}, Words(assignee="jane")),
        ({"assignedTo": {"type": "team", "id": "3", "name": "pumps"}}, Words(assignee="team:3")),
        ({"statusDetails": {"inRelease": " latest "}}, Words(version="latest")),
        # what is wrong elsewhere is looked up all the same: everything is told at once
        ({"status": 5, "assignedTo": "jane", "statusDetails": {"inRelease": "2", "x": 1}}, Words("jane", "2")),
        # nobody, and what no word is
        *(({"assignedTo": word}, Words()) for word in [*NO_WORDS, {"type": "user", "id": None}]),
        *(({"statusDetails": {"inRelease": word}}, Words()) for word in [*NO_WORDS, 1.5]),
        *(({"statusDetails": word}, Words()) for word in [*NO_WORDS, "inRelease"]),
        ({"inRelease": "1.0.0"}, Words()),
    ],
    ids=str,
)
def test_says_which_words_are_to_be_looked_up(body: Json, words: Words) -> None:
    assert read_words(body) == words


def test_reads_nothing_from_a_form(now: datetime) -> None:
    """DRF reads a box that is not ticked, false, for every boolean that a form lacks."""
    mutation = parse(QueryDict(""), now)

    assert mutation == NOTHING
    assert dict(mutation.body) == {}


# ---------------------------------------------------------------------------------------------------------------------
# A body -> errors
# ---------------------------------------------------------------------------------------------------------------------


REFUSED: list[tuple[Json, Json]] = [
    # null
    *(({key: None}, {key: [NULL]}) for key in [*FLAGS, "status", "statusDetails"]),
    *(
        ({"status": "resolved", "statusDetails": {key: None}}, {"statusDetails": {key: [NULL]}})
        for key in ("inNextRelease", "inRelease")
    ),
    # wrong
    *(({key: "maybe"}, {key: [NO_BOOLEAN]}) for key in FLAGS),
    *(({key: []}, {key: [NO_BOOLEAN]}) for key in FLAGS),
    ({"status": "open"}, {"status": ['"open" is not a valid choice.']}),
    ({"status": ""}, {"status": ['"" is not a valid choice.']}),
    ({"status": False}, {"status": ['"False" is not a valid choice.']}),
    (
        {"status": "resolved", "statusDetails": []},
        {"statusDetails": {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}},
    ),
    (
        {"status": "resolved", "statusDetails": {"inNextRelease": "maybe"}},
        {"statusDetails": {"inNextRelease": [NO_BOOLEAN]}},
    ),
    (
        {"status": "resolved", "statusDetails": {"inRelease": ""}},
        {"statusDetails": {"inRelease": ["This field may not be blank."]}},
    ),
    (
        {"status": "resolved", "statusDetails": {"inRelease": "9.9.9"}},
        {"statusDetails": {"inRelease": ["Unable to find a release with the given version."]}},
    ),
    *(
        ({"status": "ignored", key: "many"}, {key: [NO_INTEGER]})
        for key in ["ignoreDuration", "snoozeDuration", *COUNTS, *WINDOWS]
    ),
    *(
        ({"status": "ignored", "statusDetails": {key: False}}, {"statusDetails": {key: [NO_INTEGER]}})
        for key in ["ignoreDuration", *COUNTS, *WINDOWS]
    ),
    *(({"status": "ignored", key: 0}, {key: ["Ensure this value is greater than or equal to 1."]}) for key in WINDOWS),
    ({"assignedTo": "nobody"}, {"assignedTo": ["Unknown actor input"]}),
    ({"assignedTo": False}, {"assignedTo": [NO_WORD]}),
    ({"assignedTo": []}, {"assignedTo": [NO_WORD]}),
    # what does not go together
    *(({"status": "resolved", key: 5}, {key: [WITH_IGNORED]}) for key in ["ignoreDuration", "snoozeDuration", *COUNTS]),
    *(({key: 5}, {key: [WITH_IGNORED]}) for key in ["ignoreDuration", "snoozeDuration", *COUNTS]),
    *(({"status": "ignored", key: 5}, {key: [f'This goes with "{count}".']}) for key, (count, _) in WINDOWS.items()),
    ({"statusDetails": {"inNextRelease": True}}, {"statusDetails": [WITH_STATUS]}),
    (
        {"status": "unresolved", "statusDetails": {"inNextRelease": True}},
        {"statusDetails": {"inNextRelease": [WITH_RESOLVED]}},
    ),
    (
        {"status": "ignored", "ignoreCount": 5, "statusDetails": {"ignoreUserCount": 5}},
        {"ignoreCount": ['Say this here or in "statusDetails", not in both.']},
    ),
    (
        {"status": "resolvedInNextRelease", "statusDetails": {"inNextRelease": True}},
        {
            "statusDetails": {
                "inNextRelease": ["Ask for one of resolvedInNextRelease, inNextRelease and inRelease only."]
            }
        },
    ),
]


@pytest.mark.parametrize(("body", "errors"), REFUSED, ids=lambda value: str(value))
def test_refuses_a_body(now: datetime, body: Json, errors: Json) -> None:
    with pytest.raises(ValidationError) as refusal:
        parse(body, now)

    assert refusal.value.detail == errors
