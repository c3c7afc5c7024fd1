"""Calls of the services in one line each, and what they changed as one value: every row, every column."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.enums import ActivityKind, IssueStatus, SubscriptionReason
from issues.models import Activity, Issue
from issues.mutation import AllIssues, IssueMutation, IssueScope, MutationOutcome, NamedIssues, UndoOutcome
from issues.services import bulk, deletion
from issues.services import undo as undoing
from projects.callers import Caller
from projects.models import Project, User
from tests.acts import act
from tests.assertions import snapshot
from tests.factories import NOW

Row = dict[str, Any]
Snapshot = dict[str, dict[Any, Row]]

BEFORE = [field.attname for field in Activity._meta.concrete_fields if field.attname.startswith("before_")]


def scope_of(
    project: Project, issues: Iterable[Issue | int] | None, statuses: Iterable[IssueStatus] | None = None
) -> IssueScope:
    narrowed = None if statuses is None else frozenset(statuses)
    if issues is None:
        return AllIssues(project.pk, statuses=narrowed)
    ids = frozenset(issue if isinstance(issue, int) else issue.pk for issue in issues)
    return NamedIssues(project.pk, ids=ids, statuses=narrowed)


def ask(
    project: Project,
    issues: Iterable[Issue | int] | None,
    *,
    by: Caller,
    at: datetime = NOW,
    statuses: Iterable[IssueStatus] | None = None,
    **wishes: Any,
) -> MutationOutcome:
    """Ask for ``wishes``, which are fields of IssueMutation; ``issues`` None is "update all"."""
    return bulk.mutate(scope_of(project, issues, statuses), IssueMutation(**wishes), act(by, at))


def delete(
    project: Project,
    issues: Iterable[Issue | int] | None,
    *,
    by: Caller,
    at: datetime = NOW,
    statuses: Iterable[IssueStatus] | None = None,
) -> MutationOutcome:
    return deletion.delete(scope_of(project, issues, statuses), act(by, at))


def undo(
    project: Project,
    outcome: MutationOutcome,
    *,
    by: Caller,
    at: datetime = NOW,
    **how: Any,
) -> UndoOutcome:
    """Take back what had this outcome; ``how`` is said of the act."""
    assert outcome.mutation_id is not None
    return undoing.undo(project.pk, outcome.mutation_id, act(by, at, **how))


def statements() -> CaptureQueriesContext:
    """Return a context that keeps the SQL made in it."""
    return CaptureQueriesContext(connection)


@dataclass
class Changes:
    """What is different, by table (without ``issues_``): columns of rows that stayed, whole rows, and keys.

    Mutations are left out: test_history.py is about them.
    """

    updated: dict[str, dict[int, Row]] = field(default_factory=dict)
    added: dict[str, list[Row]] = field(default_factory=dict)
    gone: dict[str, list[int]] = field(default_factory=dict)


NOTHING = Changes()


def changes_since(before: Snapshot) -> Changes:
    """Return what is different from ``before``, a :func:`tests.assertions.snapshot` of everything.

    Rows that were added come by issue, for one issue in the order of their ids, marks by user, and without their ids.
    """
    changes = Changes()
    for name, rows in snapshot().items():
        table, old = name.removeprefix("issues_"), before[name]
        if table == "mutation":
            continue
        updated = {pk: differing(old[pk], row) for pk, row in rows.items() if pk in old and row != old[pk]}
        added = [{key: value for key, value in row.items() if key != "id"} for pk, row in rows.items() if pk not in old]
        gone = sorted(pk for pk in old if pk not in rows)
        changes.updated |= {table: updated} if updated else {}
        by = ["issue_id"] if table == "activity" or not added or "user_id" not in added[0] else ["issue_id", "user_id"]
        changes.added |= {table: sorted(added, key=itemgetter(*by))} if added else {}
        changes.gone |= {table: gone} if gone else {}
    return changes


def differing(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> Row:
    """Return those of the ``wanted`` columns that are another in ``row``."""
    return {column: value for column, value in wanted.items() if row[column] != value}


def row_of(issue: Issue) -> Row:
    """Return all columns of the issue as they are now."""
    return {**Issue.objects.values().get(pk=issue.pk)}


def activity_row(
    issue: Issue,
    kind: ActivityKind,
    outcome: MutationOutcome,
    *,
    data: Mapping[str, Any] | None = None,
    by: Caller,
    at: datetime = NOW,
    **before: Any,
) -> Row:
    """Return the row of this activity; ``before_*`` columns that are not given are null."""
    assert set(before) <= set(BEFORE)
    return {
        "project_id": issue.project_id,
        "issue_id": issue.pk,
        "kind": kind,
        "data": data or {},
        "user_id": by.user_id,
        "created_at": at,
        "mutation_id": outcome.mutation_id,
        **dict.fromkeys(BEFORE),
        **before,
    }


def subscription_row(
    issue: Issue, user: User, reason: SubscriptionReason, *, is_active: bool = True, at: datetime = NOW
) -> Row:
    return {
        "project_id": issue.project_id,
        "issue_id": issue.pk,
        "user_id": user.pk,
        "is_active": is_active,
        "reason": reason,
        "created_at": at,
    }


def bookmark_row(issue: Issue, user: User, *, at: datetime = NOW) -> Row:
    return {"project_id": issue.project_id, "issue_id": issue.pk, "user_id": user.pk, "created_at": at}


def seen_row(issue: Issue, user: User, *, at: datetime = NOW) -> Row:
    return {"project_id": issue.project_id, "issue_id": issue.pk, "user_id": user.pk, "seen_at": at}
