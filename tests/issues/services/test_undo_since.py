"""Undo leaves alone what is another by now (contract section 6)."""

from datetime import timedelta

import pytest

from issues.models import Activity, Issue, IssueSeen, IssueSubscription
from issues.mutation import (
    Assignee,
    Assignment,
    Ignore,
    ReleaseChange,
    Resolve,
    Unresolve,
)
from issues.services import releases
from projects.callers import Caller
from projects.models import Project, Release, Team, User
from tests.acts import act
from tests.assertions import snapshot
from tests.factories import (
    NOW,
    IssueBookmarkFactory,
    IssueFactory,
    IssueSeenFactory,
    UserFactory,
)
from tests.issues.services.calls import ask, delete
from tests.issues.services.undoing import AT_LAST, LATER, LATER_STILL, state, undo, wishes_of

pytestmark = pytest.mark.django_db


# ---------------------------------------------------------------------------------------------------------------------
# What is another by now
# ---------------------------------------------------------------------------------------------------------------------


def test_leaves_alone_what_changed_since_and_gives_back_the_rest(
    project: Project, issues: list[Issue], by_jane: Caller
) -> None:
    """The first issue's status is another by now, its assignee is not; of the second it is the other way round."""
    one, other, third = issues[0], issues[1], issues[4]
    nobody = Assignment(None)
    to_jane = Assignment(Assignee("user", by_jane.user_id or 0, "Jane", None))
    ask(project, [one, third], by=by_jane, assignment=to_jane)
    changed = ask(project, [one, other, third], by=by_jane, status=Ignore(), assignment=nobody)
    ask(project, [one], by=by_jane, at=LATER, status=Resolve())
    ask(project, [other], by=by_jane, at=LATER, assignment=to_jane)

    undone = undo(project, changed, by=by_jane, at=LATER_STILL)

    assert (undone.matched, undone.changed) == (3, 3)
    assert (undone.skipped, undone.skipped_ids) == (2, (one.pk, other.pk))
    rows = Issue.objects.in_bulk([one.pk, other.pk, third.pk])
    assert [(rows[issue.pk].status, rows[issue.pk].assignee_user_id) for issue in (one, other, third)] == [
        ("resolved", by_jane.user_id),
        ("ignored", by_jane.user_id),
        ("resolved", by_jane.user_id),
    ]
    assert rows[other.pk].snooze_ends_at == other.snooze_ends_at


def test_gives_back_what_went_and_came_back_to_what_it_was(
    project: Project, issues: list[Issue], by_key: Caller
) -> None:
    before = state()
    first = ask(project, issues, by=by_key, status=Resolve(), is_public=True)
    second = ask(project, issues, by=by_key, at=LATER, status=Ignore(), is_public=False)

    too_early = undo(project, first, by=by_key, at=LATER)
    assert (too_early.changed, too_early.skipped, too_early.mutation_id) == (0, first.changed, None)
    undo(project, second, by=by_key, at=LATER_STILL)
    undone = undo(project, first, by=by_key, at=AT_LAST)

    assert undone.skipped == 0
    assert state() == before


