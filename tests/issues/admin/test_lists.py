"""The admin of issues: what the lists show, and what is found in them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from issues.admin.finding import PROJECTS_IN_FILTER
from issues.models import (
    Activity,
    Issue,
    IssueSeen,
    Mutation,
)
from projects.admin.lists import COUNTED_AT_MOST
from projects.models import Organization, Project, Release, User
from tests.issues.admin.pages import (
    TABLES,
    THEN,
    address,
    cells,
    listed,
    make_activity,
    make_issue,
    make_mutation,
    words_of,
)

pytestmark = pytest.mark.django_db


# what the status says


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"status": "unresolved"}, "unresolved"),
        ({"status": "resolved", "resolved_at": THEN}, "resolved"),
        (
            {"status": "resolved", "resolved_at": THEN, "resolution_kind": "in_next_release"},
            "resolved in the release after none",
        ),
        ({"status": "ignored"}, "ignored for good"),
        (
            {"status": "ignored", "snooze_ends_at": datetime(2999, 1, 31, 8, 5, tzinfo=UTC)},
            "ignored until 2999-01-31 08:05 UTC",
        ),
        (
            {"status": "ignored", "snooze_ends_at_times_seen": 9, "snooze_ends_at_users_seen": 3},
            "ignored until 9 events in all or 3 users in all",
        ),
        (
            {
                "status": "ignored",
                "snooze_window_count": 7,
                "snooze_window_minutes": 60,
                "snooze_window_user_count": 2,
                "snooze_window_user_minutes": 5,
            },
            "ignored until 7 events within 60 minutes or 2 users within 5 minutes",
        ),
        ({"status": "ignored", "snooze_ends_at": THEN}, "unresolved its snooze ran out (until 2026-05-01 12:00 UTC)"),
        (
            {"status": "ignored", "snooze_ends_at_times_seen": 5, "times_seen": 5},
            "unresolved its snooze ran out (until 5 events in all)",
        ),
    ],
)
def test_says_what_the_status_counts_as(
    operator: Client, project: Project, columns: dict[str, Any], words: str
) -> None:
    issue = make_issue(project, **columns)

    assert cells(operator.get(address("issue", "changelist")).content.decode(), "status_now") == [words]
    page = operator.get(address("issue", "change", issue.pk)).content.decode()
    assert f"Status {words} Level" in words_of(page)


def test_says_which_release_resolved_it(operator: Client, project: Project) -> None:
    release = Release.objects.create(project=project, version="1.0.0")
    resolved = {"status": "resolved", "resolved_at": THEN, "resolution_release": release}
    make_issue(project, resolution_kind="in_release", **resolved)
    make_issue(project, resolution_kind="in_next_release", **resolved)

    page = operator.get(address("issue", "changelist")).content.decode()

    assert cells(page, "status_now") == ["resolved in the release after 1.0.0", "resolved in 1.0.0"]


def test_filters_by_what_the_status_counts_as(operator: Client, project: Project) -> None:
    now = timezone.now()
    open_issue = make_issue(project)
    over = make_issue(project, status="ignored", snooze_ends_at=now - timedelta(minutes=1))
    snoozed = make_issue(project, status="ignored", snooze_ends_at=now + timedelta(days=1))
    resolved = make_issue(project, status="resolved", resolved_at=THEN)

    assert listed(operator, status="unresolved") == [over, open_issue]
    assert listed(operator, status="ignored") == [snoozed]
    assert listed(operator, status="resolved") == [resolved]


def test_says_what_who_looks_has_seen(operator: Client, project: Project, jane: User) -> None:
    me = User.objects.get(username="operator")
    for user, seen_at in ((jane, THEN), (me, THEN - timedelta(seconds=1)), (me, THEN)):
        IssueSeen.objects.create(issue=make_issue(project), project=project, user=user, seen_at=seen_at)

    page = operator.get(address("issue", "changelist")).content.decode()

    assert cells(page, "is_seen") == ["seen", "new", "new"]  # newest first: the last event was then


def test_says_what_an_issue_is_and_where(operator: Client, full_issue: Issue) -> None:
    page = operator.get(address("issue", "changelist")).content.decode()

    assert cells(page, "title_and_place") == [
        "Error number 2 PUMP-STATION-2 · merged into PUMP-STATION-1",
        "Error number 1 PUMP-STATION-1 · the-interstellar-jurisdiction",
    ]


# what is found


def test_lists_newest_first_with_merged_issues(operator: Client, full_issue: Issue) -> None:
    child = Issue.objects.get(merged_into=full_issue)

    assert listed(operator) == [child, full_issue]


def test_filters_by_project_and_level(operator: Client, organization: Organization, project: Project) -> None:
    other = Project.objects.create(organization=organization, slug="prime-mover", name="Prime Mover")
    first, second = make_issue(project), make_issue(project, level="fatal")
    elsewhere = make_issue(other, level="fatal")

    assert listed(operator, project=project.pk) == [second, first]
    assert listed(operator, level__exact="fatal") == [elsewhere, second]
    assert listed(operator, project=project.pk, level__exact="fatal") == [second]


@pytest.mark.parametrize("query", [{"project": "pump-station"}, {"project": "²"}, {"status": "open"}])
def test_shows_everything_instead_of_a_wrong_filter(operator: Client, project: Project, query: dict[str, str]) -> None:
    answer = operator.get(address("issue", "changelist"), query)

    assert (answer.status_code, answer.headers["Location"]) == (302, address("issue", "changelist") + "?e=1")


def test_finds_nothing_in_an_unknown_project(operator: Client, full_issue: Issue) -> None:
    assert listed(operator, project=10**30) == []


def test_offers_a_few_of_many_projects_and_the_chosen_one(
    operator: Client, organization: Organization, project: Project
) -> None:
    for number in range(PROJECTS_IN_FILTER + 5):
        Project.objects.create(organization=organization, slug=f"a{number:03}", name="")

    page = operator.get(address("issue", "changelist"), {"project": project.pk}).content.decode()

    assert page.count('title="the-interstellar-jurisdiction / a') == PROJECTS_IN_FILTER
    assert "the-interstellar-jurisdiction / pump-station" in page
    assert f'href="{reverse("admin:projects_project_changelist")}" title="More: all projects …"' in page


def test_leads_from_a_project_to_its_issues(operator: Client, project: Project) -> None:
    page = operator.get(reverse("admin:projects_project_change", args=[project.pk])).content.decode()

    assert f'href="{address("issue", "changelist")}?project={project.pk}"' in page


@pytest.mark.parametrize("word", ["PUMP-STATION-1A", " pump-station-1a ", "PUMP-STATION-01A"])
def test_finds_an_issue_by_its_short_id(operator: Client, project: Project, word: str) -> None:
    issue = make_issue(project, short_number=42)
    make_issue(project, short_number=43)

    assert listed(operator, q=word) == [issue]


def test_finds_one_issue_for_each_organization_with_such_a_project(operator: Client, project: Project) -> None:
    stranger = Organization.objects.create(slug="outer-rim", name="Outer Rim")
    namesake = Project.objects.create(organization=stranger, slug=project.slug, name="")
    issues = [make_issue(project, short_number=42), make_issue(namesake, short_number=42)]

    assert listed(operator, q="PUMP-STATION-1A") == issues[::-1]


def test_finds_an_issue_by_its_id(operator: Client, project: Project) -> None:
    issue = make_issue(project)
    make_issue(project)

    assert listed(operator, q=str(issue.pk)) == [issue]


@pytest.mark.parametrize(
    "word",
    ["0", "Error number 1", "PUMP", "PUMP-STATION-", "PUMP-STATION-1U", "-1", "9" * 30, "PUMP-STATION-" + "Z" * 30],
)
def test_finds_nothing_by_anything_else(operator: Client, full_issue: Issue, word: str) -> None:
    assert listed(operator, q=word) == []


def test_finds_the_activities_of_an_issue_newest_first(operator: Client, full_issue: Issue) -> None:
    mutation = Mutation.objects.get()
    older = Activity.objects.get()
    newer = make_activity(full_issue, mutation)
    make_activity(Issue.objects.get(merged_into=full_issue), mutation)

    assert listed(operator, "activity", q="PUMP-STATION-1") == [newer, older]
    assert listed(operator, "activity", q=str(full_issue.pk)) == [newer, older]
    assert listed(operator, "activity", q="nothing") == []


def test_finds_a_mutation_by_its_id_and_project(operator: Client, project: Project) -> None:
    first, second = make_mutation(project), make_mutation(project)

    assert listed(operator, "mutation", q=str(first.pk)) == [first]
    assert listed(operator, "mutation", q="nothing") == []
    assert listed(operator, "mutation", project=project.pk) == [second, first]


@pytest.mark.parametrize(
    "query", [{}, {"project": "1"}, {"level__exact": "fatal"}, {"q": "1"}, {"q": "PUMP-STATION-1"}]
)
@pytest.mark.parametrize("table", TABLES)
def test_counts_no_further_than_the_cap_and_casts_no_column(
    operator: Client, full_issue: Issue, table: str, query: dict[str, str]
) -> None:
    with CaptureQueriesContext(connection) as queries:
        operator.get(address(table, "changelist"), query)

    asked = [query["sql"] for query in queries.captured_queries]
    assert [sql for sql in asked if "COUNT(" in sql and f"LIMIT {COUNTED_AT_MOST + 1}" not in sql] == []
    assert [sql for sql in asked if "::varchar" in sql or "UPPER(" in sql] == []
