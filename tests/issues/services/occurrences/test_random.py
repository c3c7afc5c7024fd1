"""Batches that chance has made ... against the plainest way of counting."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from issues.models import Activity, Issue, IssueEnvironment, IssueHash, IssueHour, IssueMinute, IssueUser
from issues.mutation import Ignore, NamedRelease, Resolve, SnoozeTerms, StatusChange
from issues.services.occurrences import Occurrence
from issues.services.occurrences.windows import minute_of
from projects.callers import Caller
from projects.models import Project, Release
from tests.factories import NOW, ProjectFactory, ReleaseFactory
from tests.invariants import breaches
from tests.issues.services.calls import ask, delete
from tests.issues.services.occurrences.batches import DAY, HOUR, MINUTE, count, event, known

pytestmark = pytest.mark.django_db

BY = Caller()
NAMES = ("pump", "valve", "sluice", "core", "relay")
VERSIONS = ("app@1.0", "app@2.0", "app@3.0", "nightly")


def some_event(dice: Random, name: str, number: int) -> Occurrence:
    return event(
        name,
        at=NOW + timedelta(seconds=dice.randrange(-120, 600)),
        level=dice.choice(["info", "error", "fatal"]),
        user=dice.choice(["", "id:1", "id:2", "id:3"]),
        release=dice.choice(["", *VERSIONS]),
        environment=dice.choice(["", "production", "staging"]),
        event_id=UUID(int=number + 1).hex,
    )


# ---------------------------------------------------------------------------------------------------------------------
# In batches, and one by one
# ---------------------------------------------------------------------------------------------------------------------


def some_status(dice: Random, releases: Sequence[Release]) -> StatusChange | None:
    release = dice.choice(releases)
    few, minutes = dice.randrange(1, 6), dice.randrange(1, 4)
    return dice.choice(
        [
            None,
            Resolve(),
            Resolve(in_release=NamedRelease(id=release.pk, version=release.version)),
            Resolve(in_next_release=True),
            Ignore(SnoozeTerms()),
            Ignore(SnoozeTerms(until_escalating=True)),
            Ignore(SnoozeTerms(until=NOW + dice.randrange(1, 9) * MINUTE, count=few)),
            Ignore(SnoozeTerms(count=few, user_count=few)),
            Ignore(SnoozeTerms(count=few, window=minutes)),
            Ignore(SnoozeTerms(user_count=dice.randrange(1, 4), user_window=minutes)),
        ]
    )


def build(project: Project, dice: Random) -> None:
    releases = [
        ReleaseFactory(projects=[project], version=version, created_at=NOW - dice.randrange(1, 9) * DAY)
        for version in VERSIONS
    ]
    issues = [known(project, name, own_first_seen=NOW - 9 * DAY + n * HOUR) for n, name in enumerate(NAMES)]
    for issue in issues:
        if wish := some_status(dice, releases):
            ask(project, [issue], by=BY, at=NOW, status=wish)
        # Above fewer events than people can wish.
        escalating = Issue.objects.filter(pk=issue.pk, snooze_escalates_above__isnull=False)
        escalating.update(snooze_escalates_above=dice.randrange(4))
    if dice.random() < 0.7:
        ask(project, issues[:2], by=BY, at=NOW, merge=True)
    if dice.random() < 0.5:
        ask(project, issues[3:], by=BY, at=NOW, merge=True)


def told(project: Project) -> dict[str, Any]:
    """Return all that was counted and told in a project, in words that are the same in another one."""
    versions = dict(Release.objects.filter(project=project).values_list("id", "version"))
    names = dict(
        zip(Issue.objects.filter(project=project).order_by("id").values_list("id", flat=True), NAMES, strict=True)
    )

    def in_words(row: dict[str, Any]) -> dict[str, Any]:
        without = {"id", "project_id", "short_number", "environment_id", "user_hash", "mutation_id", "resolved_at"}
        row = {key: value for key, value in row.items() if key not in without and not key.endswith("started_at")}
        return {
            key: versions.get(value) if "release" in key else names.get(value, value) if "issue_id" in key else value
            for key, value in row.items()
        } | ({"merged_into_id": names.get(row["merged_into_id"])} if "merged_into_id" in row else {})

    tables: list[Any] = [Issue, IssueHour, IssueMinute, IssueUser, IssueEnvironment]
    rows = {table.__name__: table.objects.filter(project=project).values() for table in tables}
    rows["told by events"] = Activity.objects.filter(project=project, mutation_id=None).values()
    return {table: sorted(map(repr, map(in_words, found))) for table, found in rows.items()}


@pytest.mark.parametrize("seed", range(25))
def test_are_counted_as_if_they_came_one_by_one(seed: int) -> None:
    one, other = ProjectFactory(), ProjectFactory()
    for project in (one, other):
        build(project, Random(seed))
    dice = Random(seed)
    events = [some_event(dice, dice.choice(NAMES), number) for number in range(24)]

    for each in events:
        count(one, each, at=NOW + HOUR, check=False)
    while events:
        size = dice.randrange(1, 16)
        count(other, *events[:size], at=NOW + HOUR, check=False)
        events = events[size:]

    assert told(other) == told(one)
    assert breaches() == []


# ---------------------------------------------------------------------------------------------------------------------
# Numbers, whatever happens to the issues
# ---------------------------------------------------------------------------------------------------------------------


@dataclass
class Sheet:
    """What somebody would have noted who only counts: the events of each issue, and what is merged into what."""

    events: dict[int, list[Occurrence]] = field(default_factory=lambda: defaultdict(list))
    parent: dict[int, int] = field(default_factory=dict)

    def tree(self, root: int) -> list[int]:
        return [root, *(pk for child, above in self.parent.items() if above == root for pk in self.tree(child))]

    def numbers(self, root: int) -> dict[str, Any]:
        own = self.events[root]
        shown = [each for pk in self.tree(root) for each in self.events[pk]]
        newest = max(enumerate(own), key=lambda pair: (pair[1].seen_at, pair[0]))[1]
        return {
            "level": newest.level,
            "own_times_seen": len(own),
            "own_users_seen": len({each.user for each in own} - {""}),
            "own_first_seen": min(each.seen_at for each in own),
            "own_last_seen": max(each.seen_at for each in own),
            "times_seen": len(shown),
            "users_seen": sum(len({each.user for each in self.events[pk]} - {""}) for pk in self.tree(root)),
            "first_seen": min(each.seen_at for each in shown),
            "last_seen": max(each.seen_at for each in shown),
            "hours": Counter(minute_of(each.seen_at).replace(minute=0) for each in own),
            "all hours": Counter(minute_of(each.seen_at).replace(minute=0) for each in shown),
            "environments": Counter(each.environment for each in own if each.environment),
        }


def shown(issue: Issue) -> dict[str, Any]:
    columns = [
        f"{own}{name}" for own in ("own_", "") for name in ("times_seen", "users_seen", "first_seen", "last_seen")
    ]
    hours = IssueHour.objects.filter(issue=issue)
    return {
        "level": issue.level,
        **{name: getattr(issue, name) for name in columns},
        "hours": Counter({hour.hour: hour.own_count for hour in hours if hour.own_count}),
        "all hours": Counter({hour.hour: hour.total_count for hour in hours}),
        "environments": Counter(
            {row.environment.name: row.times_seen for row in IssueEnvironment.objects.filter(issue=issue)}
        ),
    }


@pytest.mark.parametrize("seed", range(12))
def test_add_up_whatever_is_merged_unmerged_and_deleted(project: Project, seed: int) -> None:
    dice, sheet = Random(seed), Sheet()
    at = NOW
    for number in range(25):
        at += HOUR
        roots = sorted(set(sheet.events) - set(sheet.parent))
        match dice.choice(["count", "count", "count", "merge", "unmerge", "delete"]):
            case "merge" if len(roots) > 1:
                ids = dice.sample(roots, 2)
                merged = ask(project, ids, by=BY, at=at, merge=True, body={"merge": True}).merged
                assert merged is not None
                sheet.parent |= dict.fromkeys(merged.children, merged.parent)
            case "unmerge" if roots:
                root = dice.choice(roots)
                ask(project, [root], by=BY, at=at, merge=False, body={"merge": False})
                sheet.parent = {child: above for child, above in sheet.parent.items() if above != root}
            case "delete" if roots and dice.random() < 0.4:
                root = dice.choice(roots)
                gone = sheet.tree(root)
                delete(project, [root], by=BY, at=at)
                sheet.events = defaultdict(list, {pk: its for pk, its in sheet.events.items() if pk not in gone})
                sheet.parent = {child: above for child, above in sheet.parent.items() if child not in gone}
            case _:
                batch = [
                    some_event(dice, dice.choice(NAMES), 100 * number + n)._replace(received_at=at)
                    for n in range(dice.randrange(1, 12))
                ]
                count(project, *batch, at=at, check=False)
                issue_of = dict(IssueHash.objects.values_list("hash", "issue_id"))
                for each in batch:
                    sheet.events[issue_of[each.hash.hex]].append(each)

    issues = {issue.pk: issue for issue in Issue.objects.all()}
    assert issues.keys() == sheet.events.keys()
    for pk, issue in issues.items():
        assert shown(issue) == sheet.numbers(pk)
    assert breaches() == []
