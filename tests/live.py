"""The real HTTP server in front of the test's database, for what must be seen on the wire."""

import json
import multiprocessing
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from django.db import connections
from django.utils.module_loading import import_string

from events.views.taking import losses
from issuetracker.server import Server, listen
from tests.api_client import bearer

# Forked, not spawned: the child has this process's settings, where pytest-django has put the test database.
_fork = multiprocessing.get_context("fork")


@contextmanager
def serving(*, threads: int = 4, prepare: Callable[[], None] = lambda: None) -> Iterator[str]:
    """Serve the site on a free port of this machine; yield its address. Rows must be committed to be seen.

    ``prepare`` is called in the server's process before it serves: for another clock, or for faults.
    """
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    connections.close_all()  # a connection that two processes share gives each the other's answers
    process = _fork.Process(target=_serve, args=(listener, threads, prepare))
    process.start()
    listener.close()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.kill(process.pid or 0, signal.SIGTERM)
        process.join(timeout=60)
        if process.is_alive():
            process.kill()
            raise AssertionError("The server did not end within 60 seconds of SIGTERM.")


def read_as(token: str, address: str, path: str) -> Any:
    """Read something of the API, as the user whose token it is: ``read_as(token, address, "issues/1/")``."""
    directly = build_opener(ProxyHandler({}))
    request = Request(f"{address}/api/0/{path}", headers={"Authorization": bearer(token)})
    with directly.open(request, timeout=60) as response:
        return json.load(response)


def _serve(listener: socket.socket, threads: int, prepare: Callable[[], None]) -> None:
    connections.close_all()
    prepare()
    Server(
        listener,
        load=lambda: import_string("issuetracker.wsgi.application"),
        workers=1,
        threads=threads,
        when_worker_ends=losses.end,
    ).run()
