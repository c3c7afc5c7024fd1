"""Merging, taken back, and who may name a child (contract 1.6)."""

from collections.abc import Callable

import pytest

from issues.enums import ActivityKind, IssueStatus, SubscriptionReason
from issues.models import Issue
from issues.mutation import Merged, MutationOutcome, Resolve
from projects.callers import Caller
from projects.models import Project, Release, Team, User
from tests.assertions import snapshot
from tests.factories import (
    NOW,
)
from tests.issues.services.calls import (
    Changes,
    Row,
    activity_row,
    ask,
    bookmark_row,
    changes_since,
    row_of,
    subscription_row,
)
from tests.issues.services.merges import HOUR, names, parents, rich

pytestmark = pytest.mark.django_db

UNRESOLVED, RESOLVED, IGNORED = IssueStatus.UNRESOLVED, IssueStatus.RESOLVED, IssueStatus.IGNORED


# ---------------------------------------------------------------------------------------------------------------------
# Taking it back
# ---------------------------------------------------------------------------------------------------------------------


def test_is_taken_back_to_exactly_what_was_merged(
    project: Project,
    make: Callable[..., Issue],
    team: Team,
    jane: User,
    sam: User,
    by_jane: Caller,
    by_sam: Caller,
    older: Release,
    newest: Release,
) -> None:
    parent = make(
        4, hours={1: 5, 3: 1}, own_times_seen=6, snoozed=True, snooze_ends_at_times_seen=9, snooze_ends_at_users_seen=9,
        own_last_release=newest,
    )  # fmt: skip
    children = [rich(make, jane, team, older), rich(make, sam, team, newest)]
    make(5, hours={1: 1})
    before = snapshot()
    merged = ask(project, [parent, *children], by=by_jane, merge=True)

    later = NOW + HOUR
    outcome = ask(project, [parent], by=by_sam, at=later, merge=False)

    stamp = {"mutation_id": outcome.mutation_id}
    assigned = {"assignee": str(team.pk), "assigneeType": "team"}
    assert outcome == MutationOutcome(1, 3, mutation_id=outcome.mutation_id)
    assert changes_since(before) == Changes(
        updated={"issue": {child.pk: stamp for child in children} | {parent.pk: stamp | {"assignee_team_id": team.pk}}},
        added={
            "activity": [
                activity_row(parent, ActivityKind.MERGE, merged, data=names(*children), by=by_jane),
                activity_row(parent, ActivityKind.ASSIGNED, merged, data=assigned, by=by_jane),
                activity_row(parent, ActivityKind.UNMERGE, outcome, data=names(*children), by=by_sam, at=later),
                *(
                    activity_row(
                        child,
                        ActivityKind.UNMERGE,
                        outcome,
                        data={"parent": {"id": str(parent.pk)}},
                        by=by_sam,
                        at=later,
                        before_merged_into_id=parent.pk,
                    )
                    for child in children
                ),
            ],
            # whom the parent got stay, its assignee too
            "issuesubscription": [subscription_row(parent, user, SubscriptionReason.BOOKMARK) for user in (jane, sam)],
            "issuebookmark": [bookmark_row(parent, user) for user in (jane, sam)],
        },
    )


