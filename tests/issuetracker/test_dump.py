"""Programs of PostgreSQL don't run through a pooler (that of a real one is told apart in tests/pgbouncer), and say why
they end."""

from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from psycopg2.extensions import parse_dsn

from issuetracker.postgres import dump


class Pooled:
    """Django's connection, whose driver was greeted by somebody else than the session that answers."""

    def __init__(self, usual: Any, pid: int) -> None:
        self.connection = SimpleNamespace(get_backend_pid=lambda: pid)
        self.ensure_connection, self.cursor = usual.ensure_connection, usual.cursor
        self.settings_dict, self.pg_version = usual.settings_dict, usual.pg_version
        self.get_connection_params = usual.get_connection_params


@pytest.mark.django_db
def test_is_refused_through_a_pooler_before_anything_runs(tmp_path: Path) -> None:
    connection.ensure_connection()
    pid = connection.connection.get_backend_pid()

    assert not dump.is_pooled(Pooled(connection, pid))
    for refused in (dump.write_dump, dump.read_dump):
        with pytest.raises(dump.DumpFailed, match="DATABASE_URL leads to a pooler"):
            refused(Pooled(connection, pid + 1), tmp_path / "file")
    assert not (tmp_path / "file").exists()


@pytest.mark.django_db
def test_all_that_names_the_database_is_told_and_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name alone is that of another database, at the usual address."""
    connection.ensure_connection()
    words = {"host": "/run/it's here", "port": "1,5433", "dbname": "of two words", "user": "é", "sslmode": "prefer"}
    unsaid = {"password": "a secret", "cursor_factory": object, "client_encoding": "UTF8"}
    monkeypatch.setattr(connection, "get_connection_params", lambda: words | unsaid)

    command, environment = dump._prepare(connection, "pg_dump", "--dbname")

    assert command[1] == "--dbname"
    assert parse_dsn(str(command[2])) == words
    assert len(command) == 3
    assert environment["PGPASSWORD"] == "a secret"


@pytest.mark.django_db
@pytest.mark.parametrize("taken", [0, 3_000, 300_000])
def test_says_why_psql_ended_before_the_end(taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one does that finds no connection left; what was not sent by then is nobody's any more."""
    programs = {
        "psql": f"head -c {taken} > /dev/null; echo 'psql: error: no connection is left' >&2; exit 2",
        "pg_restore": "yes 'SELECT 1;' | head -c 1000000",
    }
    for name, script in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr("issuetracker.postgres.binaries.find", lambda: tmp_path)
    older = Pooled(connection, 0)
    older.pg_version = 150_000
    monkeypatch.setattr(dump, "is_pooled", lambda _: False)

    with pytest.raises(dump.DumpFailed, match=r"^psql: error: no connection is left$"):
        dump.read_dump(older, tmp_path / "file")


@pytest.mark.parametrize("knows_of_17", [False, True])
def test_only_statements_before_the_rows_are_left_out(knows_of_17: bool) -> None:
    number = b'ALTER TABLE ONLY public.told ALTER COLUMN "two words" SET (pg_attver=26555112);\n'
    others = b"ALTER TABLE ONLY public.told ALTER COLUMN id SET (n_distinct=5);\nCREATE TABLE public.told (id text);\n"
    rows = b"COPY public.told (id) FROM stdin;\n" + number + dump.UNKNOWN_BEFORE_17 + b"\\.\n"
    given = BytesIO()

    dump._copy(BytesIO(dump.UNKNOWN_BEFORE_17 + others + number + rows), given, knows_of_17=knows_of_17)

    assert given.getvalue() == (dump.UNKNOWN_BEFORE_17 if knows_of_17 else b"") + others + rows
