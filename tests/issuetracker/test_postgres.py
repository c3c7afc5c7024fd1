"""The embedded PostgreSQL: real processes, in data folders of their own.

Most tests share one folder: each finds in it a database that no process uses, and leaves it so. What uses the database
are small programs that know nothing but the backend, so no app can be in the way.
"""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clusters import ROOT, empty, folder, servers
from tests.issuetracker.programs import STAY, Program, refusal, run


@pytest.fixture
def new() -> Iterator[Path]:
    """A data folder that is not there yet."""
    with folder("data") as path:
        yield path


@pytest.fixture(scope="module")
def shared() -> Iterator[Path]:
    with folder("data") as path:
        empty(path)
        yield path


@pytest.fixture
def data(shared: Path) -> Iterator[Path]:
    """A data folder with a database, which no process uses; nor does any after the test."""
    yield shared
    left = servers(shared)
    for pid in left:
        os.kill(pid, signal.SIGQUIT)
    while servers(shared):
        time.sleep(0.02)
    assert left == []


def owner(data: Path) -> dict[str, Any]:
    """Return the keywords that make a subprocess run as PostgreSQL's OS user."""
    found = (data / "cluster").stat()
    return {"user": found.st_uid, "group": found.st_gid} if os.geteuid() == 0 else {}


def test_syncs_folds_letters_and_opens_no_port(new: Path) -> None:
    program = Program(
        new,
        STAY + "say([ask(f'SHOW {name}') for name in ('fsync', 'listen_addresses')], ask(\"SELECT 'É' ILIKE 'é'\"))",
    )
    assert program.hears() == "ready"

    (server,) = servers(new)
    sockets = {
        os.readlink(link)[8:-1] for link in Path(f"/proc/{server}/fd").iterdir() if "socket:" in os.readlink(link)
    }
    listening = [
        line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()
    ]

    assert sockets
    assert not sockets & {columns[9] for columns in listening}
    assert stat.S_IMODE((new / "cluster").stat().st_mode) == 0o700
    assert program.ends() == "['on', ''] True"


def test_starts_nothing_before_the_first_connection(new: Path) -> None:
    run(new, "connection.ops.quote_name('x')")

    assert not new.exists()


def test_lets_racing_processes_share_one_server(new: Path) -> None:
    programs = [Program(new, STAY + "say(ask('SELECT pg_postmaster_start_time()::text'))") for _ in range(4)]

    assert [program.hears() for program in programs] == ["ready"] * 4
    assert len(servers(new)) == 1
    assert len({program.ends() for program in programs}) == 1
    assert servers(new) == []


def test_stops_with_the_last_one_out(data: Path) -> None:
    first, last = Program(data, STAY), Program(data, STAY + "say(ask('SELECT 2'))")
    assert (first.hears(), last.hears()) == ("ready", "ready")

    first.ends()

    assert len(servers(data)) == 1
    assert last.ends() == "2"
    assert servers(data) == []


def test_is_taken_over_when_its_starter_is_killed(data: Path) -> None:
    starter = Program(
        data, "ask('DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT generate_series(1, 1000)')" + STAY
    )
    starter.hears()

    starter.dies()

    assert len(servers(data)) == 1
    assert run(data, "say(ask('SELECT count(*) FROM kept'))") == "1000"
    assert servers(data) == []


def test_starts_again_on_the_same_data_after_a_kill_of_everything(data: Path) -> None:
    starter = Program(
        data, "ask('DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT generate_series(1, 1000)')" + STAY
    )
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


def test_that_waits_for_its_users_before_it_ends_is_ended_and_started_again(data: Path) -> None:
    # As by a plain `kill`: it takes nobody in, and waits for the connections that a service keeps for good.
    keeping, coming = Program(data, STAY), Program(data, STAY + "connection.close(); say(ask('SELECT 2'))")
    assert [keeping.hears(), coming.hears()] == ["ready", "ready"]
    (leaving,) = servers(data)

    os.kill(leaving, signal.SIGTERM)
    coming.go_on()

    assert coming.hears() == "2"
    assert servers(data) != [leaving]
    coming.ends()
    keeping.ends()
    assert servers(data) == []


def test_keeps_its_log_short_and_writes_no_statement_into_it(data: Path) -> None:
    log = data / "cluster" / "server.log"
    log.touch()
    os.truncate(log, 11 * 1024 * 1024)
    failing = "try: ask(\"SELECT 'a secret'::int\")\nexcept Exception: say('failed')"

    assert run(data, failing) == "failed"

    said = log.read_text()
    assert "invalid input syntax" in said
    assert "STATEMENT" not in said
    assert log.with_name("server.log.1").stat().st_size == 11 * 1024 * 1024


def test_ignores_a_pid_file_whose_number_is_another_process_by_now(data: Path) -> None:
    run(data, "ask('DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT generate_series(1, 1000)')")
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


def test_makes_no_empty_database_in_place_of_one_that_was_taken_away_under_it(data: Path) -> None:
    """It was renamed, to put another in its place for example. An empty one would be in the way of both."""
    asks_again = """
from django.db import OperationalError
try:
    ask("SELECT 1")
except OperationalError:
    connection.close()
try:
    say(ask("SELECT current_database()"))
except OperationalError as error:
    say(error)
"""
    server = Program(data, STAY + asks_again)
    server.hears()
    move = (
        "with connection._nodb_cursor() as cursor:\n"
        " cursor.execute(\"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'issuetracker'\")\n"
        " cursor.execute('ALTER DATABASE {} RENAME TO {}')"
    )
    run(data, move.format("issuetracker", "elsewhere"))

    other = Program(data, asks_again)  # a counter that is started again, say
    assert 'database "issuetracker" does not exist' in other.communicate(timeout=60)[0]
    assert 'database "issuetracker" does not exist' in server.ends()

    run(data, move.format("elsewhere", "issuetracker"))
    assert run(data, "say(ask('SELECT current_database()'))") == "issuetracker"


def test_is_made_in_a_folder_of_an_odd_name_whatever_the_mask() -> None:
    with folder("it's an odd, {long} name") as data:
        assert run(data / "below", "os.umask(0o077); say(ask('SELECT 2'))") == "2"
        assert run(data / "below", "say(ask('SELECT 3'))") == "3"
        assert servers(data) == []


def test_keeps_a_socket_that_lies_elsewhere_private() -> None:
    """As it does where the folder's name is too long for one."""
    with folder("long" * 30) as data:
        empty(data)
        program = Program(data, STAY + "say(connection.settings_dict['HOST'])")
        program.hears()
        said = program.ends()
        assert servers(data) == []
        socket_dir = Path(said)
        assert socket_dir.parent == Path("/tmp")
        assert not socket_dir.exists()

        socket_dir.mkdir(mode=0o755)
        try:
            assert refusal(data).startswith(f"{socket_dir} isn't a private folder of the OS user ")
        finally:
            socket_dir.rmdir()


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
