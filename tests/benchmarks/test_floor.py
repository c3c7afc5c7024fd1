"""The floor of a benchmark writes what the service writes: every row of every table, every column."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from benchmarks.verbs import VERBS, Verb, ask_service, parse, work
from issues.models import Issue
from issues.mutation import NamedIssues
from projects.callers import Caller
from projects.models import Project, Release, User
from tests.acts import act
from tests.assertions import snapshot
from tests.factories import (
    NOW,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHourFactory,
    IssueSubscriptionFactory,
    ReleaseFactory,
)

AT = NOW + timedelta(seconds=5)
DRAWN = {"share_id", "mutation_id"}  # there or not is what counts: they are new each time


def rows(project: Project) -> dict[str, list[dict[str, Any]]]:
    """Return all rows in an order that doesn't depend on ids that were drawn, and without those."""
    tables = {}
    for table, found in snapshot().items():
        known = table == "issues_issue"
        plain = [
            {
                column: (value is not None if column in DRAWN else sorted(value) if isinstance(value, list) else value)
                for column, value in row.items()
                if known or column != "id"
            }
            for row in found.values()
        ]
        tables[table] = sorted(plain, key=lambda row: row.get("issue_id", row.get("id", 0)))
    return tables


def prepared(verb: Verb, project: Project, issues: Iterable[Issue], by: Caller) -> NamedIssues:
    scope = NamedIssues(project.pk, ids=frozenset(issue.pk for issue in issues))
    if verb.first is not None:
        ask_service(scope, parse(verb.first, project, at=NOW), act(by))
    return scope


@pytest.fixture
def issues(project: Project, jane: User, sam: User) -> list[Issue]:
    """Four issues with hours, followers and bookmarks, two of which share an hour."""
    newer: Release = ReleaseFactory(projects=[project], version="2.0.0", released_at=NOW - timedelta(days=1))
    older: Release = ReleaseFactory(projects=[project], version="1.0.0", released_at=NOW - timedelta(days=9))
    made = [
        IssueFactory(project=project, own_first_release=release, first_release=release)
        for release in (newer, older, None, newer)
    ]
    hour = NOW.replace(minute=0, second=0, microsecond=0)
    for number, issue in enumerate(made):
        IssueHourFactory(issue=issue, hour=hour - timedelta(hours=number // 2), own_count=3 + number)
    IssueSubscriptionFactory(issue=made[2], user=sam)
    IssueBookmarkFactory(issue=made[3], user=sam)
    return made


@pytest.mark.django_db
@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_writes_the_rows_that_the_service_writes(verb: Verb, project: Project, issues: list[Issue], jane: User) -> None:
    by = Caller(user=jane)
    scope = prepared(verb, project, issues, by)
    mutation = None if verb.deletes else parse(verb.body, project, at=AT)
    before = rows(project)
    start = transaction.savepoint()

    changed_by_service = ask_service(scope, mutation, act(by, AT))
    by_service = rows(project)
    transaction.savepoint_rollback(start)
    assert rows(project) == before
    with connection.cursor() as cursor:
        changed_by_floor = verb.floor(cursor, work(verb, project.pk, sorted(scope.ids or ()), user_id=jane.pk, at=AT))
    by_floor = rows(project)

    assert by_floor == by_service != before
    assert changed_by_floor == changed_by_service == len(issues)
