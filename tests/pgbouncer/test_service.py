"""`manage.py serve` behind a PgBouncer in transaction mode, all of it on two connections: requests, events, who counts
them, commands. Migrations and seeds have come through it, too (Service).
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg2
import pytest

from tests.clusters import ROOT
from tests.faults.senders import sending
from tests.faults.service import BUSY, LARGE, LOCK_SECONDS, PATIENCE, READ_SECONDS, Service, wait_until
from tests.pgbouncer.bouncer import PgBouncer
from tests.pgbouncer.conftest import CONNECTIONS, QUERY_WAIT_SECONDS

pytestmark = pytest.mark.pgbouncer

DATABASE = "issuetracker"

# What `backup` and `restore` call; these look for tables first.
DUMP = """
import os, sys
from pathlib import Path
os.environ["DJANGO_SETTINGS_MODULE"] = "issuetracker.settings"
import django; django.setup()
from django.db import connection
from issuetracker import postgres
try:
    getattr(postgres, sys.argv[1])(connection, Path(sys.argv[2]))
except postgres.DumpFailed as error:
    print(error)
"""

# What PgBouncer itself sets again for whoever has the connection next.
TRACKED = {"application_name", "client_encoding", "DateStyle", "standard_conforming_strings", "TimeZone"}
OF_ONE_TRANSACTION = {"transaction_isolation"}  # the next one begins with the default, wherever this is from
LEFT_BEHIND = """
    SELECT 'setting', name FROM pg_settings WHERE source = 'session'
    UNION ALL SELECT 'prepared', statement FROM pg_prepared_statements
    UNION ALL SELECT 'cursor', name FROM pg_cursors WHERE name <> ''
    UNION ALL SELECT 'channel', pg_listening_channels()
    UNION ALL SELECT 'temporary table', relname FROM pg_class WHERE relpersistence = 't'
    UNION ALL SELECT 'lock', objid::text FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
"""


def left_behind(bouncer: PgBouncer) -> dict[int, set[str]]:
    """Return what is found on each of the connections to PostgreSQL that would not be there on a new one."""
    connection = psycopg2.connect(**bouncer.address, user="anybody", dbname=DATABASE)
    connection.autocommit = True
    found: dict[int, set[str]] = {}
    try:
        with connection.cursor() as cursor:
            deadline = time.monotonic() + PATIENCE
            looks = 0
            # Each time on another one than the last, but for one that somebody is just working on.
            while looks < CONNECTIONS * 10 or (len(found) < CONNECTIONS and time.monotonic() < deadline):
                looks += 1
                cursor.execute(
                    f"SELECT pg_backend_pid(), array(SELECT one || ' ' || two FROM ({LEFT_BEHIND}) AS all_(one, two))"
                )
                pid, names = cursor.fetchone()
                found[pid] = set(names) - {f"setting {name}" for name in TRACKED | OF_ONE_TRANSACTION}
    finally:
        connection.close()
    return found


@contextmanager
def all_connections_taken(bouncer: PgBouncer) -> Iterator[None]:
    """Be in a transaction on each connection of PgBouncer's."""
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            deadline = time.monotonic() + 30
            while True:  # who else waits may have been first
                connection = psycopg2.connect(**bouncer.address, user="anybody", dbname=DATABASE)
                stack.callback(connection.close)
                try:
                    connection.cursor().execute("SELECT 1")
                    break
                except psycopg2.OperationalError:
                    assert time.monotonic() < deadline
        yield


def test_many_share_two_connections_and_leave_nothing_on_them(service: Service, bouncer: PgBouncer) -> None:
    with service.traffic(callers=6) as traffic, sending(service, LARGE) as sent:
        sent.wait_for_more(50)
        pool = bouncer.pool(DATABASE)
    sent.check()

    assert pool["pool_mode"] == "transaction"
    assert pool["cl_active"] + pool["cl_waiting"] > CONNECTIONS >= pool["sv_active"] + pool["sv_idle"] + pool["sv_used"]
    assert set(traffic.answers) <= {200, 201, 204}  # nobody had to try again
    assert sent.answers == {200}
    found = left_behind(bouncer)
    assert len(found) == CONNECTIONS
    assert set().union(*found.values()) == set()


