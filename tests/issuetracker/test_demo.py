"""`manage.py demo`, twice on the same data folder, as a person at a terminal meets it; and what `serve` does alike."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, Request, build_opener

import pytest
from django.core.management import CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from issuetracker import postgres
from issuetracker.management.commands import serve
from tests.clients.sentry_cli import cells
from tests.clusters import folder, manage, migrated

ROOT = Path(__file__).resolve().parents[2]
LAST_LINE = "Ctrl-C ends it; the data stays for the next start.\n"
METRICS_TOKEN = "m" * 32
SENDS = re.compile(r"sentry_sdk\.init\(\)|^sentry-cli send-event")  # lines of the tour after which something is counted
OF_A_TRACEBACK = ("Traceback", "  File", "    ")  # the line itself is shown since Python 3.13
OF_THE_SDK = ("Sentry is attempting", "Waiting up to", "Press Ctrl-C")  # when a program ends before all is sent


class Start(NamedTuple):
    """One start of the demo, which has ended again."""

    told: str  # its standard output
    pasted: str  # what its curl printed
    admin: str  # the page that the admin shows to a browser that logged in at the first start
    code: int
    logged: str  # its standard error
    toured: list[tuple[str, str]]  # each line of the README's tour, and what it printed


class Demo:
    """Starts the demo on a data folder of its own, with nothing of the caller's settings."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.browser = build_opener(HTTPCookieProcessor(CookieJar()), ProxyHandler({}))

    def start(self, *, log_in: bool = False, tour: bool = False) -> Start:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "PG_BINDIR") if name in os.environ}
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env=kept
            | {"DATA_DIR": str(self.data), "PORT": str(self.port), "WEB_WORKERS": "1", "METRICS_TOKEN": METRICS_TOKEN},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        told = ""
        while not told.endswith(LAST_LINE):
            line = process.stdout.readline()
            assert line, f"the demo ended: {process.communicate()}"
            told += line
        try:
            curl = re.search(r"^  curl .*?id=2'$", told, re.MULTILINE | re.DOTALL)
            assert curl is not None
            environment = {"PATH": os.environ["PATH"]}  # no proxy
            pasted = subprocess.run(
                ["sh", "-c", curl[0]], env=environment, capture_output=True, text=True, check=True
            ).stdout
            admin = f"http://127.0.0.1:{self.port}/admin/"
            if log_in:
                user, password = re.findall(r"^  user (\w+), password (\S+)$", told, re.MULTILINE)[0]
                browse_log_in(self.browser, admin, user, password)
            page = self.browser.open(admin).read().decode()
            toured = walk(told, self.data) if tour else []
        finally:
            process.send_signal(signal.SIGINT)
            rest, logged = process.communicate(timeout=60)
        return Start(told + rest, pasted, page, process.returncode, logged, toured)


def lines_of_the_tour() -> list[str]:
    """Return what the README tells to type in "Try it"."""
    section = (ROOT / "README.md").read_text().split("## Try it\n")[1].split("\n## ")[0]
    return [line.removeprefix("$ ") for line in section.splitlines() if line.startswith("$ ")]


def walk(told: str, data: Path) -> list[tuple[str, str]]:
    """Type the lines of the tour into one shell, with the variables that the demo told; return what each printed."""
    exports = re.findall(r"^  (export .*)$", told, re.MULTILINE)
    url = re.search(r"SENTRY_URL=(\S+)/", told)
    assert url is not None
    lines = [line.replace("http://127.0.0.1:8000", url[1]) for line in lines_of_the_tour()]
    end = "-- end of a line --"
    waiting = f"curl -s -H 'Authorization: Bearer {METRICS_TOKEN}' {url[1]}/metrics"
    counted = f"for n in $(seq 300); do {waiting} | grep -q '^issuetracker_events_waiting 0' && break; sleep 0.1; done"
    typed = [f"{line}\n{counted if SENDS.search(line) else ''}\necho '{end}'" for line in lines]
    script = "\n".join([f"cd '{data}'", *exports, *typed])
    environment = {"PATH": os.environ["PATH"], "HOME": str(data), "NO_PROXY": "127.0.0.1"}
    ended = subprocess.run(["bash"], input=script, env=environment, capture_output=True, text=True, check=False)
    said = [line for line in ended.stderr.splitlines() if not line.startswith((*OF_A_TRACEBACK, *OF_THE_SDK))]
    assert (ended.returncode, said) == (0, ["ZeroDivisionError: division by zero"] * 4)
    return list(zip(lines, ended.stdout.split(f"{end}\n"), strict=False))


