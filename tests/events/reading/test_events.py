"""Which events a reader is shown: of an issue, of a project, and by id (contract 7.10)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from events.models import Event
from events.reading import events as reading
from events.reading.events import (
    NEWEST_FIRST,
    OLDEST_FIRST,
    EventsAsked,
    find_issue_of_event,
    read_event,
    read_event_of_projects,
    read_events_of_project,
    read_latest_of,
)
from issues.models import Issue, IssueHash
from projects.callers import Caller
from projects.database.keyset import Key, Position
from projects.models import Project
from projects.pages import ForeignCursor, Page
from tests.events.counting.arriving import count, fingerprint
from tests.events.reading.telling import counted, ids_of, issue_of, keep, shown
from tests.factories import NOW, IssueFactory, IssueHashFactory
from tests.issues.services.calls import ask, delete

pytestmark = pytest.mark.django_db

MINUTE, WEEK = timedelta(minutes=1), timedelta(weeks=1)
TIMES = [NOW - number * timedelta(days=2, minutes=1) for number in range(10)]  # over three weeks


@pytest.fixture
def ten(project: Project) -> list[UUID]:
    """Ten events of one issue, the newest first; and some of others."""
    ids = [keep(project, at=at) for at in TIMES]
    keep(project, "valve", at=NOW)
    count(project)
    return ids


@pytest.fixture
def issue(ten: list[UUID], project: Project) -> Issue:
    return issue_of(project)


# ---------------------------------------------------------------------------------------------------------------------
# Lists
# ---------------------------------------------------------------------------------------------------------------------


def test_of_an_issue_come_newest_first(ten: list[UUID], issue: Issue) -> None:
    page = shown(issue)

    assert ids_of(page) == ten
    assert [event.seen_at for event in page.rows] == TIMES
    assert {event.issue_id for event in page.rows} == {issue.pk}
    assert (page.has_previous, page.has_next) == (False, False)


def test_of_an_issue_come_oldest_first(ten: list[UUID], issue: Issue) -> None:
    assert ids_of(shown(issue, sort=OLDEST_FIRST)) == ten[::-1]


@pytest.mark.parametrize("sort", [NEWEST_FIRST, OLDEST_FIRST])
@pytest.mark.parametrize("limit", [1, 3, 4, 10])
def test_in_pages_are_each_there_once_there_and_back(ten: list[UUID], issue: Issue, sort: Any, limit: int) -> None:
    expected = ten if sort.descending else ten[::-1]
    there, page = [], shown(issue, sort=sort, limit=limit)
    there.append(ids_of(page))
    while page.has_next:
        page = shown(issue, limit=limit, position=Position(sort, page.keys[-1]))
        there.append(ids_of(page))
    back = [there[-1]]
    while page.has_previous:
        page = shown(issue, limit=limit, position=Position(sort, page.keys[0], backwards=True))
        back.append(ids_of(page))

    assert [each for page in there for each in page] == expected
    assert back == there[::-1]


def test_of_one_moment_are_each_there_once(project: Project) -> None:
    ids = sorted((keep(project, at=NOW) for _ in range(7)), reverse=True)
    count(project)
    issue = issue_of(project)

    found, page = [], shown(issue, limit=2)
    found += ids_of(page)
    while page.has_next:
        page = shown(issue, limit=2, position=Position(NEWEST_FIRST, page.keys[-1]))
        found += ids_of(page)

    assert found == ids


@pytest.mark.parametrize("end", [NOW - 30 * WEEK, None])
def test_that_are_not_there_lead_back_to_those_that_are(ten: list[UUID], issue: Issue, end: datetime | None) -> None:
    beyond = Position(NEWEST_FIRST, (TIMES[-1], 0))
    nothing = shown(issue, position=beyond)
    back = shown(issue, position=Position(NEWEST_FIRST, nothing.keys[0], backwards=True))

    assert (ids_of(nothing), nothing.has_next, nothing.has_previous) == ([], False, True)
    assert ids_of(back) == ten


@pytest.mark.parametrize(
    ("start", "end", "kept"),
    [
        (TIMES[3], None, slice(0, 4)),
        (None, TIMES[3], slice(3, 10)),
        (TIMES[5], TIMES[3], slice(3, 6)),
        (NOW + MINUTE, None, slice(0, 0)),
        (None, NOW - 30 * WEEK, slice(0, 0)),
    ],
)
def test_are_narrowed_by_time(ten: list[UUID], issue: Issue, start: Any, end: Any, kept: slice) -> None:
    assert ids_of(shown(issue, start=start, end=end)) == ten[kept]


def test_of_a_merged_issue_are_its_parents(project: Project, ten: list[UUID], issue: Issue) -> None:
    child = issue_of(project, "valve")
    ask(project, [issue, child], by=Caller(), merge=True)
    root = Issue.objects.get(pk__in=[issue.pk, child.pk], merged_into=None)

    page = shown(root)

    assert set(ids_of(page)) == set(Event.objects.values_list("event_id", flat=True))
    assert [event.place for event in page.rows] == sorted((event.place for event in page.rows), reverse=True)
    assert {event.issue_id for event in page.rows} == {root.pk}


def test_of_another_project_with_the_same_fingerprint_are_not_there(
    project: Project, other_project: Project, ten: list[UUID], issue: Issue
) -> None:
    other = counted(other_project)

    assert other not in ids_of(shown(issue))
    assert ids_of(shown(issue_of(other_project))) == [other]


def test_that_came_before_their_issue_was_deleted_are_gone(project: Project, ten: list[UUID], issue: Issue) -> None:
    delete(project, [issue], by=Caller(), at=NOW + MINUTE)
    assert all(read_event_of_projects([project.pk], each) is None for each in ten)
    newer = counted(project, at=NOW + 2 * MINUTE)

    assert ids_of(shown(issue_of(project))) == [newer]
    listed = read_events_of_project(project.pk, EventsAsked(Position(NEWEST_FIRST), 100), at=NOW + WEEK)
    assert {event.title for event in listed.rows if event.id != newer} == {"Error: valve"}
    assert [find_issue_of_event([project.pk], each) for each in ten] == [None] * 10


def test_that_came_before_an_issue_of_their_kind_was_deleted_again_are_gone(
    project: Project, ten: list[UUID], issue: Issue
) -> None:
    delete(project, [issue], by=Caller(), at=NOW + MINUTE)
    counted(project, at=NOW + 2 * MINUTE)
    delete(project, [issue_of(project)], by=Caller(), at=NOW + 3 * MINUTE)
    newest = counted(project, at=NOW + 4 * MINUTE)

    assert ids_of(shown(issue_of(project))) == [newest]


def test_that_came_before_their_issue_was_deleted_are_not_of_one_seen_before(
    project: Project, ten: list[UUID], issue: Issue
) -> None:
    """What comes late makes an issue that was seen when the old one was."""
    delete(project, [issue], by=Caller(), at=NOW + MINUTE)
    late = [counted(project, at=at, received_at=NOW + 2 * MINUTE) for at in (TIMES[9], TIMES[1] + MINUTE)]

    assert ids_of(shown(issue_of(project))) == late[::-1]
    assert read_event(project.pk, issue_of(project).pk, ten[5]) is None
    assert find_issue_of_event([project.pk], ten[5]) is None


def test_that_wait_are_of_the_issue_that_has_their_fingerprint(project: Project, ten: list[UUID], issue: Issue) -> None:
    waiting = keep(project, at=TIMES[3])

    found = read_event_of_projects([project.pk], waiting)

    assert found is not None
    assert found.issue_id == issue.pk


def test_that_wait_for_their_first_issue_are_of_none(project: Project) -> None:
    waiting = keep(project, "sluice")

    found = read_event_of_projects([project.pk], waiting)

    assert found is not None
    assert (found.issue_id, found.previous_id, found.next_id) == (None, None, None)
    page = read_events_of_project(project.pk, EventsAsked(Position(NEWEST_FIRST), 100), at=NOW)
    assert [(event.id, event.issue_id) for event in page.rows] == [(waiting, None)]


def test_of_a_project_come_newest_first_each_with_its_issue(project: Project, ten: list[UUID], issue: Issue) -> None:
    first = read_events_of_project(project.pk, EventsAsked(Position(NEWEST_FIRST), 4), at=NOW)
    second = read_events_of_project(project.pk, EventsAsked(Position(NEWEST_FIRST, first.keys[-1]), 100), at=NOW)

    assert [event.id for event in (*first.rows, *second.rows) if event.issue_id == issue.pk] == ten
    assert [event.place for event in first.rows] == sorted((event.place for event in first.rows), reverse=True)
    assert (first.has_next, second.has_next) == (True, False)
    assert {event.issue_id for event in (*first.rows, *second.rows)} == {issue.pk, issue_of(project, "valve").pk}


@pytest.mark.parametrize("key", [(NOW.replace(year=1970, month=1, day=1), 5)])
def test_are_not_read_from_the_place_of_another_list(issue: Issue, key: Key) -> None:
    with pytest.raises(ForeignCursor):
        shown(issue, position=Position(NEWEST_FIRST, key))


# ---------------------------------------------------------------------------------------------------------------------
# Some of many
# ---------------------------------------------------------------------------------------------------------------------


def is_even(data: Any) -> bool:
    return bool(data["extra"]["number"] % 2 == 0)


@pytest.fixture
def numbered(project: Project) -> list[UUID]:
    ids = [keep(project, at=NOW - number * MINUTE, extra={"number": number}) for number in range(9)]
    count(project)
    return ids


def test_of_which_something_is_asked_are_those(project: Project, numbered: list[UUID]) -> None:
    first = shown(issue_of(project), holds=is_even, limit=2)
    second = shown(issue_of(project), holds=is_even, limit=3, position=Position(NEWEST_FIRST, first.keys[-1]))

    assert (ids_of(first), first.has_next) == ([numbered[0], numbered[2]], True)
    assert (ids_of(second), second.has_next) == ([numbered[4], numbered[6], numbered[8]], False)


def test_are_looked_for_among_so_many_at_once(
    project: Project, numbered: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_EXAMINED", 4)
    monkeypatch.setattr(reading, "AT_ONCE", 2)

    def last_one(data: Any) -> bool:
        return bool(data["extra"]["number"] == 8)

    pages: list[Page[Any]] = [shown(issue_of(project), holds=last_one)]
    while pages[-1].has_next:
        pages.append(shown(issue_of(project), holds=last_one, position=Position(NEWEST_FIRST, pages[-1].keys[-1])))

    assert [ids_of(page) for page in pages] == [[], [], [numbered[8]]]
    back = shown(issue_of(project), holds=is_even, position=Position(NEWEST_FIRST, pages[-1].keys[0], backwards=True))
    assert (ids_of(back), back.has_previous) == ([numbered[4], numbered[6]], True)


# ---------------------------------------------------------------------------------------------------------------------
# One
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 5, 9])
def test_by_id_has_those_beside_it(ten: list[UUID], issue: Issue, number: int) -> None:
    event = read_event(issue.project_id, issue.pk, ten[number])

    assert event is not None
    assert event.id == ten[number]
    assert event.previous_id == (ten[number + 1] if number < 9 else None)
    assert event.next_id == (ten[number - 1] if number else None)
    assert read_event_of_projects([issue.project_id], ten[number]) == event


@pytest.mark.parametrize(("word", "number"), [("latest", 0), ("recommended", 0), ("oldest", 9)])
def test_by_a_word_is_what_it_is_by_id(ten: list[UUID], issue: Issue, word: Any, number: int) -> None:
    assert read_event(issue.project_id, issue.pk, word) == read_event(issue.project_id, issue.pk, ten[number])


def test_of_which_there_is_one_has_none_beside_it(project: Project) -> None:
    counted(project)

    latest, oldest = (read_event(project.pk, issue_of(project).pk, word) for word in ("latest", "oldest"))

    assert latest is not None
    assert latest == oldest
    assert (latest.previous_id, latest.next_id) == (None, None)


def test_of_another_issue_is_not_found_under_this_one(project: Project, ten: list[UUID]) -> None:
    assert read_event(project.pk, issue_of(project, "valve").pk, ten[0]) is None


def test_of_a_project_that_is_not_asked_is_not_found(project: Project, other_project: Project, ten: list[UUID]) -> None:
    assert read_event_of_projects([other_project.pk], ten[0]) is None
    assert read_event_of_projects([], ten[0]) is None
    assert find_issue_of_event([other_project.pk], ten[0]) is None


def test_that_is_not_kept_any_more_is_not_found_but_its_issue_is(
    project: Project, ten: list[UUID], issue: Issue
) -> None:
    Event.objects.filter(event_id=ten[4]).delete()

    assert read_event(project.pk, issue.pk, ten[4]) is None
    assert read_event_of_projects([project.pk], ten[4]) is None
    assert find_issue_of_event([project.pk], ten[4]) == issue.pk
    event = read_event(project.pk, issue.pk, ten[3])
    assert event is not None
    assert event.previous_id == ten[5]


def test_that_is_not_kept_is_not_of_an_issue_made_after_its_own_was_deleted(
    project: Project, ten: list[UUID], issue: Issue
) -> None:
    delete(project, [issue], by=Caller(), at=NOW + MINUTE)
    Event.objects.filter(event_id__in=ten).delete()
    newer = counted(project, at=NOW + 2 * MINUTE)

    assert find_issue_of_event([project.pk], ten[4]) is None
    assert find_issue_of_event([project.pk], newer) == issue_of(project).pk


def test_with_the_same_id_as_that_of_another_issue_is_found_under_its_own(project: Project) -> None:
    """An id that comes again with another time is another event."""
    same = UUID(int=5)
    keep(project, at=NOW - WEEK, event_id=same)
    keep(project, "valve", at=NOW, event_id=same)
    count(project)

    for name, at in (("pump", NOW - WEEK), ("valve", NOW)):
        found = read_event(project.pk, issue_of(project, name).pk, same)
        assert found is not None
        assert found.seen_at == at


def test_of_an_issue_without_kept_events_is_none(project: Project) -> None:
    issue = IssueFactory(project=project)
    assert read_event(project.pk, issue.pk, "latest") is None
    IssueHashFactory(issue=issue)
    assert read_event(project.pk, issue.pk, "latest") is None
    assert ids_of(shown(issue)) == []


def test_of_each_fingerprint_is_the_latest(project: Project, ten: list[UUID], issue: Issue) -> None:
    IssueHash.objects.filter(project=project, hash=fingerprint("valve").hex).update(issue=issue)
    valve = Event.objects.get(hash=fingerprint("valve")).event_id

    found = read_latest_of(project.pk, issue.pk, [fingerprint("pump"), fingerprint("valve"), fingerprint("sluice")])

    assert {key: event.id for key, event in found.items()} == {
        fingerprint("pump"): ten[0],
        fingerprint("valve"): valve,
    }
