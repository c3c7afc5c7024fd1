"""Faults while events come in and are counted: what was told to be stored is counted in the end, and none twice."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.clusters import ROOT
from tests.faults.senders import Sending, sending
from tests.faults.service import BUSY, LARGE, PATIENCE, Service, wait_until

SECONDS = 3


@pytest.fixture(autouse=True)
def as_before(service: Service) -> Iterator[None]:
    """Other tests count the issues of the large project."""
    before = set(service.ids_of(LARGE))
    yield
    made = sorted(set(service.ids_of(LARGE)) - before)
    tables = [f"issues_{name}" for name in (*HANGING, "activity")]
    for table, column in (*((table, "issue_id") for table in tables), ("issues_issue", "id")):
        service.ask(f"DELETE FROM {table} WHERE {column} = ANY(%s)", made)


HANGING = ("issuetext", "issuehash", "issuehour", "issueminute", "issueuser", "issueenvironment", "issuerelease")

FAULTS = {
    "the counter is killed": Service.kill_counter,
    "a worker is killed": Service.kill_worker,
    "PostgreSQL is shut down at once": Service.shut_postgres_down_at_once,
    "a process of PostgreSQL is killed": Service.kill_backend,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_in_the_middle_of_a_batch_lose_no_event(service: Service, fault: Callable[[Service], None]) -> None:
    with sending(service, LARGE) as sent:
        with service.pausing("counted") as pause:
            pause.wait()
            sent.wait_for_more()  # who counts stops nobody who sends
            fault(service)
            sent.wait_for_more()
        wait_until(lambda: len(service.counters()) == 1, "somebody counts")

    sent.check()


LOCKS = {
    "the project": "SELECT FROM issues_projectstate WHERE project_id = %s FOR UPDATE",
    "its issues, as an update of all has them": "SELECT FROM issues_issue WHERE project_id = %s FOR NO KEY UPDATE",
}


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_of_a_locked_project_delay_no_other(service: Service, lock: str) -> None:
    locked = Sending(service, LARGE, kinds=1)  # new issues would wait for no lock of those that are there
    locked.send_one()
    locked.check()

    with sending(service, BUSY) as other, service.session() as ask:
        ask(lock, locked.project_id)
        for _ in range(20):
            locked.send_one()
        counted = other.counted()
        wait_until(lambda: other.counted() > counted, "the other project is counted")
        assert locked.counted() == 1

    locked.check()
    other.check()
    assert locked.answers == other.answers == {200}


# Sessions whose last statement looked which projects have events that wait; nobody else asks so.
WHO_COUNT = """
    SELECT count(*) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND strpos(query, 'WITH RECURSIVE waiting (project_id)') > 0
"""


@contextmanager
def another_counter(service: Service) -> Iterator[None]:
    """Let one more process count events, as on another machine."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "count_events"], cwd=ROOT, env=service.environment, stderr=subprocess.PIPE
    )
    try:
        wait_until(lambda: service.ask(WHO_COUNT) == [(2,)], "both look for events")
        yield
        assert process.poll() is None
    finally:
        process.terminate()
        _, told = process.communicate(timeout=PATIENCE)
    assert (process.returncode, b"ERROR" in told) == (0, False), told.decode()


def mutate(service: Service, sent: Sending, until: float) -> set[int | None]:
    """Change the issues whose events come, all together, one by one and with all others; return what is answered."""
    wait_until(lambda: sent.counted() > 0, "there are issues")
    answers = set()
    bodies: list[object] = [
        *({"status": "resolved"}, {"status": "resolvedInNextRelease"}, {"merge": True}),
        *({"status": "ignored", "ignoreCount": 3}, {"status": "ignored", "ignoreCount": 3, "ignoreWindow": 1}),
        *({"status": "unresolved"}, {"merge": False}),
    ]
    while time.monotonic() < until:
        for body in bodies:
            answers.add(service.put(sent.project, body, sent.issues()).status)
        for status in ("resolved", "unresolved"):
            answers.add(service.put(sent.project, {"status": status}).status)
    return answers


def play(service: Service, seconds: float) -> None:
    """Two count what two projects send, and people change these issues."""
    until = time.monotonic() + seconds
    with another_counter(service), sending(service, BUSY) as sent, ThreadPoolExecutor(2) as people:
        running = [people.submit(mutate, service, sent, until) for _ in range(2)]
        answers = set().union(*(future.result(seconds + 2 * PATIENCE) for future in running))
        assert answers <= {200, 204}  # what was merged is out of scope
    sent.check()


def test_two_counters_and_people_are_in_nobodys_way(service: Service) -> None:
    play(service, SECONDS)
