"""All that there is at one time: the issues and their trees, the releases in their order, the mutations."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.model.things import Event, Issue, Mutation, Person, Place, Release, Team, Totals

LATEST = 0  # no id
Number = tuple[Any, ...]  # of a version


@dataclass(slots=True)
class State:
    place: Place
    issues: dict[int, Issue]
    releases: tuple[Release, ...]  # of the project, as they came
    # By their ids, which nobody can foresee: under LATEST until somebody tells it.
    mutations: dict[int, Mutation] = field(default_factory=dict)
    numbers: int = 0  # how many mutations there were
    kinds: dict[str, int] = field(default_factory=dict)  # of events, and the issue that has each
    deleted: dict[str, datetime] = field(default_factory=dict)  # the last time, by kind
    waiting: tuple[Event, ...] = ()
    short_numbers: int = 0  # that were given

    # --- trees ---

    def _under(self, pk: int) -> list[int]:
        children = [issue.id for issue in self.issues.values() if issue.parent == pk]
        return [below for child in children for below in (child, *self._under(child))]

    def _above(self, pk: int) -> list[int]:
        parent = self.issues[pk].parent
        return [] if parent is None else [parent, *self._above(parent)]

    def totals(self, pk: int) -> Totals:
        tree = [self.issues[below] for below in (pk, *self._under(pk))]
        hours: dict[datetime, int] = {}
        for issue in tree:
            for hour, count in issue.hours:
                hours[hour] = hours.get(hour, 0) + count
        order = self._in_order()
        first = [issue.first_release for issue in tree if issue.first_release is not None]
        last = [issue.last_release for issue in tree if issue.last_release is not None]
        return Totals(
            first_seen=min(issue.first_seen for issue in tree),
            last_seen=max(issue.last_seen for issue in tree),
            events=sum(issue.events for issue in tree),
            users=sum(issue.users for issue in tree),
            comments=sum(issue.comments for issue in tree),
            hours=hours,
            first_release=min(first, key=order.index, default=None),
            last_release=max(last, key=order.index, default=None),
        )

    def _is_seen(self, issue: Issue, user: int) -> bool:
        return any(who == user and when >= self.totals(issue.id).last_seen for who, when in issue.seen)

    def _assignee(self, issue: Issue) -> Person | Team | None:
        everybody: dict[tuple[str, int], Person | Team] = {}
        everybody.update({("user", person.id): person for person in self.place.members})
        everybody.update({("team", team.id): team for team in self.place.teams})
        return None if issue.assignee is None else everybody[issue.assignee]

    # --- mutations ---

    def _keep(self, mutation: Mutation) -> None:
        self.numbers, self.mutations[LATEST] = mutation.number, mutation

    # --- releases ---

    @property
    def versions(self) -> list[str]:
        return [release.version for release in self.releases]

    def _in_order(self) -> list[str]:
        """5: oldest first. Each was made later than those before, so that is as good as an id."""
        dates = [(release.dated, came) for came, release in enumerate(self.releases)]

        def place(came: int) -> tuple[tuple[datetime, int], Number, tuple[datetime, int]]:
            package, number = package_of(self.releases[came].version)
            up_to = [dates[other] for other, version in enumerate(self.versions) if is_up_to(version, package, number)]
            return max([dates[came], *up_to]), number, dates[came]

        return [self.releases[came].version for came in sorted(range(len(self.releases)), key=place)]

    def _newest(self) -> str | None:
        return next(reversed(self._in_order()), None)

    def _next(self, after: str | None) -> str | None:
        """5: the first release that is newer than another; after none, the first of all."""
        order = self._in_order()
        return next(iter(order[0 if after is None else order.index(after) + 1 :]), None)


def package_of(version: str) -> tuple[str, Number]:
    """Return the package that a version names, and its number; a pre-release comes before its release."""
    found = re.fullmatch(r"(\w+)@(\d+)\.(\d+)(-\w+)?", version)
    return (found[1], (int(found[2]), int(found[3]), not found[4], found[4] or "")) if found else ("", ())


def is_up_to(version: str, package: str, number: Number) -> bool:
    of, its = package_of(version)
    return of == package != "" and its <= number
