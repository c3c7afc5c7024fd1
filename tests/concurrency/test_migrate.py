"""`manage.py migrate` is one at a time, and whoever comes second waits for as long as the first one lives."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from issuetracker.management.commands.migrate import MIGRATIONS, Command
from tests.concurrency.sessions import PATIENCE, Foreign, Session
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
