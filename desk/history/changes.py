"""What a mutation did to issues: before and after in words, and whether it still is so."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.texts import visible
from desk.wording import Badge, Difference, assignee_in_words, counted, status_badge
from issues.models import UNTITLED, Issue, Mutation
from issues.named import Names
from issues.reading.history import Changes, read_left
from issues.reading.selected import read_titles
from issues.services.verbs import MARKS
from issues.services.verbs.merging import Links

Say = Callable[[Any, Names], Badge]

# How each part of an issue's own row is said; the name of the part where the words alone don't tell.
SAID: Mapping[str, tuple[str, Say]] = {
    "status": ("", status_badge),
    "priority": ("priority", lambda state, names: Badge(state.priority, state.priority)),
    "assignee": ("assigned to", lambda state, names: Badge(_assignee(state, names), "plain")),
    "share": ("", lambda state, names: Badge("private" if state.share_id is None else "public", "plain")),
}
MARKS_SAID = {
    "hasSeen": ("not seen", "seen"),
    "isBookmarked": ("no bookmark", "bookmarked"),
    "isSubscribed": ("not followed", "followed"),
}


@dataclass(frozen=True, slots=True)
class ChangedIssue:
    """One issue. ``short_id`` is empty where it is deleted since."""

    id: int
    short_id: str
    title: str
    differences: Sequence[Difference]

    @property
    def is_left(self) -> bool:
        """Whether nothing of it is known to be another by now."""
        return all(difference.is_left is not False for difference in self.differences)


def changed_issues(changes: Changes, *, at: datetime) -> list[ChangedIssue]:
    """Return what a mutation did to the issues of ``changes``, in their order: a few statements for all of them."""
    ids, links = list(changes.issue_ids), changes.links
    relatives = {links.made.get(pk, links.cut.get(pk)) for pk in ids}
    shown = sorted({*ids, *(pk for pk in relatives if pk is not None)})
    issues = {issue.pk: issue for issue in read_titles(changes.mutation.project_id, shown)}
    left = read_left(changes.mutation, ids, at=at)
    differences = defaultdict[int, list[Difference]](list)
    for part, change in changes.of_parts:
        what, say = SAID[part.name]
        before, after = (
            say(part.counted(state, changes.mutation.created_at), changes.names)
            for state in (change.before, change.after)
        )
        is_left = left[part.name].get(change.issue_id)
        differences[change.issue_id].append(Difference(what, before, after, is_left))
    for pk, difference in (*_marks(changes), *_links(links, ids, issues)):
        differences[pk].append(difference)
    return [_told(pk, issues.get(pk), differences[pk]) for pk in ids]


def _told(pk: int, issue: Issue | None, differences: Sequence[Difference]) -> ChangedIssue:
    title = getattr(issue, "title", None)
    return ChangedIssue(
        id=pk,
        short_id="" if issue is None else issue.short_id,
        title="" if issue is None else UNTITLED if title is None else visible(title),
        differences=differences,
    )


def _assignee(state: Any, names: Names) -> str:
    is_nobody = state.assignee_user_id is None and state.assignee_team_id is None
    return "nobody" if is_nobody else visible(assignee_in_words(state, names)) or "somebody who is gone"


def _marks(changes: Changes) -> Iterator[tuple[int, Difference]]:
    mutation: Mutation = changes.mutation
    for mark in MARKS if changes.with_marks else ():
        without, with_it = (Badge(words, "plain") for words in MARKS_SAID[mark.key])
        before, after = (without, with_it) if getattr(mutation, mark.wish) else (with_it, without)
        shown = set(changes.issue_ids)
        yield from ((pk, Difference("", before, after)) for pk in getattr(mutation, mark.ids) if pk in shown)


def _links(links: Links, ids: Iterable[int], issues: Mapping[int, Issue]) -> Iterator[tuple[int, Difference]]:
    """Yield what became of trees: for a child its parent, for a parent how many children came or went."""
    alone = Badge("on its own", "plain")
    for done, is_made in ((links.made, True), (links.cut, False)):
        for pk in ids:
            child = issues.get(pk)
            if pk in done:
                parent = issues.get(done[pk])
                merged = Badge(f"merged into {'one that is gone' if parent is None else parent.short_id}", "merged")
                before, after = (alone, merged) if is_made else (merged, alone)
                is_left = None if child is None else child.merged_into_id == (done[pk] if is_made else None)
                yield pk, Difference("", before, after, is_left)
            if count := sum(parent_id == pk for parent_id in done.values()):
                having = Badge(f"{counted(count)} merged into it", "plain")
                without = Badge("without them" if not is_made else "nothing merged into it", "plain")
                yield pk, Difference("", *((without, having) if is_made else (having, without)))
