"""Counting for issues that were merged or deleted ... (contract 7.7)"""

from datetime import timedelta

import pytest

from issues.enums import IssueStatus
from issues.models import ForgottenHash, Issue, IssueHour
from issues.mutation import Ignore, SnoozeTerms
from issues.services.occurrences import Counted
from projects.callers import Caller
from projects.models import Project, User
from tests.factories import NOW
from tests.issues.services.calls import ask, delete
from tests.issues.services.occurrences.batches import DAY, HOUR, MINUTE, count, event, issue_of, known

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(jane: User) -> Caller:
    return Caller(user=jane)


def merge(project: Project, *issues: Issue, by: Caller) -> None:
    ask(project, issues, by=by, merge=True, body={"merge": True})


def tree(project: Project, by: Caller) -> tuple[Issue, Issue, Issue]:
    """Return a root, its child and the child's child; each was seen once, by nobody who is known."""
    root = known(project, "root", own_first_seen=NOW - 9 * DAY)
    middle = known(project, "middle", own_first_seen=NOW - 8 * DAY)
    leaf = known(project, "leaf", own_first_seen=NOW - 7 * DAY)
    merge(project, middle, leaf, by=by)
    merge(project, root, middle, by=by)
    return root, middle, leaf


def own_and_total(issue: Issue) -> tuple[int, int, int, int]:
    issue.refresh_from_db()
    return issue.own_times_seen, issue.times_seen, issue.own_users_seen, issue.users_seen


def test_counts_for_the_child_and_all_above_it(project: Project, by: Caller) -> None:
    root, middle, leaf = tree(project, by)

    count(project, event("leaf", user="id:1"), event("leaf", user="id:1"), event("middle", user="id:1"))

    assert own_and_total(leaf) == (3, 3, 2, 2)
    assert own_and_total(middle) == (2, 5, 2, 4)
    assert own_and_total(root) == (1, 6, 1, 5)
    hours = {hour.issue_id: (hour.own_count, hour.total_count) for hour in IssueHour.objects.filter(hour=NOW)}
    assert hours == {leaf.pk: (2, 2), middle.pk: (1, 3), root.pk: (0, 3)}


def test_first_and_last_seen_of_all_above_follow_and_the_level_does_not(project: Project, by: Caller) -> None:
    root, middle, leaf = tree(project, by)

    count(project, event("leaf", at=NOW + HOUR, level="fatal"), event("leaf", at=NOW - 20 * DAY))

    for issue in (root, middle, leaf):
        issue.refresh_from_db()
        assert (issue.first_seen, issue.last_seen) == (NOW - 20 * DAY, NOW + HOUR)
    assert (root.own_last_seen, root.level) == (NOW - HOUR, "error")
    assert (leaf.own_last_seen, leaf.level) == (NOW + HOUR, "fatal")


def test_an_unmerge_takes_along_what_came_for_the_child(project: Project, by: Caller) -> None:
    root, middle, _ = tree(project, by)
    count(project, event("leaf"), event("leaf"), event("root"))

    ask(project, [root], by=by, merge=False, body={"merge": False})

    assert own_and_total(root)[:2] == (2, 2)
    assert own_and_total(middle)[:2] == (1, 4)
    count(project, event("leaf"), event("root"))
    assert own_and_total(middle)[:2] == (1, 5)
    assert own_and_total(root)[:2] == (3, 3)


def test_rules_of_status_are_for_the_root_alone(project: Project, by: Caller) -> None:
    _, _, leaf = tree(project, by)
    Issue.objects.filter(pk=leaf.pk).update(status="resolved", resolved_at=NOW - DAY)

    count(project, event("leaf"))

    leaf.refresh_from_db()
    assert leaf.status == IssueStatus.RESOLVED
    assert not leaf.activities.filter(kind="set_regression").exists()


