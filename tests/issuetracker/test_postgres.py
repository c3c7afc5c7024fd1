"""The embedded PostgreSQL: real processes, each test with a data folder of its own.

What uses the database are small programs that know nothing but the backend, so no app can be in the way.
"""

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clusters import ROOT, folder, manage, servers

BACKEND_ONLY = f"""
import os, sys
from pathlib import Path
import django
from django.conf import settings
settings.configure(
    BASE_DIR=Path({str(ROOT)!r}), DATA_DIR=os.environ["DATA_DIR"], USE_TZ=True,
    DATABASES={{"default": {{"ENGINE": "issuetracker.postgres", "NAME": "issuetracker"}}}},
)
django.setup()
from django.db import connection

def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()[0][0] if cursor.description else None

def say(*words):
    print(*words, flush=True)
"""

STAY = """
ask("SELECT 1"); say("ready"); sys.stdin.readline()
"""


class Program(subprocess.Popen[str]):
    """A Python program that has the backend; a dialogue over its standard input and output."""

    def __init__(self, data: Path, body: str, **environment: str) -> None:
        super().__init__(
            [sys.executable, "-c", BACKEND_ONLY + body],
            cwd=ROOT,
            env=os.environ | {"DATA_DIR": str(data), "PYTHONWARNINGS": "error"} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def hears(self) -> str:
        """Return the next line that the program says; nothing when it has died, or had to be killed for its silence."""
        assert self.stdout
        silence = threading.Timer(60, self.kill)
        silence.start()
        try:
            return self.stdout.readline().strip()
        finally:
            silence.cancel()

    def ends(self) -> str:
        """Let the program go on to its end, which must be a good one; return the rest of what it said."""
        said, complaints = self.communicate("\n", timeout=60)
        assert (self.returncode, complaints) == (0, "")
        return said.strip()

    def dies(self) -> None:
        """Kill -9."""
        self.kill()
        self.communicate(timeout=60)


@pytest.fixture
def data() -> Iterator[Path]:
    with folder("data") as path:
        yield path


def owner(data: Path) -> dict[str, Any]:
    """Return the keywords that make a subprocess run as PostgreSQL's OS user."""
    found = (data / "cluster").stat()
    return {"user": found.st_uid, "group": found.st_gid} if os.geteuid() == 0 else {}


def run(data: Path, body: str, **environment: str) -> str:
    return Program(data, body, **environment).ends()


def refusal(data: Path, **environment: str) -> str:
    """Return the sentence with which a program is refused."""
    return run(
        data,
        """
from django.core.exceptions import ImproperlyConfigured
try:
    ask("SELECT 1")
except ImproperlyConfigured as error:
    say(error)
""",
        **environment,
    )


def test_syncs_folds_letters_and_opens_no_port(data: Path) -> None:
    program = Program(
        data,
        STAY + "say([ask(f'SHOW {name}') for name in ('fsync', 'listen_addresses')], ask(\"SELECT 'É' ILIKE 'é'\"))",
    )
    assert program.hears() == "ready"

    (server,) = servers(data)
    sockets = {
        os.readlink(link)[8:-1] for link in Path(f"/proc/{server}/fd").iterdir() if "socket:" in os.readlink(link)
    }
    listening = [
        line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()
    ]

    assert sockets
    assert not sockets & {columns[9] for columns in listening}
    assert stat.S_IMODE((data / "cluster").stat().st_mode) == 0o700
    assert program.ends() == "['on', ''] True"


def test_starts_nothing_before_the_first_connection(data: Path) -> None:
    run(data, "connection.ops.quote_name('x')")

    assert not data.exists()


def test_lets_racing_processes_share_one_server(data: Path) -> None:
    programs = [Program(data, STAY + "say(ask('SELECT pg_postmaster_start_time()::text'))") for _ in range(4)]

    assert [program.hears() for program in programs] == ["ready"] * 4
    assert len(servers(data)) == 1
    assert len({program.ends() for program in programs}) == 1
    assert servers(data) == []


def test_stops_with_the_last_one_out(data: Path) -> None:
    first, last = Program(data, STAY), Program(data, STAY + "say(ask('SELECT 2'))")
    assert (first.hears(), last.hears()) == ("ready", "ready")

    first.ends()

    assert len(servers(data)) == 1
    assert last.ends() == "2"
    assert servers(data) == []


def test_is_taken_over_when_its_starter_is_killed(data: Path) -> None:
    starter = Program(data, "ask('CREATE TABLE kept AS SELECT generate_series(1, 1000)')" + STAY)
    starter.hears()

    starter.dies()

    assert len(servers(data)) == 1
    assert run(data, "say(ask('SELECT count(*) FROM kept'))") == "1000"
    assert servers(data) == []


def test_starts_again_on_the_same_data_after_a_kill_of_everything(data: Path) -> None:
    starter = Program(data, "ask('CREATE TABLE kept AS SELECT generate_series(1, 1000)')" + STAY)
    starter.hears()

    starter.dies()
    os.kill(servers(data)[0], signal.SIGKILL)

    assert run(data, "say(ask('SELECT count(*) FROM kept'))") == "1000"
    assert servers(data) == []


def test_is_started_again_under_a_running_process(data: Path) -> None:
    program = Program(data, STAY + "connection.close(); say(ask('SELECT 2')); sys.stdin.readline()")
    program.hears()
    (crashed,) = servers(data)

    os.kill(crashed, signal.SIGKILL)
    assert program.stdin
    program.stdin.write("\n")
    program.stdin.flush()

    assert program.hears() == "2"
    assert servers(data) != [crashed]
    program.ends()
    assert servers(data) == []


def test_ignores_a_pid_file_whose_number_is_another_process_by_now(data: Path) -> None:
    run(data, "ask('CREATE TABLE kept AS SELECT generate_series(1, 1000)')")
    bystander = subprocess.Popen(["sleep", "60"], **owner(data))
    (data / "cluster" / "postmaster.pid").write_text(f"{bystander.pid}\n{data}/cluster\n1\n5432\n")

    assert run(data, "say(ask('SELECT count(*) FROM kept'))") == "1000"

    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_outlives_a_ctrl_c_until_its_users_are_done(data: Path) -> None:
    program = Program(
        data,
        """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs these tests may have it ignored
ask("SELECT 1")
try:
    say("ready"); signal.pause()
except KeyboardInterrupt:
    say(f"interrupted, and SELECT gives {ask('SELECT 2')}")
""",
    )
    assert program.hears() == "ready"

    os.killpg(program.pid, signal.SIGINT)

    assert program.hears() == "interrupted, and SELECT gives 2"
    program.ends()
    assert servers(data) == []


def test_is_kept_by_a_forked_child_after_its_parent(data: Path) -> None:
    said = run(
        data,
        """
import time
ask("SELECT 1"); connection.close()
is_ready, tell = os.pipe()
parent = os.getpid()
if os.fork() == 0:
    ask("SELECT 1"); os.write(tell, b".")
    while os.getppid() == parent: time.sleep(0.01)
    say(ask("SELECT 2")); sys.exit()
os.read(is_ready, 1)
""",
    )

    assert said == "2"
    assert servers(data) == []


def test_is_not_stopped_by_a_forked_child_that_never_used_it(data: Path) -> None:
    said = run(
        data,
        """
ask("SELECT 1")
if os.fork() == 0:
    connection.connection = None
    sys.exit()
os.wait()
say(ask("SELECT 2"))
""",
    )

    assert said == "2"
    assert servers(data) == []


def test_makes_test_databases_while_the_server_runs(data: Path) -> None:
    server = Program(data, STAY + "say(ask('SELECT current_database()'))")
    server.hears()

    said = run(
        data,
        """
connection.creation.create_test_db(verbosity=0)
say(ask("SELECT current_database()"))
connection.creation.destroy_test_db("issuetracker", verbosity=0)
""",
    )

    assert said == "test_issuetracker"
    assert server.ends() == "issuetracker"


def test_creates_its_database_again_when_that_was_dropped(data: Path) -> None:
    run(data, "with connection._nodb_cursor() as cursor: cursor.execute('DROP DATABASE IF EXISTS issuetracker')")

    assert run(data, "say(ask('SELECT current_database()'))") == "issuetracker"


@pytest.mark.parametrize("name", ["a folder with spaces", "it's, {odd}", "long" * 30])
def test_lives_in_a_folder_named(name: str) -> None:
    with folder(name) as data:
        assert run(data / "below", "os.umask(0o077); say(ask('SELECT 2'))") == "2"
        assert run(data / "below", "say(ask('SELECT 3'))") == "3"
        assert servers(data) == []


def test_keeps_a_socket_that_lies_elsewhere_private() -> None:
    with folder("long" * 30) as data:
        program = Program(data, STAY + "say(connection.settings_dict['HOST'])")
        program.hears()
        said = program.ends()
        socket_dir = Path(said)
        assert socket_dir.parent == Path("/tmp")
        assert not socket_dir.exists()

        socket_dir.mkdir(mode=0o755)
        try:
            assert refusal(data).startswith(f"{socket_dir} isn't a private folder of the OS user ")
        finally:
            socket_dir.rmdir()


def test_refuses_data_of_another_version_in_one_sentence(data: Path) -> None:
    run(data, "ask('SELECT 1')")
    (data / "cluster" / "PG_VERSION").write_text("12\n")

    sentence = refusal(data)

    assert sentence.startswith(f"The data in {data}/cluster was written by PostgreSQL 12, but the programs in ")
    assert sentence.endswith(
        " are version 18: set PG_BINDIR to a bin folder of version 12. To move to version 18, "
        "run manage.py backup FILE with that, and without it manage.py restore FILE with DATA_DIR set to a new folder."
    )
    assert (data / "cluster" / "PG_VERSION").read_text() == "12\n"


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
    done = manage(data, "seed_projects", DATABASE_URL="")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The embedded database lacks what this needs; run: manage.py migrate\n"
    assert servers(data) == []


def test_answers_a_command_on_a_database_of_an_older_version_in_one_sentence(data: Path) -> None:
    """As a restore of an older dump leaves it, which says that migrate comes next."""
    manage(data, "migrate", "issues", "0013", DATABASE_URL="")

    done = manage(data, "check_integrity", DATABASE_URL="")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The embedded database lacks what this needs; run: manage.py migrate\n"


def test_is_stopped_by_a_command_that_is_terminated(data: Path) -> None:
    script = "from django.db import connection; connection.ensure_connection(); print('ready', flush=True); input()"
    command = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-c", script],
        cwd=ROOT,
        env=os.environ | {"DATA_DIR": str(data), "DATABASE_URL": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert command.stdout
    assert "ready\n" in command.stdout  # shell says first what it imports

    command.terminate()
    command.communicate(timeout=60)

    assert command.returncode == 128 + signal.SIGTERM
    assert servers(data) == []
