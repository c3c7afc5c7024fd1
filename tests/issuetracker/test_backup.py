"""`manage.py backup` and `restore`, as docs/backup.md tells people to use them."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from issues.integrity import INVARIANTS
from tests.clusters import folder, manage, servers

RESOLVE_ALL = """
from django.utils import timezone
from issues.mutation import IssueMutation, IssueScope, Resolve
from issues.services import bulk
from projects.callers import Caller
from projects.models import Project
project = Project.objects.get(slug="pump-station")
resolve = IssueMutation(status=Resolve(in_next_release=True))
bulk.mutate(IssueScope(project.pk), resolve, by=Caller(), at=timezone.now(), lock_timeout=5)
"""


def run(data: Path, *arguments: str) -> str:
    done = manage(data, *arguments, DATABASE_URL="", LOG_LEVEL="ERROR")
    assert (done.returncode, done.stderr) == (0, "")
    assert servers(data) == []
    return done.stdout


def refusal(data: Path, *arguments: str) -> str:
    done = manage(data, *arguments, DATABASE_URL="")
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr.strip()


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with folder("home") as path:
        path.mkdir()
        yield path


@pytest.fixture(scope="module")
def data(home: Path) -> Path:
    """A data folder with some issues and what happened to them."""
    run(home / "data", "migrate", "-v0")
    run(home / "data", "seed_projects")
    run(home / "data", "seed_issues", "-v0", "--count", "30", "--status", "mixed")
    run(home / "data", "shell", "-v0", "-c", RESOLVE_ALL)
    return home / "data"


@pytest.fixture(scope="module")
def dump(home: Path, data: Path) -> Path:
    file = home / "issues.dump"
    said = run(data, "backup", str(file))
    assert said == f"Wrote {file} ({file.stat().st_size:,} bytes).\n"
    return file


def test_a_backup_is_for_its_owner_only(dump: Path) -> None:
    assert stat.S_IMODE(dump.stat().st_mode) == 0o600


def test_a_restore_gives_every_row_back(home: Path, data: Path, dump: Path) -> None:
    restored = home / "restored"

    said = run(restored, "restore", str(dump))

    assert said == f"Restored {dump}. Next: manage.py migrate, then manage.py check_integrity\n"
    run(restored, "migrate", "-v0")
    assert run(restored, "check_integrity") == f"{len(INVARIANTS)} invariants hold.\n"
    rows = run(restored, "dumpdata", "issues", "projects")
    assert rows.count('"issues.activity"') > 10
    assert rows == run(data, "dumpdata", "issues", "projects")


def test_a_backup_replaces_no_file(data: Path, dump: Path) -> None:
    before = dump.read_bytes()

    assert refusal(data, "backup", str(dump)) == (
        f"CommandError: {dump} can't be written (File exists): name another file."
    )
    assert dump.read_bytes() == before


def test_a_restore_replaces_no_rows(data: Path, dump: Path) -> None:
    assert refusal(data, "restore", str(dump)) == (
        "CommandError: This database has tables already, and restore replaces nothing: "
        "set DATA_DIR to a new folder, or DATABASE_URL to an empty database."
    )


def test_a_restore_of_a_file_without_its_end_is_none(home: Path, dump: Path) -> None:
    cut = home / "cut.dump"
    cut.write_bytes(dump.read_bytes()[:-100])
    restored = home / "cut"

    sentence = refusal(restored, "restore", str(cut))

    assert sentence.startswith(f"CommandError: {cut} can't be restored, and nothing was: pg_restore: error: ")
    run(restored, "restore", str(dump))  # which it would not if there was a table


def test_a_restore_of_no_file_says_so(data: Path, home: Path) -> None:
    assert refusal(data, "restore", str(home / "none")) == f"CommandError: There is no file {home / 'none'}."
