"""Of a large tree, those of its issues are looked into that were seen nearest; and nothing is left out for it."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from events import weeks
from events.meaning.packing import pack
from events.models import Event
from events.reading import trees
from events.reading.events import NEWEST_FIRST, OLDEST_FIRST, read_event
from events.reading.tags import read_tags
from issues.models import Issue
from issues.reading.events import read_hashes
from projects.database.keyset import Position, Sort
from projects.models import Project
from projects.pages import PageQuery
from tests.events.counting.arriving import count, fingerprint
from tests.events.reading.telling import ids_of, issue_of, keep, shown
from tests.factories import NOW, IssueFactory, IssueHashFactory

pytestmark = pytest.mark.django_db

PACKED = pack({"title": "pump"})
HOUR = timedelta(hours=1)
ISSUES = 120


class Looked:
    """How many fingerprints were looked into, and how many statements it took; how long the longest list in one was."""

    def __init__(self) -> None:
        self.fingerprints = self.statements = self.longest = 0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.statements += 1
        values = params.values() if isinstance(params, dict) else params or ()
        self.longest = max(self.longest, *(str(value).count(",") + 1 for value in values))
        if isinstance(params, dict) and "hashes" in params:
            self.fingerprints += params["hashes"].count(",") + 1
        return execute(sql, params, many, context)


@pytest.fixture
def tree(project: Project) -> Issue:
    """An issue, others merged into it, and others into those: each with an event, an hour before that of the next."""
    for number in range(ISSUES):
        keep(project, f"pump {number}", NOW - number * HOUR)
    count(project)
    root, *others = [issue_of(project, f"pump {number}") for number in range(ISSUES)]
    for number, issue in enumerate(others):
        Issue.objects.filter(project=project, pk=issue.pk).update(
            merged_into=root if number % 3 else others[number + 1] if number + 1 < len(others) else root
        )
    return root


@pytest.mark.parametrize(
    "reader",
    [
        lambda issue: shown(issue, limit=5),
        lambda issue: shown(issue, limit=5, sort=OLDEST_FIRST),
        lambda issue: shown(issue, limit=5, position=Position(NEWEST_FIRST, (NOW - 60 * HOUR, 0))),
        lambda issue: read_event(issue.project_id, issue.pk, "latest"),
        lambda issue: read_event(issue.project_id, issue.pk, "oldest"),
        lambda issue: read_tags(issue.project_id, issue.pk, most=5),
    ],
    ids=["the newest", "the oldest", "from a place on", "latest", "oldest", "tags"],
)
def test_the_nearest_are_looked_into_and_no_others(tree: Issue, reader: Callable[[Issue], object]) -> None:
    looked = Looked()

    with connection.execute_wrapper(looked):
        reader(tree)

    assert looked.statements == 2
    assert 1 < looked.fingerprints <= trees.BESIDE + 7


def test_who_searches_looks_them_up_once(tree: Issue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.reading.events.AT_ONCE", 4)
    looked = Looked()

    with connection.execute_wrapper(looked):
        page = shown(tree, limit=100, holds=lambda data: False, most=40)

    assert (page.rows, page.has_next) == ([], True)
    assert looked.statements == 1 + 40 // 4


@pytest.mark.parametrize("sort", [NEWEST_FIRST, OLDEST_FIRST], ids=["newest first", "oldest first"])
@pytest.mark.parametrize("seed", range(4))
def test_pages_have_what_all_of_them_have(
    project: Project, monkeypatch: pytest.MonkeyPatch, sort: Sort, seed: int
) -> None:
    """Issues that were seen for long and briefly, often and at the same time; some of which nothing is kept."""
    monkeypatch.setattr(trees, "BESIDE", 0)
    monkeypatch.setattr(trees, "FURTHER", 2)
    weeks.make_ahead(NOW)
    chance = Random(seed)
    root = IssueFactory(project=project)
    kept: list[tuple[Any, UUID]] = []
    for _ in range(30):
        times = [NOW - chance.randrange(200) * HOUR for _ in range(chance.randrange(1, 5))]
        issue = IssueFactory(
            project=project,
            merged_into=root,
            own_first_seen=min(times),
            own_last_seen=max(times),
            first_seen=min(times),
        )
        word = IssueHashFactory(issue=issue).hash
        for at in times if chance.random() < 0.6 else []:
            kept.append((at, uuid4()))
            Event.objects.create(
                project_id=project.pk, hash=UUID(word), seen_at=at, event_id=kept[-1][1], received_at=at, data=PACKED
            )
    expected = [event_id for _, event_id in sorted(kept, reverse=sort.descending)]

    found: list[UUID] = []
    position = Position(sort)
    while True:
        page = shown(root, limit=4, sort=sort, position=position)
        found += ids_of(page)
        if not page.has_next:
            break
        position = Position(sort, page.keys[-1])

    assert found == expected
    back = shown(root, limit=4, sort=sort, position=Position(sort, (kept[0][0], kept[0][1].int), backwards=True))
    place = expected.index(kept[0][1])
    assert ids_of(back) == expected[max(place - 4, 0) : place]


def test_one_of_which_nothing_is_kept_has_none(tree: Issue, project: Project, other_project: Project) -> None:
    Event.objects.filter(project_id=project.pk).delete()
    keep(other_project)

    assert ids_of(shown(tree, limit=1)) == []
    assert read_event(project.pk, tree.pk, "oldest") is None


def test_a_page_of_fingerprints_is_joined_to_its_own_rows_alone(tree: Issue) -> None:
    looked = Looked()

    with connection.execute_wrapper(looked):
        page = read_hashes(tree, PageQuery(Position(Sort("id", descending=False)), 5))

    assert [row.hash for row in page.rows] == [fingerprint(f"pump {number}").hex for number in range(5)]
    assert page.has_next
    assert (looked.statements, looked.longest) == (2, 6)
