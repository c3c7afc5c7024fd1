"""A list in any order is the same as all of it, sorted: from page to page, and back, whatever is walked for it."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest

from issues import walks
from issues.enums import IssueStatus
from issues.models import Issue
from issues.search import parse
from issues.walks import HOT, URGENCY
from projects.database.keyset import Position, Sort
from projects.models import Project
from tests.factories import NOW, IssueFactory

pytestmark = pytest.mark.django_db

SORTS = ["first_seen", "times_seen", "users_seen", "last_seen", URGENCY]
UNRESOLVED = frozenset({IssueStatus.UNRESOLVED})


@pytest.fixture
def issues(project: Project, other_project: Project) -> list[Issue]:
    """Issues of all kinds, some with the same numbers and times."""
    snoozes: Iterator[dict[str, Any]] = cycle(
        [
            {},
            {"status": "ignored", "snooze_ends_at": NOW - timedelta(hours=1)},
            {"resolved": True},
            {"status": "ignored", "snooze_ends_at_times_seen": 5},
            {"status": "ignored", "snooze_ends_at": NOW + timedelta(hours=1)},
            {"status": "ignored", "snooze_ends_at": NOW + timedelta(hours=1), "snooze_ends_at_users_seen": 5},
        ]
    )
    return [
        IssueFactory(
            project=other_project if number % 5 == 4 else project,
            priority=("high", "medium", "medium", "low")[number % 4],
            own_times_seen=HOT - 4 + number % 9,
            own_users_seen=HOT - 3 + number % 7,
            own_last_seen=NOW - timedelta(hours=number % 11),
            own_first_seen=NOW - timedelta(hours=20 + number % 6),
            **next(snoozes),
        )
        for number in range(36)
    ]


def key(issue: Issue, column: str) -> tuple[Any, int]:
    return getattr(issue, column), issue.pk


@pytest.mark.parametrize("statuses", [None, UNRESOLVED], ids=["all", "unresolved"])
@pytest.mark.parametrize("column", SORTS)
def test_is_all_of_it_sorted(
    issues: list[Issue],
    project: Project,
    other_project: Project,
    monkeypatch: pytest.MonkeyPatch,
    column: str,
    statuses: Any,
) -> None:
    found = Issue.objects.filter(pk__gt=0)  # a search, of which no statement is kept
    both = [project, other_project]
    for few, projects in [(0, [project]), (1, both), (5_000, both)]:
        monkeypatch.setattr(walks, "FEW", few)
        ids = [each.pk for each in projects]
        listed = Issue.objects.filter(project__in=ids)
        listed = listed if statuses is None else listed.with_status(statuses, at=NOW)
        wanted = sorted((key(issue, column) for issue in listed), reverse=True)
        assert wanted

        def page(position: Position, ids: list[int] = ids) -> list[tuple[Any, int]]:
            return found.page(ids, statuses, at=NOW, position=position, limit=5)

        read: list[tuple[Any, int]] = []
        while keys := page(Position(Sort(column), read[-1] if read else None)):
            read += keys
        assert read == wanted

        back: list[tuple[Any, int]] = []
        while keys := page(Position(Sort(column), back[-1] if back else wanted[-1], backwards=True)):
            back += keys
        assert back == wanted[-2::-1]


@pytest.mark.parametrize("most", [3, 100])
@pytest.mark.parametrize("column", SORTS)
def test_begins_with_what_is_counted(
    issues: list[Issue], project: Project, other_project: Project, column: str, most: int
) -> None:
    """Where a search finds fewer than are counted, they are looked for once, and sorted."""
    ids, start = [project.pk, other_project.pk], Position(Sort(column))
    found = Issue.objects.matching(parse("!level:fatal", user_id=1), at=NOW)
    wanted = found.page(ids, UNRESOLVED, at=NOW, position=start, limit=100)

    page, count = found.first_page(ids, UNRESOLVED, at=NOW, start=start, limit=3, count_to=most)

    assert (page, count) == (wanted[:3], min(len(wanted), most))
