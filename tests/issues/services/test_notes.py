"""Notes ...: what people write, counted on the issue."""

from dataclasses import replace
from datetime import timedelta

import pytest

from issues.models import Activity, Issue
from issues.mutation import NamedIssues
from issues.services import notes
from issues.services.ground.precautions import UnexpectedNumber
from projects.callers import Caller
from projects.models import Project, User
from tests.acts import act
from tests.assertions import locks_before_first_write, snapshot
from tests.factories import NOW, ActivityFactory, IssueFactory
from tests.issues.services.calls import BEFORE, Changes, ask, changes_since, delete, statements

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def issue(project: Project) -> Issue:
    return IssueFactory(project=project, own_comment_count=2, comment_count=5)


@pytest.fixture
def note(issue: Issue, jane: User) -> Activity:
    return ActivityFactory(issue=issue, user=jane, note=True)


def add(issue: Issue, text: str, user: User) -> Activity | None:
    return notes.add(issue, text, act(Caller(user=user)))


def edit(note: Activity, text: str) -> bool:
    return notes.edit(note, text, act())


def remove(note: Activity) -> bool:
    return notes.remove(note, act())


def test_are_added_and_counted(issue: Issue, note: Activity, jane: User) -> None:
    before = snapshot()

    added = add(issue, "It was the valve.", jane)

    assert added is not None
    assert changes_since(before) == Changes(
        updated={"issue": {issue.pk: {"own_comment_count": 3, "comment_count": 6}}},
        added={
            "activity": [
                {
                    "project_id": issue.project_id,
                    "issue_id": issue.pk,
                    "kind": "note",
                    "data": {"text": "It was the valve."},
                    "user_id": jane.pk,
                    "created_at": NOW,
                    "mutation_id": None,
                    **dict.fromkeys(BEFORE),
                }
            ]
        },
    )
    assert added.pk == Activity.objects.latest("pk").pk


def test_are_edited_and_nothing_else_changes(note: Activity) -> None:
    before = snapshot()

    assert edit(note, "It was the valve.")

    assert changes_since(before) == Changes(updated={"activity": {note.pk: {"data": {"text": "It was the valve."}}}})


def test_are_removed_and_counted_no_more(issue: Issue, note: Activity) -> None:
    before = snapshot()

    assert remove(note)

    assert changes_since(before) == Changes(
        updated={"issue": {issue.pk: {"own_comment_count": 1, "comment_count": 4}}}, gone={"activity": [note.pk]}
    )


def test_can_be_removed_once(note: Activity) -> None:
    remove(note)
    before = snapshot()

    assert not remove(note)
    assert not edit(note, "Again.")
    assert snapshot() == before


def test_are_not_for_an_issue_that_is_gone(
    project: Project, issue: Issue, note: Activity, jane: User, by_jane: Caller
) -> None:
    delete(project, [issue], by=by_jane)
    before = snapshot()

    assert add(issue, "Too late.", jane) is None
    assert not edit(note, "Too late.")
    assert not remove(note)
    assert snapshot() == before


def test_are_not_for_an_issue_that_is_merged(
    project: Project, issue: Issue, note: Activity, jane: User, by_jane: Caller
) -> None:
    elder = IssueFactory(project=project, own_first_seen=NOW - timedelta(days=9))
    ask(project, [issue, elder], by=by_jane, merge=True)
    before = snapshot()

    assert add(issue, "Too late.", jane) is None
    assert not edit(note, "Too late.")
    assert not remove(note)
    assert snapshot() == before


def test_are_no_other_activities(issue: Issue, jane: User) -> None:
    resolved = ActivityFactory(issue=issue, user=jane)
    before = snapshot()

    assert not edit(resolved, "I didn't.")
    assert not remove(resolved)
    assert snapshot() == before


def named(*issues: Issue) -> list[NamedIssues]:
    """Return the issues as what is named of their projects."""
    projects = sorted({issue.project_id for issue in issues})
    return [NamedIssues(pk, ids=frozenset(issue.pk for issue in issues if issue.project_id == pk)) for pk in projects]


def test_are_written_on_each_of_many_at_once(issue: Issue, other_project: Project, jane: User) -> None:
    others = [IssueFactory(project=other_project) for _ in range(2)]
    before = snapshot()

    with statements() as queries:
        assert notes.add_each(named(issue, *others), "The same.", act(Caller(user=jane))) == 3

    locks_before_first_write(queries)
    written = Activity.objects.filter(kind="note").order_by("issue_id")
    assert [(note.issue_id, note.project_id, note.data, note.user) for note in written] == [
        (each.pk, each.project_id, {"text": "The same."}, jane) for each in (issue, *others)
    ]
    assert changes_since(before).updated == {
        "issue": {
            issue.pk: {"own_comment_count": 3, "comment_count": 6},
            **{other.pk: {"own_comment_count": 1, "comment_count": 1} for other in others},
        }
    }


def test_are_written_on_none_when_one_is_merged(project: Project, jane: User, by_jane: Caller) -> None:
    issues = [IssueFactory(project=project, own_first_seen=NOW - timedelta(days=days)) for days in (9, 8, 7)]
    ask(project, issues[:2], by=by_jane, merge=True)
    before = snapshot()

    assert notes.add_each(named(*issues), "The same.", act(Caller(user=jane))) == 0
    assert snapshot() == before


def test_are_written_on_none_when_another_number_is_expected(issue: Issue, jane: User) -> None:
    before = snapshot()

    with pytest.raises(UnexpectedNumber):
        notes.add_each(named(issue), "The same.", replace(act(Caller(user=jane)), expected=2))
    assert snapshot() == before


def test_are_removed_under_the_lock_of_their_issue(note: Activity) -> None:
    with statements() as queries:
        remove(note)

    locks_before_first_write(queries)


def test_are_counted_again_by_a_merge_and_an_unmerge(project: Project, jane: User, by_jane: Caller) -> None:
    elder = IssueFactory(project=project, own_first_seen=NOW - timedelta(days=9))
    younger = IssueFactory(project=project)
    for issue, count in ((elder, 1), (younger, 2)):
        for _ in range(count):
            add(issue, "Look.", jane)

    ask(project, [elder, younger], by=by_jane, merge=True)
    assert list(Issue.objects.order_by("pk").values_list("own_comment_count", "comment_count")) == [(1, 3), (2, 2)]
    add(elder, "Both.", jane)

    ask(project, [younger], by=by_jane, merge=False, at=LATER)
    assert list(Issue.objects.order_by("pk").values_list("own_comment_count", "comment_count")) == [(2, 2), (2, 2)]
