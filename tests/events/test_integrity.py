"""What `manage.py check_integrity` looks at of events: what is kept of them against what was counted."""

from datetime import timedelta

import pytest
from django.db import connection

from events.models import Event
from projects.callers import Caller
from projects.models import Project
from tests.events.counting.arriving import arrive, count, issue_of
from tests.factories import NOW
from tests.invariants import broken
from tests.issues.services.calls import delete

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def counted(project: Project) -> None:
    """Four events were counted, one of them of another issue; two wait, of which one is of no issue yet."""
    for minutes in range(3):
        arrive(project, at=NOW + minutes * MINUTE)
    arrive(project, "valve")
    count(project)
    arrive(project, at=NOW - MINUTE)
    arrive(project, "sluice")


def test_what_waits_is_not_counted_yet(counted: None) -> None:
    assert broken() == set()


def test_what_was_trimmed_is_counted_all_the_same(counted: None) -> None:
    Event.objects.filter(seen_at=NOW + MINUTE).delete()

    assert broken() == set()


def test_what_came_before_its_issue_was_deleted_is_of_none(counted: None, project: Project) -> None:
    delete(project, [issue_of(project)], by=Caller(), at=NOW + 5 * MINUTE)
    arrive(project, at=NOW + 6 * MINUTE)
    count(project)

    assert issue_of(project).own_times_seen == 1
    assert broken() == set()


BREAKS = {
    "an event that was never counted": (
        "UPDATE issues_issue SET own_times_seen = 2, times_seen = 2 WHERE own_times_seen = 3",
        {"events kept", "events of hours"},
    ),
    "an event that was taken and not counted": (
        "DELETE FROM events_arrival WHERE seen_at < %(now)s",
        {"events kept", "events seen"},
    ),
    "one that was earlier than the first": (
        "UPDATE issues_issue SET own_first_seen = %(later)s, first_seen = %(later)s WHERE own_times_seen = 3",
        {"events seen"},
    ),
    "one that was later than the last": (
        "UPDATE issues_issue SET own_last_seen = %(later)s, last_seen = %(later)s WHERE own_times_seen = 3",
        {"events seen"},
    ),
}


@pytest.mark.parametrize(("sql", "names"), BREAKS.values(), ids=BREAKS)
def test_names(counted: None, sql: str, names: set[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"now": NOW, "later": NOW + MINUTE})
        assert cursor.rowcount == 1

    assert broken() == names