def browse_log_in(browser: OpenerDirector, admin: str, user: str, password: str) -> None:
    form = browser.open(f"{admin}login/").read().decode()
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form)[0]
    fields = {"csrfmiddlewaretoken": token, "username": user, "password": password, "next": "/admin/"}
    browser.open(Request(f"{admin}login/", urlencode(fields).encode())).read()


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    # Not tmp_path: it is closed to the OS user that PostgreSQL runs as when the tests run as root.
    parent = Path(tempfile.mkdtemp(prefix="demo-", dir="/tmp"))
    parent.chmod(0o711)
    yield Demo(parent / "with a space")
    shutil.rmtree(parent)


@pytest.fixture(scope="module")
def first(demo: Demo) -> Start:
    return demo.start(log_in=True)


@pytest.fixture(scope="module")
def second(demo: Demo, first: Start) -> Start:
    return demo.start(tour=True)


def test_prints_a_curl_that_answers_as_documented(first: Start, second: Start) -> None:
    for start in (first, second):
        assert start.pasted.startswith("HTTP/1.1 200 OK\n")
        assert start.pasted.endswith('\n\n{"status": "unresolved", "isPublic": false, "statusDetails": {}}')


def test_prints_a_login_for_the_admin(first: Start) -> None:
    assert "Log out" in first.admin


def test_keeps_sessions_over_a_restart(second: Start) -> None:
    assert "Log out" in second.admin


def test_prints_the_same_the_second_time_but_what_was_shown_once(first: Start, second: Start) -> None:
    once = re.findall(r"^Made just now, and shown this once:\n\n(?:  .*\n)*\n", first.told, re.MULTILINE)

    assert [len(re.findall(r"[0-9a-f]{32,64}", paragraph)) for paragraph in once] == [3]
    assert first.told.replace(once[0], "") == second.told


def test_every_line_of_the_readmes_tour_shows_something(second: Start) -> None:
    assert len(second.toured) == len(lines_of_the_tour())
    defined = [line for line, _ in second.toured if re.match(r"\w+(=|\(\) )", line)]
    changed = [(line, shown) for line, shown in second.toured if line.startswith("bulk ") and "# 412" not in line]
    listed = [(line, shown) for line, shown in second.toured if line.startswith("list ")]
    of_sentry_cli = [(line, shown) for line, shown in second.toured if line.startswith("sentry-cli ")]
    failing = [line for line, _ in second.toured if "sentry_sdk.init()" in line]
    guarded = [shown for line, shown in second.toured if "# 412" in line]
    undone = [shown for line, shown in second.toured if line.startswith("curl ")]

    kinds = [*defined, *changed, *listed, *of_sentry_cli, *failing, *guarded, *undone]
    assert len(kinds) == len(second.toured)
    assert [line for line, shown in changed if not re.search(r"^Issues-Changed: [1-9]", shown, re.MULTILINE)] == []
    assert [line for line, shown in listed if not json.loads(shown)] == []
    assert [line for line, shown in of_sentry_cli if not shown.strip()] == []
    assert [shown.splitlines()[0] for shown in guarded] == ["HTTP/1.1 412 Precondition Failed"]
    assert "24 issues match" in guarded[0]
    assert [json.loads(shown)["restored"] > 0 for shown in undone] == [True]


def test_an_error_of_the_tour_is_one_issue_and_comes_back(second: Start) -> None:
    shown = dict(second.toured)
    (thrice,) = [rows(shown[line]) for line in shown if "timesSeen:3" in line]
    (regressed,) = [rows(shown[line]) for line in shown if "is:regressed" in line]

    for found in (thrice, regressed):
        assert [(row[0], row[2], row[4]) for row in found] == [
            ("23", "ZeroDivisionError: division by zero", "unresolved")
        ]


