"""The way in: one request, one transaction, all of it or nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from issues import observing
from issues.enums import MutationKind
from issues.mutation import NO_PRECAUTIONS, IssueMutation, IssueScope, MutationOutcome, Precautions, StatusChange
from issues.services.ground import history, lookups, names, precautions
from issues.services.ground.history import ChangedMarks
from issues.services.ground.targets import (
    IdsRequired,
    Targets,
    ancestors_and_children,
    lock_targets,
    newest,
    no_relatives,
)
from issues.services.verbs import assignment, bookmarks, merging, seen, sharing, status, subscriptions
from projects.callers import Caller
from projects.database import transactions


def mutate(
    scope: IssueScope,
    mutation: IssueMutation,
    *,
    by: Caller,
    at: datetime,
    lock_timeout: int,
    care: Precautions = NO_PRECAUTIONS,
) -> MutationOutcome:
    """Apply ``mutation`` to every issue in ``scope``: :func:`mutate_each` for one project."""
    (outcome,) = mutate_each([scope], mutation, by=by, at=at, lock_timeout=lock_timeout, care=care)
    return outcome


def mutate_each(
    scopes: Sequence[IssueScope],
    mutation: IssueMutation,
    *,
    by: Caller,
    at: datetime,
    lock_timeout: int,
    care: Precautions = NO_PRECAUTIONS,
) -> list[MutationOutcome]:
    """Apply ``mutation`` to every issue in each of ``scopes``, which are of different projects, ascending.

    One transaction; ``at`` is the one time of the request. Each project has an outcome and a mutation of its own. With
    an id that is out of scope in any of them nothing is done, and the outcomes say which.

    :raises IdsRequired: no ids were named, for more than a change of status; nothing was changed.
    :raises Refusal: what the body or the search names is gone; nothing was changed.
    :raises UnexpectedNumber: another number of issues matched than the caller expects; nothing was changed.
    :raises TryAgain: others are changing the same issues; nothing was changed.
    :raises OperationalError: no lock within ``lock_timeout`` seconds, or no database; nothing was changed.
    """
    if all(scope.ids is not None for scope in scopes):
        work = partial(_mutate_named, scopes, mutation, by=by, at=at)
    elif mutation.status is not None and mutation.changes_status_only:
        # Once, and not again when it starts over: what is there when the request begins.
        newest_of = [newest(scope.project_id) for scope in scopes]
        work = partial(_mutate_all, scopes, newest_of, mutation.status, mutation, by=by, at=at)
    else:
        raise IdsRequired
    with observing.mutation(MutationKind.UPDATE, scopes, mutation.body, by=by, preview=care.preview) as outcomes:
        outcomes += precautions.run(work, care, lock_timeout=lock_timeout)
    return outcomes


def _mutate_named(
    scopes: Sequence[IssueScope], mutation: IssueMutation, *, by: Caller, at: datetime
) -> list[MutationOutcome]:
    for scope in scopes:
        lookups.hold(mutation, project_id=scope.project_id)
    scopes = names.hold(scopes, at=at)
    # All of them before the first write, project by project: that is one order for everybody, too.
    locked = [
        lock_targets(
            scope,
            at=at,
            relatives=ancestors_and_children if mutation.merge is False else no_relatives,
            hidden=mutation.only_unmerges,
        )
        for scope in scopes
    ]
    if any(found.out_of_scope for found in locked):
        return [MutationOutcome(out_of_scope=tuple(found.out_of_scope)) for found in locked]
    return [
        _apply(Targets(scope, mutation_id=history.next_id(), ids=found.ids), mutation, by=by, at=at)
        for scope, found in zip(scopes, locked, strict=True)
    ]


def _apply(targets: Targets, mutation: IssueMutation, *, by: Caller, at: datetime) -> MutationOutcome:
    """Do what was asked to issues that are named and locked: a table of contents."""
    ids = targets.ids or []
    changed: set[int] = set()
    share_id, merged = None, None

    # First: a verb below that would also subscribe the user then finds it said already, and what is kept as changed is
    # what differs from before the request.
    followed = _follow(targets, mutation, by=by, at=at)
    if mutation.status is not None:
        changed.update(status.change(targets, mutation.status, by=by, at=at).ids or ())
    if mutation.assignment is not None:
        changed.update(assignment.change(targets, mutation.assignment, by=by, at=at).ids or ())
    if mutation.is_public is not None:
        changed.update(sharing.change(targets, mutation.is_public, by=by, at=at).ids or ())
        if mutation.is_public and len(ids) == 1:
            share_id = sharing.link_of(targets, at=at)
    marks = _mark(targets, mutation, followed, by=by, at=at)
    changed.update(marks.seen, marks.bookmarks, marks.subscriptions)
    if mutation.merge is True:  # last: it hides issues that the lines above changed
        merged = merging.merge(targets, by=by, at=at)
        if merged is not None:
            assignment.inherit(targets, merged, by=by, at=at)
            changed.update((merged.parent, *merged.children))
    elif mutation.merge is False:
        unmerged = merging.unmerge(targets, by=by, at=at)
        changed.update(unmerged.children, unmerged.parents)

    return MutationOutcome(
        matched=len(ids),
        changed=len(changed),
        mutation_id=_record(targets, mutation, len(ids), len(changed), marks=marks, by=by, at=at),
        share_id=share_id,
        merged=merged,
    )


def _follow(targets: Targets, mutation: IssueMutation, *, by: Caller, at: datetime) -> Sequence[int]:
    """Do what the user says about following; return the issues where that made a difference."""
    if mutation.is_subscribed is None or by.user_id is None:
        return ()
    return subscriptions.ask_for(targets, active=mutation.is_subscribed, user_id=by.user_id, at=at)


def _mark(
    targets: Targets, mutation: IssueMutation, followed: Sequence[int], *, by: Caller, at: datetime
) -> ChangedMarks:
    """Set the calling user's own marks; return them all, with those of :func:`_follow`."""
    looked_at: Sequence[int] = ()
    bookmarked: Sequence[int] = ()
    if mutation.has_seen is not None and by.user_id is not None:
        looked_at = seen.change(targets, mutation.has_seen, user_id=by.user_id, at=at)
    if mutation.is_bookmarked is not None and by.user_id is not None:
        bookmarked = bookmarks.change(targets, mutation.is_bookmarked, user_id=by.user_id, at=at)
    return ChangedMarks(
        looked_at, bookmarked, followed, mutation.has_seen, mutation.is_bookmarked, mutation.is_subscribed
    )


