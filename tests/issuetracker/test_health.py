"""Health ...: what load balancers ask, by the address of the process and without a credential."""

import json
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.test.utils import CaptureQueriesContext

from issuetracker import health, postgres
from issuetracker.health import NotReady, ask, check
from tests.clusters import migrated
from tests.site import serving_site, wait_until

AWAY = "The database is not available just now. Try again."
NEWER = (
    "A newer version has migrated the database: it has {}, which this version doesn't know. "
    "Run the newer version; or restore a backup of before into an empty database."
)


@pytest.fixture
def silent_database() -> Iterator[dict[str, Any]]:
    """What takes connections, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield {"host": "127.0.0.1", "port": listener.getsockname()[1], "dbname": "silent"}


@pytest.fixture
def no_database() -> dict[str, Any]:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return {"host": "127.0.0.1", "port": closed.getsockname()[1], "dbname": "none"}


@pytest.fixture
def folder_for_everyone(db: None) -> Iterator[Path]:
    # Not tmp_path: it is closed to the OS user that PostgreSQL runs as when the tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="health-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def use(database: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let readiness ask there; what Django itself has is out of its reach then."""
    monkeypatch.setattr(postgres, "is_embedded", lambda: False)
    monkeypatch.setattr(connection, "get_connection_params", lambda: database)
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.3)


@pytest.mark.parametrize("host", ["localhost", "10.1.2.3", "[::1]:8000", "not a host"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_says_that_it_is_alive_whatever_it_is_called(client: Client, host: str, method: str) -> None:
    response = client.generic(method, "/healthz", headers={"Host": host})

    assert response.status_code == 200
    assert response.content == (b'{"status": "alive"}' if method == "GET" else b"")
    assert response.headers["Content-Length"] == "19"
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"


def test_touches_nothing_to_say_that_it_is_alive(client: Client) -> None:
    # Without the mark django_db, pytest-django refuses any use of the database.
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
@pytest.mark.django_db
def test_takes_no_other_method(client: Client, settings: Any, path: str) -> None:
    settings.METRICS_TOKEN = "0123456789abcdefghij"

    assert client.post(path).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["localhost", "10.1.2.3"])
def test_says_that_it_is_ready_whatever_it_is_called(client: Client, host: str) -> None:
    response = client.get("/readyz", headers={"Host": host})

    assert (response.status_code, response.content) == (200, b'{"status": "ready"}')


@pytest.mark.django_db(transaction=True)
def test_is_not_ready_until_every_migration_is_applied() -> None:
    recorder = MigrationRecorder(connection)
    for name in ("0001_initial", "0002_search_text"):
        recorder.record_unapplied("issues", name)
    try:
        with pytest.raises(NotReady, match=r"^The database lacks 2 of the migrations; run: manage\.py migrate$"):
            check()

        recorder.record_applied("issues", "0001_initial")
        with pytest.raises(NotReady, match=r"^The database lacks 1 of the migrations; run: manage\.py migrate$"):
            check()
    finally:
        recorder.record_applied("issues", "0001_initial")
        recorder.record_applied("issues", "0002_search_text")

    check()


@pytest.mark.django_db(transaction=True)
def test_is_not_ready_when_a_newer_version_has_migrated_the_database(client: Client) -> None:
    recorder = MigrationRecorder(connection)
    assert client.get("/readyz").status_code == 200
    recorder.record_applied("issues", "9999_later")
    try:
        response = client.get("/readyz")
    finally:
        recorder.record_unapplied("issues", "9999_later")

    assert (response.status_code, response.json()) == (503, {"detail": NEWER.format("issues.9999_later")})


@pytest.mark.django_db
def test_is_not_ready_where_nothing_can_be_written(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c default_transaction_read_only=on")  # as a standby has it, which is not asked

    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (503, {"detail": health.READ_ONLY})


@pytest.mark.django_db
def test_leaves_djangos_connection_alone(client: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/readyz").status_code == 200

    assert len(queries) == 0


@pytest.mark.django_db
def test_is_not_ready_on_a_database_that_was_never_migrated() -> None:
    with pytest.raises(NotReady, match=r"^The database lacks all of the migrations; run: manage\.py migrate$"):
        ask("SELECT app, name FROM no_such_table")


@pytest.mark.django_db
def test_gives_up_on_a_database_that_hangs(
    client: Client, silent_database: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    use(silent_database, monkeypatch)
    started = time.monotonic()

    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (503, {"detail": AWAY})
    assert time.monotonic() - started >= 0.3
    assert "Not ready: The database did not answer within 0.3 seconds." in caplog.messages


@pytest.mark.django_db
def test_gives_up_on_a_statement_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.3)
    started = time.monotonic()

    with pytest.raises(NotReady):
        ask("SELECT pg_sleep(10)")  # which would be answered, if it were waited for

    assert time.monotonic() - started >= 0.3


@pytest.mark.django_db
def test_keeps_to_the_log_where_the_database_is(
    client: Client, no_database: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    use(no_database, monkeypatch)

    response = client.get("/readyz")

    assert (response.status_code, json.loads(response.content)) == (503, {"detail": AWAY})
    assert any(message.startswith("Not ready: ") and "Connection refused" in message for message in caplog.messages)


def test_is_there_again_when_the_embedded_database_has_crashed_without_a_request_that_starts_it(
    folder_for_everyone: Path,
) -> None:
    data = folder_for_everyone / "data"
    migrated(data)
    with serving_site(folder_for_everyone / "log", DATABASE_URL="", DATA_DIR=str(data), WEB_WORKERS="1") as site:
        postmaster = int((data / "cluster" / "postmaster.pid").read_text().split()[0])
        assert site.send("GET", "/readyz").status == 200

        os.kill(postmaster, signal.SIGSTOP)
        started = time.monotonic()
        hanging = site.send("GET", "/readyz")
        assert (hanging.status, json.loads(hanging.body)) == (503, {"detail": AWAY})
        assert time.monotonic() - started < health.PATIENCE_SECONDS + 20

        os.kill(postmaster, signal.SIGKILL)
        wait_until(lambda: site.send("GET", "/readyz").status == 503)
        wait_until(lambda: site.send("GET", "/readyz").status == 200)


def test_is_there_again_when_the_embedded_database_was_asked_to_end_and_waits_for_the_connections_of_this_server(
    folder_for_everyone: Path,
) -> None:
    data = folder_for_everyone / "data"
    migrated(data)
    with serving_site(folder_for_everyone / "log", DATABASE_URL="", DATA_DIR=str(data), WEB_WORKERS="1") as site:
        wait_until(lambda: site.send("GET", "/readyz").status == 200)
        # Its thread has looked for the key, and keeps the connection.
        nobody = {"Authorization": f"Bearer sntryu_{'0' * 64}"}
        assert site.send("GET", "/api/0/organizations/", headers=nobody).status == 401
        os.kill(int((data / "cluster" / "postmaster.pid").read_text().split()[0]), signal.SIGTERM)

        wait_until(lambda: site.send("GET", "/readyz").status == 503)
        wait_until(lambda: site.send("GET", "/readyz").status == 200)
