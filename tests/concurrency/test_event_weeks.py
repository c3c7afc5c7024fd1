"""The weeks of events: made and taken away while others read and write."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import OperationalError, connection

from events import weeks
from events.models import Event, EventId
from projects.database import citus
from projects.models import Project
from tests.concurrency.sessions import Foreign, Session, stopped, wait_until_blocked
from tests.events.counting.arriving import arrive, count
from tests.factories import NOW
from tests.site import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
YEARS_LATER = datetime(2031, 3, 5, 12, tzinfo=UTC)  # no other test has weeks then


def attached(table: str, year: int) -> list[str]:
    """Return the weeks of this year that a table has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
        return sorted(name for (name,) in cursor.fetchall() if name.startswith(f"{table}_{year}"))


def tables(year: int) -> list[str]:
    """Return all that is there of this year, attached or not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ %s", [f"^events_.*_{year}w"])
        return sorted(name for (name,) in cursor.fetchall())


@pytest.fixture(autouse=True)
def no_other_weeks(transactional_db: None) -> Iterator[None]:
    """Take away the weeks of today, which would go first, and then what a test has made: tables outlive it."""
    weeks.drop_old(datetime(2030, 1, 1, tzinfo=UTC), 90)
    yield
    with connection.cursor() as cursor:
        for name in [*tables(2030), *tables(2031)]:
            cursor.execute(f"DROP TABLE {name}")


@pytest.fixture
def reader(foreign: Foreign) -> Foreign:
    """Somebody who has read all events, and whose transaction stays open."""
    foreign.run("SELECT count(*) FROM events_event")
    foreign.run("SELECT count(*) FROM events_eventid")
    return foreign


@pytest.fixture
def writer(foreign: Foreign) -> Foreign:
    """Somebody who has written an event, and has not committed it."""
    week = weeks.monday(NOW.date())
    weeks.make("events_event", [week])
    weeks.make("events_eventid", [week])
    foreign.run("INSERT INTO events_event SELECT 1, gen_random_uuid(), %s, gen_random_uuid(), %s, ''", *[NOW, NOW])
    foreign.run("INSERT INTO events_eventid SELECT 1, gen_random_uuid(), %s, gen_random_uuid(), %s", NOW.date(), NOW)
    return foreign


def dont_wait() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '1s'")


# ---------------------------------------------------------------------------------------------------------------------
# Made
# ---------------------------------------------------------------------------------------------------------------------


def test_eight_weeks_ahead_and_as_many_behind_as_an_event_may_be_late() -> None:
    weeks.make_ahead(YEARS_LATER)
    weeks.make_ahead(YEARS_LATER)

    names = [f"events_event_2031w{number:02d}" for number in range(6, 19)]
    assert attached("events_event", 2031) == names
    assert weeks.monday((YEARS_LATER - 30 * DAY).date()) == date.fromisocalendar(2031, 6, 1)
    assert attached("events_eventid", 2031) == [name.replace("event_", "eventid_") for name in names]


@pytest.mark.parametrize("who", ["reader", "writer"])
def test_made_while_others_read_and_write(who: str, request: pytest.FixtureRequest, project: Project) -> None:
    other: Foreign = request.getfixturevalue(who)
    dont_wait()

    weeks.make_ahead(YEARS_LATER)

    assert len(attached("events_event", 2031)) == 13
    arrive(project)  # nor does anybody wait for who is still there
    other.commit()


def test_made_by_two_at_once(session: Session, other_session: Session) -> None:
    with stopped(session, make_one, after=re.compile("CREATE TABLE")):
        other = other_session.start(make_one)
        wait_until_blocked(other_session, by=session)

    other.result()
    assert attached("events_event", 2031) == ["events_event_2031w10"]


def test_who_waited_for_another_drops_nothing_of_it_whatever_isolation_is_usual_there(
    new_session: Callable[[], Session], foreign: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a view of the rows from before the wait, the week would be missing, and its table a left-over."""
    monkeypatch.setenv("PGOPTIONS", "-c default_transaction_isolation=repeatable\\ read")
    session, monday = new_session(), date.fromisocalendar(2031, 10, 1)

    foreign.run("SELECT pg_advisory_xact_lock(%s)", weeks.MAKING)
    made = session.start(make_one)
    wait_until_blocked(session, by=foreign)
    foreign.run(
        "CREATE TABLE events_event_2031w10 PARTITION OF events_event FOR VALUES FROM (%s) TO (%s)",
        *[f"{day}T00:00Z" for day in (monday, monday + weeks.WEEK)],
    )
    foreign.run(
        "INSERT INTO events_event SELECT 1, gen_random_uuid(), %s, gen_random_uuid(), %s, ''", *[YEARS_LATER] * 2
    )
    foreign.commit()

    made.result()
    assert Event.objects.count() == 1