def _mutate_all(
    scopes: Sequence[IssueScope],
    newest_of: Sequence[int],
    change: StatusChange,
    mutation: IssueMutation,
    *,
    by: Caller,
    at: datetime,
) -> list[MutationOutcome]:
    for scope in scopes:
        lookups.hold(mutation, project_id=scope.project_id)
    return [
        _change_all(scope, up_to, change, mutation, by=by, at=at)
        for scope, up_to in zip(names.hold(scopes, at=at), newest_of, strict=True)
    ]


def _change_all(
    scope: IssueScope, up_to: int, change: StatusChange, mutation: IssueMutation, *, by: Caller, at: datetime
) -> MutationOutcome:
    targets = Targets(scope, mutation_id=history.next_id(), ids=None, up_to=up_to)
    done = status.change(targets, change, by=by, at=at)
    changed, unchanged = done.changed, done.matched - done.changed
    # Whoever the statement waited for may have brought issues into scope, together with some that it had to wait for:
    # it saw the others as they were before. Let go of nothing, and do those too, until no others came meanwhile; which
    # has an end, since none is newer than the request. Their locks are out of the order of ids, and to wait for one,
    # however short, would make deadlocks.
    others = replace(targets, waits=False)
    while others.issues(at=at).count() != unchanged:
        with transactions.starting_over_if_locked():
            done = status.change(others, change, by=by, at=at)
        changed, unchanged = changed + done.changed, done.matched - done.changed
    matched = changed + unchanged
    return MutationOutcome(
        matched=matched,
        changed=changed,
        mutation_id=_record(targets, mutation, matched, changed, marks=ChangedMarks(), by=by, at=at),
    )


def _record(
    targets: Targets,
    mutation: IssueMutation,
    matched: int,
    changed: int,
    *,
    marks: ChangedMarks,
    by: Caller,
    at: datetime,
) -> int | None:
    """Keep the request in the history, if it changed anything; return its id then."""
    if not changed:
        return None
    history.record(
        targets.mutation_id,
        MutationKind.UPDATE,
        targets.scope,
        mutation.body,
        matched=matched,
        changed=changed,
        marks=marks,
        by=by,
        at=at,
    )
    return targets.mutation_id
