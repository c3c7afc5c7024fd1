"""The service as it runs for people: `manage.py serve`, with an embedded PostgreSQL that only this test can hurt."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psycopg2

from issuetracker.integrity import INVARIANTS
from tests.api_client import basic, bearer
from tests.clusters import ROOT, command_of, manage, migrated, servers

KEY = "5" * 32
JANE = "sntryu_" + "a" * 64
BUSY = "pump-station"  # where the traffic is
LARGE = "prime-mover"  # where the large mutation is
ISSUES = 1_000  # in LARGE
LOCK_SECONDS = 1
READ_SECONDS = 1
PATIENCE = 60  # seconds after which a test that hangs fails instead

# Who stands still has this lock until its transaction ends; nobody waits for it.
STANDING_STILL = "SELECT pid FROM pg_locks WHERE locktype = 'advisory'"


@dataclass(frozen=True, slots=True)
class Answer:
    """``status`` None: the connection was cut, or none was to be had."""

    status: int | None
    headers: dict[str, str]
    body: Any

    def is_try_again(self) -> bool:
        """Whether this is one of the two answers that a caller gets after a fault (contract 1.9)."""
        if self.status is None:
            return True
        return self.status == 503 and self.headers["Retry-After"] == "5" and list(self.body) == ["detail"]


class Service:
    """A server process with its workers, and its database in ``data``.

    With a ``url`` it and its commands reach that by DATABASE_URL, and somebody else keeps the database running.
    """

    def __init__(self, data: Path, *, workers: int = 1, issues: int = ISSUES, url: str = "") -> None:
        self.data = data
        self.large = issues
        self.url_of_database = url
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "PG_BINDIR") if name in os.environ}
        self.environment = kept | {
            "DATA_DIR": str(data),
            "DATABASE_URL": url,
            "WEB_WORKERS": str(workers),
            "WEB_THREADS": "8",
            "LOCK_TIMEOUT_SECONDS": str(LOCK_SECONDS),
            "READ_TIMEOUT_SECONDS": str(READ_SECONDS),
        }
        if url:
            self.manage("migrate", "-v0")
        else:
            migrated(data)
        self.manage("seed_projects", "--api-key", KEY, "--token", JANE)
        for project, count in ((BUSY, 30), (LARGE, issues)):
            self.manage(
                "seed_issues", "-v0", "--project", f"the-interstellar-jurisdiction/{project}", "--count", str(count)
            )
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.master = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(self.port)],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._logged = ThreadPoolExecutor(1).submit(self.master.communicate)  # else a full pipe would stop it
        wait_until(lambda: self.get(BUSY).status == 200, "the service answers")

    def stop(self) -> None:
        """End the server; with it goes the database, unless somebody else keeps it."""
        self.master.terminate()
        self._logged.result(PATIENCE + 30)
        assert self.master.returncode == 0
        assert self.url_of_database or servers(self.data.parent) == []

    def manage(self, *arguments: str) -> str:
        done = manage(self.data, *arguments, DATABASE_URL=self.url_of_database)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout

    # --- what can be hurt ---

    def workers(self) -> list[int]:
        """Return the workers' process ids; PostgreSQL may be a child of the master, too."""
        return self._children("serve")

    def counters(self) -> list[int]:
        """Return the process ids of who counts events."""
        return self._children("count_events")

    def _children(self, word: str) -> list[int]:
        children = Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children").read_text()
        return [int(pid) for pid in children.split() if word in command_of(int(pid))]

    def postmaster(self) -> int:
        (pid,) = servers(self.data.parent)
        return pid

    def kill_worker(self) -> None:
        for pid in self.workers():
            os.kill(pid, signal.SIGKILL)

    def kill_counter(self) -> None:
        for pid in self.counters():
            os.kill(pid, signal.SIGKILL)

    def kill_postgres(self) -> None:
        os.kill(self.postmaster(), signal.SIGKILL)

    def kill_backend(self) -> None:
        """Kill one of PostgreSQL's processes, after which it ends all others and recovers."""
        with self.session() as ask:
            (pid,) = ask("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")[0]
        os.kill(pid, signal.SIGKILL)

    def shut_postgres_down_at_once(self) -> None:
        os.kill(self.postmaster(), signal.SIGQUIT)  # an "immediate" shutdown

    def shut_postgres_down(self) -> None:
        os.kill(self.postmaster(), signal.SIGINT)  # a "fast" shutdown

    def cut_connections(self) -> None:
        with self.session() as ask:
            ask(
                """
                SELECT count(pg_terminate_backend(pid))
                FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
                """
            )

    # --- asking the database, past the service ---

    @contextmanager
    def session(self) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
        """A session that has nothing to do with the service; what it does is rolled back when it ends."""
        connection = psycopg2.connect(host=str(self.data / "cluster"), user="issuetracker", dbname="issuetracker")
        try:
            with connection.cursor() as cursor:

                def ask(sql: str, *params: Any) -> list[tuple[Any, ...]]:
                    cursor.execute(sql, params)
                    return cursor.fetchall() if cursor.description else []

                yield ask
        finally:
            connection.close()

    def ask(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        with self.session() as ask:
            rows = ask(sql, *params)
            ask("COMMIT")
            return rows

    def ids_of(self, project: str) -> list[int]:
        sql = "SELECT id FROM issues_issue WHERE project_id = (SELECT id FROM projects_project WHERE slug = %s)"
        return [pk for (pk,) in self.ask(f"{sql} ORDER BY id", project)]

    def broken(self) -> list[str]:
        """Return what `manage.py check_integrity` would complain about, at once."""
        with self.session() as ask:
            return [invariant.holds for invariant in INVARIANTS if ask(invariant.sql)]

    def large_state(self) -> tuple[list[tuple[Any, ...]], ...]:
        """Return what the large mutation would change: statuses, and how many activities and mutations there are."""
        of_project = "WHERE project_id = (SELECT id FROM projects_project WHERE slug = %s)"
        return (
            self.ask(f"SELECT status, count(*) FROM issues_issue {of_project} GROUP BY 1", LARGE),
            self.ask(f"SELECT count(*) FROM issues_activity {of_project}", LARGE),
            self.ask(f"SELECT count(*) FROM issues_mutation {of_project}", LARGE),
        )

    @contextmanager
    def pausing(self, moment: str) -> Iterator["Pause"]:
        """Let mutations of LARGE stand still when they come to this moment, until the end of the block at the latest.

        They have changed half of the issues (``"rows"``), or all with their history, and are about to commit
        (``"commit"``); or who counts events is about to (``"counted"``).
        """
        project, ids = self.ask("SELECT id FROM projects_project WHERE slug = %s", LARGE)[0][0], self.ids_of(LARGE)
        table, when, row = {
            "rows": ("issues_issue", "BEFORE UPDATE", f"NEW.id = {ids[len(ids) // 2]}"),
            "commit": ("issues_mutation", "AFTER INSERT", f"NEW.project_id = {project}"),
            "counted": ("issues_issueenvironment", "AFTER INSERT OR UPDATE", f"NEW.project_id = {project}"),
        }[moment]
        self.ask(
            f"""
            CREATE TABLE paused AS SELECT;
            CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    PERFORM pg_advisory_xact_lock_shared(1);
                    WHILE EXISTS (SELECT FROM paused) LOOP PERFORM pg_sleep(0.2); END LOOP;
                    RETURN NEW;
                END
            $$;
            CREATE TRIGGER pause {when} ON {table} FOR EACH ROW WHEN ({row}) EXECUTE FUNCTION pause();
            """
        )
        pause = Pause(self)
        try:
            yield pause
        finally:
            wait_until(lambda: self.get(BUSY).status == 200, "the service answers again")
            pause.end()
            # The traffic, too, waits for who waits for the table.
            self.ask(f"SET lock_timeout = '{PATIENCE}s'; DROP FUNCTION pause() CASCADE; DROP TABLE paused")

    # --- asking the service ---

    def request(self, method: str, path: str, body: object = None, *, authorization: str = basic(KEY)) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE * 2)
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, HTTPException):
            return Answer(None, {}, None)
        finally:
            connection.close()
        return Answer(response.status, dict(response.getheaders()), json.loads(content) if content else None)

    def url(self, project: str, ids: Sequence[int] = ()) -> str:
        query = "&".join(f"id={pk}" for pk in ids)
        return f"/api/0/projects/the-interstellar-jurisdiction/{project}/issues/?{query}"

    def get(self, project: str) -> Answer:
        return self.request("GET", self.url(project))

    def put(self, project: str, body: object, ids: Sequence[int] = ()) -> Answer:
        return self.request("PUT", self.url(project, ids), body)

    def put_in_background(self, project: str, body: object, ids: Sequence[int] = ()) -> "Future[Answer]":
        pool = ThreadPoolExecutor(1)
        future = pool.submit(self.put, project, body, ids)
        pool.shutdown(wait=False)
        return future

    @contextmanager
    def traffic(self, callers: int = 3) -> Iterator["Traffic"]:
        """Let callers send requests without a pause until the end of the block, which fails if one was let down."""
        traffic = Traffic(self)
        ids = self.ids_of(BUSY)
        each = len(ids) // callers
        with ThreadPoolExecutor(callers) as pool:
            running = [pool.submit(traffic.run, ids[n * each : (n + 1) * each]) for n in range(callers)]
            try:
                wait_until(lambda: traffic.answers[200] >= 2 * callers, "there is traffic")
                yield traffic
                settled = traffic.answers[200]
                wait_until(lambda: traffic.answers[200] >= settled + 2 * callers, "the traffic goes on")
            finally:
                traffic.ended.set()
            for future in running:
                future.result(PATIENCE)


