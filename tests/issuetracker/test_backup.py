"""`manage.py backup` and `restore`, as docs/backup.md tells people to use them."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from benchmarks.serving import database_url
from issuetracker import postgres
from issuetracker.integrity import INVARIANTS
from tests import prepared
from tests.clusters import ROOT, empty, folder, manage, migrated, servers
from tests.site import wait_until

SEED = """
from django.core.management import call_command
call_command("seed_projects")
call_command("seed_issues", verbosity=0, count=30, status="mixed")
"""
RESOLVE_ALL = """
from django.utils import timezone
from issues.mutation import AllIssues, IssueMutation, Resolve
from issues.services import bulk
from projects.acting import Act
from projects.callers import Caller
from projects.models import Project
project = Project.objects.get(slug="pump-station")
resolve = IssueMutation(status=Resolve(in_next_release=True))
bulk.mutate(AllIssues(project.pk), resolve, Act(by=Caller(), at=timezone.now(), lock_timeout=5))
"""


# One event is counted, one waits.
TAKE_IN = """
from django.core.management import call_command
from django.utils import timezone
from projects.models import Project
from tests.events.counting.arriving import arrive
project = Project.objects.get(slug="pump-station")
arrive(project, at=timezone.now())
call_command("count_events", once=True)
arrive(project, at=timezone.now())
"""
TELL_EVENTS = """
from django.db import connection
from events.models import Arrival, Event, EventId
tables = ("events_event", "events_eventid")
with connection.cursor() as cursor:
    for table in tables:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
        print(sorted(cursor.fetchall()))
for model in (Event, EventId, Arrival):
    for row in sorted(map(list, model.objects.values_list())):
        print([bytes(value) if isinstance(value, memoryview) else value for value in row])
"""


TIMES_SEEN = """
from projects.models import Project
from tests.events.counting.arriving import issue_of
print(issue_of(Project.objects.get(slug="pump-station")).times_seen)
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
    migrated(home / "data")
    run(home / "data", "shell", "-v0", "-c", SEED + RESOLVE_ALL + TAKE_IN)  # for which the database starts but once
    return home / "data"


@pytest.fixture(scope="module")
def dump(home: Path, data: Path) -> Path:
    file = home / "issues.dump"
    said = run(data, "backup", str(file))
    assert said == f"Wrote {file} ({file.stat().st_size:,} bytes).\n"
    return file


@pytest.fixture(scope="module")
def restored(home: Path, dump: Path) -> Path:
    """A new data folder with what the dump has, as documented."""
    data = home / "restored"
    said = run(data, "restore", str(dump))
    assert said == f"Restored {dump}. Next: manage.py migrate, then manage.py check_integrity\n"
    run(data, "migrate", "-v0")
    assert run(data, "check_integrity") == f"{len(INVARIANTS)} invariants hold.\n"
    return data


def test_a_backup_is_for_its_owner_only(dump: Path) -> None:
    assert stat.S_IMODE(dump.stat().st_mode) == 0o600


def test_a_restore_gives_every_row_back(data: Path, restored: Path) -> None:
    rows = run(restored, "dumpdata", "issues", "projects")
    assert rows.count('"issues.activity"') > 10
    assert rows == run(data, "dumpdata", "issues", "projects")


def test_a_restore_gives_events_back_in_their_weeks_and_they_go_on(data: Path, restored: Path) -> None:
    told = run(restored, "shell", "-v0", "-c", TELL_EVENTS)

    assert told == run(data, "shell", "-v0", "-c", TELL_EVENTS)
    assert told.count("events_event_2") > 8
    run(restored, "count_events", "--once")
    assert run(restored, "shell", "-v0", "-c", TIMES_SEEN) == "2\n"


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
    empty(restored)

    sentence = refusal(restored, "restore", str(cut))

    assert sentence.startswith(f"CommandError: {cut} can't be restored, and nothing was: pg_restore: error: ")
    run(restored, "restore", str(dump))  # which it would not if there was a table


