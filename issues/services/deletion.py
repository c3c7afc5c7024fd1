"""Deleting issues for good, with everything that hangs on them (contract section 3)."""

from collections.abc import Sequence

from django.db import connection

from issues import observing
from issues.enums import MutationKind
from issues.models import (
    Activity,
    Issue,
    IssueBookmark,
    IssueEnvironment,
    IssueHash,
    IssueHour,
    IssueMinute,
    IssueRelease,
    IssueSeen,
    IssueSubscription,
    IssueText,
    IssueUser,
)
from issues.mutation import IssueScope, MutationOutcome, NamedIssues
from issues.services.ground import history, names, precautions
from issues.services.ground.targets import lock_targets, named_only
from issues.services.ground.trees import descendants
from projects import acting
from projects.acting import Act
from projects.database.arrays import as_array

# Everything that points at an issue; the issue itself goes last. A table that is missing fails
# tests/test_house_rules.py.
HANGING_ON_ISSUES = (
    *(IssueText, IssueHash, IssueHour, IssueMinute, IssueUser, IssueEnvironment, IssueRelease),
    *(IssueSeen, IssueBookmark, IssueSubscription, Activity),
)


def delete(scope: IssueScope, act: Act) -> MutationOutcome:
    """Delete every issue in ``scope``: :func:`delete_each` for one project."""
    (outcome,) = delete_each([scope], act)
    return outcome


def delete_each(scopes: Sequence[IssueScope], act: Act) -> Sequence[MutationOutcome]:
    """Delete every issue in each of ``scopes``, which are of different projects, and what was merged into it.

    ``matched`` counts the named issues, ``changed`` those that came along too. With an id that is out of scope in any
    of them nothing is done, and the outcomes say which.

    :raises IdsRequired: no ids were named; nothing was deleted.
    :raises UnknownName: what the search names is gone; nothing was deleted.
    :raises UnexpectedNumber: another number of issues matched than the caller expects; nothing was deleted.
    :raises TryAgain: others are changing the same issues; nothing was deleted.
    :raises OperationalError: no lock in time, or no database; nothing was deleted.
    """
    named = named_only(scopes)
    with observing.mutation(MutationKind.DELETE, named, {}, act) as observed:
        for attempt in acting.attempts(act):
            with attempt:
                outcomes = _lock_and_delete(named, act)
                precautions.check(outcomes, act)
        observed.outcomes = outcomes
    return outcomes


def _lock_and_delete(scopes: Sequence[NamedIssues], act: Act) -> Sequence[MutationOutcome]:
    scopes = names.hold(scopes, at=act.at)
    locked = [lock_targets(scope, at=act.at, relatives=descendants, kind=MutationKind.DELETE) for scope in scopes]
    if any(found.out_of_scope for found in locked):
        return [MutationOutcome(out_of_scope=tuple(found.out_of_scope)) for found in locked]
    return [_delete(scope, found.ids, act) for scope, found in zip(scopes, locked, strict=True)]


def _delete(scope: NamedIssues, ids: list[int], act: Act) -> MutationOutcome:
    if not ids:
        return MutationOutcome()
    doomed = sorted({*ids, *descendants(scope.project_id, ids)})

    _forget(scope.project_id, doomed, act)
    for model in HANGING_ON_ISSUES:
        _delete_rows(model._meta.db_table, "issue_id", scope.project_id, doomed)
    _delete_rows(Issue._meta.db_table, "id", scope.project_id, doomed)

    outcome = MutationOutcome(matched=len(ids), changed=len(doomed), mutation_id=history.next_id())
    return history.record(outcome, MutationKind.DELETE, scope, {}, act)


def _forget(project_id: int, ids: list[int], act: Act) -> None:
    """Let no event that came before, counted or not, be shown with the issue that the next of its kind will make.

    Before this moment, not before the request: while that waited for the locks, others counted what came meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO issues_forgottenhash (project_id, hash, at)
            SELECT project_id, hash::uuid, %s
            FROM issues_issuehash
            WHERE project_id = %s AND issue_id = ANY(%s::bigint[])
            ORDER BY hash
            ON CONFLICT (project_id, hash) DO UPDATE SET at = greatest(issues_forgottenhash.at, excluded.at)
            """,
            [act.at_present(), project_id, as_array(ids)],
        )


def _delete_rows(table: str, column: str, project_id: int, ids: list[int]) -> None:
    """Delete at once, without reading rows to collect what hangs on them, as QuerySet.delete does."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'DELETE FROM "{table}" WHERE project_id = %s AND "{column}" = ANY(%s::bigint[])',
            [project_id, as_array(ids)],
        )
