"""Programs of PostgreSQL don't run through a pooler; that of a real one is told apart in tests/pgbouncer."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from issuetracker.postgres import dump


class Pooled:
    """Django's connection, whose driver was greeted by somebody else than the session that answers."""

    def __init__(self, usual: Any, pid: int) -> None:
        self.connection = SimpleNamespace(get_backend_pid=lambda: pid)
        self.ensure_connection, self.cursor = usual.ensure_connection, usual.cursor
        self.settings_dict, self.pg_version = usual.settings_dict, usual.pg_version


@pytest.mark.django_db
def test_is_refused_through_a_pooler_before_anything_runs(tmp_path: Path) -> None:
    connection.ensure_connection()
    pid = connection.connection.get_backend_pid()

    assert not dump.is_pooled(Pooled(connection, pid))
    for refused in (dump.write_dump, dump.read_dump):
        with pytest.raises(dump.DumpFailed, match="DATABASE_URL leads to a pooler"):
            refused(Pooled(connection, pid + 1), tmp_path / "file")
    assert not (tmp_path / "file").exists()