# Restores a file as if the server was PostgreSQL 15: psql tells what it was given, pg_restore ends as it is told.
READ_BEFORE_17 = """
import sys
from pathlib import Path
from django.db import connection
from issuetracker.postgres import DumpFailed, binaries, read_dump
connection.ensure_connection()
connection.pg_version = 150_000
programs = binaries.find()
for name, line in {{"pg_restore": "{{}} \\"$@\\" && exit {end}", "psql": "tee -a $0.given | {{}} \\"$@\\""}}.items():
    (Path({folder!r}) / name).write_text("#!/bin/sh\\n" + line.format(programs / name) + "\\n")
    (Path({folder!r}) / name).chmod(0o755)
binaries.find = lambda: Path({folder!r})
try:
    read_dump(connection, {file!r})
except DumpFailed as error:
    print(error, connection.introspection.table_names())
"""


def test_a_server_before_17_is_restored_without_what_it_does_not_know(
    home: Path, data: Path, dump: Path, tmp_path: Path
) -> None:
    """It has no `transaction_timeout`, which pg_restore sets first of all, and whose refusal would undo all."""
    older = home / "older"
    empty(older)

    refused, done = (
        run(older, "shell", "-v0", "-c", READ_BEFORE_17.format(folder=str(tmp_path), file=str(dump), end=end))
        for end in (1, 0)
    )

    assert (refused, done) == ("pg_restore ended with 1. []\n", "")  # and there was no table
    assert run(older, "check_integrity") == f"{len(INVARIANTS)} invariants hold.\n"
    assert run(older, "shell", "-v0", "-c", TELL_EVENTS) == run(data, "shell", "-v0", "-c", TELL_EVENTS)
    given = (tmp_path / "psql.given").read_text()
    assert (given.count("SET statement_timeout = 0;"), given.count("SET transaction_timeout")) == (2, 0)


# As a table of PostgreSQL 15.20 is dumped by the programs that come along: with a number that no other server knows.
SET_A_NUMBER = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("ALTER TABLE projects_user ALTER COLUMN username SET (n_distinct = 1234567)")
"""
KEPT = "SELECT attoptions FROM pg_attribute WHERE attrelid = 'projects_user'::regclass AND attname = 'username'"
TELL_NUMBER = f"""
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("{KEPT}")
    print(cursor.fetchone())
"""


def test_what_the_server_of_before_kept_to_itself_is_left_out(home: Path, dump: Path) -> None:
    numbered = home / "numbered"
    run(numbered, "restore", str(dump))
    run(numbered, "shell", "-v0", "-c", SET_A_NUMBER)
    run(numbered, "backup", str(home / "numbered.dump"))
    written = (home / "numbered.dump").read_bytes()
    assert written.count(b"SET (n_distinct=1234567);") == 1
    (home / "numbered.dump").write_bytes(written.replace(b"(n_distinct=1234567)", b"(pg_attver=12345678)"))

    run(home / "unnumbered", "restore", str(home / "numbered.dump"))

    assert run(home / "unnumbered", "shell", "-v0", "-c", TELL_NUMBER) == "(None,)\n"
    assert run(home / "unnumbered", "check_integrity") == f"{len(INVARIANTS)} invariants hold.\n"
    assert run(home / "unnumbered", "shell", "-v0", "-c", TELL_EVENTS) == run(
        numbered, "shell", "-v0", "-c", TELL_EVENTS
    )


# As a role that may make tables, in a database in which somebody else has made the extension.
READ_AS_ANOTHER = """
import os
from django.db import connection
from issuetracker.postgres import read_dump
with connection.cursor() as cursor:
    cursor.execute("CREATE EXTENSION pg_trgm; CREATE ROLE plain; GRANT ALL ON SCHEMA public TO plain")
