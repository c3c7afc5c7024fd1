"""Deletion ... (contract section 3)"""

from typing import Any

import pytest

from issues.enums import IssueStatus
from issues.models import Environment, Issue, IssueEnvironment, IssueMinute, IssueRelease, IssueUser
from issues.mutation import MutationOutcome
from projects.callers import Caller
from projects.models import Project, User
from tests.assertions import locks_before_first_write, snapshot
from tests.factories import (
    NOW,
    ActivityFactory,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHashFactory,
    IssueHourFactory,
    IssueSeenFactory,
    IssueSubscriptionFactory,
    ReleaseFactory,
)
from tests.issues.services.calls import NOTHING, Changes, ask, changes_since, delete, statements

pytestmark = pytest.mark.django_db

HANGING = [
    *("issuetext", "issuehash", "issuehour", "issueminute", "issueuser", "issueenvironment"),
    "issuerelease",
    *("issueseen", "issuebookmark", "issuesubscription", "activity"),
]


def full(user: User, **columns: object) -> Issue:
    """Return an issue with one row of each kind that hangs on issues."""
    issue = IssueFactory(**columns)
    IssueHashFactory(issue=issue)
    IssueHourFactory(issue=issue)
    IssueMinute.objects.create(project=issue.project, issue=issue, minute=NOW, own_count=1)
    IssueUser.objects.create(project=issue.project, issue=issue, user_hash=1, last_seen=NOW)
    environment, _ = Environment.objects.get_or_create(project=issue.project, name="production")
    IssueEnvironment.objects.create(
        project=issue.project, issue=issue, environment=environment, first_seen=NOW, last_seen=NOW, times_seen=1
    )
    release = ReleaseFactory(projects=[issue.project])
    IssueRelease.objects.create(project=issue.project, issue=issue, release=release)
    IssueSeenFactory(issue=issue, user=user)
    IssueBookmarkFactory(issue=issue, user=user)
    IssueSubscriptionFactory(issue=issue, user=user)
    ActivityFactory(issue=issue, user=user)
    return issue


def rows_of(*issues: Issue) -> dict[str, list[Any]]:
    """Return the keys of the issues and of all that hangs on them, by table."""
    tables = snapshot([issue.pk for issue in issues])
    return {name.removeprefix("issues_"): sorted(rows) for name, rows in tables.items()}


def test_takes_everything_that_hangs_on_the_issues_and_leaves_the_neighbours(
    project: Project, other_project: Project, stranger_project: Project, jane: User, by_jane: Caller
) -> None:
    doomed = [full(jane, project=project), full(jane, project=project, resolved_in_release=True, public=True)]
    for where in (project, other_project, stranger_project):
        full(jane, project=where)
    gone = rows_of(*doomed)
    assert set(gone) == {"issue", *HANGING}
    assert {len(keys) for keys in gone.values()} == {2}
    before = snapshot()

    outcome = delete(project, doomed, by=by_jane)

    assert outcome == MutationOutcome(2, 2, mutation_id=outcome.mutation_id)
    assert changes_since(before) == Changes(gone=gone)


def test_takes_what_was_merged_into_the_issues_however_deep(project: Project, jane: User, by_jane: Caller) -> None:
    top = full(jane, project=project)
    middle = full(jane, merged_into=top)
    doomed = [top, middle, full(jane, merged_into=middle), full(jane, merged_into=top)]
    neighbour = full(jane, project=project)
    full(jane, merged_into=neighbour)
    gone = rows_of(*doomed)
    before = snapshot()

    outcome = delete(project, [top], by=by_jane)

    assert outcome == MutationOutcome(1, 4, mutation_id=outcome.mutation_id)
    assert changes_since(before) == Changes(gone=gone)


def test_keeps_to_the_filter(project: Project, jane: User, by_key: Caller) -> None:
    open_one, ended, snoozed, resolved = (
        full(jane, project=project),
        full(jane, project=project, ignored=True, snooze_ends_at=NOW),
        full(jane, project=project, snoozed=True),
        full(jane, project=project, resolved=True),
    )
    child_of_any_status = full(jane, merged_into=ended, resolved=True)
    gone = rows_of(open_one, ended, child_of_any_status)
    before = snapshot()

    outcome = delete(project, [open_one, ended, snoozed, resolved], by=by_key, statuses=[IssueStatus.UNRESOLVED])

    assert outcome == MutationOutcome(2, 3, mutation_id=outcome.mutation_id)
    assert changes_since(before) == Changes(gone=gone)


def test_of_what_is_merged_is_out_of_scope(project: Project, jane: User, by_jane: Caller) -> None:
    parent = full(jane, project=project)
    child = full(jane, merged_into=parent)
    before = snapshot()

    for named in ([child], [parent, child]):
        assert delete(project, named, by=by_jane) == MutationOutcome(out_of_scope=(child.pk,))

    assert snapshot() == before


def test_is_out_of_scope_the_second_time(project: Project, jane: User, by_jane: Caller) -> None:
    doomed, left = full(jane, project=project), full(jane, project=project)
    delete(project, [doomed], by=by_jane)
    before = snapshot()

    assert delete(project, [doomed, left], by=by_jane) == MutationOutcome(out_of_scope=(doomed.pk,))
    assert snapshot() == before


def test_locks_the_whole_tree_against_new_rows_before_it_writes(project: Project, jane: User, by_jane: Caller) -> None:
    parent = full(jane, project=project)
    child = full(jane, merged_into=parent)

    with statements() as queries:
        delete(project, [parent], by=by_jane)

    locks_before_first_write(queries, lock="FOR UPDATE")
    locking = [query["sql"] for query in queries if " FOR UPDATE" in query["sql"]]
    assert len(locking) == 1
    assert f"'{{{parent.pk},{child.pk}}}'" in locking[0]


def test_leaves_what_came_out_of_a_merge_before(project: Project, jane: User, by_jane: Caller) -> None:
    parent, child = full(jane, project=project), full(jane, project=project)
    ask(project, [parent, child], by=by_jane, merge=True)
    ask(project, [child], by=by_jane, merge=False)
    gone = rows_of(parent)
    before = snapshot()

    delete(project, [parent], by=by_jane)

    assert changes_since(before) == Changes(gone=gone)
    assert changes_since(snapshot()) == NOTHING