@pytest.mark.parametrize("command", [["prune", "--once"], ["migrate"]], ids=" ".join)
def test_who_works_alone_gives_its_connection_back(service: Service, bouncer: PgBouncer, command: list[str]) -> None:
    before = left_behind(bouncer)
    service.manage(*command)
    assert left_behind(bouncer).keys() == before.keys()


def test_who_waits_for_a_lock_waits_no_longer_than_is_set(service: Service, bouncer: PgBouncer) -> None:
    one, two = service.ids_of(BUSY)[:2]
    with service.session() as ask:
        ask("SELECT FROM issues_issue WHERE id = %s FOR UPDATE", one)
        began = time.monotonic()
        held = service.put(BUSY, {"isPublic": True}, [one, two])
        waited = time.monotonic() - began
        free = service.put(BUSY, {"isPublic": True}, [two])

    assert held.status == 503
    assert held.is_try_again()
    assert LOCK_SECONDS <= waited < LOCK_SECONDS + 3
    assert free.status == 200
    assert service.put(BUSY, {"isPublic": False}, [one, two]).status == 200
    assert set().union(*left_behind(bouncer).values()) == set()


def test_who_reads_reads_no_longer_than_is_set(service: Service, bouncer: PgBouncer) -> None:
    with service.session() as ask:
        ask("LOCK TABLE issues_issue IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        answer = service.get(BUSY)
        waited = time.monotonic() - began

    assert answer.status == 503
    assert "took too long" in answer.body["detail"]
    assert READ_SECONDS <= waited < READ_SECONDS + 3
    assert service.get(BUSY).status == 200
    assert set().union(*left_behind(bouncer).values()) == set()


def test_a_large_change_has_no_time_out_of_a_read(service: Service, bouncer: PgBouncer) -> None:
    """A read with its limit may have been the one before on this connection."""
    with service.pausing("commit") as pause:
        change = service.put_in_background(LARGE, {"status": "resolved"})
        pause.wait()
        with service.session() as ask:
            ask("SELECT pg_sleep(%s)", READ_SECONDS + LOCK_SECONDS)
        pause.end()
        answer = change.result(60)

    assert answer.status == 200
    assert int(answer.headers["Issues-Changed"]) >= service.large


def test_with_no_connection_left_a_request_is_put_off(service: Service, bouncer: PgBouncer) -> None:
    with all_connections_taken(bouncer):
        began = time.monotonic()
        answer, ready = service.get(BUSY), service.request("GET", "/readyz")
        waited = time.monotonic() - began

    assert answer.status == 503
    assert answer.is_try_again()
    assert ready.status == 503
    assert QUERY_WAIT_SECONDS <= waited < QUERY_WAIT_SECONDS * 4
    wait_until(lambda: service.request("GET", "/readyz").status == 200, "the service is ready")
    assert service.get(BUSY).status == 200


def restart(bouncer: PgBouncer, service: Service) -> None:
    bouncer.stop()
    bouncer.start()


FAULTS: dict[str, Callable[[PgBouncer, Service], None]] = {
    "PgBouncer is restarted": restart,
    "its connections to PostgreSQL are cut": lambda bouncer, service: service.cut_connections(),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_goes_on_after(service: Service, bouncer: PgBouncer, fault: Callable[[PgBouncer, Service], None]) -> None:
    with service.traffic() as traffic, sending(service, LARGE) as sent:
        for _ in range(3):
            answered = traffic.answers[200]
            fault(bouncer, service)
            sent.wait_for_more()
            wait_until(lambda before=answered: traffic.answers[200] >= before + 3, "requests are answered")  # type: ignore[misc] # a default
    sent.check()


@pytest.mark.parametrize("command", ["write_dump", "read_dump"])
def test_is_no_way_for_programs_of_postgresql(service: Service, command: str, tmp_path: Path) -> None:
    program = "pg_dump" if command == "write_dump" else "pg_restore"
    done = subprocess.run(
        [sys.executable, "-c", DUMP, command, tmp_path / "file"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": service.url_of_database},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == (
        f"DATABASE_URL leads to a pooler, and what {program} sets on its session would be there for others. "
        "Set DATABASE_URL to the address of PostgreSQL itself for this command.\n"
    )
    assert not (tmp_path / "file").exists()
