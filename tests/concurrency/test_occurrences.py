"""Events that are counted ... while others make, change and delete the same issues. Each of these went wrong once, in
trials: the order of locks comes from them."""

import re
from functools import partial

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from issues.enums import IssueStatus
from issues.models import Issue
from issues.mutation import AllIssues, IssueMutation, MutationOutcome, NamedIssues, Resolve
from issues.services import bulk, deletion, occurrences
from issues.services.ground.targets import TreeMoved
from issues.services.occurrences import Counted
from projects.callers import Caller
from projects.database.transactions import StartOver
from projects.models import Project, Release, User
from tests.acts import act
from tests.concurrency.sessions import (
    BEGIN,
    HISTORY,
    ISSUE_LOCK,
    Counter,
    Foreign,
    Interruption,
    Session,
    interrupted,
    stopped,
    wait_until_blocked,
)
from tests.factories import NOW, ReleaseFactory
from tests.invariants import breaches
from tests.issues.services.occurrences.batches import DAY, MINUTE, count, event, issue_of, known, take
from tests.issues.services.releasing import save

pytestmark = pytest.mark.django_db(transaction=True)

STATE = re.compile(r"FROM issues_projectstate\s.*FOR NO KEY UPDATE", re.DOTALL)
MAKE = re.compile(r"INSERT INTO issues_issue \(")
MERGED = re.compile(r"UPDATE issues_issue\s+SET merged_into_id|merged_into_id = nullif", re.DOTALL)
WRITE_ISSUES = re.compile(r"UPDATE issues_issue AS issue\s+SET level")


@pytest.fixture
def by(jane: User) -> Caller:
    return Caller(user=jane)


def put(issues: list[Issue], mutation: IssueMutation, by: Caller) -> MutationOutcome:
    scope = NamedIssues(issues[0].project_id, ids=frozenset(issue.pk for issue in issues))
    return bulk.mutate(scope, mutation, act(by, at=NOW, lock_timeout=10))


def delete(issue: Issue, by: Caller) -> MutationOutcome:
    return deletion.delete(NamedIssues(issue.project_id, ids=frozenset([issue.pk])), act(by, at=NOW, lock_timeout=10))


def take_once(project: Project, *events: occurrences.Occurrence) -> Counted:
    """Count a batch in the first attempt, or fail."""
    with transaction.atomic():
        return take(project, events)


def look_for_deadlocks_soon() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '200ms'")


def times_seen() -> dict[str, int]:
    return {issue.text.title: issue.times_seen for issue in Issue.objects.select_related("text")}


# ---------------------------------------------------------------------------------------------------------------------
# Other counters
# ---------------------------------------------------------------------------------------------------------------------


def test_with_a_new_fingerprint_by_two_counters_become_one_issue(
    project: Project, session: Session, other_session: Session
) -> None:
    with stopped(session, partial(take_once, project, event(user="id:1")), after=MAKE) as first:
        second = other_session.start(partial(take_once, project, event(user="id:1"), event("valve")))
        wait_until_blocked(other_session, by=session)

    assert (first.result().made, second.result().made) == (1, 1)
    pump, valve = issue_of(project), issue_of(project, "valve")
    assert (pump.times_seen, pump.users_seen, pump.short_number) == (2, 1, 1)
    assert (valve.times_seen, valve.short_number) == (1, 2)
    assert breaches() == []


def test_of_another_project_wait_for_nobody(
    project: Project, other_project: Project, session: Session, other_session: Session
) -> None:
    with stopped(session, partial(take_once, project, event()), after=MAKE):
        assert other_session.do(partial(take_once, other_project, event())).made == 1


def test_make_one_secret(project: Project, session: Session, other_session: Session) -> None:
    secret = re.compile(r"SET user_secret")
    with stopped(session, partial(take_once, project, event(user="id:1")), after=secret):
        second = other_session.start(partial(take_once, project, event(user="id:1")))
        wait_until_blocked(other_session, by=session)

    second.result()
    assert issue_of(project).users_seen == 1


