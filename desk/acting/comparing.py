"""What an issue is before and after, in words: only what differs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from desk.texts import visible
from desk.wording import Badge, Difference, assignee_in_words, counted, status_badge
from issues import short_ids
from issues.models import UNTITLED
from issues.named import Names
from issues.reading.items import Item
from projects.models import Project


@dataclass(frozen=True, slots=True)
class Compared:
    """One issue: what would be different of it. ``fate`` is what becomes of the whole, if it leaves the lists."""

    id: int
    short_id: str
    title: str
    project: Project
    status: Badge
    differences: Sequence[Difference]
    fate: str = ""


def compared(
    before: Sequence[Item], after: Mapping[int, Item], names: Names, fates: Mapping[int, str], *, come_out: bool = False
) -> list[Compared]:
    """Return the issues in their order; ``after`` lacks those that nothing is known of.

    :param come_out: whether they were merged, and are issues of their own afterwards.
    """
    return [
        Compared(
            id=item.id,
            short_id=short_ids.write(item.project.slug, item.short_number),
            title=visible(UNTITLED if item.text__title is None else item.text__title),
            project=item.project,
            status=status_badge(item, names),
            differences=[
                *([Difference("", Badge("merged", "merged"), status_badge(item, names))] if come_out else ()),
                *_differences(item, after.get(item.id, item), names),
            ],
            fate=fates.get(item.id, ""),
        )
        for item in before
    ]


def _differences(before: Item, after: Item, names: Names) -> Iterator[Difference]:
    of_both = zip(_said(before, names), _said(after, names), strict=True)
    yield from (Difference(what, was, will) for (what, was), (_, will) in of_both if was != will)


def _said(item: Item, names: Names) -> list[tuple[str, Badge]]:
    seen = item.seen_at is not None and item.seen_at >= item.last_seen
    return [
        ("", status_badge(item, names)),
        ("assigned to", Badge(assignee_in_words(item, names) or "nobody", "plain")),
        ("priority", Badge(item.priority, item.priority)),
        ("", Badge("private" if item.share_id is None else "public", "plain")),
        ("", Badge("seen" if seen else "not seen", "plain")),
        ("", Badge("no bookmark" if item.bookmark_id is None else "bookmarked", "plain")),
        ("", Badge("not followed" if item.subscribed_for is None else "followed", "plain")),
        ("", Badge(counted(item.times_seen, "event"), "plain")),
        ("", Badge(counted(item.users_seen, "user"), "plain")),
    ]
