"""The start page of the admin: what it counts, how long it keeps that, and what it costs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from issues.admin import figures
from issues.enums import ActivityKind, MutationKind
from issues.reading import counts
from projects.models import Project
from tests.factories import (
    NOW,
    ActivityFactory,
    ApiKeyFactory,
    IssueFactory,
    MutationFactory,
    ProjectFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def nothing_kept() -> Iterator[None]:
    """No count of another test."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def operator(client: Client, nothing_kept: None) -> Client:
    client.force_login(UserFactory(username="operator", superuser=True))
    return client


def numbers(row: counts.Row) -> tuple[int, int, int]:
    return row.unresolved, row.ignored, row.resolved


def start_page(operator: Client) -> str:
    answer = operator.get("/admin/start/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


# issues by project and status


def test_counts_by_what_the_status_counts_as_without_merged_issues(project: Project) -> None:
    parent = IssueFactory(project=project)
    IssueFactory(merged_into=parent)
    IssueFactory(project=project, resolved=True)
    IssueFactory(project=project, snoozed=True)
    IssueFactory(project=project, ignored=True)
    IssueFactory(project=project, ignored=True, snooze_ends_at=NOW)

    table = counts.by_project(NOW)

    assert [(row.project, numbers(row)) for row in table.rows] == [(project, (2, 2, 1))]
    assert (numbers(table.sum), table.sum.total, table.others) == ((2, 2, 1), 5, 0)


def test_shows_the_projects_with_the_most_unresolved_first_and_the_rest_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "PROJECTS_SHOWN", 1)
    least, most, other = ProjectFactory(), ProjectFactory(), ProjectFactory()
    for project, count in ((least, 1), (most, 3), (other, 2)):
        IssueFactory.create_batch(count, project=project)
    IssueFactory.create_batch(4, project=least, resolved=True)

    table = counts.by_project(NOW)

    assert [(row.project, numbers(row)) for row in table.rows] == [(most, (3, 0, 0)), (None, (3, 0, 4))]
    assert (table.others, numbers(table.sum)) == (2, (6, 0, 4))


def test_leads_from_a_number_to_its_issues(operator: Client, project: Project) -> None:
    IssueFactory(project=project, resolved=True)

    page = start_page(operator)

    assert f'<a href="/admin/issues/issue/?project={project.pk}&amp;status=resolved">1</a>' in page


# by the day


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ActivityKind.SET_RESOLVED, (1, 0, 0)),
        (ActivityKind.SET_RESOLVED_IN_RELEASE, (1, 0, 0)),
        (ActivityKind.SET_IGNORED, (0, 1, 0)),
        (ActivityKind.SET_UNRESOLVED, (0, 0, 1)),
        (ActivityKind.ASSIGNED, (0, 0, 0)),
    ],
)
def test_counts_changes_of_status_by_what_they_are(kind: ActivityKind, expected: tuple[int, int, int]) -> None:
    ActivityFactory(issue=IssueFactory(), kind=kind, created_at=NOW)

    today = counts.by_day(NOW)[-1]

    assert (today.resolved, today.ignored, today.reopened) == expected


def test_counts_by_the_day_in_utc_for_thirty_days() -> None:
    issue = IssueFactory()
    last = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    first = datetime(2026, 1, 31, tzinfo=UTC)
    for at in (first - timedelta(seconds=1), first, last, last, last + timedelta(days=1)):
        ActivityFactory(issue=issue, created_at=at)

    days = counts.by_day(NOW)

    assert len(days) == 30
    assert [(str(day.date), day.resolved) for day in days if day.total] == [("2026-01-31", 1), ("2026-03-01", 2)]


@pytest.mark.parametrize(("number", "top"), [(1, 1), (2, 2), (3, 5), (10, 10), (11, 20), (549_661, 1_000_000)])
def test_ends_the_axis_at_a_number_that_reads_well(number: int, top: int) -> None:
    assert figures.round_up(number) == top


# how long a count is kept, and how long it may take


def test_keeps_a_count_for_a_while_and_says_of_when_it_is(operator: Client, project: Project) -> None:
    IssueFactory(project=project)
    before = start_page(operator)
    IssueFactory.create_batch(6, project=project)

    kept = start_page(operator)
    cache.clear()
    anew = start_page(operator)

    counted = cache.get("figures:by_project")
    assert [f'status=unresolved">{count}</a>' in page for count, page in ((1, before), (1, kept), (7, anew))] == [
        True
    ] * 3
    assert f"As of {counted.at:%H:%M:%S} UTC" in anew


def test_makes_every_count_anew_once_it_is_old(nothing_kept: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "KEPT_SECONDS", 0)
    numbers_in_turn = iter([1, 2])

    assert [figures.kept("number", lambda at: next(numbers_in_turn)).value for _ in range(2)] == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_gives_up_a_count_that_takes_too_long_and_says_so(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "SECONDS_AT_MOST", 1)
    tried = []

    def slow(at: datetime) -> counts.Table:
        tried.append(at)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(4)")
        return counts.Table([], 0, counts.Row(None, 0, 0, 0))

    monkeypatch.setattr(counts, "by_project", slow)
    monkeypatch.setattr(counts, "by_day", lambda at: [])
    ProjectFactory()

    pages = [start_page(operator) for _ in range(2)]

    sentence = (
        f"Not counted: at {tried[0]:%H:%M:%S} UTC it took longer than it may. By PostgreSQL's own statistics there"
    )
    assert [sentence in page for page in pages] == [True, True]
    assert len(tried) == 1  # nobody waits for it again at once


def test_hides_no_other_failure(nothing_kept: None) -> None:
    def fail(at: datetime) -> None:
        raise OperationalError("the database is gone")

    with pytest.raises(OperationalError, match="gone"):
        figures.kept("number", fail)


# the last mutations


def test_shows_the_last_mutations_newest_first(operator: Client, project: Project) -> None:
    jane = UserFactory(username="jane")
    key = ApiKeyFactory(organization=project.organization)
    MutationFactory(project=project, user=jane, body={"status": "<b>"}, changed=1234)
    MutationFactory(project=project, api_key=key, kind=MutationKind.DELETE)

    page = start_page(operator)

    shown = [
        f"<td>{key}</td> <td>delete</td>",
        "<td>jane</td> <td>update <code>{&quot;status&quot;: &quot;&lt;b&gt;&quot;}",
    ]
    assert [page.find(words) > 0 for words in shown] == [True, True]
    assert page.find(shown[0]) < page.find(shown[1])
    assert '<td class="number">1,234</td>' in page


# what it costs


def test_asks_as_often_for_many_rows_as_for_few(operator: Client, project: Project) -> None:
    def asked() -> list[dict[str, Any]]:
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            start_page(operator)
        return queries.captured_queries

    issue = IssueFactory(project=project)
    MutationFactory(project=project, user=UserFactory(), body={})
    ActivityFactory(issue=issue)
    few = asked()
    for _ in range(5):
        other = IssueFactory()
        MutationFactory(project=other.project, user=UserFactory(), body={})
        MutationFactory(project=other.project, api_key=ApiKeyFactory(organization=other.project.organization), body={})
        ActivityFactory(issue=other)

    many = asked()

    assert len(many) == len(few) == 6  # session, user, two counts, names of projects, mutations
    with CaptureQueriesContext(connection) as kept:
        start_page(operator)
    assert len(kept) == 3