# ---------------------------------------------------------------------------------------------------------------------
# Deleted meanwhile
# ---------------------------------------------------------------------------------------------------------------------


def test_are_lost_with_an_issue_that_is_deleted_only_when_they_came_before(
    project: Project, by: Caller, session: Session, other_session: Session
) -> None:
    """To count what could be locked, and no more, lost acknowledged events without a word."""
    doomed, other = known(project), known(project, "valve")
    before, after = event(received_at=NOW - MINUTE), event(received_at=NOW + MINUTE)

    with stopped(session, partial(delete, doomed, by), after=HISTORY):
        counting = other_session.start(partial(count, project, before, after, event("valve"), check=False))
        wait_until_blocked(other_session, by=session)

    assert counting.result() == Counted(events=2, forgotten=1, made=1)
    assert issue_of(project).pk != doomed.pk
    assert issue_of(project).times_seen == 1
    other.refresh_from_db()
    assert other.times_seen == 2
    assert breaches() == []


def test_follow_their_fingerprint_when_it_goes_to_another_issue(
    project: Project, session: Session, foreign: Foreign
) -> None:
    issue, other = known(project), known(project, "valve")
    foreign.lock(issue.pk)
    foreign.run("UPDATE issues_issuehash SET issue_id = %s WHERE issue_id = %s", other.pk, issue.pk)

    counting = session.start(partial(count, project, event(), check=False))
    wait_until_blocked(session, by=foreign)
    foreign.commit()

    assert counting.result().events == 1
    issue.refresh_from_db()
    other.refresh_from_db()
    assert (issue.times_seen, other.times_seen) == (1, 2)


def test_that_are_counted_first_go_with_the_issue(
    project: Project, by: Caller, session: Session, other_session: Session
) -> None:
    doomed = known(project)

    with stopped(session, partial(take_once, project, event()), after=WRITE_ISSUES) as counting:
        deleting = other_session.start(partial(delete, doomed, by))
        wait_until_blocked(other_session, by=session)

    assert counting.result().events == 1
    assert deleting.result().changed == 1
    assert not Issue.objects.exists()
    assert breaches() == []


def test_start_over_when_nobody_has_described_what_is_to_be_made_now(
    project: Project, by: Caller, session: Session
) -> None:
    doomed = known(project)
    batch = [event(received_at=NOW + MINUTE)]

    with transaction.atomic():
        assert occurrences.hold(project.pk)
        assert occurrences.unknown(project.pk, batch, at=NOW) == {}
        session.do(partial(delete, doomed, by))
        with pytest.raises(StartOver):
            occurrences.count(project.pk, batch, {}, at=NOW)


# ---------------------------------------------------------------------------------------------------------------------
# Merged meanwhile
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [["root", "child"], ["child", "root"]])
def test_count_for_the_parent_that_their_issue_gets_meanwhile(
    project: Project, by: Caller, session: Session, other_session: Session, names: list[str]
) -> None:
    """Whichever has the lower id."""
    issues = {name: known(project, name) for name in names}
    root, child = issues["root"], issues["child"]
    Issue.objects.filter(pk=root.pk).update(own_first_seen=NOW - 9 * DAY, first_seen=NOW - 9 * DAY)

    with stopped(
        session, partial(put, [root, child], IssueMutation(merge=True, body={"merge": True}), by), after=HISTORY
    ):
        counting = other_session.start(partial(count, project, event("child"), check=False))
        wait_until_blocked(other_session, by=session)

    assert counting.result().events == 1
    root.refresh_from_db()
    child.refresh_from_db()
    assert (root.times_seen, child.times_seen, child.merged_into) == (3, 2, root)
    assert breaches() == []


