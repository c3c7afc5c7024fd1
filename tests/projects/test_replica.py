"""Whether a copy may answer, and what becomes of a statement that fails there. Nothing here is a replica."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, ProgrammingError, connections, transaction

from projects.database import replica, watching
from projects.database.reading import PRIMARY, connection, reading
from projects.database.replica import POSITION, Position, Why

pytestmark = pytest.mark.django_db(transaction=True)

COPY = "copy"
AT_THE_COPY = "SELECT current_setting('application_name')"

# Fails with this code at the copy, and does nothing at the primary.
FAIL = """
    DO $$ BEGIN
        IF current_setting('application_name') = 'copy' THEN RAISE EXCEPTION 'failed' USING ERRCODE = '{}'; END IF;
    END $$;
"""


@pytest.fixture
def copy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A second way to the same server, which is no copy, but can be told from the first."""
    monkeypatch.setattr(replica, "_turn", replica._Turn())
    copy = connections[COPY] = connections[PRIMARY].copy(alias=COPY)
    copy.settings_dict = copy.settings_dict | {"OPTIONS": {"application_name": COPY}}
    yield copy
    copy.close()
    del connections[COPY]


@pytest.fixture
def fit(copy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica, "may_answer", lambda alias: True)


def ask(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def counted(by: str, why: str) -> float:
    return float(replica.READS.labels(by, why)._value.get())


@pytest.mark.parametrize("code", ["40001", "40P01", "57P01", "53300"])
def test_sends_to_the_primary_what_the_copy_gave_up(fit: None, code: str) -> None:
    with reading(timeout=7, database=COPY):
        assert ask(AT_THE_COPY) == COPY
        assert ask(FAIL.format(code) + "SELECT 1") == 1
        assert ask(AT_THE_COPY) != COPY  # and so on to the end of the block

    assert replica.HANDED_OVER.labels(code)._value.get() >= 1


def test_sends_to_the_primary_what_was_lost_with_the_copy(fit: None) -> None:
    end = "SELECT pg_terminate_backend(pg_backend_pid()) WHERE current_setting('application_name') = 'copy'; SELECT 1"

    with reading(timeout=7, database=COPY):
        assert ask(end) == 1


def test_gives_up_a_copy_that_is_silent_for_longer_than_a_statement_may_take(
    fit: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "GRACE_SECONDS", -6.8)  # as if the server didn't end it by itself
    sleep = "SELECT pg_sleep(60) WHERE current_setting('application_name') = 'copy'; SELECT 1"

    with reading(timeout=7, database=COPY):
        assert ask(sleep) == 1


@pytest.mark.parametrize(("code", "error"), [("57014", OperationalError), ("42601", ProgrammingError)])
def test_sends_nowhere_what_would_fail_there_as_well(fit: None, code: str, error: type[Exception]) -> None:
    with reading(timeout=7, database=COPY):
        with pytest.raises(error):
            ask(FAIL.format(code) + "SELECT 1")
        assert ask(AT_THE_COPY) == COPY


def test_reads_from_no_server_that_is_no_replica(copy: Any, caplog: pytest.LogCaptureFixture) -> None:
    before = counted("primary", Why.NO_COPY), counted("primary", Why.LEFT_ALONE)

    for _ in range(3):
        with reading(timeout=7, database=COPY):
            assert ask(AT_THE_COPY) != COPY

    assert (counted("primary", Why.NO_COPY), counted("primary", Why.LEFT_ALONE)) == (before[0] + 1, before[1] + 2)
    assert len([message for message in caplog.messages if "not, or no longer, a replica" in message]) == 1


def test_knows_another_database_of_the_same_server(copy: Any) -> None:
    position = Position(*replica._of_primary(POSITION))
    copy.ensure_connection()
    assert replica._is_of_this_server(copy, position)
    copy.close()
    copy.settings_dict = copy.settings_dict | {"NAME": "postgres"}
    copy.ensure_connection()

    assert not replica._is_of_this_server(copy, position)


def test_counts_what_is_not_on_the_disk_where_commits_do_not_wait_for_it(django_user_model: Any) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
        before = ask("SELECT pg_current_wal_insert_lsn()::text")
        django_user_model.objects.create(username="jane")  # which nothing has put on the disk yet
        lsn, _ = replica._of_primary(POSITION)

        assert ask(f"SELECT '{lsn}'::pg_lsn > '{before}'::pg_lsn")


def test_asks_the_primary_when_that_does_not_say_how_far_it_is(copy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica, "POSITION", "SELECT 1 / 0")
    before = counted("primary", Why.UNKNOWN)

    with reading(timeout=7, database=COPY):
        assert ask(AT_THE_COPY) != COPY

    assert counted("primary", Why.UNKNOWN) == before + 1
