"""Which worker takes a client in: connections stay where they are, so they should be spread. How many answers wait."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from issuetracker.server import limits
from issuetracker.server.loop import Answer, Group, Job, Loop


class Worker(ExitStack):
    """A loop whose moments pass when they are told to; nobody asks it anything."""

    def __init__(self) -> None:
        super().__init__()
        self.listener = self.enter_context(socket.create_server(("127.0.0.1", 0)))
        wakes, waker = os.pipe()
        self.callback(os.close, wakes)
        self.callback(os.close, waker)
        site: Any = None
        self.loop = Loop([self.listener], site, threads=1, places=10, is_alone=False, wakes=wakes, waker=waker)
        self.callback(self.loop.close)

    def connect(self) -> None:
        self.enter_context(socket.create_connection(self.listener.getsockname(), timeout=20))

    def clients(self) -> int:
        """Let it look at what has come, and return how many it has."""
        self.loop.turn(0)
        return sum(map(len, self.loop.groups.values()))

    def begin_to_work(self) -> None:
        (connection,) = self.loop.groups[Group.SILENT]
        self.loop._move(connection, Group.WORKING)
        self.loop._watch(connection, 0)

    def let_the_moment_pass(self) -> None:
        self.loop._accepts_again_at = 0.0


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    monkeypatch.setattr(limits, "LEFT_TO_OTHERS_SECONDS", 3600)
    monkeypatch.setattr(limits, "LEFT_AT_MOST_SECONDS", 3600)
    with Worker() as made:
        yield made


def test_who_has_nothing_to_do_takes_them_at_once(worker: Worker) -> None:
    for count in (1, 2, 3):
        worker.connect()
        assert worker.clients() == count


def test_who_is_at_work_leaves_each_to_others_for_a_moment(worker: Worker) -> None:
    worker.connect()
    assert worker.clients() == 1
    worker.begin_to_work()

    for count in (1, 2):
        worker.connect()
        assert [worker.clients(), worker.clients()] == [count, count]
        worker.let_the_moment_pass()
        assert worker.clients() == count + 1


def test_who_is_at_work_alone_leaves_them_to_nobody(worker: Worker) -> None:
    worker.loop.is_alone = True
    worker.connect()
    assert worker.clients() == 1
    worker.begin_to_work()

    for count in (2, 3):
        worker.connect()
        assert worker.clients() == count


def test_one_that_another_worker_took_is_forgotten(worker: Worker) -> None:
    worker.connect()
    assert worker.clients() == 1
    worker.begin_to_work()
    worker.connect()
    assert worker.clients() == 1
    taken, _ = worker.listener.accept()
    worker.enter_context(taken)
    worker.let_the_moment_pass()
    assert worker.clients() == 1

    worker.connect()

    assert worker.clients() == 1
    worker.let_the_moment_pass()
    assert worker.clients() == 2


@pytest.mark.parametrize("state", ["all places are taken", "it ends"])
def test_when_the_moment_is_over_it_waits_for_its_threads(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    worker.connect()
    assert worker.clients() == 1
    worker.begin_to_work()
    worker.connect()
    assert worker.clients() == 1
    worker.let_the_moment_pass()
    if state == "it ends":
        worker.loop.end()
    else:
        worker.loop.places = 1
    waits: list[float] = []

    def select(seconds: float) -> list[Any]:
        waits.append(seconds)
        return []

    monkeypatch.setattr(worker.loop._selector, "select", select)
    worker.loop.turn(0.5)

    assert waits == [0.5]


def test_threads_wait_with_their_answers_while_the_loop_takes_none(worker: Worker) -> None:
    """Or any number of large ones would be there before the loop can count the first."""
    asked: list[Any] = []

    class Site:
        def answer(self, request: Any, peer: Any, *, is_its_turn: bool) -> Answer:
            asked.append(request)
            return Answer(b"HTTP/1.1 200 OK\r\n\r\n", keeps_alive=False)

    worker.loop.site = Site()  # type: ignore[assignment]  # nothing is read here
    for count in (1, 2, 3, 4):
        worker.connect()
        assert worker.clients() == count
    for connection in list(worker.loop.groups[Group.SILENT]):
        worker.loop._move(connection, Group.WORKING)
        worker.loop._watch(connection, 0)
        request: Any = connection.peer
        worker.loop._threads.submit(Job(connection, request))
    waits_until = time.monotonic() + 20
    while len(asked) < 2 and time.monotonic() < waits_until:
        time.sleep(0.001)
    time.sleep(0.1)

    assert len(asked) == 2  # one waits for the loop, and the only thread waits with another

    while worker.loop.groups[Group.WORKING] and time.monotonic() < waits_until:
        worker.loop.turn(0.01)
    assert len(asked) == 4
    assert not worker.loop.groups[Group.WORKING]
