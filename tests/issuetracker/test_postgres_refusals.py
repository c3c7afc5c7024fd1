"""The embedded PostgreSQL: what is wrong is said in one sentence."""

import errno
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db.utils import OperationalError

from benchmarks.serving import database_url
from issuetracker.postgres import binaries
from issuetracker.postgres.account import Account
from projects.database.failures import DatabaseAway, refusal_of
from tests.clusters import empty, folder, manage, migrated, servers
from tests.issuetracker.programs import BACKEND_ONLY, STAY, Program, refusal


def runs_its_version(account: Account, folder: Path) -> str:
    return binaries.version(folder)


def spawned(account: Account, folder: Path) -> int:
    return account.spawn(folder / "postgres", log=folder / "log")


@pytest.fixture
def data() -> Iterator[Path]:
    with folder("data") as path:
        yield path


def test_refuses_data_of_another_version_in_one_sentence(data: Path) -> None:
    empty(data)
    (data / "cluster" / "PG_VERSION").write_text("12\n")

    sentence = refusal(data)

    assert sentence.startswith(f"The data in {data}/cluster was written by PostgreSQL 12, but the programs in ")
    assert sentence.endswith(
        " are version 18: set PG_BINDIR to a bin folder of version 12. To move to version 18, "
        "run manage.py backup FILE with that, and without it manage.py restore FILE with DATA_DIR set to a new folder."
    )
    assert (data / "cluster" / "PG_VERSION").read_text() == "12\n"


def crash(data: Path) -> None:
    """Kill the server of a folder, and wait until it is gone."""
    (server,) = servers(data)
    os.kill(server, signal.SIGKILL)
    while servers(data):
        time.sleep(0.02)


def test_says_so_to_who_runs_already_as_of_a_database_that_is_away(data: Path) -> None:
    """Its programs are of another version by now, say. To a request that is a 503, not a bug."""
    program = Program(
        data,
        STAY
        + """
from django.db import OperationalError
connection.close()
for _ in range(2):
    try:
        say(ask("SELECT 'back'"))
    except OperationalError as error:
        say(error)
    sys.stdin.readline()
""",
    )
    assert program.hears() == "ready"
    version = (data / "cluster" / "PG_VERSION").read_text()
    (data / "cluster" / "PG_VERSION").write_text("12\n")
    crash(data)
    program.go_on()

    assert program.hears().startswith(f"The data in {data}/cluster was written by PostgreSQL 12, but ")

    (data / "cluster" / "PG_VERSION").write_text(version)
    program.go_on()
    assert program.hears() == "back"
    assert program.ends() == ""


def test_makes_no_other_in_place_of_one_that_is_gone_under_it(data: Path) -> None:
    """Its disk is not mounted any more, say. An empty one would take its place, and stay there when it is back."""
    begins_another = f"""
import subprocess
other = {BACKEND_ONLY!r} + "say(ask('SELECT 1'))"
connection.close()
for _ in range(2):
    say(subprocess.run([sys.executable, "-c", other], capture_output=True, text=True).stdout.strip() or "refused")
    try:
        say(ask("SELECT 'back'"))
    except Exception as error:
        say(type(error).__name__, error)
    sys.stdin.readline()
"""
    program = Program(data, STAY + begins_another)
    assert program.hears() == "ready"
    (data / "cluster").rename(data / "elsewhere")
    crash(data)
    program.go_on()

    assert program.hears() == "refused"  # what it has begun: a counter that is started again
    assert program.hears().startswith(f"OperationalError The database that was in {data} is gone: bring it back")
    assert not (data / "cluster").exists()

    (data / "elsewhere").rename(data / "cluster")
    program.go_on()
    assert [program.hears(), program.hears()] == ["1", "back"]
    assert program.ends() == ""


def test_refuses_a_bin_folder_without_programs_in_one_sentence(data: Path) -> None:
    assert refusal(data, PG_BINDIR="/usr") == (
        "PG_BINDIR is /usr, but no initdb is there: name a bin folder of PostgreSQL."
    )


