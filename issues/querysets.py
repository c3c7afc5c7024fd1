"""Which issues: filters that compose. Below models.py: a queryset needs ``self``, never the class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Self

from django.db.models import BigIntegerField, Case, F, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from issues import search, short_ids
from issues.conditions import Moment, holds, implied, snooze_is_over, status_counts_as
from issues.enums import IssueStatus
from issues.mutation import AllIssues
from issues.walks import WalkedQuerySet
from projects.querysets import is_id

# The most that a tree shows of events, users or comments, and of events in an hour: what its column takes, but for room
# above it for the end of any snooze by count (at most 2,147,483,647 more), so that merging never shortens one.
MOST = 2**63 - 2**31
MOST_IN_AN_HOUR = 2**31 - 1


def total(number: str) -> str:
    """Return SQL for what the root of a ``tree (root, id)`` shows of a number, from its ``own`` and those under it.

    It saturates: a sum that no column takes is shown as the most, and never as less than the root's own.
    """
    of_root = f"max(own.own_{number}) FILTER (WHERE own.id = tree.root)"
    return f"greatest(least(sum(own.own_{number}), {MOST}), {of_root})::bigint"


class IssueQuerySet(WalkedQuerySet):
    def with_ids(self, project_id: int, ids: Sequence[int]) -> Self:
        """Keep these issues of this project, merged ones too."""
        return self.filter(project_id=project_id, id__any_of=ids)

    def of_projects(self, project_ids: Iterable[int] | QuerySet[Any]) -> Self:
        """Keep the issues of these projects, merged ones too."""
        return self.filter(project__in=project_ids)

    def named(self, word: str) -> Self:
        """Keep the one issue that a path names, merged or not: by id, or by short id, which is one per organization."""
        short_id = short_ids.read(word)
        if short_id is not None:
            slug, number = short_id
            return self.filter(project__slug=slug, short_number=number)
        return self.filter(pk=int(word.lstrip("0"))) if is_id(word) else self.none()

    def with_status(self, statuses: Iterable[IssueStatus], *, at: datetime) -> Self:
        """Keep the issues whose status is any of these at this instant."""
        return self.filter(status_counts_as(statuses, at=at))

    def matching(self, search_terms: Iterable[search.Term], *, at: datetime) -> Self:
        """Keep the issues for which every term of a search holds; its names are looked up before (ground/names.py)."""
        issues = self
        for term in search_terms:
            found = holds(term.condition, at=at)
            issues = issues.filter(~found if term.negated else found)
            bound = implied(term, at=at)
            issues = issues if bound is None else issues.filter(bound)
        return issues

    def in_scope(self, scope: AllIssues, *, at: datetime) -> Self:
        """Keep the issues that this scope is about."""
        issues = self.filter(project_id=scope.project_id).visible().matching(scope.terms, at=at)
        return issues if scope.statuses is None else issues.with_status(scope.statuses, at=at)

    def with_status_shown(self, *, at: Moment) -> Self:
        """Add ``status_shown``: the status that the issue counts as at this instant."""
        return self.annotate(
            status_shown=Case(When(snooze_is_over(at), then=Value(IssueStatus.UNRESOLVED.value)), default=F("status"))
        )

    def locked(self, *, to_delete: bool = False, wait: bool = True) -> Self:
        """Lock the rows in the order of their ids, which is what keeps two requests from deadlocking.

        FOR NO KEY UPDATE lets others still insert rows that point at the issue, a note or a mark; FOR UPDATE, for rows
        that will be deleted, makes those wait. Only an evaluated query locks; without ``wait`` it fails when somebody
        else has one of them.
        """
        return self.order_by("id").select_for_update(no_key=not to_delete, of=("self",), nowait=not wait)


def size_of_activity() -> RawSQL:
    """Return about how many bytes of JSON an activity has, where it may be large: a merge, or a note."""
    return RawSQL("octet_length(issues_activity.data::text)", (), output_field=BigIntegerField())


def size_of_mutation(project_id: int) -> RawSQL:
    """Return about how many bytes of JSON describe a mutation in a list, where it may be large; not fewer."""
    return RawSQL(
        """
        coalesce(
            (
                SELECT coalesce(
                    -- which are kept in ascending order: the last has most digits; and quotes, a comma and a blank
                    cardinality(shown.ids) * (length(shown.ids[cardinality(shown.ids)]::text) + 4), 0
                ) + coalesce(octet_length(to_json(shown.query)::text), 0)
                FROM issues_mutation AS shown
                WHERE shown.project_id = %s
                  AND shown.id = coalesce(issues_mutation.scope_of, issues_mutation.id)
            ),
            0
        )
        + octet_length(issues_mutation.body::text)
        """,
        (project_id,),
        output_field=BigIntegerField(),
    )
