"""The master ...: that it takes all addresses it is told, and goes on when it can start no other process."""

import errno
import logging
import os
import socket

import pytest
from gunicorn.arbiter import Arbiter

from issuetracker import server
from issuetracker.server.on_gunicorn import Master

PATIENCE = 10


def test_takes_ipv4_as_well_where_it_listens_on_all_addresses_of_ipv6() -> None:
    with server.listen("::", 0) as listener:
        for host in ("::1", "127.0.0.1"):
            socket.create_connection((host, listener.getsockname()[1]), PATIENCE).close()


@pytest.fixture
def master(monkeypatch: pytest.MonkeyPatch) -> Master:
    """One that can start no process."""

    def refuse(self: Master) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(Arbiter, "spawn_worker", refuse)
    found = Master.__new__(Master)
    found.pid, found.log = os.getpid(), logging.getLogger("gunicorn.error")
    return found


def test_that_cannot_start_another_worker_goes_on_with_those_that_it_has(
    master: Master, caplog: pytest.LogCaptureFixture
) -> None:
    master.WORKERS = {1: None}

    master.spawn_worker()

    (record,) = caplog.records
    assert record.getMessage() == "A worker can't be started (Resource temporarily unavailable), and is tried again"


def test_that_cannot_start_any_worker_ends(master: Master) -> None:
    master.WORKERS = {}

    with pytest.raises(BlockingIOError):
        master.spawn_worker()
