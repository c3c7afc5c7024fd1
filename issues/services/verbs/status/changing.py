"""Resolve, unresolve, ignore (contract 1.5)."""

from datetime import datetime
from typing import Any

from issues.enums import ActivityKind, IssueStatus, SubscriptionReason
from issues.mutation import Ignore, Resolve, SnoozeTerms, StatusChange, Unresolve
from issues.querysets import status_counts_as
from issues.services.ground import activity, lookups
from issues.services.ground.activity import Rewritten
from issues.services.ground.targets import Targets
from issues.services.verbs import subscriptions
from issues.services.verbs.status import resolutions, snoozes
from projects.callers import Caller


def change(targets: Targets, wish: StatusChange, *, by: Caller, at: datetime) -> Rewritten:
    """Give the targets the status that was asked for; who resolves issues by name follows them from then on."""
    match wish:
        case Resolve():
            resolved = resolve(targets, wish, by=by, at=at)
            if resolved.ids and by.user_id is not None:
                subscriptions.subscribe(
                    targets.project_id, resolved.ids, [by.user_id], reason=SubscriptionReason.STATUS_CHANGE, at=at
                )
            return resolved
        case Unresolve():
            return unresolve(targets, by=by, at=at)
        case Ignore():
            return ignore(targets, wish.terms, by=by, at=at)


def resolve(targets: Targets, wish: Resolve, *, by: Caller, at: datetime) -> Rewritten:
    """Resolve: plainly, in a release, or in the next one. Each is a change of its own from the other two."""
    data: dict[str, Any] = {}
    if wish.in_release is not None:
        due, resolution = resolutions.is_not_in(wish.in_release, at=at), resolutions.fix_in(wish.in_release)
        data = {"version": wish.in_release.version}
    elif wish.in_next_release:
        newest = lookups.hold_newest_release(targets.project_id, at=at)
        due, resolution = resolutions.is_not_in_next(at=at), resolutions.fix_in_next(newest)
        data = {"version": ""}  # filled in by the release that settles it
    else:
        due, resolution = resolutions.is_not_plain(), resolutions.clear()

    return activity.rewrite(
        targets,
        where=due,
        columns={"status": IssueStatus.RESOLVED.value, "status_by_id": by.user_id, "resolved_at": at}
        | resolution
        | snoozes.wake(),
        kind=ActivityKind.SET_RESOLVED_IN_RELEASE if data else ActivityKind.SET_RESOLVED,
        data=data,
        by=by,
        at=at,
    )


def unresolve(targets: Targets, *, by: Caller, at: datetime) -> Rewritten:
    """Open again what is resolved or ignored; a snooze that has run out is open already."""
    return activity.rewrite(
        targets,
        where=status_counts_as({IssueStatus.RESOLVED, IssueStatus.IGNORED}, at=at),
        columns={"status": IssueStatus.UNRESOLVED.value, "status_by_id": by.user_id, "resolved_at": None}
        | resolutions.clear()
        | snoozes.wake(),
        kind=ActivityKind.SET_UNRESOLVED,
        data={},
        by=by,
        at=at,
    )


def ignore(targets: Targets, terms: SnoozeTerms, *, by: Caller, at: datetime) -> Rewritten:
    """Ignore under these terms, in place of any others."""
    return activity.rewrite(
        targets,
        where=snoozes.differs_from(terms, at=at),
        columns={"status": IssueStatus.IGNORED.value, "status_by_id": by.user_id, "resolved_at": None}
        | resolutions.clear()
        | snoozes.snooze(terms),
        kind=ActivityKind.SET_IGNORED,
        data=snoozes.describe(terms),
        by=by,
        at=at,
    )
