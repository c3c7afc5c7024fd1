"""Undo ...: every part of an issue that still is as a mutation left it is again as it was (contract section 6)."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from issues.enums import IssueStatus
from issues.models import Activity, Issue, IssueBookmark, IssueSubscription, Mutation
from issues.mutation import (
    Assignment,
    Ignore,
    MutationOutcome,
    Resolve,
    SnoozeTerms,
    Unresolve,
)
from issues.services import undo as undoing
from issues.services.ground.precautions import UnexpectedNumber
from issues.services.undo import CannotUndoDeletion, UnknownMutation
from projects.callers import Caller
from projects.models import Project, Team
from tests.assertions import locks_before_first_write, snapshot
from tests.factories import (
    NOW,
    IssueFactory,
)
from tests.issues.services.calls import ask, delete, statements
from tests.issues.services.undoing import LATER, LATER_STILL, WISHES, state, undo, wishes_of

pytestmark = pytest.mark.django_db


# What comes along with them, and stays (contract section 6).
FOLLOWERS, BOOKMARKS = IssueSubscription._meta.db_table, IssueBookmark._meta.db_table
STAY = {
    **{f"resolve{how}": {FOLLOWERS} for how in ("", " in a release", " in the next release")},
    **{wish: {FOLLOWERS} for wish in ("assign", "assign to a team", "add bookmark", "remove bookmark")},
    **{wish: {FOLLOWERS, BOOKMARKS} for wish in ("merge", "everything", "everything off")},
}


def without(state: dict[str, Any], tables: Iterable[str]) -> dict[str, Any]:
    return {table: rows for table, rows in state.items() if table not in tables}


@pytest.mark.parametrize("wish", WISHES)
def test_gives_back_everything_that_a_mutation_changed(
    project: Project, issues: list[Issue], by_jane: Caller, wish: str
) -> None:
    """And the undo of that leads to what the mutation led to, and so on."""
    wishes = wishes_of(project)[wish]
    stay = STAY.get(wish, set())
    # A mark is again there, at the time when it surely was.
    at_another_time = {"seen_at"}
    before = state(ignoring=at_another_time)
    changed = ask(project, issues, by=by_jane, at=NOW + timedelta(seconds=1), **wishes)
    after = state(ignoring=at_another_time)
    assert without(after, stay) != without(before, stay)

    last: MutationOutcome = changed
    for turn, expected in enumerate([before, after, before, after]):
        last = undone = undo(project, last, by=by_jane, at=NOW + timedelta(minutes=turn + 1))
        assert without(state(ignoring=at_another_time), stay) == without(expected, stay), f"turn {turn}"
        assert (undone.skipped, undone.skipped_ids) == (0, ())
        assert undone.matched == undone.changed == changed.changed
    assert Mutation.objects.filter(kind="undo").count() == 4


ALL = [name for name in WISHES if name.split()[0] in {"resolve", "unresolve", "ignore"}]


@pytest.mark.parametrize("wish", ALL)
def test_gives_back_an_update_of_all(project: Project, issues: list[Issue], by_key: Caller, wish: str) -> None:
    before = state()
    changed = ask(project, None, by=by_key, **wishes_of(project)[wish])
    after = state()

    undone = undo(project, changed, by=by_key)
    assert state() == before
    again = undo(project, undone, by=by_key, at=LATER_STILL)

    assert state() == after
    assert undone.matched == undone.changed == again.changed == changed.changed > 0


def test_is_a_mutation_that_tells_what_it_took_back(
    project: Project, issues: list[Issue], by_jane: Caller, by_key: Caller
) -> None:
    body = {"status": "resolved"}
    changed = ask(project, issues[:2], by=by_jane, status=Resolve(), has_seen=True, body=body)

    undone = undo(project, changed, by=by_key)

    mutation = Mutation.objects.get(kind="undo")
    assert mutation.pk == undone.mutation_id
    assert (mutation.kind, mutation.undoes, mutation.user_id, mutation.api_key_id) == (
        "undo",
        changed.mutation_id,
        None,
        by_key.api_key_id,
    )
    assert (mutation.created_at, mutation.body, mutation.ids) == (LATER, {}, [])
    assert (mutation.scope_of, mutation.matched, mutation.changed) == (changed.mutation_id, 2, 2)
    assert (mutation.marks_of_id, mutation.has_seen, mutation.seen_ids) == (None, None, [])
    undo(project, changed, by=by_jane)
    mine = Mutation.objects.latest("pk")
    assert (mine.marks_of_id, mine.has_seen, mine.seen_ids) == (by_jane.user_id, False, [issues[0].pk])


def test_records_what_each_part_becomes(
    project: Project, issues: list[Issue], team: Team, by_jane: Caller, by_key: Caller
) -> None:
    ask(project, issues[:1], by=by_jane, status=Unresolve())
    changed = ask(project, issues, by=by_jane, status=Ignore(SnoozeTerms(count=1)), assignment=Assignment(None))

    undone = undo(project, changed, by=by_key)

    rows = Activity.objects.filter(mutation_id=undone.mutation_id).order_by("issue_id", "id")
    assert {(row.user_id, row.created_at) for row in rows} == {(None, LATER)}
    told = [(row.issue_id, row.kind, row.data) for row in rows]
    unresolved, snoozed, windowed, counted, resolved, in_release, in_next, parent = [issue.pk for issue in issues]
    until = (NOW + timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
    assert told == [
        (unresolved, "set_unresolved", {}),
        (snoozed, "set_ignored", {"ignoreUntil": until}),
        (snoozed, "assigned", {"assignee": str(by_jane.user_id), "assigneeType": "user"}),
        (windowed, "set_ignored", {"ignoreCount": 5, "ignoreWindow": 60}),
        (windowed, "assigned", {"assignee": str(team.pk), "assigneeType": "team"}),
        (counted, "set_ignored", {"ignoreCount": 49}),
        (resolved, "set_resolved", {}),
        (in_release, "set_resolved_in_release", {"version": "1.0.0"}),
        (in_next, "set_resolved_in_release", {"version": ""}),
        (parent, "set_unresolved", {}),
    ]


# ---------------------------------------------------------------------------------------------------------------------
# What it refuses, and how it works
# ---------------------------------------------------------------------------------------------------------------------


def test_refuses_a_deletion(project: Project, issues: list[Issue], by_key: Caller) -> None:
    deleted = delete(project, issues[:1], by=by_key)
    before = snapshot()

    with pytest.raises(CannotUndoDeletion, match=r"^A deletion can't be undone\.$"):
        undo(project, deleted, by=by_key)

    assert snapshot() == before


def test_knows_no_mutation_of_another_project(
    project: Project, other_project: Project, issues: list[Issue], by_key: Caller
) -> None:
    changed = ask(project, issues, by=by_key, status=Resolve())
    before = snapshot()

    with pytest.raises(UnknownMutation):
        undo(other_project, changed, by=by_key)
    with pytest.raises(UnknownMutation):
        undo(project, MutationOutcome(mutation_id=2**62), by=by_key)

    assert snapshot() == before


@pytest.mark.parametrize("wish", WISHES)
def test_previews(project: Project, issues: list[Issue], by_jane: Caller, wish: str) -> None:
    changed = ask(project, issues, by=by_jane, **wishes_of(project)[wish])
    before = snapshot()

    preview = undo(project, changed, by=by_jane, preview=True)
    assert snapshot() == before
    real = undo(project, changed, by=by_jane)

    assert (preview.matched, preview.changed, preview.skipped) == (real.matched, real.changed, real.skipped)
    assert preview.mutation_id is None
    assert real.mutation_id is not None


@pytest.mark.parametrize("all_of_them", [True, False])
def test_is_guarded(project: Project, issues: list[Issue], by_key: Caller, all_of_them: bool) -> None:
    changed = ask(project, None if all_of_them else issues, by=by_key, status=Resolve())
    before = snapshot()

    with pytest.raises(UnexpectedNumber):
        undo(project, changed, by=by_key, expected=changed.changed + 1)
    assert snapshot() == before
    undone = undo(project, changed, by=by_key, expected=changed.changed)

    assert undone.changed == changed.changed


@pytest.mark.parametrize("wish", [*(wish for wish in WISHES if wish != "everything off"), "all"])
def test_takes_as_many_statements_for_ten_as_for_two(
    project: Project, issues: list[Issue], by_jane: Caller, wish: str
) -> None:
    wishes = {"status": Resolve()} if wish == "all" else wishes_of(project)[wish]
    counts = []
    for count in (2, 10):
        some = [IssueFactory(project=project) for _ in range(count)]
        if wish == "unmerge":
            ask(project, some, by=by_jane, merge=True)
            some = some[:1]
        elif wish != "all":
            some += issues[:7]
        changed = ask(project, None if wish == "all" else some, by=by_jane, **wishes)
        with statements() as made:
            undo(project, changed, by=by_jane)
        counts.append(len(made))
        if changed.mutation_id and not {"has_seen", "is_bookmarked", "is_subscribed"} & set(wishes):
            locks_before_first_write(made)

    assert counts[0] == counts[1]


@pytest.mark.parametrize("in_a_set", [1, 2, 3, 7, 8])
def test_puts_an_update_of_all_back_set_by_set(
    project: Project, by_key: Caller, monkeypatch: pytest.MonkeyPatch, in_a_set: int
) -> None:
    """Issues that were deleted or changed since, and one that waits for a release that has come, are in any set."""
    monkeypatch.setattr(undoing, "IN_A_SET", in_a_set)
    issues = [IssueFactory(project=project, short_number=number) for number in range(1, 8)]
    ask(project, [issues[3]], by=by_key, status=Resolve(in_next_release=True))
    changed = ask(project, None, by=by_key, status=Unresolve(), statuses=[IssueStatus.RESOLVED])
    changed = ask(project, None, by=by_key, status=Ignore(), at=NOW + timedelta(seconds=1))
    delete(project, [issues[1]], by=by_key)
    ask(project, [issues[0], issues[4], issues[6]], by=by_key, status=Resolve(), at=NOW + timedelta(seconds=2))

    with statements() as made:
        undone = undo(project, changed, by=by_key)

    assert (undone.matched, undone.changed, undone.skipped) == (6, 3, 3)
    assert undone.skipped_ids == (issues[0].pk, issues[4].pk, issues[6].pk)
    status = Issue.objects.order_by("pk").values_list("status", flat=True)
    assert list(status) == ["resolved", *["unresolved"] * 2, *["resolved", "unresolved", "resolved"]]
    assert set(Activity.objects.filter(mutation_id=undone.mutation_id).values_list("issue_id", flat=True)) == {
        issues[number].pk for number in (2, 3, 5)
    }
    locks_before_first_write(made)


def test_keeps_an_update_of_all_out_of_python(
    project: Project, by_key: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for a set at a time."""
    monkeypatch.setattr(undoing, "IN_A_SET", 1_000)
    issue = IssueFactory(project=project)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO issues_issue
                (project_id, short_number, type, level, logger, platform, own_first_seen, own_last_seen,
                 own_times_seen, own_users_seen, own_comment_count,
                 first_seen, last_seen, times_seen, users_seen, comment_count, status)
            SELECT project_id, short_number + n, type, level, logger, platform, own_first_seen, own_last_seen,
                   own_times_seen, own_users_seen, own_comment_count,
                   first_seen, last_seen, times_seen, users_seen, comment_count, status
            FROM issues_issue, generate_series(1, 3999) AS n
            WHERE id = %s
            """,
            [issue.pk],
        )
    changed = ask(project, None, by=by_key, status=Ignore())

    with statements() as made:
        undone = undo(project, changed, by=by_key)

    assert (undone.matched, undone.changed, undone.skipped) == (4_000, 4_000, 0)
    assert Issue.objects.filter(status=IssueStatus.UNRESOLVED).count() == 4_000
    assert len(made) < 12 + 3 * 4
    assert max(len(query["sql"]) for query in made) < 24_000  # 5,000 ids would be more
