"""A mutation leaves nothing behind, whichever of its writes fails (contract 1.1 and 1.9)."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection

from issues.models import Issue
from issues.mutation import Assignee, Assignment, Resolve, Unresolve
from projects.callers import Caller
from projects.models import Project, Team, User
from tests.assertions import WRITE, snapshot
from tests.factories import (
    NOW,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHourFactory,
    IssueSubscriptionFactory,
)
from tests.issues.services.calls import ask, delete

real_transactions = pytest.mark.django_db(transaction=True)


# ---------------------------------------------------------------------------------------------------------------------
# All or nothing
# ---------------------------------------------------------------------------------------------------------------------


class PowerCut(Exception):
    """What no code expects."""


class CutAtWrite:
    """Wraps execute(): the power goes at the n-th statement that writes, before or after it is done."""

    def __init__(self, number: int, *, is_done: bool) -> None:
        self.number, self.is_done = number, is_done
        self.tables: list[str] = []

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        written = [match.split()[-1].strip('"').removeprefix("issues_") for match in WRITE.findall(sql)]
        self.tables += written
        if not written:
            return execute(sql, params, many, context)
        self.number -= 1
        if self.number == 0 and not self.is_done:
            raise PowerCut
        result = execute(sql, params, many, context)
        if self.number == 0:
            raise PowerCut
        return result


@pytest.fixture
def cast(project: Project, team: Team, jane: User, sam: User) -> dict[str, Issue]:
    """A parent with a child, and another that could go under it; each with what a mutation may touch."""
    parent = IssueFactory(project=project, own_first_seen=NOW - timedelta(days=9), times_seen=2)
    child = IssueFactory(merged_into=parent, snoozed=True)
    other = IssueFactory(project=project, snoozed=True, public=True, assignee_user=sam)
    for issue in (parent, child, other):
        IssueSubscriptionFactory(issue=issue, user=sam)
        IssueBookmarkFactory(issue=issue, user=sam)
        IssueHourFactory(issue=issue, total_count=2 if issue is parent else 1)
    return {"parent": parent, "child": child, "other": other}


EVERYWHERE = {"issue", "activity", "issuehour", "issueseen", "issuebookmark", "issuesubscription", "mutation"}
MANY_WISHES: dict[str, Any] = {
    "is_public": True,
    "has_seen": True,
    "is_bookmarked": True,
    "is_subscribed": True,
}


def merge_and_more(project: Project, cast: dict[str, Issue], team: Team, by: Caller) -> None:
    assignment = Assignment(Assignee("team", team.pk, team.slug))
    named = [cast["parent"], cast["other"]]
    status = Resolve(in_next_release=True)
    ask(project, named, by=by, status=status, assignment=assignment, merge=True, **MANY_WISHES)


def unmerge_and_more(project: Project, cast: dict[str, Issue], team: Team, by: Caller) -> None:
    assignment = Assignment(Assignee("team", team.pk, team.slug))
    ask(project, [cast["parent"]], by=by, status=Resolve(), assignment=assignment, merge=False, **MANY_WISHES)


def take_marks_away(project: Project, cast: dict[str, Issue], team: Team, by: Caller) -> None:
    ask(project, [cast["parent"]], by=by, has_seen=False, is_bookmarked=False, is_subscribed=False)


def update_all(project: Project, cast: dict[str, Issue], team: Team, by: Caller) -> None:
    ask(project, None, by=by, status=Unresolve())


def delete_all(project: Project, cast: dict[str, Issue], team: Team, by: Caller) -> None:
    delete(project, [cast["parent"], cast["other"]], by=by)


OF_EVENTS = ("issueminute", "issueuser", "issueenvironment", "issuerelease")


@real_transactions
@pytest.mark.parametrize("is_done", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize(
    ("request_of", "tables"),
    [
        (merge_and_more, EVERYWHERE),
        (unmerge_and_more, EVERYWHERE),
        (take_marks_away, {"issueseen", "issuebookmark", "issuesubscription", "mutation"}),
        (update_all, {"issue", "activity", "mutation"}),
        (delete_all, EVERYWHERE | {"issuetext", "issuehash", *OF_EVENTS, "forgottenhash"}),
    ],
)
def test_leaves_nothing_behind_whichever_write_fails(
    is_done: bool,
    request_of: Callable[..., None],
    tables: set[str],
    cast: dict[str, Issue],
    project: Project,
    team: Team,
    by_sam: Caller,
) -> None:
    before = snapshot()

    for number in count(1):
        cut = CutAtWrite(number, is_done=is_done)
        with connection.execute_wrapper(cut):
            try:
                request_of(project, cast, team, by_sam)
            except PowerCut:
                assert snapshot() == before, f"write {number}, on {cut.tables[-1]}, was not taken back"
            else:
                break

    assert snapshot() != before
    assert set(cut.tables) == tables
