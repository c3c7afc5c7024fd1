"""Deleting issues for good, with everything that hangs on them (contract section 3)."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import connection

from issues import observing
from issues.enums import MutationKind
from issues.models import (
    Activity,
    Issue,
    IssueBookmark,
    IssueHash,
    IssueHour,
    IssueSeen,
    IssueSubscription,
    IssueText,
)
from issues.mutation import NO_PRECAUTIONS, IssueScope, MutationOutcome, Precautions
from issues.services.ground import history, names, precautions
from issues.services.ground.targets import IdsRequired, descendants, lock_targets
from projects.callers import Caller
from projects.database.arrays import as_array

# Everything that points at an issue; the issue itself goes last. A table that is missing fails
# tests/test_house_rules.py.
HANGING_ON_ISSUES = (IssueText, IssueHash, IssueHour, IssueSeen, IssueBookmark, IssueSubscription, Activity)


def delete(
    scope: IssueScope, *, by: Caller, at: datetime, lock_timeout: int, care: Precautions = NO_PRECAUTIONS
) -> MutationOutcome:
    """Delete every issue in ``scope``: :func:`delete_each` for one project."""
    (outcome,) = delete_each([scope], by=by, at=at, lock_timeout=lock_timeout, care=care)
    return outcome


def delete_each(
    scopes: Sequence[IssueScope],
    *,
    by: Caller,
    at: datetime,
    lock_timeout: int,
    care: Precautions = NO_PRECAUTIONS,
) -> list[MutationOutcome]:
    """Delete every issue in each of ``scopes``, which are of different projects, and what was merged into it.

    ``matched`` counts the named issues, ``changed`` those that came along too. With an id that is out of scope in any
    of them nothing is done, and the outcomes say which.

    :raises IdsRequired: no ids were named; nothing was deleted.
    :raises UnknownName: what the search names is gone; nothing was deleted.
    :raises UnexpectedNumber: another number of issues matched than the caller expects; nothing was deleted.
    :raises TryAgain: others are changing the same issues; nothing was deleted.
    :raises OperationalError: no lock within ``lock_timeout`` seconds, or no database; nothing was deleted.
    """
    if any(scope.ids is None for scope in scopes):
        raise IdsRequired
    work = partial(_delete_each, scopes, by=by, at=at)
    with observing.mutation(MutationKind.DELETE, scopes, {}, by=by, preview=care.preview) as outcomes:
        outcomes += precautions.run(work, care, lock_timeout=lock_timeout)
    return outcomes


def _delete_each(scopes: Sequence[IssueScope], *, by: Caller, at: datetime) -> list[MutationOutcome]:
    scopes = names.hold(scopes, at=at)
    locked = [lock_targets(scope, at=at, relatives=descendants, kind=MutationKind.DELETE) for scope in scopes]
    if any(found.out_of_scope for found in locked):
        return [MutationOutcome(out_of_scope=tuple(found.out_of_scope)) for found in locked]
    return [_delete(scope, found.ids, by=by, at=at) for scope, found in zip(scopes, locked, strict=True)]


def _delete(scope: IssueScope, ids: list[int], *, by: Caller, at: datetime) -> MutationOutcome:
    if not ids:
        return MutationOutcome()
    doomed = sorted({*ids, *descendants(scope.project_id, ids)})

    for model in HANGING_ON_ISSUES:
        _delete_rows(model._meta.db_table, "issue_id", scope.project_id, doomed)
    _delete_rows(Issue._meta.db_table, "id", scope.project_id, doomed)

    mutation_id = history.next_id()
    history.record(mutation_id, MutationKind.DELETE, scope, {}, matched=len(ids), changed=len(doomed), by=by, at=at)
    return MutationOutcome(matched=len(ids), changed=len(doomed), mutation_id=mutation_id)


def _delete_rows(table: str, column: str, project_id: int, ids: list[int]) -> None:
    """Delete at once, without reading rows to collect what hangs on them, as QuerySet.delete does."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'DELETE FROM "{table}" WHERE project_id = %s AND "{column}" = ANY(%s::bigint[])',
            [project_id, as_array(ids)],
        )