def test_is_taken_back_the_same_by_naming_a_child(
    project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    parent, child, other_child = make(3, hours={1: 1}), make(2, hours={1: 2, 2: 2}), make(1, hours={2: 4})
    ask(project, [parent, other_child], by=by_jane, merge=True)
    before = snapshot()
    merged = ask(project, [parent, child], by=by_jane, merge=True)

    outcome = ask(project, [child], by=by_jane, merge=False)

    stamp = {"mutation_id": outcome.mutation_id}
    assert outcome == MutationOutcome(1, 2, mutation_id=outcome.mutation_id)
    assert changes_since(before) == Changes(
        updated={"issue": {parent.pk: stamp, child.pk: stamp}},
        added={
            "activity": [
                activity_row(parent, ActivityKind.MERGE, merged, data=names(child), by=by_jane),
                activity_row(parent, ActivityKind.UNMERGE, outcome, data=names(child), by=by_jane),
                activity_row(
                    child,
                    ActivityKind.UNMERGE,
                    outcome,
                    data={"parent": {"id": str(parent.pk)}},
                    by=by_jane,
                    before_merged_into_id=parent.pk,
                ),
            ]
        },
    )


def test_gives_back_a_child_whose_snooze_ended_meanwhile_as_unresolved(
    project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    parent, child = make(2, resolved=True), make(1, ignored=True, snooze_ends_at=NOW + HOUR)
    ask(project, [parent, child], by=by_jane, merge=True)

    ask(project, [child], by=by_jane, at=NOW + HOUR, merge=False)

    assert Issue.objects.visible().with_status([UNRESOLVED], at=NOW + HOUR).get() == child
    assert row_of(child)["status"] == "ignored"


def test_is_not_taken_back_where_nothing_is_merged(
    project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    issues = [make(2), make(1)]
    before = snapshot()

    outcome = ask(project, issues, by=by_jane, merge=False)

    assert outcome == MutationOutcome(matched=2, changed=0)
    assert snapshot() == before


def test_is_taken_back_where_the_filter_matches_the_named_issue_whatever_its_children_are(
    project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    parent, child = make(2, resolved=True), make(1)
    ask(project, [parent, child], by=by_jane, merge=True)
    before = snapshot()

    filtered = ask(project, [parent], by=by_jane, statuses=[UNRESOLVED], merge=False)

    assert filtered == MutationOutcome(matched=0, changed=0)
    assert snapshot() == before

    outcome = ask(project, [parent], by=by_jane, statuses=[RESOLVED], merge=False)

    assert outcome == MutationOutcome(1, 2, mutation_id=outcome.mutation_id)
    assert parents() == {parent.pk: None, child.pk: None}


# ---------------------------------------------------------------------------------------------------------------------
# Who may name a child
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"merge": True},
        {"merge": False, "is_public": False},
        {"merge": False, "status": Resolve()},
        {"merge": False, "has_seen": True},
        {"is_bookmarked": True},
        {"status": Resolve()},
    ],
)
@pytest.mark.parametrize("names_parent_too", [True, False])
def test_puts_a_child_out_of_scope_of_all_but_a_plain_unmerge(
    wishes: Row, names_parent_too: bool, project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    parent, child = make(2), make(1)
    ask(project, [parent, child], by=by_jane, merge=True)
    before = snapshot()

    outcome = ask(project, [child, *([parent] if names_parent_too else [])], by=by_jane, **wishes)

    assert outcome == MutationOutcome(out_of_scope=(child.pk,))
    assert snapshot() == before


def test_is_taken_back_beside_other_wishes_by_naming_the_parent(
    project: Project, make: Callable[..., Issue], by_jane: Caller
) -> None:
    parent, child = make(2), make(1)
    ask(project, [parent, child], by=by_jane, merge=True)

    outcome = ask(project, [parent], by=by_jane, status=Resolve(), merge=False)

    assert outcome == MutationOutcome(1, 2, mutation_id=outcome.mutation_id)
    assert [(row_of(issue)["merged_into_id"], row_of(issue)["status"]) for issue in (parent, child)] == [
        (None, "resolved"),
        (None, "unresolved"),
    ]


def test_comes_after_the_other_wishes_of_a_body(project: Project, make: Callable[..., Issue], by_jane: Caller) -> None:
    parent, child = make(2), make(1)

    outcome = ask(project, [parent, child], by=by_jane, status=Resolve(), is_public=True, merge=True)

    assert outcome == MutationOutcome(2, 2, mutation_id=outcome.mutation_id, merged=Merged(parent.pk, (child.pk,)))
    assert [row_of(issue)["status"] for issue in (parent, child)] == ["resolved", "resolved"]
    assert len({row_of(issue)["share_id"] for issue in (parent, child)} - {None}) == 2
