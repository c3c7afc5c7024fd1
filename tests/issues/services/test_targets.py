"""The targets of a request ... (contract 1.3 and 1.9)"""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.enums import IssueStatus, MutationKind
from issues.models import Issue
from issues.mutation import IssueScope, MutationOutcome, Resolve, Unresolve
from issues.services.ground.targets import (
    IdsRequired,
    TreeMoved,
    lock_targets,
    named_only,
)
from issues.services.ground.trees import ancestors, ancestors_and_children, descendants, no_relatives
from projects.callers import Caller
from projects.models import Project
from tests.assertions import snapshot
from tests.factories import NOW, IssueFactory
from tests.issues.services.calls import ask, delete, scope_of

pytestmark = pytest.mark.django_db

NOBODYS = 2**63 - 1


@pytest.fixture
def issue(project: Project) -> Issue:
    return IssueFactory(project=project)


@pytest.fixture
def out_of_scope(issue: Issue, other_project: Project, stranger_project: Project) -> dict[str, int]:
    """By why: ids that a request about ``issue``'s project may not name."""
    gone = IssueFactory(project=issue.project, text=None)
    gone_id = gone.pk
    gone.delete()
    return {
        "of another project": IssueFactory(project=other_project).pk,
        "of another organization": IssueFactory(project=stranger_project).pk,
        "merged": IssueFactory(merged_into=issue).pk,
        "deleted": gone_id,
        "of nobody": NOBODYS,
    }


# ---------------------------------------------------------------------------------------------------------------------
# With ids
# ---------------------------------------------------------------------------------------------------------------------

REQUESTS: list[dict[str, Any]] = [
    {},
    {"status": Resolve()},
    {"is_public": True},
    {"has_seen": True, "is_bookmarked": True, "is_subscribed": True},
    {"merge": True},
    {"merge": False, "is_public": True},
]


@pytest.mark.parametrize("why", ["of another project", "of another organization", "merged", "deleted", "of nobody"])
@pytest.mark.parametrize("statuses", [None, list(IssueStatus), [IssueStatus.RESOLVED]])
def test_are_nothing_at_all_with_one_id_out_of_scope(
    why: str,
    statuses: list[IssueStatus] | None,
    issue: Issue,
    out_of_scope: dict[str, int],
    project: Project,
    by_jane: Caller,
) -> None:
    stray = out_of_scope[why]
    before = snapshot()

    for wishes in REQUESTS:
        outcome = ask(project, [issue, stray], by=by_jane, statuses=statuses, **wishes)
        assert outcome == MutationOutcome(matched=0, changed=0, out_of_scope=(stray,))
    assert delete(project, [issue, stray], by=by_jane, statuses=statuses) == MutationOutcome(out_of_scope=(stray,))

    assert snapshot() == before


def test_out_of_scope_are_named_ascending(
    issue: Issue, out_of_scope: dict[str, int], project: Project, by_jane: Caller
) -> None:
    outcome = ask(project, [*out_of_scope.values(), issue], by=by_jane, is_public=True)

    assert outcome == MutationOutcome(out_of_scope=tuple(sorted(out_of_scope.values())))


def test_may_be_merged_children_for_a_plain_unmerge_alone(
    issue: Issue, out_of_scope: dict[str, int], project: Project, by_jane: Caller
) -> None:
    strays = sorted(pk for why, pk in out_of_scope.items() if why != "merged")

    assert ask(project, out_of_scope.values(), by=by_jane, merge=False).out_of_scope == tuple(strays)
    assert ask(project, [out_of_scope["merged"]], by=by_jane, merge=False).matched == 1


def test_are_narrowed_by_the_filter_which_puts_nothing_out_of_scope(
    issue: Issue, project: Project, by_jane: Caller
) -> None:
    resolved = IssueFactory(project=project, resolved=True)

    outcome = ask(project, [issue, resolved], by=by_jane, statuses=[IssueStatus.RESOLVED], is_public=True)

    assert (outcome.matched, outcome.changed, outcome.out_of_scope) == (1, 1, ())
    assert list(Issue.objects.filter(share_id__isnull=False)) == [resolved]


