"""The set that a request is about, fixed and locked before the first write.

Locks are taken in one statement and in the order of ids, so that two requests over the same issues wait for each other
instead of deadlocking. After that statement, later ones see whatever the lock waited for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Max
from django.db.models.expressions import RawSQL

from issues import observing
from issues.conditions import condition, status_counts_as
from issues.enums import MutationKind
from issues.models import Issue
from issues.mutation import AllIssues, IssueScope, NamedIssues
from issues.querysets import IssueQuerySet
from issues.search.conditions import IsOfRelease, IsSeenIn, NamesWord
from issues.services.ground.narrowing import narrowing_of
from projects.database import transactions
from projects.database.arrays import as_array
from projects.database.reading import connection
from projects.database.transactions import StartOver
from projects.querysets import MAX_ID
from projects.refusals import Refusal

BESIDE = IsSeenIn | IsOfRelease | NamesWord  # what tables beside the issues know

Relatives = Callable[[int, list[int]], list[int]]


class TreeMoved(StartOver):
    """Relatives by merge came or went while their locks were waited for; what was read of the tree is stale."""


class IdsRequired(Refusal):
    """Only a change of status may be about all issues of a project; anything else names them (contract 1.3)."""

    sentence = "You must specify a list of IDs for this operation"


def named_only(scopes: Sequence[IssueScope]) -> list[NamedIssues]:
    """Return the scopes, each of which names its issues.

    :raises IdsRequired: one doesn't.
    """
    named = [scope for scope in scopes if isinstance(scope, NamedIssues)]
    if len(named) < len(scopes):
        raise IdsRequired
    return named


@dataclass(frozen=True)  # without slots: it keeps what it has worked out
class NamedTargets:
    """The issues that were named, found and locked: their ids, ascending."""

    scope: NamedIssues
    mutation_id: int
    ids: list[int]

    @property
    def project_id(self) -> int:
        return self.scope.project_id

    @cached_property
    def id_array(self) -> str:
        """The ids for SQL by hand: ``ANY(%s::bigint[])``."""
        return as_array(self.ids)


@dataclass(frozen=True, slots=True)
class AllTargets:
    """All issues in scope, which can be millions: they are never a list in Python.

    They are locked by the one statement that changes them, which waits for those who have some of them; or, unless it
    ``waits``, fails. They go ``up_to`` a number in the project, of the newest issue that was there when the request
    began.
    """

    scope: AllIssues
    mutation_id: int
    up_to: int = MAX_ID
    waits: bool = True

    @property
    def project_id(self) -> int:
        return self.scope.project_id

    def issues(self, *, at: datetime) -> IssueQuerySet:
        """Return those that this request has not changed yet.

        For one statement, right away: what a search is narrowed to is what there is now. Who looks whether others came
        asks again, or would leave out what somebody brought into scope meanwhile.
        """
        found = self._narrowed(Issue.objects.in_scope(self.scope, at=at).exclude(mutation_id=self.mutation_id))
        return found.filter(short_number__lte=self.up_to)

    def _narrowed(self, found: IssueQuerySet) -> IssueQuerySet:
        # By what stands beside the issues alone: what other indexes know of one project, PostgreSQL finds by itself.
        search = [term for term in self.scope.terms if isinstance(term.conditions[0], BESIDE)]
        if not search:
            return found
        with transactions.settings_put_back():  # what reads a project as a whole is to be planned as ever
            narrowing = narrowing_of(search, [self.project_id])
        return narrowing.narrow_locked(found)


Targets = NamedTargets | AllTargets


@dataclass(frozen=True, slots=True)
class Locked:
    """What the lock statement found of the ids that were named.

    ``ids`` are in scope and pass the filters; ``out_of_scope`` are not of this project, deleted, or merged away.
    """

    ids: list[int]
    out_of_scope: list[int]


def lock_targets(
    scope: NamedIssues,
    *,
    at: datetime,
    relatives: Relatives,
    hidden: bool = False,
    kind: MutationKind = MutationKind.UPDATE,
) -> Locked:
    """Lock the named issues and their ``relatives`` by merge, and say which of them are in scope.

    ``hidden`` lets merged children be named; a ``kind`` that deletes takes the lock that also keeps new notes and marks
    away.

    :raises TreeMoved: a relative came or went while this waited.
    """
    named = sorted(scope.ids)
    related = relatives(scope.project_id, named)
    passes = condition("true") if scope.statuses is None else status_counts_as(scope.statuses, at=at)
    with observing.locking(kind):
        rows = _lock(scope.project_id, sorted({*named, *related}), passes, to_delete=kind == MutationKind.DELETE)
    found = {pk: does_pass for pk, merged_into, does_pass in rows if hidden or merged_into is None}
    if related != relatives(scope.project_id, named):
        raise TreeMoved("These issues are being merged or unmerged just now.")
    ids = [pk for pk in named if found.get(pk)]
    return Locked(
        ids=_searched(scope, ids, at=at) if scope.terms else ids,
        out_of_scope=[pk for pk in named if pk not in found],
    )


def _lock(
    project_id: int, ids: Sequence[int], passes: RawSQL, *, to_delete: bool
) -> list[tuple[int, int | None, bool]]:
    """Lock these issues as ``IssueQuerySet.locked`` says; return each with what it is merged into, and ``passes``."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT id, merged_into_id, {passes.sql}
            FROM issues_issue
            WHERE project_id = %s AND id = ANY((SELECT %s::bigint[])::bigint[])
            ORDER BY id
            FOR {"UPDATE" if to_delete else "NO KEY UPDATE"}
            """,
            [*passes.params, project_id, as_array(ids)],
        )
        rows: list[tuple[int, int | None, bool]] = cursor.fetchall()
        return rows


def _searched(scope: NamedIssues, ids: list[int], *, at: datetime) -> list[int]:
    """Keep the issues that the search is about.

    After the lock, in a statement of its own: a search reads other tables too, and the statement that waited for a lock
    sees those as they were before it waited.
    """
    matching = Issue.objects.with_ids(scope.project_id, ids).matching(scope.terms, at=at)
    return list(matching.order_by("id").values_list("id", flat=True))


def newest(project_id: int) -> int:
    """Return the number in the project of its newest issue; 0 when it has none.

    Numbers only go up, so that those that are there now are the ones up to it. One look into the index of numbers; the
    highest id of a project would be looked for among the issues of all others.
    """
    highest: int | None = Issue.objects.of_projects([project_id]).aggregate(highest=Max("short_number"))["highest"]
    return highest or 0
