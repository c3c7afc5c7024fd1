"""Terms with a window that were asked for before events were counted get their beginning (issues 0020)."""

from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from issues.models import Issue
from issues.mutation import Resolve
from projects.callers import Caller
from projects.models import Project, User
from tests.factories import NOW, ActivityFactory, IssueFactory
from tests.issues.services.calls import ask, undo

pytestmark = pytest.mark.django_db

migration = import_module("issues.migrations.0020_since_when_ignored")
EVENTS = {"snooze_window_count": 5, "snooze_window_minutes": 60}
USERS = {"snooze_window_user_count": 5, "snooze_window_user_minutes": 60}
EARLIER = NOW - timedelta(days=1)


@pytest.fixture
def by_jane(jane: User) -> Caller:
    return Caller(user=jane)


def started(project: Project, told: list[datetime], **columns: Any) -> datetime | None:
    """Return since when an issue is ignored after the migration; its activities came at these times, in this order."""
    issue = IssueFactory(project=project, **columns)
    for at in told:
        ActivityFactory(issue=issue, kind="set_ignored", created_at=at)
    ActivityFactory(issue=issue, kind="set_priority", data={"priority": "low"}, created_at=NOW + timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute(migration.STARTED)
    return Issue.objects.values_list("snooze_started_at", flat=True).get(pk=issue.pk)


@pytest.mark.parametrize("window", [EVENTS, USERS, EVENTS | USERS])
def test_a_window_begins_when_the_issue_was_ignored_last(project: Project, window: dict[str, int]) -> None:
    assert started(project, [NOW, EARLIER], ignored=True, **window) == EARLIER


def test_a_window_of_which_nothing_tells_begins_now(project: Project) -> None:
    before = timezone.now()

    # The database's now is the beginning of the test's transaction.
    assert before - timedelta(minutes=1) < (started(project, [], ignored=True, **EVENTS) or EARLIER) <= timezone.now()


def test_what_has_begun_stays(project: Project) -> None:
    assert started(project, [NOW], ignored=True, snooze_started_at=EARLIER, **EVENTS) == EARLIER


@pytest.mark.parametrize("window", [{"ignored": True}, {"ignored": True, **EVENTS}, {"ignored": True, **USERS}])
def test_a_window_that_an_undo_brings_back_begins_when_it_was_overwritten(
    project: Project, by_jane: Caller, window: dict[str, Any]
) -> None:
    issue = IssueFactory(project=project, **window)
    overwritten = ask(project, [issue], by=by_jane, at=NOW, status=Resolve())
    with connection.cursor() as cursor:
        cursor.execute(migration.OVERWRITTEN)

    undo(project, overwritten, by=by_jane, at=NOW + timedelta(minutes=1))

    issue.refresh_from_db()
    assert (issue.status, issue.snooze_started_at) == ("ignored", None if len(window) == 1 else NOW)


@pytest.mark.parametrize("columns", [{}, {"resolved": True}, {"ignored": True}, {"snoozed": True}])
def test_others_have_no_window(project: Project, columns: dict[str, bool]) -> None:
    assert started(project, [NOW], **columns) is None
