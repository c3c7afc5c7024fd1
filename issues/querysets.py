"""Which issues: conditions that compose. Below models.py: a queryset needs ``self``, never the class."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.db.models import F, Q, QuerySet

from issues.enums import IssueStatus
from issues.mutation import IssueScope


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
    condition = Q()
    for status in sorted(statuses):
        condition |= rules[status]
    return condition


class IssueQuerySet(QuerySet[Any]):
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

    def locked(self) -> Self:
        """Lock the rows in the order of their ids, which is what keeps two requests from deadlocking.

        FOR NO KEY UPDATE lets others still insert rows that point at the issue. Only an evaluated query locks.
        """
        return self.order_by("id").select_for_update(no_key=True, of=("self",))
