"""What becomes of issues: one by one, and in trees."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.model.asking import Asking
from tests.model.bodies import Wish
from tests.model.things import NO_TERMS, Follower, Issue, Overwritten, Person, Resolution, Team, Terms

# 6: the part of an issue that an activity tells of.
PARTS = {
    **dict.fromkeys(("set_resolved", "set_resolved_in_release", "set_unresolved", "set_ignored"), "status"),
    "set_regression": "status",
    "set_priority": "priority",
    **dict.fromkeys(("assigned", "unassigned"), "assignee"),
    **dict.fromkeys(("set_public", "set_private"), "share"),
}


class Changing(Asking):
    """Changes issues."""

    def _changed(self, issue: Issue, wish: Wish, user: Person | None, at: datetime, *, named: bool) -> Issue:
        """1.7: in this order; but what the user says about following wins over all that would subscribe them."""
        if wish.terms.until_escalating:
            wish = replace(wish, terms=replace(wish.terms, above=self._calm(issue, at)))
        issue = with_status(issue, wish, user, at, follows=named)
        if wish.priority not in (None, issue.priority):
            data = {"priority": wish.priority}
            issue = replace(issue, priority=wish.priority).recorded("set_priority", data, user, at)
        if wish.assigns:
            issue = assigned_to(issue, wish.assignee, user, at)
        if wish.is_public and not issue.is_public:
            number = issue.links + 1
            issue = replace(issue, link=number, links=number).recorded("set_public", {}, user, at)
        if wish.is_public is False and issue.is_public:
            issue = replace(issue, link=None).recorded("set_private", {}, user, at)
        return issue if user is None else self._marked(issue, wish, user.id, at)

    def _calm(self, issue: Issue, at: datetime) -> int:
        """7.9: twice its largest hour of the 7 days before; with ten events within an hour any issue escalates."""
        hours = self.totals(issue.id).hours
        return max([9, *(2 * count for hour, count in hours.items() if at - timedelta(days=7) < hour <= at)])

    def _marked(self, issue: Issue, wish: Wish, user: int, at: datetime) -> Issue:
        """1.4: the calling user's own marks."""
        others = frozenset(pair for pair in issue.seen if pair[0] != user)
        # Nobody has seen yet what a clock that is ahead has sent from the future.
        if wish.has_seen and self.totals(issue.id).last_seen <= at and not self._is_seen(issue, user):
            issue = replace(issue, seen=others | {(user, at)})
        if wish.has_seen is False:
            issue = replace(issue, seen=others)
        if wish.is_bookmarked and user not in issue.bookmarks:
            issue = replace(issue, bookmarks=issue.bookmarks | {user}).followed_by([user], "bookmark", at)
        if wish.is_bookmarked is False:
            issue = replace(issue, bookmarks=issue.bookmarks - {user})
            if issue.follower(user) == Follower(True, "bookmark", at):
                issue = issue.with_follower(user, None)
        if wish.is_subscribed is not None:
            issue = issue.following(user, wish.is_subscribed, at)
        return issue

    def _differs(self, before: Issue, after: Issue, wish: Wish, user: Person | None, at: datetime) -> bool:
        """1.8, Issues-Changed: but for merges, which count by themselves."""

        def parts(issue: Issue) -> object:
            marks: list[bool] = []
            if user is not None:
                marks = [self._is_seen(issue, user.id), user.id in issue.bookmarks]
                marks += [] if wish.is_subscribed is None else [issue.is_followed_by(user.id)]
            status = issue.status_at(at)
            terms = issue.terms if status == "ignored" else None
            return status, terms, issue.resolution, issue.priority, issue.assignee, issue.is_public, marks

        return parts(before) != parts(after)

    # --- trees ---

    def _merge(self, ids: list[int], user: Person | None, at: datetime) -> tuple[int, list[int]]:
        """1.6"""
        pk = min(ids, key=lambda pk: (self.totals(pk).first_seen, pk))
        children = [child for child in ids if child != pk]
        parent = self.issues[pk]
        for child in (self.issues[child] for child in children):
            for follower, how in child.followers:
                parent = parent.followed_by([follower] if how.is_active else [], how.reason, at)
            parent = replace(parent, bookmarks=parent.bookmarks | child.bookmarks)
            self.issues[child.id] = replace(child, parent=pk)
        parent = parent.recorded("merge", {"issues": [{"id": str(child)} for child in children]}, user, at)
        heirs = [child for child in children if self._is_taken(self.issues[child].assignee)]
        if parent.assignee is None and heirs:
            first = self.issues[min(heirs, key=lambda child: (self.totals(child).first_seen, child))]
            left = {follower for follower, how in first.followers if not how.is_active}
            assigned = assigned_to(parent, self._assignee(first), user, at, except_to=left)
            parent = self._remembered(parent, assigned, self.numbers + 1, at)
        self.issues[pk] = parent
        return pk, children

    def _unmerge(self, ids: list[int], user: Person | None, at: datetime) -> dict[int, int]:
        """1.6: by the relations as before the request; return the links that were cut."""
        parents: dict[int, int] = {}
        for issue in self.issues.values():
            if issue.parent is not None:
                is_given_back = issue.parent in ids and self.issues[issue.parent].parent is None
                if issue.id in ids or is_given_back:
                    parents[issue.id] = issue.parent
        self._cut(parents, user, at)
        return parents

    def _cut(self, parents: Mapping[int, int], user: Person | None, at: datetime) -> None:
        """Who is on both sides tells first of what was lost."""
        for parent in set(parents.values()):
            lost = sorted(child for child in parents if parents[child] == parent)
            told = {"issues": [{"id": str(child)} for child in lost]}
            self.issues[parent] = self.issues[parent].recorded("unmerge", told, user, at)
        for child, parent in parents.items():
            data = {"parent": {"id": str(parent)}}
            self.issues[child] = replace(self.issues[child], parent=None).recorded("unmerge", data, user, at)

    # --- what was changed (6) ---

    def _value(self, issue: Issue, part: str) -> Any:
        """Return what stands in a part, to be compared and put back.

        A count ends when so many events have come, which no merge brings nearer.
        """
        if part == "priority":
            return issue.priority
        if part == "assignee":
            return issue.assignee
        if part == "share":
            return issue.link
        ends = issue.terms.after(-issue.came, -issue.users_came)
        after = issue.resolution and issue.resolution.after
        return (
            *(issue.status, issue.set_by, issue.resolved_at, issue.resolution, after),
            *(ends, issue.since, issue.reopened),
        )

    def _remembered(self, before: Issue, after: Issue, mutation: int | None, at: datetime) -> Issue:
        """Keep what was overwritten, of every part that an activity tells of."""
        parts = [PARTS[entry.kind] for entry in after.activity[len(before.activity) :] if entry.kind in PARTS]
        new = tuple(Overwritten(part, mutation, self._value(before, part), at) for part in parts)
        return replace(after, past=(*after.past, *new))

    def _marks_changed(
        self, before: Mapping[int, Issue], wish: Wish, user: int
    ) -> dict[str, tuple[bool, frozenset[int]]]:
        """Return what each mark that was asked for was set to, and where that is another than it was."""
        wishes = {"seen": wish.has_seen, "bookmark": wish.is_bookmarked, "subscription": wish.is_subscribed}
        return {
            mark: (value, frozenset(pk for pk in before if self._has(before[pk], mark, user) is not value))
            for mark, value in wishes.items()
            if value is not None
        }

    def _has(self, issue: Issue, mark: str, user: int) -> bool:
        if mark == "seen":
            return self._is_seen(issue, user)
        return user in issue.bookmarks if mark == "bookmark" else issue.is_followed_by(user)


