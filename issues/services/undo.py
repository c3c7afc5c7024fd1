"""Taking a mutation back: what it changed is again as it was, wherever that still is what it left (contract 6)."""

from collections.abc import Iterator, Sequence

from issues import observing
from issues.enums import IssueStatus, MutationKind
from issues.models import Mutation
from issues.mutation import AllIssues, IssueScope, NamedIssues, UndoOutcome
from issues.services.ground import history, lookups, precautions, project_state
from issues.services.ground.history import NO_MARKS, ChangedMarks
from issues.services.ground.restoring import restore
from issues.services.ground.targets import AllTargets, NamedTargets, lock_targets
from issues.services.ground.trees import ancestors, no_relatives
from issues.services.verbs import MARKS, PARTS, merging, status
from issues.services.verbs.merging import Links, read_links
from projects import acting
from projects.acting import Act
from projects.database.reading import connection
from projects.refusals import Refusal

IN_A_SET = 10_000  # issues of an "update all" that are put back at a time
SKIPPED_IDS_TOLD = 100  # of issues that were left alone


class CannotUndoDeletion(Refusal):
    """What was deleted is gone for good."""

    sentence = "A deletion can't be undone."


class UnknownMutation(Refusal):
    """There is no such mutation in the project, or none any more."""

    sentence = "There is no such mutation, or none any more."


def undo(project_id: int, mutation_id: int, act: Act) -> UndoOutcome:
    """Put back what a mutation of the project changed, all or nothing. It is a mutation itself, if it changed anything.

    :raises UnknownMutation: there is none; nothing was changed.
    :raises CannotUndoDeletion: it is a deletion; nothing was changed.
    :raises UnexpectedNumber: it is not about as many issues as the caller expects; nothing was changed.
    :raises TryAgain: others are changing the same issues; nothing was changed.
    :raises OperationalError: no lock in time, or no database; nothing was changed.
    """
    undone = next(iter(Mutation.objects.filter(project=project_id, pk=mutation_id)), None)
    if undone is None:
        raise UnknownMutation
    if undone.kind == MutationKind.DELETE:
        raise CannotUndoDeletion
    body = {"undo": str(mutation_id)}
    with observing.mutation(MutationKind.UNDO, [_scope(undone)], body, act) as observed:
        for attempt in acting.attempts(act):
            with attempt:
                outcome = _undo(undone, act)
                precautions.check([outcome], act)
        observed.outcomes = [outcome]
    return outcome


def _scope(undone: Mutation) -> IssueScope:
    """Return which issues were named by what is undone, as the history tells it."""
    project_id = undone.project_id
    undone = history.read_scopes_shown([undone]).get(undone.pk, undone)
    statuses = None if undone.statuses is None else frozenset(map(IssueStatus, undone.statuses))
    if undone.ids is None:
        return AllIssues(project_id, statuses=statuses, query=undone.query)
    return NamedIssues(project_id, ids=frozenset(undone.ids), statuses=statuses, query=undone.query)


def _undo(undone: Mutation, act: Act) -> UndoOutcome:
    _hold(undone)
    project_state.hold_next_release(undone.project_id)
    return _undo_all(undone, act) if undone.ids is None else _undo_named(undone, act)


def _hold(undone: Mutation) -> None:
    """Let nobody prune the mutation before the commit. Nothing else ever changes one."""
    held = Mutation.objects.select_for_update().filter(project=undone.project_id, pk=undone.pk).values_list("pk")
    if not list(held):
        raise UnknownMutation


def _undo_all(undone: Mutation, act: Act) -> UndoOutcome:
    """Take back an "update all", which changed the status and nothing else: one set after the other.

    Each is locked and put back before the next is read. So neither this process nor a statement holds more than a set;
    and locks are taken in the order of ids, as everywhere.
    """
    everything = AllTargets(AllIssues(undone.project_id), history.next_id())
    matched = restored = skipped = 0
    told: list[int] = []
    for ids in _sets(undone):
        scope = NamedIssues(undone.project_id, ids=frozenset(ids))
        locked = lock_targets(scope, at=act.at, relatives=no_relatives, hidden=True, kind=MutationKind.UNDO)
        done = restore(NamedTargets(scope, everything.mutation_id, locked.ids), status.PART, undone.pk, act)
        matched += len(locked.ids)
        restored += len(done.ids)
        skipped += len(done.skipped_ids)
        told += done.skipped_ids[: SKIPPED_IDS_TOLD - len(told)]
    if restored and status.PART.afterwards is not None:
        status.PART.afterwards(everything, act.at)  # once: it looks through all that wait in the project
    outcome = UndoOutcome(
        matched=matched,
        changed=restored,
        mutation_id=everything.mutation_id,
        skipped=skipped,
        skipped_ids=tuple(told),
    )
    return history.record_undo(outcome, undone, act)


