"""The way in: one request, one transaction, all of it or nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeGuard

from issues import observing
from issues.enums import MutationKind
from issues.mutation import AllIssues, IssueMutation, IssueScope, MutationOutcome, NamedIssues, StatusChange
from issues.services.ground import activity, history, lookups, names, precautions
from issues.services.ground.history import ChangedMarks
from issues.services.ground.marks import Mark
from issues.services.ground.targets import (
    AllTargets,
    NamedTargets,
    lock_targets,
    named_only,
    newest,
)
from issues.services.ground.trees import ancestors_and_children, no_relatives
from issues.services.verbs import PARTS, assignment, bookmarks, merging, seen, sharing, status, subscriptions
from projects import acting
from projects.acting import Act
from projects.database import transactions


def mutate(scope: IssueScope, mutation: IssueMutation, act: Act) -> MutationOutcome:
    """Apply ``mutation`` to every issue in ``scope``: :func:`mutate_each` for one project."""
    (outcome,) = mutate_each([scope], mutation, act)
    return outcome


def mutate_each(
    scopes: Sequence[IssueScope],
    mutation: IssueMutation,
    act: Act,
    *,
    look: Callable[[], object] = lambda: None,
) -> Sequence[MutationOutcome]:
    """Apply ``mutation`` to every issue in each of ``scopes``, which are of different projects, ascending.

    One transaction. Each project has an outcome and a mutation of its own. With an id that is out of scope in any of
    them nothing is done, and the outcomes say which.

    :param look: called in the transaction when all is done, once in each attempt: in a preview, what it reads is how
        the issues would be.
    :raises IdsRequired: not all name their issues, for more than a change of status; nothing was changed.
    :raises Refusal: what the body or the search names is gone; nothing was changed.
    :raises UnexpectedNumber: another number of issues matched than the caller expects; nothing was changed.
    :raises TryAgain: others are changing the same issues; nothing was changed.
    :raises OperationalError: no lock in time, or no database; nothing was changed.
    """
    if _are_all(scopes) and mutation.status is not None and mutation.changes_status_only:
        return _mutate_all(scopes, mutation.status, mutation, act, look)
    return _mutate_named(named_only(scopes), mutation, act, look)


# ---------------------------------------------------------------------------------------------------------------------
# Issues that are named
# ---------------------------------------------------------------------------------------------------------------------


def _mutate_named(
    scopes: Sequence[NamedIssues], mutation: IssueMutation, act: Act, look: Callable[[], object]
) -> Sequence[MutationOutcome]:
    with observing.mutation(MutationKind.UPDATE, scopes, mutation.body, act) as observed:
        for attempt in acting.attempts(act):
            with attempt:
                outcomes = _lock_and_apply(scopes, mutation, act)
                precautions.check(outcomes, act)
                look()
        observed.outcomes = outcomes
    return outcomes


def _lock_and_apply(scopes: Sequence[NamedIssues], mutation: IssueMutation, act: Act) -> Sequence[MutationOutcome]:
    for scope in scopes:
        lookups.hold(mutation, project_id=scope.project_id)
    scopes = names.hold(scopes, at=act.at)
    # All of them before the first write, project by project: that is one order for everybody, too.
    locked = [
        lock_targets(
            scope,
            at=act.at,
            relatives=ancestors_and_children if mutation.merge is False else no_relatives,
            hidden=mutation.only_unmerges,
        )
        for scope in scopes
    ]
    if any(found.out_of_scope for found in locked):
        return [MutationOutcome(out_of_scope=tuple(found.out_of_scope)) for found in locked]
    return [
        _apply(NamedTargets(scope, history.next_id(), found.ids), mutation, act)
        for scope, found in zip(scopes, locked, strict=True)
    ]


def _apply(targets: NamedTargets, mutation: IssueMutation, act: Act) -> MutationOutcome:
    """Do what was asked to issues that are named and locked: a table of contents."""
    changed: set[int] = set()
    share_id, merged = None, None

    # First what the user says about following: whatever below would also subscribe them then finds it said already, and
    # what is kept as changed is what differs from before the request.
    marked = [(subscriptions.MARK, _mark(targets, mutation, subscriptions.MARK, act))]
    parts = [part for part in PARTS if getattr(mutation, part.wish) is not None]
    changes = [part.change(targets.project_id, getattr(mutation, part.wish), act) for part in parts]
    merges = mutation.merge is True and merging.is_merge(targets)
    done = activity.rewrite(targets, changes, act, merge=merges)
    changed.update(*done.ids)
    # Who says themselves whether they follow has said it already.
    but = () if mutation.is_subscribed is None or act.user_id is None else (act.user_id,)
    for part, ids in zip(parts, done.ids, strict=True):
        if part.and_then is not None:
            part.and_then(targets, getattr(mutation, part.wish), ids, act, but)
    if mutation.is_public and len(targets.ids) == 1:
        is_new = done.ids[parts.index(sharing.PART)]
        share_id = None if act.preview and is_new else sharing.link_of(targets)  # a new one goes with the preview
    marked += [(mark, _mark(targets, mutation, mark, act)) for mark in (seen.MARK, bookmarks.MARK)]
    changed.update(*(ids for _, ids in marked))
    if done.parent is not None:  # last: what was marked as seen above is what the issues showed before
        merged = merging.finish(targets, done.parent, act)
        if mutation.assignment is None and done.any_assigned:  # else they all have the same assignee
            assignment.inherit(targets, merged, act)
        changed.update(targets.ids)
    elif mutation.merge is False:
        unmerged = merging.unmerge(targets, act)
        changed.update(unmerged.children, unmerged.parents)

    outcome = MutationOutcome(
        matched=len(targets.ids),
        changed=len(changed),
        mutation_id=targets.mutation_id,
        share_id=share_id,
        merged=merged,
    )
    marks = ChangedMarks(
        values={mark.wish: getattr(mutation, mark.wish) for mark, _ in marked},
        ids={mark.ids: ids for mark, ids in marked},
    )
    return history.record(outcome, MutationKind.UPDATE, targets.scope, mutation.body, act, marks=marks)


def _mark(targets: NamedTargets, mutation: IssueMutation, mark: Mark, act: Act) -> Sequence[int]:
    """Set a mark of the calling user, if that was asked; return the issues where that made a difference."""
    value = getattr(mutation, mark.wish)
    if value is None or act.user_id is None:
        return ()
    return mark.change(targets, value, user_id=act.user_id, at=act.at)


# ---------------------------------------------------------------------------------------------------------------------
# All issues
# ---------------------------------------------------------------------------------------------------------------------


def _are_all(scopes: Sequence[IssueScope]) -> TypeGuard[Sequence[AllIssues]]:
    return all(isinstance(scope, AllIssues) for scope in scopes)


def _mutate_all(
    scopes: Sequence[AllIssues],
    change: StatusChange,
    mutation: IssueMutation,
    act: Act,
    look: Callable[[], object],
) -> Sequence[MutationOutcome]:
    # Once, and not again when it starts over: what is there when the request begins.
    newest_of = {scope.project_id: newest(scope.project_id) for scope in scopes}
    with observing.mutation(MutationKind.UPDATE, scopes, mutation.body, act) as observed:
        for attempt in acting.attempts(act):
            with attempt:
                for scope in scopes:
                    lookups.hold(mutation, project_id=scope.project_id)
                outcomes = [
                    _change_all(scope, newest_of[scope.project_id], change, mutation, act)
                    for scope in names.hold(scopes, at=act.at)
                ]
                precautions.check(outcomes, act)
                look()
        observed.outcomes = outcomes
    return outcomes


def _change_all(
    scope: AllIssues, up_to: int, change: StatusChange, mutation: IssueMutation, act: Act
) -> MutationOutcome:
    targets = AllTargets(scope, history.next_id(), up_to)
    done = activity.rewrite_all(targets, status.PART.change(targets.project_id, change, act), act)
    changed, unchanged = done.changed, done.matched - done.changed
    # Whoever the statement waited for may have brought issues into scope, together with some that it had to wait for:
    # it saw the others as they were before. Let go of nothing, and do those too, until no others came meanwhile; which
    # has an end, since none is newer than the request. Their locks are out of the order of ids, and to wait for one,
    # however short, would make deadlocks.
    others = replace(targets, waits=False)
    while others.issues(at=act.at).count() != unchanged:
        with transactions.starting_over_if_locked():
            done = activity.rewrite_all(others, status.PART.change(targets.project_id, change, act), act)
        changed, unchanged = changed + done.changed, done.matched - done.changed
    outcome = MutationOutcome(matched=changed + unchanged, changed=changed, mutation_id=targets.mutation_id)
    return history.record(outcome, MutationKind.UPDATE, targets.scope, mutation.body, act)