@pytest.mark.parametrize("names", [["root", "child", "other"], ["child", "other", "root"]])
def test_have_the_whole_way_up_before_they_write(
    project: Project, by: Caller, session: Session, other_session: Session, foreign: Foreign, names: list[str]
) -> None:
    """The child first and what is above it later made a deadlock with a merge, which takes them by their ids."""
    issues = {name: known(project, name) for name in names}
    root, child, other = issues["root"], issues["child"], issues["other"]
    Issue.objects.filter(pk=root.pk).update(own_first_seen=NOW - 9 * DAY, first_seen=NOW - 9 * DAY)
    put([root, child], IssueMutation(merge=True, body={"merge": True}), by)
    session.do(look_for_deadlocks_soon)

    with stopped(session, partial(take_once, project, event("child")), after=ISSUE_LOCK) as counting:
        assert foreign.could_delete([root.pk, child.pk, other.pk]) == [other.pk]
        merging = other_session.start(partial(put, [root, other], IssueMutation(merge=True, body={"merge": True}), by))
        wait_until_blocked(other_session, by=session)

    assert counting.result().events == 1
    assert merging.result().merged is not None
    root.refresh_from_db()
    assert root.times_seen == 4
    assert breaches() == []


def test_lock_in_the_order_of_ids_before_they_write(project: Project, by: Caller) -> None:
    names = ["pump", "valve", "sluice"]
    for name in names:
        known(project, name)
    with CaptureQueriesContext(connection) as queries:
        count(project, *(event(name, release="1.0", user="id:1") for name in reversed(names)), check=False)

    sql = [query["sql"] for query in queries]
    locks = [number for number, each in enumerate(sql) if ISSUE_LOCK.search(each)]
    writes = [number for number, each in enumerate(sql) if re.search(r"(INSERT INTO|UPDATE) issues_issue", each)]
    assert len(locks) == 1
    assert re.search(r"ORDER BY id\s+FOR NO KEY UPDATE", sql[locks[0]])
    assert locks[0] < min(writes)


def test_start_over_when_a_child_leaves_a_parent_that_was_read(
    project: Project, by: Caller, session: Session, other_session: Session
) -> None:
    root, child = known(project, "root", own_first_seen=NOW - 9 * DAY), known(project, "child")
    put([root, child], IssueMutation(merge=True, body={"merge": True}), by)

    with stopped(session, partial(put, [root], IssueMutation(merge=False, body={"merge": False}), by), after=HISTORY):
        counting = other_session.start(partial(count, project, event("child"), check=False))
        wait_until_blocked(other_session, by=session)

    assert counting.result().events == 1
    root.refresh_from_db()
    child.refresh_from_db()
    assert (root.times_seen, child.times_seen, child.merged_into) == (1, 2, None)
    assert breaches() == []


def test_start_over_when_a_parent_comes_that_is_not_locked(project: Project, by: Caller, session: Session) -> None:
    root, child = known(project, "root", own_first_seen=NOW - 9 * DAY), known(project, "child")
    merge = partial(put, [root, child], IssueMutation(merge=True, body={"merge": True}), by)

    with (
        pytest.raises(TreeMoved),
        transaction.atomic(),
        interrupted(ISSUE_LOCK, lambda: session.do(merge), before=True),
    ):
        take(project, [event("child")])


# ---------------------------------------------------------------------------------------------------------------------
# Releases
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("waiting_first", [True, False])
def test_lock_with_their_issues_those_that_wait_for_the_release(
    project: Project, by: Caller, session: Session, other_session: Session, foreign: Foreign, waiting_first: bool
) -> None:
    """To settle those first, or later, made a deadlock with a PUT that has the one and wants the other."""
    names = ["waiting", "pump"] if waiting_first else ["pump", "waiting"]
    issues = {name: known(project, name) for name in names}
    put([issues["waiting"]], IssueMutation(status=Resolve(in_next_release=True)), by)
    session.do(look_for_deadlocks_soon)

    with stopped(session, partial(take_once, project, event(release="1.0")), after=ISSUE_LOCK) as counting:
        assert foreign.could_delete([issue.pk for issue in issues.values()]) == []
        resolving = other_session.start(partial(put, list(issues.values()), IssueMutation(status=Resolve()), by))
        wait_until_blocked(other_session, by=session)

    assert counting.result().events == 1
    assert resolving.result().matched == 2
    assert breaches() == []


