"""Resolve, unresolve, ignore (contract 1.5)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from issues.conditions import status_counts_as
from issues.enums import ActivityKind, IssueStatus, SubscriptionReason
from issues.mutation import Ignore, Resolve, SnoozeTerms, StatusChange, Unresolve
from issues.services.ground import lookups
from issues.services.ground.activity import Change
from issues.services.ground.targets import NamedTargets
from issues.services.verbs import subscriptions
from issues.services.verbs.status import resolutions, snoozes
from projects.acting import Act


def follow(targets: NamedTargets, wish: StatusChange, changed: list[int], act: Act, but: Collection[int]) -> None:
    """Let who resolves issues by name follow them from then on, ``but`` who says so themselves."""
    if isinstance(wish, Resolve) and act.user_id is not None and act.user_id not in but:
        subscriptions.subscribe(
            targets.project_id, changed, [act.user_id], reason=SubscriptionReason.STATUS_CHANGE, at=act.at
        )


def change(project_id: int, wish: StatusChange, act: Act) -> Change:
    """Give an issue the status that was asked for."""
    match wish:
        case Resolve():
            return resolve(project_id, wish, act)
        case Unresolve():
            return unresolve(act)
        case Ignore():
            return ignore(project_id, wish.terms, act)


def resolve(project_id: int, wish: Resolve, act: Act) -> Change:
    """Resolve: plainly, in a release, or in the next one. Each is a change of its own from the other two."""
    data: dict[str, Any] = {}
    if wish.in_release is not None:
        due, resolution = (
            resolutions.is_not_in(wish.in_release, project_id, at=act.at),
            resolutions.fix_in(wish.in_release),
        )
        data = {"version": wish.in_release.version}
    elif wish.in_next_release:
        newest = lookups.hold_newest_release(project_id, at=act.at)
        due, resolution = resolutions.is_not_in_next(project_id, at=act.at), resolutions.fix_in_next(newest)
        data = {"version": ""}  # filled in by the release that settles it
    else:
        due, resolution = resolutions.is_not_plain(), resolutions.clear()
    return Change(
        due,
        _columns(IssueStatus.RESOLVED, act, resolved_at=act.at) | resolution | snoozes.wake(),
        ActivityKind.SET_RESOLVED_IN_RELEASE if data else ActivityKind.SET_RESOLVED,
        data,
    )


def unresolve(act: Act) -> Change:
    """Open again what is resolved or ignored; a snooze that has run out is open already."""
    return Change(
        status_counts_as({IssueStatus.RESOLVED, IssueStatus.IGNORED}, at=act.at),
        _columns(IssueStatus.UNRESOLVED, act) | resolutions.clear() | snoozes.wake(),
        ActivityKind.SET_UNRESOLVED,
    )


def ignore(project_id: int, terms: SnoozeTerms, act: Act) -> Change:
    """Ignore under these terms, in place of any others."""
    return Change(
        snoozes.differs_from(terms, at=act.at),
        _columns(IssueStatus.IGNORED, act) | resolutions.clear() | snoozes.snooze(project_id, terms, at=act.at),
        ActivityKind.SET_IGNORED,
        snoozes.describe(terms),
    )


def _columns(status: IssueStatus, act: Act, *, resolved_at: datetime | None = None) -> dict[str, Any]:
    return {"status": status.value, "status_by_id": act.user_id, "resolved_at": resolved_at, "reopened_as": None}