def test_an_event_of_a_child_opens_its_root_again(project: Project, by: Caller) -> None:
    root, _, _ = tree(project, by)
    ask(project, [root], by=by, at=NOW, status=Ignore(SnoozeTerms(count=2)))

    count(project, event("leaf", at=NOW + MINUTE), event("middle", at=NOW + MINUTE))

    root.refresh_from_db()
    assert (root.status, root.reopened_as) == (IssueStatus.UNRESOLVED, "escalating")


# ---------------------------------------------------------------------------------------------------------------------
# Deleted
# ---------------------------------------------------------------------------------------------------------------------


def test_an_event_after_the_deletion_is_a_new_issue(project: Project, by: Caller) -> None:
    count(project, event(at=NOW - DAY))
    old = issue_of(project)
    delete(project, [old], by=by, at=NOW)

    assert count(project, event(at=NOW + MINUTE)) == Counted(events=1, made=1)

    new = issue_of(project)
    assert (new.pk, new.short_number) != (old.pk, old.short_number)
    assert (new.short_number, new.times_seen) == (old.short_number + 1, 1)


@pytest.mark.parametrize("waited", [timedelta(0), MINUTE])
def test_what_waited_when_its_issue_was_deleted_is_gone_too(project: Project, by: Caller, waited: timedelta) -> None:
    delete(project, [known(project)], by=by, at=NOW)

    waiting = event(at=NOW - waited, user="id:1", release="1.0", environment="production")
    assert count(project, waiting, event("valve")) == Counted(events=1, forgotten=1, made=1)

    assert not Issue.objects.filter(hashes__hash=waiting.hash.hex).exists()
    assert not project.releases.exists()


def test_a_batch_of_forgotten_events_alone(project: Project, by: Caller) -> None:
    delete(project, [known(project)], by=by, at=NOW)

    assert count(project, event(at=NOW - MINUTE), event(at=NOW - DAY)) == Counted(forgotten=2)
    assert not Issue.objects.exists()


def test_what_came_in_late_but_after_the_deletion_counts(project: Project, by: Caller) -> None:
    """It goes by when it was received: an old event of a client that was offline comes after all."""
    delete(project, [known(project)], by=by, at=NOW)

    assert count(project, event(at=NOW - DAY, received_at=NOW + MINUTE)).made == 1


def test_forgets_nothing_new_when_the_clock_was_ahead_at_the_deletion(project: Project, by: Caller) -> None:
    """It was set back since; what comes is "before" the deletion for as long as it had been ahead."""
    delete(project, [known(project)], by=by, at=NOW + DAY)

    assert count(project, event(at=NOW), event("valve")).made == 2
    assert count(project, event(at=NOW + MINUTE), at=NOW + MINUTE) == Counted(events=1)

    assert issue_of(project).times_seen == 2
    assert ForgottenHash.objects.get().at < NOW


def test_forgets_by_an_older_fingerprint_too(project: Project, by: Caller) -> None:
    delete(project, [known(project, "old")], by=by, at=NOW)

    assert count(project, event("new", at=NOW - MINUTE, older=("old",))).forgotten == 1
    assert count(project, event("new", at=NOW + MINUTE, older=("old",))).made == 1


def test_keeps_what_another_issue_has_by_a_newer_fingerprint(project: Project, by: Caller) -> None:
    fine = known(project, "fine")
    delete(project, [known(project, "coarse")], by=by, at=NOW)

    assert count(project, event("fine", at=NOW - MINUTE, older=("coarse",))).events == 1
    assert own_and_total(fine)[0] == 2


def test_a_deletion_says_of_the_whole_tree_when_it_was(project: Project, by: Caller) -> None:
    root, *_ = tree(project, by)

    delete(project, [root], by=by, at=NOW)

    of_each = list(ForgottenHash.objects.values_list("at", flat=True))
    assert of_each == [of_each[0]] * 3
    assert NOW <= of_each[0] < NOW + MINUTE
    assert count(project, *(event(name, at=NOW) for name in ("root", "middle", "leaf"))).forgotten == 3