def test_may_be_none_that_the_filter_leaves(issue: Issue, project: Project, by_jane: Caller) -> None:
    before = snapshot()

    for wishes in REQUESTS:
        outcome = ask(project, [issue], by=by_jane, statuses=[IssueStatus.IGNORED], **wishes)
        assert outcome == MutationOutcome(matched=0, changed=0)
    assert delete(project, [issue], by=by_jane, statuses=[IssueStatus.IGNORED]) == MutationOutcome()

    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Without ids
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"is_public": False},
        {"merge": True},
        {"merge": False},
        {"has_seen": True},
        {"is_bookmarked": True},
        {"is_subscribed": False},
        {"status": Unresolve(), "is_public": False},
        {"status": Unresolve(), "has_seen": False},
        {"status": Unresolve(), "merge": False},
    ],
)
def test_are_all_only_for_a_change_of_status(
    wishes: dict[str, Any], issue: Issue, project: Project, by_jane: Caller
) -> None:
    before = snapshot()

    with pytest.raises(IdsRequired, match=r"^You must specify a list of IDs for this operation$"):
        ask(project, None, by=by_jane, **wishes)

    assert snapshot() == before


def test_are_never_all_for_a_delete(issue: Issue, project: Project, by_jane: Caller) -> None:
    before = snapshot()

    with pytest.raises(IdsRequired):
        delete(project, None, by=by_jane, statuses=list(IssueStatus))

    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# Locks and relatives
# ---------------------------------------------------------------------------------------------------------------------


def lock(scope: IssueScope, **how: Any) -> tuple[list[int], list[int]]:
    (named,) = named_only([scope])
    locked = lock_targets(named, at=NOW, **{"relatives": no_relatives} | how)
    return locked.ids, locked.out_of_scope


@pytest.mark.parametrize(
    ("kind", "strength"),
    [
        (MutationKind.UPDATE, "FOR NO KEY UPDATE"),
        (MutationKind.UNDO, "FOR NO KEY UPDATE"),
        (MutationKind.DELETE, "FOR UPDATE"),
    ],
)
def test_are_locked_with_their_relatives_in_one_statement_by_id(
    kind: MutationKind, strength: str, project: Project
) -> None:
    parent = IssueFactory(project=project)
    child = IssueFactory(merged_into=parent)
    other = IssueFactory(project=project)

    with CaptureQueriesContext(connection) as queries:
        assert lock(scope_of(project, [other, parent]), relatives=descendants, kind=kind) == (
            [parent.pk, other.pk],
            [],
        )

    locking = [query["sql"] for query in queries if " FOR " in query["sql"]]
    assert len(locking) == 1
    assert f"'{{{parent.pk},{child.pk},{other.pk}}}'::bigint[])" in locking[0]
    assert " ".join(locking[0].split()).endswith(f"ORDER BY id {strength}")


@pytest.mark.parametrize("found", [[[], [1]], [[1], []], [[1], [2]]])
def test_are_read_again_when_relatives_came_or_went_meanwhile(
    found: list[list[int]], issue: Issue, project: Project
) -> None:
    answers = iter(found)

    def relatives(project_id: int, ids: list[int]) -> list[int]:
        assert (project_id, ids) == (project.pk, [issue.pk])
        return next(answers)

    with pytest.raises(TreeMoved):
        lock(scope_of(project, [issue]), relatives=relatives)


def test_have_the_relatives_that_the_tree_says(project: Project, other_project: Project) -> None:
    top = IssueFactory(project=project)
    middle = IssueFactory(merged_into=top)
    twin = IssueFactory(merged_into=top)
    leaf = IssueFactory(merged_into=middle)
    lone = IssueFactory(project=project)

    def of(relatives: Callable[[int, list[int]], list[int]], *issues: Issue) -> list[Issue]:
        found = relatives(project.pk, [issue.pk for issue in issues])
        assert relatives(other_project.pk, [issue.pk for issue in issues]) == []
        return [Issue.objects.get(pk=pk) for pk in found]

    assert of(ancestors, leaf) == [top, middle]
    assert of(ancestors, middle, twin, lone) == [top]
    assert of(ancestors, top, lone) == []
    assert of(descendants, top) == [middle, twin, leaf]
    assert of(descendants, middle, lone) == [leaf]
    assert of(descendants, leaf, lone) == []
    assert of(ancestors_and_children, middle) == [top, leaf]
    assert of(ancestors_and_children, top, leaf) == [top, middle, twin]
    assert of(no_relatives, top, middle, leaf) == []