def _sets(undone: Mutation) -> Iterator[list[int]]:
    """Yield the issues that it changed, ascending, so many at a time."""
    last = 0
    while ids := _read_set(undone, last):
        yield ids
        last = ids[-1]


def _read_set(undone: Mutation, last: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT issue_id FROM issues_activity
            WHERE project_id = %s AND mutation_id = %s AND issue_id > %s
            ORDER BY issue_id
            LIMIT %s
            """,
            [undone.project_id, undone.pk, last, IN_A_SET],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _undo_named(undone: Mutation, act: Act) -> UndoOutcome:
    """Take back what was done to named issues: a table of contents."""
    assignable = lookups.hold_former_assignees(undone.project_id, undone.pk)
    links = read_links(undone)
    scope = NamedIssues(undone.project_id, ids=frozenset(issues_of(undone, links)))
    relatives = ancestors if links.issues else no_relatives
    locked = lock_targets(scope, at=act.at, relatives=relatives, hidden=True, kind=MutationKind.UNDO)
    targets = NamedTargets(scope, history.next_id(), locked.ids)
    there = frozenset(locked.ids)
    changed: set[int] = set()
    skipped: set[int] = set()

    def trees() -> None:
        restored = merging.restore(targets, links, act)
        changed.update(restored)
        skipped.update(links.issues - restored)

    # The last step of what is undone is undone first: totals, and with them the ends of snoozes, move with a tree.
    if not undone.is_reversed:
        trees()
    for part in PARTS:
        done = restore(targets, part, undone.pk, act, to=assignable)
        if done.ids and part.afterwards is not None:
            part.afterwards(targets, act.at)
        changed.update(done.ids)
        skipped.update(done.skipped_ids)
    marks = _restore_marks(targets, undone, act)
    for mark in MARKS:
        before, after = getattr(undone, mark.ids), marks.ids.get(mark.ids, ())
        changed.update(after)
        skipped.update(set(before).difference(after))
    if undone.is_reversed:
        trees()

    skipped &= there
    outcome = UndoOutcome(
        matched=len(there),
        changed=len(changed),
        mutation_id=targets.mutation_id,
        skipped=len(skipped),
        skipped_ids=tuple(sorted(skipped)[:SKIPPED_IDS_TOLD]),
    )
    return history.record_undo(outcome, undone, act, marks=marks)


def _restore_marks(targets: NamedTargets, undone: Mutation, act: Act) -> ChangedMarks:
    """Put back the marks of the user who asks for it, and whose they were; return them."""
    user_id = act.user_id
    if user_id is None or not act.in_person or not history.shows_marks_to(undone, act.by):
        return NO_MARKS

    ids: dict[str, Sequence[int]] = {}
    values: dict[str, bool] = {}
    for mark in MARKS:
        was_set_to = getattr(undone, mark.wish)
        if was_set_to is not None:
            there = sorted(set(getattr(undone, mark.ids)).intersection(targets.ids))
            values[mark.wish] = not was_set_to
            ids[mark.ids] = mark.restore(
                targets, there, was_set_to=was_set_to, user_id=user_id, set_at=undone.created_at, at=act.at
            )
    return ChangedMarks(values, ids)


def issues_of(undone: Mutation, links: Links, *, with_marks: bool = True) -> set[int]:
    """Return the issues that it changed, some of which may be deleted since."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT issue_id FROM issues_activity WHERE project_id = %s AND mutation_id = %s",
            [undone.project_id, undone.pk],
        )
        ids = {pk for (pk,) in cursor.fetchall()}
    marked = [getattr(undone, mark.ids) for mark in MARKS] if with_marks else ()
    return ids.union(links.issues, *marked)