def make_one() -> None:
    weeks.make("events_event", [date.fromisocalendar(2031, 10, 1)])


def test_made_by_whoever_takes_an_event_in_when_nobody_counted_for_a_month(project: Project, reader: Foreign) -> None:
    arrive(project, at=YEARS_LATER, makes_weeks=False)

    assert Event.objects.get().seen_at == YEARS_LATER
    assert attached("events_event", 2031) == ["events_event_2031w10"]
    assert attached("events_eventid", 2031) == ["events_eventid_2031w10"]
    assert count(project) == 1


# ---------------------------------------------------------------------------------------------------------------------
# Taken away
# ---------------------------------------------------------------------------------------------------------------------


def make_two_weeks(project: Project) -> None:
    """Make the last week of 2030, and the one after it, with an event in each."""
    arrive(project, at=datetime(2030, 12, 24, tzinfo=UTC))
    arrive(project, at=datetime(2030, 12, 31, tzinfo=UTC))
    assert attached("events_event", 2030) == ["events_event_2030w52"]
    assert attached("events_event", 2031) == ["events_event_2031w01"]


def end_of(week: date, days: int) -> datetime:
    """Return the first day on which the last one of this week is more than so many days ago."""
    return datetime.combine(week + weeks.WEEK + days * DAY, datetime.min.time(), tzinfo=UTC)


CHRISTMAS = date.fromisocalendar(2030, 52, 1)


def test_taken_away_when_the_last_day_is_over_long_enough(project: Project) -> None:
    make_two_weeks(project)

    weeks.drop_old(end_of(CHRISTMAS, 100) - DAY, 100)
    assert attached("events_event", 2030) == ["events_event_2030w52"]
    weeks.drop_old(end_of(CHRISTMAS, 100), 100)

    assert (tables(2030), attached("events_event", 2031)) == ([], ["events_event_2031w01"])
    assert Event.objects.get().seen_at == datetime(2030, 12, 31, tzinfo=UTC)
    assert EventId.objects.get().day == date(2030, 12, 31)


def test_ids_stay_as_long_as_they_are_recognised(project: Project) -> None:
    make_two_weeks(project)

    weeks.drop_old(end_of(CHRISTMAS, 30), 30)
    assert tables(2030) == ["events_eventid_2030w52"]
    weeks.drop_old(end_of(CHRISTMAS, 90), 30)
    assert tables(2030) == ["events_eventid_2030w52"]
    weeks.drop_old(end_of(CHRISTMAS, 91), 30)

    assert tables(2030) == []


def test_ids_without_a_day_go_by_the_age_of_the_event(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weeks, "STEP", 2)
    long_ago = date(1999, 1, 1)
    for days in (99, 100, 101):
        arrive(project, at=NOW - days * DAY, day=long_ago)
    arrive(project, at=NOW - 97 * DAY, day=long_ago)
    assert [kept.day for kept in EventId.objects.all()] == [weeks.NO_DAY] * 4

    weeks.drop_old(NOW, 90)

    assert [kept.seen_at for kept in EventId.objects.all()] == [NOW - 97 * DAY]


