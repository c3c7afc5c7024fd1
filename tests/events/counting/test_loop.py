"""A counter: it looks, gives each project its turn, and passes over what is locked."""

from collections.abc import Collection
from uuid import UUID

import pytest
from django.db import OperationalError, ProgrammingError, connection
from django.db.migrations.recorder import MigrationRecorder

from events.counting import Counting, batches, counting, loop
from events.counting.counting import SomethingIsWrong
from events.models import Arrival
from issues.services.occurrences import Occurrence
from projects.database.migrated import Newer
from projects.database.transactions import StartOver
from projects.models import Project
from tests.events.counting.arriving import arrive, issue_of, waiting
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counter = Counting(now=lambda: NOW)
    for part in ("look", "keep"):  # of weeks: not within the transaction of a test
        monkeypatch.setattr(counter.keeping, part, lambda: None)
    return counter


def test_counts_until_nothing_waits(counter: Counting, project: Project, other_project: Project) -> None:
    for _ in range(3):
        arrive(project)
        arrive(other_project)

    counter.run_once()

    assert (issue_of(project).times_seen, issue_of(other_project).times_seen) == (3, 3)
    assert waiting() == 0


def test_tries_what_was_set_aside_when_it_starts(counter: Counting, project: Project) -> None:
    arrive(project)
    Arrival.objects.update(set_aside_at=NOW)

    counter.run_once()

    assert issue_of(project).times_seen == 1


class Turns:
    """Stands for the counting of batches: says whose turn it was; some projects are locked."""

    def __init__(self, *, locked: Collection[int] = (), full: Collection[int] = ()) -> None:
        self.of: list[int] = []
        self.locked, self.full = set(locked), set(full)

    def count_next(self, project_id: int, *, now: object) -> list[Occurrence]:
        self.of.append(project_id)
        if project_id in self.locked:
            raise StartOver("These issues are being merged just now.")
        number = counting.MOST if project_id in self.full else 1
        return [Occurrence(UUID(int=1), (), UUID(int=2).hex, NOW, NOW, "error")] * number


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    turns = Turns()
    monkeypatch.setattr(counting, "count_next", turns.count_next)
    monkeypatch.setattr(loop, "SHORTEST_PAUSE", 0)
    monkeypatch.setattr(loop, "LONGEST_PAUSE", 0)
    return turns


def test_begins_with_whoever_has_waited_longest(counter: Counting, turns: Turns) -> None:
    counter.look_at([1, 2])
    counter.look_at([1, 2, 3])

    assert turns.of == [1, 2, 3, 1, 2]


def test_looks_again_at_once_after_a_full_batch(counter: Counting, turns: Turns) -> None:
    turns.full = {2}

    assert counter.look_at([1, 2]) is True
    assert counter.look_at([1]) is False


def test_tries_one_locked_project_between_the_others(counter: Counting, turns: Turns) -> None:
    """Each takes as long as a lock: tried in a row, they would let the others wait."""
    turns.locked = {1, 2, 3}
    counter.look_at([1, 2, 3, 4])
    turns.of.clear()

    for _ in range(4):
        counter.look_at([1, 2, 3, 4])

    assert turns.of == [4, 1, 4, 2, 4, 3, 4, 1]


def test_leaves_a_locked_project_alone_for_a_while(
    counter: Counting, turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SHORTEST_PAUSE", 1000)
    monkeypatch.setattr(loop, "LONGEST_PAUSE", 1000)
    turns.locked = {1}

    counter.look_at([1, 2])
    counter.look_at([1, 2])

    assert turns.of == [1, 2, 2]


def test_counts_a_project_in_every_turn_again_when_it_is_free(counter: Counting, turns: Turns) -> None:
    turns.locked = {1, 2}
    counter.look_at([1, 2])
    turns.locked = set()
    counter.look_at([1, 2])
    counter.look_at([1, 2])
    turns.of.clear()

    counter.look_at([1, 2])

    assert sorted(turns.of) == [1, 2]


def test_leaves_a_project_alone_when_something_is_wrong_with_all_its_events(
    counter: Counting, project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(counting, "count_next", wrong)

    counter.look_at([1])
    counter.look_at([1])

    assert [record.getMessage() for record in caplog.records] == ["Project 1 is left alone for 60 seconds"]
    arrive(project)
    with pytest.raises(SomethingIsWrong):
        counter.run_once()


def wrong(project_id: int, *, now: object) -> int:
    raise SomethingIsWrong


def test_goes_on_when_the_database_was_away(
    counter: Counting, project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looked = []

    def projects() -> list[int]:
        looked.append(1)
        if len(looked) <= 3:
            raise OperationalError("server closed the connection\n\tunexpectedly")
        counter.stop()
        return [project.pk]

    monkeypatch.setattr(batches, "projects", projects)
    monkeypatch.setattr(loop, "AWAY_SECONDS", 0)
    monkeypatch.setattr(connection, "close", lambda: None)

    counter.run()

    assert len(looked) == 4  # and it says so once a minute
    assert [record.getMessage() for record in caplog.records] == [
        "No events are counted: server closed the connection unexpectedly"
    ]


def test_ends_by_a_bug(counter: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    def projects() -> list[int]:
        raise ProgrammingError("no such column")

    monkeypatch.setattr(batches, "projects", projects)

    with pytest.raises(ProgrammingError):
        counter.run()


def test_ends_once_a_newer_version_has_migrated_and_what_came_waits_for_that(
    counter: Counting, project: Project
) -> None:
    """As where one host was forgotten: it would count without what the newer version keeps beside the issues."""
    arrive(project)
    MigrationRecorder(connection).record_applied("issues", "9999_later")

    with pytest.raises(Newer, match=r"issues\.9999_later"):
        counter.run()

    assert waiting() == 1
    assert not project.issues.exists()