def with_status(issue: Issue, wish: Wish, user: Person | None, at: datetime, *, follows: bool) -> Issue:
    """1.5"""
    now = issue.status_at(at)
    if wish.status is None or (
        (now, issue.resolution, issue.terms if now == "ignored" else NO_TERMS)
        == (wish.status, wish.resolution, wish.terms)
    ):
        return issue
    changed = replace(
        issue,
        status=wish.status,
        set_by=None if user is None else user.id,
        resolved_at=at if wish.status == "resolved" else None,
        resolution=wish.resolution,
        terms=wish.terms,
        since=at if wish.status == "ignored" else None,
        reopened=None,
    )
    if wish.status == "resolved" and user is not None and follows:
        changed = changed.followed_by([user.id], "status_change", at)
    return changed.recorded(*told_of_status(wish.status, wish.terms, wish.resolution), user, at)


def told_of_status(status: str, terms: Terms, resolution: Resolution | None) -> tuple[str, dict[str, Any]]:
    """Return the activity that tells of a status."""
    if resolution is not None:
        return "set_resolved_in_release", {"version": resolution.version or ""}
    return f"set_{status}", {key: value for key, value in terms.told().items() if value is not None}


def assigned_to(
    issue: Issue, to: Person | Team | None, user: Person | None, at: datetime, *, except_to: Collection[int] = ()
) -> Issue:
    """1.4: who they are follow it from then on, but for some, who left what it is a part of (1.6)."""
    kind = "team" if isinstance(to, Team) else "user"
    assignee = None if to is None else (kind, to.id)
    if issue.assignee == assignee:
        return issue
    changed = replace(issue, assignee=assignee)
    if to is None:
        return changed.recorded("unassigned", {}, user, at)
    people = set(to.members if isinstance(to, Team) else [to.id]).difference(except_to)
    data = {"assignee": str(to.id), "assigneeType": kind}
    return changed.followed_by(people, "assigned", at).recorded("assigned", data, user, at)