@pytest.mark.parametrize("who", ["reader", "writer"])
def test_taken_away_while_others_read_and_write(
    who: str, request: pytest.FixtureRequest, project: Project, session: Session
) -> None:
    """It waits for who is there; nobody waits for it."""
    make_two_weeks(project)
    other: Foreign = request.getfixturevalue(who)

    dropping = session.start(lambda: weeks.drop_old(end_of(CHRISTMAS, 100), 100))
    wait_until_it_waits(session)
    dont_wait()
    arrive(project, at=datetime(2031, 1, 1, tzinfo=UTC))
    assert Event.objects.count() >= 2
    weeks.make_ahead(YEARS_LATER)
    other.commit()
    dropping.result(60)

    assert tables(2030) == []


def wait_until_it_waits(session: Session) -> None:
    wait_until(lambda: waits_for_a_lock(session.pid))


def waits_for_a_lock(pid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", [pid])
        return bool(cursor.fetchone()[0])


def test_taken_away_by_one_at_a_time(project: Project, reader: Foreign, session: Session) -> None:
    make_two_weeks(project)
    reader.run("SELECT count(*) FROM events_event")

    dropping = session.start(lambda: weeks.drop_old(end_of(CHRISTMAS, 100), 100))
    wait_until_it_waits(session)
    weeks.drop_old(end_of(CHRISTMAS, 100), 100)

    assert "events_event_2030w52" in tables(2030)
    reader.commit()
    dropping.result(60)
    assert tables(2030) == []


def drop_and_be_interrupted() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '300ms'")
        try:
            weeks.drop_old(end_of(CHRISTMAS, 100), 100)
        finally:
            cursor.execute("RESET statement_timeout")


def test_taken_away_to_the_end_when_that_was_interrupted_half_way(project: Project, reader: Foreign) -> None:
    make_two_weeks(project)
    reader.run("SELECT count(*) FROM events_event")
    with pytest.raises(OperationalError, match="statement timeout"):
        drop_and_be_interrupted()
    assert half_detached() == ["events_event_2030w52"]
    weeks.make_ahead(YEARS_LATER)  # nor is anybody else stopped by what is left
    arrive(project, at=datetime(2031, 1, 1, tzinfo=UTC))
    reader.commit()

    weeks.drop_old(end_of(CHRISTMAS, 100), 100)

    assert (tables(2030), half_detached()) == ([], [])


def half_detached() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhdetachpending")
        return [name for (name,) in cursor.fetchall()]


def test_taken_away_when_it_was_detached_and_not_dropped(project: Project) -> None:
    make_two_weeks(project)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE events_event DETACH PARTITION events_event_2030w52")

    weeks.drop_old(end_of(CHRISTMAS, 100) - DAY, 100)
    assert "events_event_2030w52" in tables(2030)
    weeks.drop_old(end_of(CHRISTMAS, 100), 100)

    assert tables(2030) == []


def test_taken_away_at_another_time_where_that_would_stop_who_reads(
    project: Project, reader: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Citus takes no CONCURRENTLY: who comes while this waits would wait behind it."""
    monkeypatch.setattr(citus, "is_spread", lambda: True)
    make_two_weeks(project)
    reader.run("SELECT count(*) FROM events_event")

    weeks.drop_old(end_of(CHRISTMAS, 91), 90)
    assert attached("events_event", 2030) == ["events_event_2030w52"]
    reader.commit()
    weeks.drop_old(end_of(CHRISTMAS, 91), 90)

    assert (tables(2030), attached("events_event", 2031)) == ([], ["events_event_2031w01"])


def test_leave_alone_what_is_no_week(project: Project) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE events_event_2030w01_copy ()")
    try:
        weeks.drop_old(YEARS_LATER, 90)

        assert tables(2030) == ["events_event_2030w01_copy"]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE events_event_2030w01_copy")
