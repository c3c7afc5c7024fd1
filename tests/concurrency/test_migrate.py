"""`manage.py migrate` is one at a time, and whoever comes second waits for as long as the first one lives."""

from collections.abc import Callable
from io import StringIO
from time import sleep

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from events.counting import counting
from issuetracker.management.commands.migrate import Command
from projects.database.migrated import MIGRATIONS, Migrating, hold_as_it_is
from projects.models import Project
from tests.concurrency.sessions import PATIENCE, Foreign, Session
from tests.events.counting.arriving import arrive, count, waiting
from tests.site import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def is_held() -> bool:
    """Return whether somebody migrates this database; other workers' tests are in others of the same cluster."""
    held = """
        SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE locktype = 'advisory' AND classid = %s AND datname = current_database()
    """
    with connection.cursor() as cursor:
        cursor.execute(held, [MIGRATIONS])
        return cursor.fetchone() is not None


def views_kept_by_others() -> int:
    """Return how many sessions keep a view of rows, for which building an index CONCURRENTLY would wait."""
    kept = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL
    """
    with connection.cursor() as cursor:
        cursor.execute(kept)
        count: int = cursor.fetchone()[0]
        return count


def waits_for_who_counts() -> int:
    """Return how many wait to migrate until nobody counts."""
    waits = """
        SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE locktype = 'advisory' AND classid = %s AND objid = 1 AND NOT granted AND datname = current_database()
    """
    with connection.cursor() as cursor:
        cursor.execute(waits, [MIGRATIONS])
        count: int = cursor.fetchone()[0]
        return count


@pytest.mark.parametrize("end", [Foreign.commit, Foreign.close], ids=["ends", "dies"])
def test_the_second_waits_until_the_first_ends_or_dies(
    foreign: Foreign, session: Session, end: Callable[[Foreign], None]
) -> None:
    said, told = StringIO(), StringIO()
    foreign.run("SELECT pg_advisory_xact_lock(%s, 0)", MIGRATIONS)

    waiting = session.start(lambda: call_command("migrate", stdout=said, stderr=told))
    wait_until(lambda: bool(told.getvalue()), seconds=PATIENCE)
    wait_until(lambda: views_kept_by_others() == 0, seconds=PATIENCE)
    assert told.getvalue() == "Another migrate is at work on this database; waiting for it.\n"
    assert said.getvalue() == ""
    end(foreign)

    waiting.result(PATIENCE)
    assert "No migrations to apply." in said.getvalue()


def test_nobody_counts_while_somebody_migrates(project: Project) -> None:
    """What is counted while a migration fills a new table would be missing there."""
    arrive(project, at=timezone.now())

    with Command().one_at_a_time("default"), pytest.raises(Migrating):
        counting.count_next(project.pk, now=timezone.now)

    assert waiting() == 1
    assert count(project) == 1


def test_who_migrates_waits_for_the_batch_that_is_being_counted(foreign: Foreign, session: Session) -> None:
    foreign.run("SELECT pg_try_advisory_xact_lock_shared(%s, 1)", MIGRATIONS)

    migrating = session.start(lambda: call_command("migrate", stdout=StringIO(), stderr=StringIO()))
    wait_until(lambda: waits_for_who_counts() == 1, seconds=PATIENCE)
    with transaction.atomic(), pytest.raises(Migrating):  # nor does another batch begin: they would never end
        hold_as_it_is(connection)
    assert not migrating.done()
    foreign.commit()

    migrating.result(PATIENCE)


def test_looking_waits_for_nobody(foreign: Foreign, session: Session) -> None:
    foreign.run("SELECT pg_advisory_xact_lock(%s, 0)", MIGRATIONS)

    for words in (["migrate", "--plan"], ["migrate", "--check"], ["showmigrations"]):
        session.do(lambda words=words: call_command(*words, stdout=StringIO()))  # type: ignore[misc] # a default has no type


def test_says_nothing_when_it_is_alone_and_leaves_no_lock(session: Session) -> None:
    said, told = StringIO(), StringIO()

    session.do(lambda: call_command("migrate", stdout=said, stderr=told))

    assert told.getvalue() == ""
    assert "No migrations to apply." in said.getvalue()
    wait_until(lambda: not is_held())  # PostgreSQL sees the end of a connection when it comes to it


def test_nobody_waits_for_who_migrates_whatever_isolation_is_usual_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Building an index CONCURRENTLY, in the same migration, would wait for it without end."""
    monkeypatch.setenv("PGOPTIONS", "-c default_transaction_isolation=repeatable\\ read")

    with Command().one_at_a_time("default"):
        assert is_held()
        assert views_kept_by_others() == 0


LIMITS = ["idle_in_transaction_session_timeout", "statement_timeout", "transaction_timeout"]  # the last one since 17


def test_who_migrates_for_long_keeps_the_lock_whatever_limits_are_usual_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_settings WHERE name = ANY(%s)", [LIMITS])
        usual = " ".join(f"-c {name}=200ms" for (name,) in cursor.fetchall())
    monkeypatch.setenv("PGOPTIONS", usual)

    with Command().one_at_a_time("default"):
        sleep(0.5)
        assert is_held()