def test_restores_nothing_the_second_time(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    changed = ask(project, issues, by=by_jane, **wishes_of(project)["everything"])
    undo(project, changed, by=by_jane)
    before = snapshot()

    again = undo(project, changed, by=by_jane, at=LATER_STILL)

    assert (again.changed, again.mutation_id) == (0, None)
    assert again.skipped == again.matched == 8
    assert snapshot() == before


def test_names_the_first_hundred_that_it_leaves_alone(project: Project, by_key: Caller) -> None:
    issues = [IssueFactory(project=project) for _ in range(103)]
    changed = ask(project, None, by=by_key, status=Resolve())
    ask(project, issues[1:], by=by_key, status=Ignore())

    undone = undo(project, changed, by=by_key)

    assert (undone.matched, undone.changed, undone.skipped) == (103, 1, 102)
    assert undone.skipped_ids == tuple(issue.pk for issue in issues[1:101])


def test_is_not_about_what_was_deleted_since(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    changed = ask(project, issues, by=by_jane, status=Ignore(), has_seen=True, merge=True)
    child = issues[-1]
    undo(project, changed, by=by_jane)
    delete(project, [child], by=by_jane)
    again = ask(project, issues[:3], by=by_jane, is_bookmarked=True, merge=True)
    undo(project, again, by=by_jane)
    delete(project, [issues[1]], by=by_jane)

    undone = undo(project, again, by=by_jane)

    assert (undone.matched, undone.changed, undone.skipped) == (2, 0, 2)


def test_takes_a_resolution_that_a_release_settled_as_left(
    project: Project, issues: list[Issue], by_key: Caller
) -> None:
    before = state()
    changed = ask(project, issues[:5], by=by_key, status=Resolve(in_next_release=True))
    Issue.objects.filter(pk=issues[6].pk).update(
        status="unresolved", resolved_at=None, resolution_kind=None, resolution_release=None
    )
    come(project, "2.0.0")
    assert Issue.objects.filter(resolution_kind="in_release", resolution_release__version="2.0.0").count() == 5

    undone = undo(project, changed, by=by_key)

    assert (undone.changed, undone.skipped) == (5, 0)
    assert [row for row in state()["issues_issue"] if row["id"] in {issue.pk for issue in issues[:5]}] == [
        row for row in before["issues_issue"] if row["id"] in {issue.pk for issue in issues[:5]}
    ]


def come(project: Project, version: str) -> None:
    """Let a release come, which settles what waits for it."""
    releases.save(
        version,
        ReleaseChange(project_ids=frozenset({project.pk})),
        act(at=NOW + timedelta(seconds=30)),
        seen_in=[project.pk],
    )


@pytest.mark.parametrize("all_of_them", [True, False])
def test_settles_what_would_wait_for_a_release_that_has_come(
    project: Project, issues: list[Issue], by_key: Caller, all_of_them: bool
) -> None:
    waiting = issues[6]
    changed = ask(project, None if all_of_them else [waiting], by=by_key, status=Unresolve())
    come(project, "2.0.0")
    come(project, "3.0.0")

    undone = undo(project, changed, by=by_key)

    row = Issue.objects.get(pk=waiting.pk)
    assert undone.changed == changed.changed
    assert row.resolution_release is not None
    assert (row.resolution_kind, row.resolution_release.version) == ("in_release", "2.0.0")
    assert Activity.objects.get(mutation_id=undone.mutation_id, issue=waiting).data == {"version": "2.0.0"}


def test_cant_resolve_in_a_release_that_is_gone(project: Project, issues: list[Issue], by_key: Caller) -> None:
    waiting, fixed = issues[6], issues[5]
    changed = ask(project, [waiting, fixed], by=by_key, status=Unresolve())
    Release.objects.all().delete()

    undone = undo(project, changed, by=by_key)

    assert (undone.changed, undone.skipped_ids) == (0, (fixed.pk, waiting.pk))


def test_cant_assign_to_somebody_who_is_gone(project: Project, issues: list[Issue], team: Team, by_key: Caller) -> None:
    somebody = UserFactory()
    mine = IssueFactory(project=project, assignee_user=somebody)
    changed = ask(project, [mine, issues[2]], by=by_key, assignment=Assignment(None), status=Resolve())
    somebody.delete()
    team.delete()

    undone = undo(project, changed, by=by_key)

    assert (undone.changed, undone.skipped_ids) == (2, (issues[2].pk, mine.pk))
    assert not Issue.objects.exclude(assignee_user=None, assignee_team=None).filter(pk=mine.pk).exists()


def test_leaves_alone_what_is_as_it_was_by_itself(project: Project, sam: User, by_key: Caller) -> None:
    """With the user to whom it was assigned, it is nobody's again."""
    issue = IssueFactory(project=project)
    assigned = ask(project, [issue], by=by_key, assignment=Assignment(Assignee("user", sam.pk, "sam")))
    sam.delete()
    before = snapshot()

    done = undo(project, assigned, by=by_key)

    assert (done.changed, done.skipped_ids, done.mutation_id) == (0, (issue.pk,), None)
    assert snapshot() == before


def test_forgets_who_set_a_status_when_they_are_gone(
    project: Project, issues: list[Issue], sam: User, by_key: Caller
) -> None:
    ask(project, issues[:1], by=Caller(user=sam), status=Resolve())
    changed = ask(project, issues[:1], by=by_key, status=Unresolve())
    sam.delete()

    undo(project, changed, by=by_key)

    row = Issue.objects.get(pk=issues[0].pk)
    assert (row.status, row.status_by_id) == ("resolved", None)


def test_forgets_marks_of_somebody_who_is_gone(
    project: Project, issues: list[Issue], sam: User, by_key: Caller
) -> None:
    changed = ask(project, issues[:1], by=Caller(user=sam), has_seen=True, status=Resolve())
    sam.delete()

    undone = undo(project, changed, by=by_key)

    assert (undone.matched, undone.changed, undone.skipped) == (1, 1, 1)


# ---------------------------------------------------------------------------------------------------------------------
# Marks
# ---------------------------------------------------------------------------------------------------------------------


def test_leaves_marks_alone_that_are_not_of_who_asks(
    project: Project, issues: list[Issue], sam: User, by_jane: Caller
) -> None:
    """Theirs and the asker's own; and nothing is kept of them."""
    IssueSeenFactory(issue=issues[0], user=sam)
    IssueBookmarkFactory(issue=issues[0], user=sam)
    changed = ask(project, issues[:1], by=by_jane, has_seen=True, is_bookmarked=True, is_subscribed=True)
    before = snapshot()

    undone = undo(project, changed, by=Caller(user=sam))

    assert (undone.matched, undone.changed, undone.skipped_ids) == (1, 0, (issues[0].pk,))
    assert snapshot() == before


def test_leaves_marks_alone_that_are_others_by_now(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    changed = ask(project, issues[:1], by=by_jane, has_seen=True, is_bookmarked=True, is_subscribed=True)
    ask(project, issues[:1], by=by_jane, at=LATER, has_seen=False, is_bookmarked=False, is_subscribed=False)
    before = snapshot()

    undone = undo(project, changed, by=by_jane, at=LATER_STILL)

    assert (undone.changed, undone.skipped_ids) == (0, (issues[0].pk,))
    assert snapshot() == before


@pytest.mark.parametrize("has_seen", [True, False])
def test_leaves_seen_alone_when_events_came_since(
    project: Project, issues: list[Issue], by_jane: Caller, has_seen: bool
) -> None:
    issue = issues[0 if has_seen else 1]
    changed = ask(project, [issue], by=by_jane, has_seen=has_seen)
    Issue.objects.filter(pk=issue.pk).update(last_seen=LATER, own_last_seen=LATER)
    before = snapshot()

    undone = undo(project, changed, by=by_jane, at=LATER_STILL)

    assert (undone.changed, undone.skipped) == (0, 1)
    assert snapshot() == before


def test_brings_back_a_seen_mark_of_when_it_surely_was(project: Project, issues: list[Issue], by_jane: Caller) -> None:
    changed = ask(project, [issues[1]], by=by_jane, at=LATER, has_seen=False)

    undo(project, changed, by=by_jane, at=LATER_STILL)

    assert IssueSeen.objects.get(issue=issues[1]).seen_at == LATER


def test_ends_a_subscription_that_the_user_had_ended_before(
    project: Project, issues: list[Issue], by_jane: Caller
) -> None:
    """A row that the mutation made goes; one that it found is inactive again, so that no side effect revives it."""
    changed = ask(project, [issues[0], issues[2]], by=by_jane, at=LATER, is_subscribed=True)

    undo(project, changed, by=by_jane, at=LATER_STILL)

    rows = IssueSubscription.objects.filter(issue__in=[issues[0], issues[2]])
    assert list(rows.values_list("issue_id", "is_active")) == [(issues[2].pk, False)]
