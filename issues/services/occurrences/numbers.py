"""What a batch adds up to for each issue, and what the rows of issues say then. Pure: it asks nobody."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from issues.querysets import MOST
from issues.services.occurrences.locking import above
from issues.services.occurrences.shapes import Issues, Numbers, Occurrence, Place
from issues.services.occurrences.versions import Order


@dataclass(slots=True)
class Folded:
    """The events of one issue in a batch, added up."""

    first_seen: datetime
    last_seen: datetime
    level: str = ""  # of the newest event; of two at the same time, the later in the batch
    times_seen: int = 0
    user_hashes: set[int] = field(default_factory=set)
    release_ids: set[int] = field(default_factory=set)
    first_release_id: int | None = None
    last_release_id: int | None = None


def fold(
    places: Sequence[tuple[Occurrence, Place]], users: Mapping[str, int], releases: Mapping[str, int], order: Order
) -> dict[Place, Folded]:
    """Add up the events of each place, in the order in which these come first.

    :param users: what each user is counted as.
    :param releases: the id of each version.
    """
    folded: dict[Place, Folded] = {}
    for occurrence, place in places:
        here = folded.get(place)
        if here is None:
            here = folded[place] = Folded(occurrence.seen_at, occurrence.seen_at)
        here.times_seen += 1
        seen_at = occurrence.seen_at
        if seen_at < here.first_seen:
            here.first_seen = seen_at
        if seen_at >= here.last_seen:
            here.last_seen, here.level = seen_at, occurrence.level
        if occurrence.user:
            here.user_hashes.add(users[occurrence.user])
        if occurrence.release:
            here.release_ids.add(releases[occurrence.release])
    for here in folded.values():
        if here.release_ids:
            here.first_release_id = min(here.release_ids, key=order.__getitem__)
            here.last_release_id = max(here.release_ids, key=order.__getitem__)
    return folded


def add(issues: Issues, folded: Mapping[Place, Folded], new_users: Mapping[int, int], order: Order) -> list[int]:
    """Add to the rows of issues, and of all above them, what was counted; return those that are others now, ascending.

    :param new_users: how many users were seen in an issue for the first time.
    """
    touched: set[int] = set()
    for pk, counted in folded.items():
        if not isinstance(pk, int):
            continue  # a new issue: it has been made with its numbers
        issue, users = issues[pk], new_users.get(pk, 0)
        if counted.last_seen >= issue.own.last_seen:
            issue.level = counted.level
        _add(issue.own, counted, users, counted.first_release_id, counted.last_release_id, order)
        chain = above(issues, pk)
        for each in chain:
            # Of releases not what the events say, but what the issue says now: a total is one of its tree.
            _add(issues[each].total, counted, users, issue.own.first_release_id, issue.own.last_release_id, order)
        touched.update(chain)
    return sorted(touched)


def _add(
    numbers: Numbers, counted: Folded, users: int, first_release: int | None, last_release: int | None, order: Order
) -> None:
    numbers.times_seen = _sum(numbers.times_seen, counted.times_seen)
    numbers.users_seen = _sum(numbers.users_seen, users)
    numbers.first_seen = min(numbers.first_seen, counted.first_seen)
    numbers.last_seen = max(numbers.last_seen, counted.last_seen)  # an old event never moves it back
    if first_release is not None and (
        numbers.first_release_id is None or order[first_release] < order[numbers.first_release_id]
    ):
        numbers.first_release_id = first_release
    if last_release is not None and (
        numbers.last_release_id is None or order[last_release] > order[numbers.last_release_id]
    ):
        numbers.last_release_id = last_release


def _sum(number: int, more: int) -> int:
    """Return the sum, as far as a total goes (issues.querysets.total)."""
    return max(number, min(number + more, MOST))


def releases_of(issues: Issues) -> Iterable[int]:
    """Return the releases that these issues name."""
    for issue in issues.values():
        for pk in (
            *(issue.own.first_release_id, issue.own.last_release_id),
            *(issue.total.first_release_id, issue.total.last_release_id),
            issue.resolution_release_id,
        ):
            if pk is not None:
                yield pk
