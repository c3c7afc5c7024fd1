"""A page of large events ends before it has all that were asked for (contract 7.10)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from events.reading import events as reading
from events.reading.events import NEWEST_FIRST
from projects.database.keyset import Position
from projects.models import Project
from tests.events.counting.arriving import count
from tests.events.reading.telling import ids_of, issue_of, keep, shown
from tests.factories import NOW

pytestmark = pytest.mark.django_db

TIMES = [NOW - number * timedelta(days=2, minutes=1) for number in range(10)]  # over three weeks
LARGE = "x" * 1_000


@pytest.fixture
def large(project: Project, monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """Ten events of one issue, the newest first, of which two are as large as a page may be."""
    monkeypatch.setattr(reading, "MOST_BYTES_SHOWN", 2_000)
    ids = [keep(project, at=at, message=LARGE) for at in TIMES]
    count(project)
    return ids


@pytest.mark.parametrize("at_once", [3, 200])
@pytest.mark.parametrize("holds", [None, lambda data: True])
def test_of_large_ones_a_page_has_fewer_and_none_is_left_out(
    large: list[UUID], project: Project, monkeypatch: pytest.MonkeyPatch, at_once: int, holds: Any
) -> None:
    monkeypatch.setattr(reading, "AT_ONCE", at_once)
    issue = issue_of(project, "pump")

    pages = [shown(issue, holds=holds)]
    while pages[-1].has_next:
        pages.append(shown(issue, position=Position(NEWEST_FIRST, pages[-1].keys[-1]), holds=holds))
    back = shown(issue, position=Position(NEWEST_FIRST, pages[-1].keys[0], backwards=True), holds=holds)

    assert [ids_of(page) for page in pages] == [large[start : start + 2] for start in range(0, 10, 2)]
    assert (ids_of(back), back.has_previous) == (large[6:8], True)


def test_among_large_ones_fewer_are_looked_at(
    large: list[UUID], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES_EXAMINED", 4_000)
    issue, looked_at = issue_of(project, "pump"), list[Any]()

    def holds(data: Any) -> bool:
        looked_at.append(data)
        return False

    page = shown(issue, holds=holds)

    assert (page.rows, page.has_next, len(looked_at)) == ([], True, 4)
    assert shown(issue, position=Position(NEWEST_FIRST, page.keys[-1]), holds=holds).has_next
    assert len(looked_at) == 8


def test_an_event_larger_than_a_page_is_a_page(
    large: list[UUID], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES_SHOWN", 10)

    page = shown(issue_of(project, "pump"))

    assert (ids_of(page), page.has_next) == (large[:1], True)