class Pause:
    """What stands still, and goes on."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def wait(self) -> None:
        """Return when a mutation stands still."""
        wait_until(lambda: self._how_many() > 0, "the mutation stands still")

    def wait_until_gone(self) -> None:
        """Return when none does any more; and not because it went on."""
        wait_until(lambda: self.service.get(BUSY).status == 200, "the service answers again")
        wait_until(lambda: self._how_many() == 0, "nobody has the mutation's locks")

    def cancel(self) -> None:
        """End the statement that stands still, as an operator does, or a time-out of the database's own."""
        self.service.ask(f"SELECT pg_cancel_backend(pid) FROM ({STANDING_STILL}) AS still")

    def end(self) -> None:
        self.service.ask("DELETE FROM paused")

    def _how_many(self) -> int:
        return len(self.service.ask(STANDING_STILL))


class Traffic:
    """Callers who send each request again until it is answered, and then look whether they have what they asked for."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.answers: Counter[int | None] = Counter()
        self.ended = threading.Event()

    def run(self, ids: list[int]) -> None:
        """Change these issues, which nobody else does."""
        one, two, *others = ids
        while not self.ended.is_set():
            for status in ("resolved", "ignored", "unresolved"):
                self.until_answered("PUT", ids, {"status": status, "isPublic": status == "ignored"}, {200})
                assert {self.read(pk)["status"] for pk in others[:2]} == {status}
            # What was merged by an answer that was lost is out of scope by now.
            self.until_answered("PUT", [one, two], {"merge": True}, {200, 204})
            assert self.read(one)["id"] == self.read(two)["id"]
            self.until_answered("PUT", [one, two], {"merge": False}, {200})
            assert [self.read(one)["id"], self.read(two)["id"]] == [str(one), str(two)]
            note = {"text": "Looks like the pump."}
            self.send("POST", f"/api/0/issues/{one}/notes/", note, authorization=bearer(JANE))

    def until_answered(self, method: str, ids: Sequence[int], body: object, wanted: set[int]) -> Answer:
        """Send the same request until it is not put off any more."""
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self.send(method, self.service.url(BUSY, ids), body)
            if answer.status in wanted:
                return answer
            assert answer.is_try_again(), answer
            assert time.monotonic() < deadline, "the service has not recovered"
            time.sleep(0.05)

    def read(self, pk: int) -> Any:
        """Return the issue as it is shown."""
        deadline = time.monotonic() + PATIENCE
        while (answer := self.send("GET", f"/api/0/issues/{pk}/")).status != 200:
            assert time.monotonic() < deadline, "the service has not recovered"
            time.sleep(0.05)
        return answer.body

    def send(self, method: str, path: str, body: object = None, **how: str) -> Answer:
        answer = self.service.request(method, path, body, **how)
        self.answers[answer.status] += 1
        assert answer.is_try_again() or answer.status in {200, 201, 204}, answer
        return answer


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"In vain until {what}"
        time.sleep(0.02)
