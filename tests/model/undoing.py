"""What a mutation changed is taken back (6)."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from tests.model.bodies import Refused
from tests.model.changing import Changing, told_of_status
from tests.model.messages import Expected
from tests.model.telling import counted, ends_of
from tests.model.things import NO_TERMS, Follower, Issue, Mutation, Person, Resolution


class Undoing(Changing):
    """Takes mutations back."""

    def _undo(self, pk: int, user: Person | None, at: datetime) -> Expected:
        """6: every part that still is what the mutation left is put back."""
        undone = self.mutations.get(pk)
        if undone is None:
            return Expected(404, wrong={"detail": None})
        if undone.deletes:
            raise Refused({"detail": None})
        past = [(issue.id, kept) for issue in self.issues.values() for kept in issue.past]
        parts = {(changed, kept.part) for changed, kept in past if kept.mutation == undone.number}
        marked = {changed for _, ids in undone.marks.values() for changed in ids}
        there = ({changed for changed, _ in parts} | marked | ends_of(undone.made) | ends_of(undone.cut)) & set(
            self.issues
        )
        is_theirs = user is not None and user.id == undone.user  # a user's own marks are put back by that user alone
        undo = Mutation(self.numbers + 1, at, undone.user if is_theirs else None, is_reversed=not undone.is_reversed)
        restored: set[int] = set()
        skipped: set[int] = set()
        # The last step of what is undone is undone first.
        if not undone.is_reversed:
            undo = self._restore_links(undo, undone, user)
        for part in ("status", "priority", "assignee", "share"):
            for changed in sorted(changed for changed, which in parts if which == part):
                (restored if self._restore(changed, part, undone, undo, user) else skipped).add(changed)
        marks: dict[str, tuple[bool, frozenset[int]]] = {}
        for mark, (value, ids) in undone.marks.items():
            mine = ids & there if is_theirs else frozenset()
            done = frozenset(marked for marked in mine if self._restore_mark(marked, mark, value, undone, at))
            if is_theirs:
                marks[mark] = (not value, done)
            restored |= done
            skipped |= ids - done
        if undone.is_reversed:
            undo = self._restore_links(undo, undone, user)
        linked = ends_of(undo.made) | ends_of(undo.cut)
        restored |= linked
        skipped = (skipped | ((ends_of(undone.made) | ends_of(undone.cut)) - linked)) & there
        if restored:
            self._keep(replace(undo, marks=marks))
        told = {
            "undoes": str(pk),
            "restored": len(restored),
            "skipped": len(skipped),
            "skippedIds": [str(left) for left in sorted(skipped)],
        }
        return Expected(200, json.dumps(told), counted(len(there), len(restored)))

    def _restore(self, pk: int, part: str, undone: Mutation, undo: Mutation, user: Person | None) -> bool:
        issue = self.issues[pk]
        past = [kept for kept in issue.past if kept.part == part]
        number = next(i for i, kept in enumerate(past) if kept.mutation == undone.number)
        now, was = self._value(issue, part), past[number].value
        left = past[number + 1].value if number + 1 < len(past) else now
        if not self._looks_same(issue, part, now, left, undo.at) or self._looks_same(issue, part, now, was, undo.at):
            return False
        if part == "assignee" and was is not None and not self._is_taken(was):
            return False  # what a PUT would refuse
        self.issues[pk] = self._remembered(
            issue, self._with_value(issue, part, was, user, undo.at), undo.number, undo.at
        )
        return True

    def _looks_same(self, issue: Issue, part: str, one: Any, other: Any, at: datetime) -> bool:
        """6: whether a reader of the issue sees the same in both."""
        if part != "status":
            return bool(one == other)

        def seen(value: Any) -> tuple[Any, ...]:
            status, set_by, _, resolution, _, ends, _, reopened = value
            if status == "unresolved" or (
                status == "ignored" and ends.after(issue.came, issue.users_came).are_over(at)
            ):
                return ("unresolved", reopened)
            if status == "ignored":
                return (status, ends, set_by if ends != NO_TERMS else None)
            return (status, resolution, set_by if resolution else None)

        waited, settled = sorted((one, other), key=lambda value: bool(value[3] and value[3].version))
        was_settled_since = waited[3] == Resolution() and settled[3] is not None and settled[3] != Resolution()
        return seen(one) == seen(other) or (was_settled_since and waited[1:3] == settled[1:3])

    def _with_value(self, issue: Issue, part: str, value: Any, user: Person | None, at: datetime) -> Issue:
        """Put it back, and record what the same change would have recorded."""
        if part == "share":
            return replace(issue, link=value).recorded("set_private" if value is None else "set_public", {}, user, at)
        if part == "priority":
            return replace(issue, priority=value).recorded("set_priority", {"priority": value}, user, at)
        if part == "assignee":
            data = {} if value is None else {"assignee": str(value[1]), "assigneeType": value[0]}
            return replace(issue, assignee=value).recorded("assigned" if value else "unassigned", data, user, at)
        status, set_by, resolved_at, resolution, after, ends, since, reopened = value
        if status == "ignored" and ends.after(issue.came, issue.users_came).are_over(at):
            status, set_by, ends, since = "unresolved", None, NO_TERMS, None
        if resolution == Resolution() and (come := self._next(after)):  # which has come meanwhile
            resolution = Resolution(come)
        terms = ends.after(issue.came, issue.users_came)
        issue = replace(
            issue,
            status=status,
            set_by=set_by,
            resolved_at=resolved_at,
            resolution=resolution,
            terms=terms,
            since=since,
            reopened=reopened,
        )
        return issue.recorded(*told_of_status(status, terms, resolution), user, at)

    def _restore_mark(self, pk: int, mark: str, was_set_to: bool, undone: Mutation, at: datetime) -> bool:
        issue, user = self.issues[pk], undone.user
        assert user is not None
        if self._has(issue, mark, user) is not was_set_to:
            return False
        if mark == "seen":
            if not was_set_to and self.totals(pk).last_seen > undone.at:
                return False  # events came since
            others = frozenset(pair for pair in issue.seen if pair[0] != user)
            issue = replace(issue, seen=others if was_set_to else others | {(user, undone.at)})
        elif mark == "bookmark":
            issue = replace(issue, bookmarks=issue.bookmarks ^ {user})
        else:
            old = issue.follower(user) or Follower(False, "unknown", at)
            is_its_own = was_set_to and old.since == undone.at  # which was never ended by the user
            issue = issue.with_follower(user, None if is_its_own else replace(old, is_active=not was_set_to))
        self.issues[pk] = issue
        return True

    def _restore_links(self, undo: Mutation, undone: Mutation, user: Person | None) -> Mutation:
        """1.6: the links that were made and still are are cut; those that were cut are made, but for circles."""
        parents = {pk: issue.parent for pk, issue in self.issues.items()}
        cut = {child: parent for child, parent in undone.made.items() if parents.get(child) == parent}
        made: dict[int, int] = {}
        for child, parent in sorted(undone.cut.items()):
            if {child, parent} <= set(parents) and parents[child] is None:
                above: int | None = parent
                while above not in (None, child):
                    above = parents[above]
                if above is None:
                    parents[child] = made[child] = parent
        self._cut(cut, user, undo.at)
        for parent in set(made.values()):
            children = sorted(child for child in made if made[child] == parent)
            told = {"issues": [{"id": str(child)} for child in children]}
            self.issues[parent] = self.issues[parent].recorded("merge", told, user, undo.at)
        for child, parent in made.items():
            self.issues[child] = replace(self.issues[child], parent=parent)
        return replace(undo, made=made, cut=cut)