os.environ["PGOPTIONS"] = "-c role=plain"
read_dump(connection, {file!r})
"""


def test_what_somebody_else_made_in_an_empty_database_is_let_be(home: Path, data: Path, dump: Path) -> None:
    prepared_by_others = home / "prepared"
    empty(prepared_by_others)

    run(prepared_by_others, "shell", "-v0", "-c", READ_AS_ANOTHER.format(file=str(dump)))

    assert run(prepared_by_others, "check_integrity") == f"{len(INVARIANTS)} invariants hold.\n"
    assert run(prepared_by_others, "shell", "-v0", "-c", TELL_EVENTS) == run(data, "shell", "-v0", "-c", TELL_EVENTS)


def test_a_restore_of_no_file_says_so(data: Path, home: Path) -> None:
    assert refusal(data, "restore", str(home / "none")) == f"CommandError: There is no file {home / 'none'}."


def test_three_that_migrate_a_new_database_at_once_all_succeed(home: Path) -> None:
    data = home / "thrice"
    empty(data)
    environment = os.environ | {"DATA_DIR": str(data), "DATABASE_URL": ""}
    together = [prepared.Process("manage.py", "migrate", "-v0", environment=environment) for _ in range(3)]

    ends = [(process.communicate(timeout=120)[1], process.returncode) for process in together]

    assert {code for _, code in ends} == {0}
    assert {told for told, _ in ends} <= {"", "Another migrate is at work on this database; waiting for it.\n"}
    run(data, "migrate", "--check")


# ---------------------------------------------------------------------------------------------------------------------
# PostgreSQL's programs end when the command does, however that ends
# ---------------------------------------------------------------------------------------------------------------------

# Says who it is, and would stay.
STAYS = """#!/bin/sh
echo $$ > "$WHERE.new" && mv "$WHERE.new" "$WHERE"
exec sleep 600
"""
READS = """#!/bin/sh
exec cat > /dev/null
"""
READ = "from django.db import connection; from issuetracker.postgres import read_dump; read_dump(connection, 'x')"


@pytest.mark.django_db
@pytest.mark.parametrize("missing", ["pg_dump", "pg_restore"])
def test_a_program_that_is_missing_is_named(tmp_path: Path, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "initdb").touch()
    monkeypatch.setenv("PG_BINDIR", str(tmp_path))
    act = postgres.write_dump if missing == "pg_dump" else postgres.read_dump

    with pytest.raises(postgres.DumpFailed, match=rf"^There is no {missing} in {tmp_path}: set PG_BINDIR to a bin"):
        act(connection, tmp_path / "issues.dump")

    assert not (tmp_path / "issues.dump").exists()


def take_signals() -> None:
    """Take the signals that whoever runs the tests ignores, as nohup does: a command would ignore them, too."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("program", "by"),
    [
        ("pg_dump", signal.SIGKILL),
        ("pg_dump", signal.SIGTERM),
        ("pg_dump", signal.SIGINT),
        ("pg_restore", signal.SIGKILL),
        ("pg_restore", signal.SIGHUP),
    ],
)
def test_no_program_outlives_its_command(tmp_path: Path, program: str, by: signal.Signals) -> None:
    """Each program, and each signal, with real processes: both programs are run in one place."""
    where, file = tmp_path / "pid", tmp_path / "issues.dump"
    (tmp_path / "initdb").touch()
    for each in (program, "psql"):  # which reads what pg_restore writes, for a server before 17
        (tmp_path / each).write_text(STAYS if each == program else READS)
        (tmp_path / each).chmod(0o755)
    arguments = ["backup", str(file)] if program == "pg_dump" else ["shell", "-v0", "-c", READ]
    command = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url(), "PG_BINDIR": str(tmp_path), "WHERE": str(where)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=take_signals,
    )
    with command:
        try:
            wait_until(where.exists)
            pid = int(where.read_text())
            assert lives(pid)

            command.send_signal(by)

            _, told = command.communicate(timeout=60)
        finally:
            command.kill()  # which does nothing to one that has ended
    wait_until(lambda: not lives(pid))
    assert "Traceback" not in told
    assert command.returncode == (-by if by == signal.SIGKILL else 128 + by)
    assert by == signal.SIGKILL or not file.exists()
