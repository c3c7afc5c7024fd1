"""Counters ... : of the same events, beside who changes or deletes the issues, and killed. Real processes."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.serving import database_url
from events.counting import counting
from events.models import Arrival
from issues.models import Issue
from issues.mutation import MutationOutcome, NamedIssues
from issues.services import deletion
from projects.callers import Caller
from projects.database.failures import LOCK_NOT_AVAILABLE, sqlstate
from projects.models import Project, User
from tests.acts import act
from tests.concurrency.sessions import HISTORY, Foreign, Session, stopped, wait_until_blocked
from tests.events.counting.arriving import arrive, count, fingerprint, issue_of, waiting
from tests.events.reading.telling import ids_of, shown
from tests.factories import IssueFactory, IssueHashFactory
from tests.invariants import breaches
from tests.prepared import Process
from tests.site import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

Start = Callable[[], Process]
DELETES_ARRIVALS = re.compile(r"DELETE FROM events_arrival")


@pytest.fixture
def start() -> Iterator[Start]:
    """Start counters, which are ended with the test, and must not have said a word."""
    started: list[Process] = []

    def start() -> Process:
        started.append(Process("manage.py", "count_events", environment=os.environ | {"DATABASE_URL": database_url()}))
        return started[-1]

    yield start
    for process in started:
        process.terminate()
        assert process.communicate(timeout=60)[1] == ""


@contextmanager
def standing_still() -> Iterator[None]:
    """Let counters stand still in the middle of a batch: when they write the hours of issues."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
            CREATE TRIGGER stand_still BEFORE INSERT ON issues_issuehour EXECUTE FUNCTION stand_still()
            """
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
            cursor.execute("DROP FUNCTION stand_still() CASCADE")


def who_stands_still() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        return int(cursor.fetchone()[0])


def test_that_is_killed_in_the_middle_of_a_batch_has_counted_none_of_it(project: Project, start: Start) -> None:
    for number in range(20):
        arrive(project, at=timezone.now(), user=f"id:{number % 3}", release="1.0.0")
    with standing_still():
        killed = start()
        wait_until(lambda: who_stands_still() == 1)

        killed.kill()
        killed.wait(30)

        assert (waiting(), Issue.objects.count()) == (20, 0)
    start()
    wait_until(lambda: waiting() == 0)
    issue = issue_of(project)
    assert (issue.times_seen, issue.users_seen) == (20, 3)
    assert breaches() == []


def test_two_count_each_event_once(project: Project, other_project: Project, start: Start) -> None:
    start()
    start()
    sent = 0
    while sent < 90:
        for place in (project, other_project):
            arrive(place, ["pump", "valve", "gauge"][sent % 3], at=timezone.now())
        sent += 1
    wait_until(lambda: waiting() == 0)

    for place in (project, other_project):
        assert [issue_of(place, name).times_seen for name in ("pump", "valve", "gauge")] == [30, 30, 30]
    assert Issue.objects.count() == 6
    assert breaches() == []


def test_a_project_is_held_before_a_batch_of_it_is_taken(project: Project, foreign: Foreign) -> None:
    """Else a batch of a locked project would be taken, and put back, again and again: rows that are dead."""
    arrive(project, at=timezone.now())
    foreign.run("SELECT FROM issues_projectstate WHERE project_id = %s FOR UPDATE", project.pk)

    with CaptureQueriesContext(connection) as queries, pytest.raises(OperationalError) as passed_over:
        counting.count_next(project.pk, now=timezone.now)

    assert sqlstate(passed_over.value) == LOCK_NOT_AVAILABLE
    assert [query["sql"] for query in queries if DELETES_ARRIVALS.search(query["sql"])] == []


def test_a_locked_project_waits_and_others_do_not(
    project: Project, other_project: Project, start: Start, foreign: Foreign
) -> None:
    locked = IssueFactory(project=project, own_times_seen=1, times_seen=1)
    IssueHashFactory(issue=locked, hash=fingerprint("pump").hex)
    foreign.lock(locked.pk)
    start()
    for number in range(1, 4):
        arrive(project, at=timezone.now())
        arrive(other_project, at=timezone.now())
        wait_until(lambda: not Arrival.objects.filter(project_id=other_project.pk).exists())
        assert issue_of(other_project).times_seen == number
    assert waiting() == 3

    foreign.commit()

    wait_until(lambda: waiting() == 0)
    assert issue_of(project).times_seen == 4


# ---------------------------------------------------------------------------------------------------------------------
# Beside a deletion
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def delete(jane: User) -> Callable[..., MutationOutcome]:
    def delete(*issues: Issue) -> MutationOutcome:
        scope = NamedIssues(issues[0].project_id, ids=frozenset(issue.pk for issue in issues))
        return deletion.delete(scope, act(Caller(user=jane), at=timezone.now(), lock_timeout=10))

    return delete


def test_events_that_wait_are_gone_with_their_issue(
    project: Project, delete: Callable[..., MutationOutcome], session: Session
) -> None:
    now = timezone.now()
    arrive(project, at=now)
    count(project)
    doomed = issue_of(project)
    for _ in range(3):
        arrive(project, at=now)
    with stopped(session, lambda: delete(doomed), after=HISTORY) as deleting:
        with pytest.raises(OperationalError) as passed_over:
            counting.count_next(project.pk, now=timezone.now)
        assert sqlstate(passed_over.value) == LOCK_NOT_AVAILABLE
        assert waiting() == 3
    assert deleting.result().changed == 1
    arrive(project, at=timezone.now() + timedelta(seconds=1))

    assert count(project) == 4

    new = issue_of(project)
    assert (new.times_seen, new.short_number > doomed.short_number, waiting()) == (1, True, 0)


def test_a_deletion_waits_for_events_that_are_being_counted(
    project: Project, delete: Callable[..., MutationOutcome], session: Session, other_session: Session
) -> None:
    """And then takes them along: it never locks what waits, which a counter may have in hand."""
    now = timezone.now()
    arrive(project, at=now)
    count(project)
    arrive(project, at=now)
    issue = issue_of(project)

    with stopped(session, lambda: count(project), after=DELETES_ARRIVALS):
        deleting = other_session.start(lambda: delete(issue))
    assert deleting.result(60).changed == 1
    count(project)  # what gave way to the deletion, which on a busy machine takes longer than a counter waits

    assert (waiting(), Issue.objects.count()) == (0, 0)
    assert breaches() == []


def test_events_that_are_counted_while_a_deletion_waits_are_gone_with_their_issue(
    project: Project, delete: Callable[..., MutationOutcome], session: Session, foreign: Foreign
) -> None:
    """It began before them, and waited for another issue. None of them is shown with the next issue of their kind."""
    for name in ("valve", "pump"):
        arrive(project, name, at=timezone.now())
        count(project)
    first, doomed = issue_of(project, "valve"), issue_of(project)
    foreign.lock(first.pk)
    deleting = session.start(lambda: delete(first, doomed))
    wait_until_blocked(session, by=foreign)
    arrive(project, at=timezone.now())
    assert count(project) == 1
    foreign.roll_back()
    assert deleting.result(60).changed == 2

    newer = arrive(project, at=timezone.now())
    assert count(project) == 1

    assert ids_of(shown(issue_of(project))) == [newer]
    assert breaches() == []
