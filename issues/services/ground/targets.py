"""The set that a request is about, fixed and locked before the first write.

Locks are taken in one statement and in the order of ids, so that two requests over the same issues wait for each other
instead of deadlocking. After that statement, later ones see whatever the lock waited for.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from django.db.models import Max, QuerySet
from django.db.models.expressions import RawSQL

from issues import observing
from issues.conditions import condition, status_counts_as
from issues.enums import MutationKind
from issues.models import Issue
from issues.mutation import AllIssues, IssueScope, NamedIssues
from issues.querysets import IssueQuerySet
from issues.search.conditions import IsOfRelease, IsSeenIn, NamesWord
from issues.services.ground.narrowing import narrowing_of
from projects.database import citus, transactions
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


def find(project_ids: Iterable[int] | QuerySet[Any], word: str) -> Issue | None:
    """Return the issue of these projects that an id or a short id names, merged or not, and its project; not locked."""
    # Not first(), which sorts: with ORDER BY id and LIMIT, PostgreSQL may walk the table to find one row.
    return next(iter(citus.ask_all_or_each(partial(_named, word), project_ids)), None)


def _named(word: str, project_ids: Iterable[int] | QuerySet[Any]) -> list[Issue]:
    return list(Issue.objects.of_projects(project_ids).named(word).select_related("project"))


def shown_for(issue: Issue) -> Issue | None:
    """Return the issue that a read of this one shows: itself, or the one at the top of the tree it was merged into.

    Not locked. None when the tree is gone by now.
    """
    if issue.merged_into_id is None:
        return issue
    above = ancestors(issue.project_id, [issue.pk])
    return next(iter(Issue.objects.with_ids(issue.project_id, above).visible().select_related("project")), None)


def split_by_project(ids: Iterable[int], project_ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """Return which of these issues belong to which of these projects, by project; the others are left out.

    Read without a lock: an issue never moves to another project.
    """
    named = frozenset(ids)
    found: dict[int, set[int]] = {}
    for project_id, pk in citus.ask_all_or_each(partial(_places, sorted(named)), project_ids, enough=len(named)):
        found.setdefault(project_id, set()).add(pk)
    return {project_id: frozenset(found[project_id]) for project_id in sorted(found)}


def _places(ids: list[int], project_ids: Iterable[int]) -> list[tuple[int, int]]:
    issues = Issue.objects.of_projects(project_ids).filter(id__any_of=ids)
    return list(issues.values_list("project_id", "id"))


def projects_of(ids: Iterable[int]) -> set[int]:
    """Return the projects that have one of these issues, whoever may see them."""
    issues = Issue.objects.filter(id__any_of=sorted(ids))
    return set(issues.order_by().values_list("project_id", flat=True).distinct())


def newest(project_id: int) -> int:
    """Return the number in the project of its newest issue; 0 when it has none.

    Numbers only go up, so that those that are there now are the ones up to it. One look into the index of numbers; the
    highest id of a project would be looked for among the issues of all others.
    """
    highest: int | None = Issue.objects.of_projects([project_id]).aggregate(highest=Max("short_number"))["highest"]
    return highest or 0


def no_relatives(project_id: int, ids: list[int]) -> list[int]:
    """Return nothing: for changes that stay on the named rows."""
    return []


def ancestors_and_children(project_id: int, ids: list[int]) -> list[int]:
    """Return every issue above these, and the issues merged directly into them, ascending; not locked."""
    children = _read_ids(
        """
        SELECT id FROM issues_issue
        WHERE project_id = %(project_id)s AND merged_into_id = ANY(%(ids)s::bigint[])
        """,
        project_id,
        ids,
    )
    return sorted({*ancestors(project_id, ids), *children})


def ancestors(project_id: int, ids: list[int]) -> list[int]:
    """Return every issue above these, ascending; not locked."""
    return _read_ids(
        """
        WITH RECURSIVE above AS (
            SELECT merged_into_id AS id FROM issues_issue
            WHERE project_id = %(project_id)s AND id = ANY((SELECT %(ids)s::bigint[])::bigint[])
            UNION
            SELECT issue.merged_into_id FROM issues_issue AS issue
            JOIN above ON issue.id = above.id
            WHERE issue.project_id = %(project_id)s
        )
        SELECT id FROM above WHERE id IS NOT NULL ORDER BY id
        """,
        project_id,
        ids,
    )


def descendants(project_id: int, ids: list[int]) -> list[int]:
    """Return everything that was merged into these, however deep, ascending; not locked."""
    return _read_ids(
        """
        WITH RECURSIVE below AS (
            SELECT id FROM issues_issue
            WHERE project_id = %(project_id)s AND merged_into_id = ANY(%(ids)s::bigint[])
            UNION
            SELECT issue.id FROM issues_issue AS issue
            JOIN below ON issue.merged_into_id = below.id
            WHERE issue.project_id = %(project_id)s
        )
        SELECT id FROM below ORDER BY id
        """,
        project_id,
        ids,
    )


def _read_ids(sql: str, project_id: int, ids: list[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"project_id": project_id, "ids": as_array(ids)})
        return [pk for (pk,) in cursor.fetchall()]
