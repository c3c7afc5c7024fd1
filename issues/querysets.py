"""Which issues: conditions that compose. Below models.py: a queryset needs ``self``, never the class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.db.models import Case, F, Field, Lookup, Q, QuerySet, Value, When

from issues.enums import IssueStatus
from issues.mutation import IssueScope


@Field.register_lookup
class AnyOf(Lookup):  # type: ignore[type-arg] # generic in the stubs only
    """``id__any_of=[...]``: one array parameter, where ``__in`` makes one for each id.

    PostgreSQL walks the index in the order of the array's values, so that ten thousand ids are one ordered scan.
    """

    lookup_name = "any_of"

    def get_prep_lookup(self) -> list[int]:
        return list(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s::bigint[])", [*params, self.rhs]


def snooze_is_over(at: datetime) -> Q:
    """Return the condition "ignored, but the terms have run out": such an issue counts as unresolved (contract 1.5).

    Read from the row, so that it holds from the very instant, with no job having run. Terms with a window never run out
    by themselves: the event that fulfils them ends them.
    """
    return Q(status=IssueStatus.IGNORED) & (
        Q(snooze_ends_at__lte=at)
        | Q(snooze_ends_at_times_seen__lte=F("times_seen"))
        | Q(snooze_ends_at_users_seen__lte=F("users_seen"))
    )


def snooze_holds(at: datetime) -> Q:
    """Return the condition "ignored, and the terms have not run out": the opposite, spelt out because NULLs would
    make neither of ``x`` and ``NOT x`` true."""
    return (
        Q(status=IssueStatus.IGNORED)
        & (Q(snooze_ends_at__isnull=True) | Q(snooze_ends_at__gt=at))
        & (Q(snooze_ends_at_times_seen__isnull=True) | Q(snooze_ends_at_times_seen__gt=F("times_seen")))
        & (Q(snooze_ends_at_users_seen__isnull=True) | Q(snooze_ends_at_users_seen__gt=F("users_seen")))
    )


def status_counts_as(statuses: Iterable[IssueStatus], *, at: datetime) -> Q:
    """Return the condition "the status is any of these, at this instant": the one place that knows the rule."""
    rules = {
        IssueStatus.UNRESOLVED: Q(status=IssueStatus.UNRESOLVED) | snooze_is_over(at),
        IssueStatus.RESOLVED: Q(status=IssueStatus.RESOLVED),
        IssueStatus.IGNORED: snooze_holds(at),
    }
    condition = Q(pk__in=[])  # no status at all: nothing, where an empty Q would mean everything
    for status in sorted(statuses):
        condition |= rules[status]
    return condition


def _parts(statuses: Iterable[IssueStatus] | None, *, at: datetime) -> list[Q]:
    """Return conditions that exclude each other, each with an index of its own (Issue.Meta.indexes)."""
    if statuses is None:
        return [Q()]
    ended_by_time = Q(snooze_ends_at__lte=at)
    ended_by_count = Q(snooze_ends_at_times_seen__lte=F("times_seen")) | Q(
        snooze_ends_at_users_seen__lte=F("users_seen")
    )
    still_by_time = Q(snooze_ends_at__isnull=True) | Q(snooze_ends_at__gt=at)
    parts = {
        IssueStatus.UNRESOLVED: [Q(status=IssueStatus.UNRESOLVED), ended_by_time, ended_by_count & still_by_time],
        IssueStatus.RESOLVED: [Q(status=IssueStatus.RESOLVED)],
        IssueStatus.IGNORED: [snooze_holds(at)],
    }
    return [part for status in sorted(statuses) for part in parts[status]]


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the list of issues, newest first: between two rows, named by one of them; or either end of the list.

    ``backwards`` reads towards the newest.
    """

    last_seen: datetime | None = None
    id: int = 0
    backwards: bool = False

    def beyond(self) -> Q:
        """Return the condition "on the side that is read next"."""
        if self.last_seen is None:
            return Q()
        side = "gt" if self.backwards else "lt"
        # The first condition is implied by the second; the index can start from it.
        return Q(**{f"last_seen__{side}e": self.last_seen}) & (
            Q(**{f"last_seen__{side}": self.last_seen}) | Q(**{f"id__{side}": self.id})
        )

    def order(self) -> tuple[str, str]:
        return ("last_seen", "id") if self.backwards else ("-last_seen", "-id")


class IssueQuerySet(QuerySet[Any]):
    def with_ids(self, project_id: int, ids: Sequence[int]) -> Self:
        """Keep these issues of this project, merged ones too."""
        return self.filter(project_id=project_id, id__any_of=ids)

    def visible(self) -> Self:
        """Leave out what was merged into another issue."""
        return self.filter(merged_into__isnull=True)

    def with_status(self, statuses: Iterable[IssueStatus], *, at: datetime) -> Self:
        """Keep the issues whose status is any of these at this instant."""
        return self.filter(status_counts_as(statuses, at=at))

    def in_scope(self, scope: IssueScope, *, at: datetime) -> Self:
        """Keep the issues that "update all" with this scope is about."""
        issues = self.filter(project_id=scope.project_id).visible()
        return issues if scope.statuses is None else issues.with_status(scope.statuses, at=at)

    def with_what_lists_show(self, *, at: datetime) -> Self:
        """Add what an item of a list is made of."""
        people = ("assignee_user", "assignee_team", "status_by")
        return self.select_related("text", "project", "resolution_release", *people).with_status_shown(at=at)

    def with_status_shown(self, *, at: datetime) -> Self:
        """Add ``status_shown``: the status that the issue counts as at this instant."""
        return self.annotate(
            status_shown=Case(When(snooze_is_over(at), then=Value(IssueStatus.UNRESOLVED.value)), default=F("status"))
        )

    def page(
        self, project_id: int, statuses: Iterable[IssueStatus] | None, *, at: datetime, position: Position, limit: int
    ) -> QuerySet[Any]:
        """Return up to ``limit`` visible issues next to ``position``, as ``(last_seen, id)`` rows in reading order.

        Each part walks one index from the position on and stops at the limit, however large the project is; a condition
        over all of them at once would read every snoozed issue first.
        """
        visible = self.filter(project_id=project_id).visible().filter(position.beyond())
        parts = [
            visible.filter(part).order_by(*position.order()).values_list("last_seen", "id")[:limit]
            for part in _parts(statuses, at=at)
        ]
        if len(parts) == 1:
            return parts[0]
        return parts[0].union(*parts[1:], all=True).order_by(*position.order())[:limit]

    def count_up_to(self, limit: int, project_id: int, statuses: Iterable[IssueStatus] | None, *, at: datetime) -> int:
        """Count the visible issues of these statuses; there may be more when the answer is ``limit``."""
        return self.page(project_id, statuses, at=at, position=Position(), limit=limit).count()

    def locked(self, *, to_delete: bool = False) -> Self:
        """Lock the rows in the order of their ids, which is what keeps two requests from deadlocking.

        FOR NO KEY UPDATE lets others still insert rows that point at the issue, a note or a mark; FOR UPDATE, for rows
        that will be deleted, makes those wait. Only an evaluated query locks.
        """
        return self.order_by("id").select_for_update(no_key=not to_delete, of=("self",))
