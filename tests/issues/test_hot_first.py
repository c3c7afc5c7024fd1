"""Lists by events and by users: the hot ones come out of an index, and the others follow in the same order."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.enums import IssueStatus
from issues.models import Issue
from issues.walks import HOT
from projects.database.keyset import Position, Sort
from projects.models import Project
from tests.factories import NOW, IssueFactory

pytestmark = pytest.mark.django_db

COLUMNS = ["times_seen", "users_seen"]


@pytest.fixture
def issues(project: Project, request: pytest.FixtureRequest) -> list[Issue]:
    """The largest number first; of two with one number, the highest id."""
    column = request.getfixturevalue("column")
    numbers = [HOT + 5, HOT, HOT, HOT - 1, 7, 7, 0]
    made = [IssueFactory(project=project, **{f"own_{column}": number}) for number in reversed(numbers)]
    return made[::-1]


def page(projects: list[Project], position: Position, limit: int, statuses: Any = None) -> list[tuple[int, int]]:
    return Issue.objects.page([each.pk for each in projects], statuses, at=NOW, position=position, limit=limit)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 9])
def test_walks_from_the_hot_ones_to_the_others(
    issues: list[Issue], project: Project, other_project: Project, column: str, limit: int
) -> None:
    wanted = [issue.pk for issue in issues]

    for projects in ([project], [project, other_project]):
        found: list[int] = []
        position = Position(Sort(column))
        while keys := page(projects, position, limit):
            found += [pk for _, pk in keys]
            position = Position(Sort(column), keys[-1])
        assert found == wanted


@pytest.mark.parametrize("column", COLUMNS)
def test_walks_back(issues: list[Issue], project: Project, column: str) -> None:
    last = issues[-1]

    keys = page([project], Position(Sort(column), (getattr(last, column), last.pk), backwards=True), 10)

    assert [pk for _, pk in keys] == [issue.pk for issue in issues[-2::-1]]


@pytest.mark.parametrize("column", COLUMNS)
def test_begins_with_the_others_only_where_the_hot_ones_are_too_few(
    issues: list[Issue], project: Project, column: str
) -> None:
    """They have no index: to read and sort them is what a list of the hot ones is spared."""
    for limit, statements in ((2, 1), (3, 1), (4, 2)):
        with CaptureQueriesContext(connection) as captured:
            keys = page([project], Position(Sort(column)), limit)
        assert (len(keys), len(captured)) == (limit, statements)

    with CaptureQueriesContext(connection) as captured:
        keys = page([project], Position(Sort(column), (HOT - 1, issues[3].pk)), 2)
    assert ([pk for _, pk in keys], len(captured)) == ([issues[4].pk, issues[5].pk], 1)


@pytest.mark.parametrize("column", COLUMNS)
def test_finds_the_hot_ones_of_a_status_whatever_they_were(project: Project, column: str) -> None:
    """One walk has what is unresolved and what was snoozed until an hour ago."""
    hot = {"project": project, f"own_{column}": HOT}
    over = IssueFactory(**hot, status="ignored", snooze_ends_at=NOW - timedelta(hours=1))
    IssueFactory(**hot, status="ignored", snooze_ends_at=NOW + timedelta(hours=1))
    IssueFactory(**hot, resolved=True)
    unresolved = IssueFactory(**hot)

    keys = page([project], Position(Sort(column)), 2, {IssueStatus.UNRESOLVED})

    assert [pk for _, pk in keys] == [unresolved.pk, over.pk]