def test_refuses_a_data_folder_that_is_a_file_in_one_sentence(data: Path) -> None:
    data.write_text("")

    assert refusal(data) == (
        f"The data folder {data} can't be made (File exists): set DATA_DIR to a folder of your own."
    )


if os.geteuid() == 0:  # nobody else becomes another OS user

    def test_refuses_root_a_folder_closed_to_the_user_that_it_becomes() -> None:
        with folder("data") as data:
            data.parent.chmod(0o700)

            assert refusal(data).endswith(
                f", who can't enter {data}: set DATA_DIR to a folder that is open to it, such as "
                "/var/lib/issuetracker, or set DATABASE_URL."
            )


@pytest.mark.parametrize("start", [Account.reaches, Account.run, runs_its_version, spawned])
def test_says_that_no_other_process_can_be_had_and_blames_no_setting(
    start: Callable[[Account, Path], object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*command: Any, **how: Any) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr("subprocess.Popen", refuse)

    with pytest.raises(OperationalError) as caught:
        start(Account(os.geteuid(), os.getegid()), tmp_path)

    assert str(caught.value) == "PostgreSQL can't be started just now (Resource temporarily unavailable)."
    assert isinstance(refusal_of(caught.value), DatabaseAway)  # 503, and not a bug


# The latest migration of issues was not done, nor was the column there that the check needs.
OLDER = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute(
        "ALTER TABLE issues_mutation DROP COLUMN changed;"
        "DELETE FROM django_migrations WHERE name = (SELECT max(name) FROM django_migrations WHERE app = 'issues')"
    )
"""


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (
            "postgresql://me:s3cret@127.0.0.1:1/issues",
            "The database that DATABASE_URL names can't be used: "
            'connection to server at "127.0.0.1", port 1 failed: Connection refused',
        ),
        (
            "mysql://me:s3cret@127.0.0.1/issues",
            "DATABASE_URL names no PostgreSQL database; write it as postgresql://user:password@host:5432/name.",
        ),
        (
            "postgresql://me:s3/cret@127.0.0.1/issues",
            "DATABASE_URL can't be read; write it as postgresql://user:password@host:5432/name.",
        ),
        (
            "postgresql://me:s3cret@127.0.0.1:1/issues?sslmod=require",
            'DATABASE_URL can\'t be read (invalid dsn: invalid connection option "sslmod"); '
            "write it as postgresql://user:password@host:5432/name.",
        ),
    ],
)
def test_answers_a_wrong_url_in_one_sentence(data: Path, url: str, sentence: str) -> None:
    done = manage(data, "migrate", DATABASE_URL=url)

    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{sentence}\n")
    assert not data.exists()


def test_answers_a_command_that_needs_tables_before_there_are_any_in_one_sentence(data: Path) -> None:
    empty(data)

    done = manage(data, "seed_projects", DATABASE_URL="")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The embedded database lacks what this needs; run: manage.py migrate\n"
    assert servers(data) == []


def test_answers_a_command_on_a_database_of_an_older_version_in_one_sentence(data: Path) -> None:
    """As a restore of an older dump leaves it, which says that migrate comes next."""
    migrated(data)
    manage(data, "shell", "-v0", "-c", OLDER, DATABASE_URL="")

    done = manage(data, "check_integrity", DATABASE_URL="")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The embedded database lacks what this needs; run: manage.py migrate\n"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        pytest.param("role=pg_monitor", "permission denied for table django_migrations", id="of others"),
        pytest.param(
            "default_transaction_read_only=on", "cannot execute INSERT in a read-only transaction", id="fixed"
        ),
    ],
)
def test_answers_a_command_that_may_not_change_the_database_in_one_sentence(
    data: Path, options: str, sentence: str
) -> None:
    """The tables are another role's; the server is a standby by now, or somebody has closed it for writing."""
    create = ("create_organization", "--organization", "late")

    done = manage(data, *create, DATABASE_URL=database_url(), PGOPTIONS=f"-c {options}")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"The database that DATABASE_URL names can't be used: {sentence}\n"
