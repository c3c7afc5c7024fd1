"""Activity ... (contract 1.5)"""

from datetime import timedelta
from typing import Any

import pytest

from issues.enums import ActivityKind
from issues.models import Activity
from issues.mutation import Assignee, Assignment, Ignore, Resolve, SnoozeTerms, Unresolve
from projects.callers import Caller
from projects.models import Project, Team
from tests.factories import NOW, IssueFactory
from tests.issues.services.calls import BEFORE, Row, ask

pytestmark = pytest.mark.django_db


def kinds(**filters: Any) -> list[str]:
    """Return the kinds, oldest first: order is by id."""
    return list(Activity.objects.filter(**filters).order_by("id").values_list("kind", flat=True))


def test_is_written_for_one_request_in_the_order_in_which_it_is_done(
    project: Project, team: Team, by_jane: Caller
) -> None:
    parent = IssueFactory(project=project, own_first_seen=NOW - timedelta(days=9))
    child = IssueFactory(project=project)

    assignment = Assignment(Assignee("team", team.pk, team.slug))
    ask(project, [parent, child], by=by_jane, merge=True, is_public=True, assignment=assignment, status=Resolve())
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
        {"assignment": Assignment(Assignee("team", team.pk, team.slug))},
        {"assignment": Assignment(None)},
        {"is_public": True},
        {"is_public": False},
        {"merge": True},
    ]

    for wishes in bodies:
        ask(project, issues, by=by_jane, **wishes)
    ask(project, issues, by=by_jane, merge=False)

    assert set(kinds()) == set(ActivityKind.values) - {"note"}  # which is of no request here: test_notes.py


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
