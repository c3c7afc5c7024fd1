"""Undo of merges and unmerges (contract section 6)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from issues.models import Activity, Issue, IssueSeen
from projects.callers import Caller
from projects.models import Project
from tests.factories import (
    NOW,
    IssueFactory,
)
from tests.issues.services.calls import ask
from tests.issues.services.undoing import AT_LAST, LATER, LATER_STILL, state, undo

pytestmark = pytest.mark.django_db


# ---------------------------------------------------------------------------------------------------------------------
# Trees
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def make(project: Project) -> Callable[..., Issue]:
    """Makes an issue that was first seen so many days ago, with ten to the power of that of events."""

    def made(days_ago: int) -> Issue:
        return IssueFactory(project=project, own_first_seen=NOW - timedelta(days=days_ago), own_times_seen=10**days_ago)

    return made


def tree() -> list[tuple[int | None, int]]:
    return list(Issue.objects.order_by("id").values_list("merged_into", "times_seen"))


def test_takes_out_children_of_a_parent_that_was_merged_on(
    project: Project, make: Callable[..., Issue], by_key: Caller
) -> None:
    child, parent, root = make(1), make(2), make(3)
    changed = ask(project, [child, parent], by=by_key, merge=True)
    ask(project, [parent, root], by=by_key, merge=True)

    undone = undo(project, changed, by=by_key)

    assert (undone.matched, undone.changed, undone.skipped) == (2, 2, 0)
    assert tree() == [(None, 10), (root.pk, 100), (None, 1100)]
    kinds = Activity.objects.filter(mutation_id=undone.mutation_id).order_by("issue_id")
    assert [(row.issue_id, row.kind, row.before_merged_into_id) for row in kinds] == [
        (child.pk, "unmerge", parent.pk),
        (parent.pk, "unmerge", None),
    ]


def test_leaves_children_alone_that_are_elsewhere_by_now(
    project: Project, make: Callable[..., Issue], by_key: Caller
) -> None:
    one, other, parent, root = make(1), make(2), make(3), make(4)
    changed = ask(project, [one, other, parent], by=by_key, merge=True)
    ask(project, [one], by=by_key, merge=False)
    ask(project, [one, root], by=by_key, merge=True)

    undone = undo(project, changed, by=by_key)

    assert (undone.matched, undone.changed, undone.skipped_ids) == (3, 2, (one.pk,))
    assert tree() == [(root.pk, 10), (None, 100), (None, 1000), (None, 10010)]


def test_merges_again_into_a_parent_that_is_hidden_itself(
    project: Project, make: Callable[..., Issue], by_key: Caller
) -> None:
    child, parent, root = make(1), make(2), make(3)
    ask(project, [child, parent], by=by_key, merge=True)
    ask(project, [parent, root], by=by_key, merge=True)
    before = state()
    changed = ask(project, [child], by=by_key, merge=False)

    undone = undo(project, changed, by=by_key)

    assert (undone.changed, undone.skipped) == (2, 0)
    assert state() == before


def test_leaves_alone_what_was_taken_out_and_merged_elsewhere(
    project: Project, make: Callable[..., Issue], by_key: Caller
) -> None:
    child, parent, root = make(1), make(2), make(3)
    ask(project, [child, parent], by=by_key, merge=True)
    changed = ask(project, [child], by=by_key, merge=False)
    ask(project, [child, root], by=by_key, merge=True)

    undone = undo(project, changed, by=by_key)

    assert (undone.changed, undone.skipped_ids) == (0, (child.pk, parent.pk))
    assert tree() == [(root.pk, 10), (None, 100), (None, 1010)]


def test_closes_no_circle(project: Project, make: Callable[..., Issue], by_key: Caller) -> None:
    """Two children came out of two parents; now each parent is under the other one's child."""
    one, other = make(4), make(3)
    parent_of_one, parent_of_other = make(6), make(5)
    ask(project, [one, parent_of_one], by=by_key, merge=True)
    ask(project, [other, parent_of_other], by=by_key, merge=True)
    changed = ask(project, [one, other], by=by_key, merge=False)
    Issue.objects.filter(pk=parent_of_one.pk).update(merged_into=other)
    Issue.objects.filter(pk=parent_of_other.pk).update(merged_into=one)

    undone = undo(project, changed, by=by_key)

    assert (undone.changed, undone.skipped_ids) == (2, (other.pk, parent_of_other.pk))
    assert dict(Issue.objects.values_list("id", "merged_into")) == {
        one.pk: parent_of_one.pk,
        parent_of_one.pk: other.pk,
        other.pk: None,
        parent_of_other.pk: one.pk,
    }


@pytest.mark.parametrize("has_seen", [True, False])
def test_comes_before_marks_which_what_came_to_a_child_says_nothing_about(
    project: Project, make: Callable[..., Issue], by_jane: Caller, has_seen: bool
) -> None:
    """While it is merged, the parent shows what comes to its child, and so doesn't count as seen."""
    child, parent = make(1), make(2)
    ask(project, [child, parent], by=by_jane, at=NOW, has_seen=not has_seen)
    changed = ask(project, [child, parent], by=by_jane, at=LATER, has_seen=has_seen, merge=True)
    Issue.objects.filter(pk=child.pk).update(last_seen=LATER_STILL, own_last_seen=LATER_STILL)
    Issue.objects.filter(pk=parent.pk).update(last_seen=LATER_STILL)

    undone = undo(project, changed, by=by_jane, at=AT_LAST)

    assert (undone.changed, undone.skipped_ids) == (2, (child.pk,))
    assert IssueSeen.objects.filter(issue=parent).exists() is not has_seen
