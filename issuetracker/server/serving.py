"""Serving the site: what ``manage.py serve`` and ``demo`` end with."""

import gc
import socket
from collections.abc import Callable
from typing import NoReturn
from wsgiref.types import WSGIApplication

from django.conf import settings
from django.db import connection, connections
from django.utils.module_loading import import_string

from events.views.taking import losses
from issuetracker import metrics, postgres
from issuetracker.server.companion import Companion
from issuetracker.server.on_gunicorn import Server


def serve(listener: socket.socket, *, when_ready: Callable[[], None]) -> NoReturn:
    """Serve the site on ``listener``, until SIGINT ends it at once, or SIGTERM when the requests in flight are done.

    ``when_ready`` is called once, when a request would be answered.
    """
    Server(
        listener,
        load=_load,
        workers=settings.WEB_WORKERS,
        threads=settings.WEB_THREADS,
        on_starting=_start,
        when_ready=when_ready,
        companions=[
            *([Companion("count_events")] if settings.COUNT_EVENTS else []),
            *([Companion("prune")] if settings.PRUNE else []),
        ],
        when_worker_ends=losses.end,
    ).run()
    raise AssertionError("gunicorn ends by SystemExit")


def _load() -> WSGIApplication:
    """Return the application, in a worker."""
    application: WSGIApplication = import_string(settings.WSGI_APPLICATION)
    # What is there by now stays, and is not looked through for garbage again and again, which takes longer than a list.
    # And a list makes some thousand objects that are gone with it: not each of them is a reason to look.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    return application


def _start() -> None:
    """Make ready, in the master, what the workers have in common."""
    _hold_database()
    if settings.METRICS_TOKEN:
        metrics.share()


def _hold_database() -> None:
    """Keep the embedded PostgreSQL running as long as the master does, and leave it no connection to share."""
    if postgres.is_embedded():
        # The first connection starts PostgreSQL and takes this process's lease on it. Without one in the master,
        # a lone worker that is replaced would take the database down with it.
        connection.ensure_connection()
    connections.close_all()  # two processes on one connection would read each other's answers
