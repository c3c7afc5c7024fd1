"""Activity ... (contract 1.5)"""

from datetime import timedelta
from typing import Any

import pytest

from issues.enums import ActivityKind, IssuePriority
from issues.models import Activity
from issues.mutation import Assignee, Assignment, Ignore, Resolve, SnoozeTerms, Unresolve
from issues.services.ground.parts import Part
from issues.services.verbs import assignment, sharing, status
from projects.callers import Caller
from projects.models import Project, Team, User
from tests.acts import act
from tests.factories import NOW, IssueFactory
from tests.issues.services.calls import BEFORE, Row, ask, differing, row_of, statements

pytestmark = pytest.mark.django_db


def kinds(**filters: Any) -> list[str]:
    """Return the kinds, oldest first: order is by id."""
    return list(Activity.objects.filter(**filters).order_by("id").values_list("kind", flat=True))


def test_is_written_for_one_request_in_the_order_in_which_it_is_done(
    project: Project, team: Team, by_jane: Caller
) -> None:
    parent = IssueFactory(project=project, own_first_seen=NOW - timedelta(days=9))
    child = IssueFactory(project=project)

    wish = Assignment(Assignee("team", team.pk, team.slug))
    ask(project, [parent, child], by=by_jane, merge=True, is_public=True, assignment=wish, status=Resolve())
    ask(project, [parent], by=by_jane, merge=False, is_public=False, assignment=Assignment(None), status=Unresolve())

    first, second = (["set_resolved", "assigned", "set_public"], ["set_unresolved", "unassigned", "set_private"])
    assert kinds(issue=parent) == [*first, "merge", *second, "unmerge"]
    assert kinds(issue=child) == [*first, "unmerge"]


def test_of_a_later_request_has_a_higher_id_whatever_its_time_says(project: Project, by_jane: Caller) -> None:
    issue = IssueFactory(project=project)

    ask(project, [issue], by=by_jane, at=NOW, status=Resolve())
    ask(project, [issue], by=by_jane, at=NOW - timedelta(seconds=1), status=Unresolve())

    assert kinds(issue=issue) == ["set_resolved", "set_unresolved"]


def test_is_not_written_for_marks(project: Project, by_jane: Caller) -> None:
    issue = IssueFactory(project=project)

    for wish in (True, False):
        outcome = ask(project, [issue], by=by_jane, has_seen=wish, is_bookmarked=wish, is_subscribed=wish)
        assert outcome.changed == 1

    assert kinds() == []


def test_is_of_every_kind_there_is(project: Project, team: Team, by_jane: Caller) -> None:
    issues = [IssueFactory(project=project), IssueFactory(project=project)]
    bodies: list[dict[str, Any]] = [
        {"status": Resolve()},
        {"status": Resolve(in_next_release=True)},
        {"status": Ignore(SnoozeTerms(count=1))},
        {"status": Unresolve()},
        {"priority": IssuePriority.HIGH},
        {"assignment": Assignment(Assignee("team", team.pk, team.slug))},
        {"assignment": Assignment(None)},
        {"is_public": True},
        {"is_public": False},
        {"merge": True},
    ]

    for wishes in bodies:
        ask(project, issues, by=by_jane, **wishes)
    ask(project, issues, by=by_jane, merge=False)

    # Of no request here: test_notes.py, and what events do, occurrences/test_status.py.
    assert set(kinds()) == set(ActivityKind.values) - {"note", "set_regression"}


def test_keeps_nothing_of_columns_that_its_kind_does_not_overwrite(
    project: Project, team: Team, by_jane: Caller
) -> None:
    issue = IssueFactory(
        project=project, snoozed=True, public=True, assignee_team=team, own_times_seen=5, snooze_ends_at_times_seen=9
    )

    ask(project, [issue], by=by_jane, status=Unresolve(), assignment=Assignment(None), is_public=False)

    rows: list[Row] = [{**row} for row in Activity.objects.values()]
    kept = {
        row["kind"]: {name.removeprefix("before_"): row[name] for name in BEFORE if row[name] is not None}
        for row in rows
    }
    assert kept == {
        "set_unresolved": {
            "status": "ignored",
            "snooze_ends_at": NOW + timedelta(minutes=30),
            "snooze_ends_at_times_seen": 9,
        },
        "unassigned": {"assignee_team_id": team.pk},
        "set_private": {"share_id": issue.share_id},
    }