def rows(printed: str) -> list[list[str]]:
    """Return the cells of a table of sentry-cli, without its heading."""
    return cells(printed)[1:]


def test_keeps_its_secrets_to_their_owner(demo: Demo, second: Start) -> None:
    path = demo.data / "secrets.json"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secrets = json.loads(path.read_text())
    assert re.fullmatch(r"[0-9a-f]{32}", secrets["api_key"])
    assert re.fullmatch(r"sntryu_[0-9a-f]{64}", secrets["token"])
    assert sorted(secrets) == ["admin_password", "api_key", "secret_key", "token"]
    assert [name for name in os.listdir(demo.data) if name.startswith("secrets")] == ["secrets.json"]


# All that a table is, but for the weeks of events, which come with the events.
TELL_TABLES = """
from django.db import connection
OF_OURS = "relation.relnamespace = 'public'::regnamespace AND NOT relation.relispartition"
with connection.cursor() as cursor:
    cursor.execute(f'''
        SELECT relname, concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, attidentity::text,
                                  pg_get_expr(adbin, adrelid)) AS what
        FROM pg_class AS relation
        JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
        LEFT JOIN pg_attrdef ON adrelid = relation.oid AND adnum = attnum
        WHERE {OF_OURS} AND relkind IN ('r', 'p')
        UNION ALL
        SELECT relname, concat_ws(' ', conname, pg_get_constraintdef(pg_constraint.oid))
        FROM pg_class AS relation JOIN pg_constraint ON conrelid = relation.oid WHERE {OF_OURS} AND conparentid = 0
        UNION ALL
        SELECT relname, pg_get_indexdef(indexrelid)
        FROM pg_class AS relation JOIN pg_index ON indrelid = relation.oid WHERE {OF_OURS}
        UNION ALL
        SELECT relname, pg_get_triggerdef(pg_trigger.oid)
        FROM pg_class AS relation JOIN pg_trigger ON tgrelid = relation.oid WHERE {OF_OURS} AND NOT tgisinternal
        ORDER BY relname, what
    ''')
    for row in cursor.fetchall():
        print(*row)
"""


def test_makes_the_tables_that_other_tests_have(demo: Demo, second: Start) -> None:
    """Who migrates for those takes a shorter way (tests/migrating.py)."""
    with folder("data") as data:
        migrated(data)
        made, taken_for_it = (
            manage(path, "shell", "-v0", "-c", TELL_TABLES, DATABASE_URL="") for path in (demo.data, data)
        )

    assert made.stdout.count("\n") > 500, made.stderr
    assert made.stdout.splitlines() == taken_for_it.stdout.splitlines()


def test_ends_at_ctrl_c_without_a_word_and_without_a_database_left(demo: Demo, first: Start, second: Start) -> None:
    for start in (first, second):
        lines = [json.loads(line) for line in start.logged.splitlines()]
        assert start.code == 0
        assert {line["logger"] for line in lines} == {"issues.mutations"}  # what was pasted, and the tour
    assert not (demo.data / "cluster" / "postmaster.pid").exists()


def test_leaves_secrets_alone_that_another_start_made_first(tmp_path: Path) -> None:
    serve.create(tmp_path / "secrets.json", "first")

    serve.create(tmp_path / "secrets.json", "second")

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("secrets.json", "first\n")]


def test_says_which_file_of_secrets_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "data_dir", lambda: tmp_path)
    (tmp_path / "secrets.json").write_text('{"api_key": ')

    with pytest.raises(CommandError, match=re.escape(f"The secrets in {tmp_path}/secrets.json can't be read")):
        serve.installation_secrets()


@pytest.mark.django_db
def test_serve_does_not_migrate_a_database_of_your_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "is_embedded", lambda: False)
    MigrationRecorder(connection).record_unapplied("sessions", "0001_initial")

    with pytest.raises(CommandError, match=r"^The database lacks 1 of the migrations; run: manage\.py migrate$"):
        serve.Command().prepare()
