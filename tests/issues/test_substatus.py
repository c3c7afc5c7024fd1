"""Which substatus an issue has at an instant (contract 1.8)."""

from datetime import UTC, datetime, timedelta

import pytest

from issues.enums import IssueStatus, Substatus
from issues.substatus import substatus_of

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
WEEK, TICK = timedelta(days=7), timedelta(microseconds=1)


@pytest.mark.parametrize("age", [timedelta(0), 2 * WEEK])
@pytest.mark.parametrize(
    ("status", "has_terms", "word"),
    [
        (IssueStatus.IGNORED, False, Substatus.ARCHIVED_FOREVER),
        (IssueStatus.IGNORED, True, Substatus.ARCHIVED_UNTIL_CONDITION_MET),
        (IssueStatus.RESOLVED, False, None),
        (IssueStatus.RESOLVED, True, None),
    ],
)
def test_is_said_by_the_terms(status: IssueStatus, has_terms: bool, word: Substatus | None, age: timedelta) -> None:
    assert substatus_of(status, has_terms=has_terms, first_seen=NOW - age, at=NOW) == word


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
    assert substatus_of(IssueStatus.UNRESOLVED, has_terms=False, first_seen=NOW - age, at=NOW) == word