def test_of_all_is_written_for_those_that_changed(project: Project, by_jane: Caller) -> None:
    open_one, _resolved, snoozed = (
        IssueFactory(project=project),
        IssueFactory(project=project, resolved=True),
        IssueFactory(project=project, snoozed=True),
    )

    outcome = ask(project, None, by=by_jane, status=Resolve())

    assert sorted(Activity.objects.values_list("issue", "kind", "mutation_id")) == [
        (open_one.pk, "set_resolved", outcome.mutation_id),
        (snoozed.pk, "set_resolved", outcome.mutation_id),
    ]


def test_of_several_changes_is_written_for_each_where_it_is_due(
    project: Project, jane: User, team: Team, by_key: Caller
) -> None:
    """Each change has a condition of its own: one issue needs none of them, and each other issue needs one."""
    done = {"snoozed": True, "assignee_user": jane, "public": True}
    settled = IssueFactory(project=project, **done)
    open_one = IssueFactory(project=project, **done | {"snoozed": False})
    of_the_team = IssueFactory(project=project, **done | {"assignee_user": None, "assignee_team": team})
    private = IssueFactory(project=project, **done | {"public": False})
    issues = [settled, open_one, of_the_team, private]
    before = {issue.pk: row_of(issue) for issue in issues}
    terms = SnoozeTerms(until=settled.snooze_ends_at)
    wish = Assignment(Assignee("user", jane.pk, jane.username))

    outcome = ask(project, issues, by=by_key, status=Ignore(terms), assignment=wish, is_public=True)

    assert outcome.changed == 3
    changed = {issue.pk: differing(row_of(issue), before[issue.pk]) for issue in issues}
    assert [set(changed[issue.pk]) - {"mutation_id"} for issue in issues] == [
        set(),
        {"status", "snooze_ends_at", "snooze_started_at"},
        {"assignee_user_id", "assignee_team_id"},
        {"share_id"},
    ]
    kept = [
        (row["issue_id"], row["kind"], {column: value for column, value in row.items() if column in BEFORE and value})
        for row in Activity.objects.order_by("id").values()
    ]
    assert kept == [
        (open_one.pk, "set_ignored", {"before_status": "unresolved"}),
        (of_the_team.pk, "assigned", {"before_assignee_team_id": team.pk}),
        (private.pk, "set_public", {}),
    ]


def test_of_several_changes_is_told_change_by_change(project: Project, by_jane: Caller) -> None:
    issues = [IssueFactory(project=project) for _ in range(2)]

    ask(project, issues, by=by_jane, status=Resolve(), is_public=True, merge=True)

    assert kinds() == ["set_resolved", "set_resolved", "set_public", "set_public", "merge"]


def test_of_several_changes_is_written_with_them_in_one_statement(
    project: Project, jane: User, by_jane: Caller
) -> None:
    issues = [IssueFactory(project=project) for _ in range(2)]
    wish = Assignment(Assignee("user", jane.pk, jane.username))

    with statements() as made:
        ask(project, issues, by=by_jane, status=Resolve(), assignment=wish, is_public=True, merge=True)

    updates = [query["sql"] for query in made if "UPDATE issues_issue" in query["sql"]]
    assert ["INSERT INTO issues_activity" in sql for sql in updates] == [True, False]  # then the totals of the parent


@pytest.mark.parametrize(
    ("part", "wish"),
    [
        *((status.PART, wish) for wish in (Resolve(), Resolve(in_next_release=True), Unresolve(), Ignore())),
        *((assignment.PART, Assignment(to)) for to in (Assignee("user", 1, "jane"), Assignee("team", 1, "crew"), None)),
        *((sharing.PART, wish) for wish in (True, False)),
    ],
)
def test_is_of_a_change_of_every_column_of_its_part(part: Part, wish: Any, project: Project, by_jane: Caller) -> None:
    change = part.change(project.pk, wish, act(by_jane))

    assert sorted(change.columns) == sorted(part.columns)
    assert change.kind in part.kinds
