"""Which substatus an issue has at an instant (contract 1.8)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from issues.enums import IssueStatus, Substatus
from issues.substatus import substatus_of

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
WEEK, TICK = timedelta(days=7), timedelta(microseconds=1)
NOTHING: dict[str, Any] = {"has_terms": False, "until_escalating": False, "reopened_as": None}


@pytest.mark.parametrize("age", [timedelta(0), 2 * WEEK])
@pytest.mark.parametrize(
    ("status", "said", "word"),
    [
        (IssueStatus.IGNORED, {}, Substatus.ARCHIVED_FOREVER),
        (IssueStatus.IGNORED, {"has_terms": True}, Substatus.ARCHIVED_UNTIL_CONDITION_MET),
        (IssueStatus.IGNORED, {"until_escalating": True}, Substatus.ARCHIVED_UNTIL_ESCALATING),
        (IssueStatus.RESOLVED, {}, None),
        (IssueStatus.RESOLVED, {"has_terms": True}, None),
        (IssueStatus.UNRESOLVED, {"reopened_as": "regressed"}, Substatus.REGRESSED),
        (IssueStatus.UNRESOLVED, {"reopened_as": "escalating"}, Substatus.ESCALATING),
    ],
)
def test_is_said_by_the_terms_or_by_an_event(
    status: IssueStatus, said: dict[str, Any], word: Substatus | None, age: timedelta
) -> None:
    assert substatus_of(status, first_seen=NOW - age, at=NOW, **(NOTHING | said)) == word


@pytest.mark.parametrize(
    ("age", "word"),
    [
        (timedelta(0), Substatus.NEW),
        (-TICK, Substatus.NEW),  # first seen while the request was on its way
        (WEEK, Substatus.NEW),
        (WEEK + TICK, Substatus.ONGOING),
        (52 * WEEK, Substatus.ONGOING),
    ],
)
def test_is_new_for_a_week(age: timedelta, word: Substatus) -> None:
    assert substatus_of(IssueStatus.UNRESOLVED, first_seen=NOW - age, at=NOW, **NOTHING) == word