def test_leave_those_alone_that_wait_when_no_release_came(
    project: Project, by: Caller, session: Session, foreign: Foreign
) -> None:
    issue, waiting = known(project), known(project, "waiting")
    ReleaseFactory(projects=[project], version="1.0", created_at=NOW - DAY)
    put([waiting], IssueMutation(status=Resolve(in_next_release=True)), by)

    with stopped(session, partial(take_once, project, event(release="1.0")), after=ISSUE_LOCK):
        assert foreign.could_delete([issue.pk, waiting.pk]) == [waiting.pk]


def test_have_their_release_before_any_issue(project: Project, session: Session, foreign: Foreign) -> None:
    """Not held before, it is checked at the commit, when who deletes it may be waiting for the issue."""
    issue, release = known(project), ReleaseFactory(projects=[project], version="1.0")
    foreign.run("DELETE FROM projects_release WHERE id = %s", release.pk)

    counting = session.start(partial(take_once, project, event(release="1.0")))
    wait_until_blocked(session, by=foreign)
    row = [issue.project_id, issue.pk]
    foreign.run("SELECT FROM issues_issue WHERE project_id = %s AND id = %s FOR UPDATE NOWAIT", *row)
    foreign.commit()

    assert counting.result().events == 1
    issue.refresh_from_db()
    assert issue.last_release is not None
    assert issue.last_release.pk != release.pk
    assert breaches() == []


def test_and_a_release_that_is_being_made_wait_for_each_other(
    project: Project, by: Caller, session: Session, other_session: Session
) -> None:
    waiting = known(project, "waiting")
    put([waiting], IssueMutation(status=Resolve(in_next_release=True)), by)

    with stopped(session, partial(take_once, project, event(release="1.0")), after=MAKE):
        saving = other_session.start(partial(save, "1.0", project))
        wait_until_blocked(other_session, by=session)

    assert saving.result() is False  # it is there already
    assert Release.objects.count() == 1
    assert breaches() == []


def test_and_an_issue_that_begins_to_wait_for_a_release_wait_for_each_other(
    project: Project, by: Caller, session: Session, other_session: Session
) -> None:
    issue = known(project)
    resolve = partial(put, [issue], IssueMutation(status=Resolve(in_next_release=True)), by)

    with stopped(session, resolve, after=HISTORY):
        counting = other_session.start(partial(take_once, project, event("valve", release="1.0")))
        wait_until_blocked(other_session, by=session)

    assert counting.result().made == 1
    issue.refresh_from_db()
    assert issue.resolution_kind == "in_release"
    assert breaches() == []


# ---------------------------------------------------------------------------------------------------------------------
# Update all
# ---------------------------------------------------------------------------------------------------------------------


def test_that_make_issues_all_the_time_do_not_keep_an_update_of_all_from_its_end(
    project: Project, by: Caller, session: Session
) -> None:
    """It is about those that were there when it began: it looked again until nothing came, and something always did."""
    there = [known(project, name) for name in ("pump", "valve")]
    made = iter(range(10**6))

    def make_three() -> None:
        session.do(partial(take_once, project, *(event(f"new {next(made)}") for _ in range(3))))

    def resolve_all() -> MutationOutcome:
        return bulk.mutate(AllIssues(project.pk), IssueMutation(status=Resolve()), act(by, at=NOW, lock_timeout=10))

    always = re.compile(r"issues_issue")
    attempts = Counter(BEGIN)
    with (
        connection.execute_wrapper(attempts),
        connection.execute_wrapper(Interruption(always, make_three, times=20)),
    ):
        outcome = resolve_all()

    assert (outcome.matched, outcome.changed, attempts.count) == (2, 2, 1)
    assert {issue.pk for issue in Issue.objects.filter(status=IssueStatus.RESOLVED)} == {issue.pk for issue in there}
    assert Issue.objects.count() > 2 + 3
