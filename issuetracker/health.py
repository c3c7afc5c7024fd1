"""What an operator's machines ask: is it alive, is it ready, what does it count.

Answered by a middleware that stands above those that look at the Host header, or send to https: load balancers and
Prometheus call a process by its address, of which ALLOWED_HOSTS knows nothing, and in plain HTTP.
"""

import logging
import select
import time
from collections.abc import Callable
from dataclasses import replace
from threading import Thread
from typing import Any

import psycopg2
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, Error, connection, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from psycopg2.extensions import POLL_OK, POLL_READ

from events.counting import WAITING
from issuetracker import logs, metrics, postgres, replica
from projects.database import migrated
from projects.database.failures import DatabaseAway
from projects.database.replica import ANSWER_SECONDS, CATCH_UP_SECONDS, Why

logger = logging.getLogger(__name__)

# For the connection and what is asked on it, together.
PATIENCE_SECONDS = 2


class NotReady(Exception):
    """A request would fail now; the message is one sentence, which anybody may read."""


class HealthMiddleware:
    """Answers ``/healthz``, ``/readyz`` and, with a token, ``/metrics``; hands on all else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.answers: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/healthz": healthz, "/readyz": readyz}
        if settings.METRICS_TOKEN:
            self.answers["/metrics"] = tell_metrics

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.answers.get(request.path_info)
        if answer is None or request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        logs.add(route=request.path_info)
        response = answer(request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Length"] = str(len(response.content))  # Django's comes from a middleware below
        return response


def healthz(request: HttpRequest) -> JsonResponse:
    """Answer that this process works: a thread was free, and that is all."""
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Answer whether a request would find what it needs."""
    try:
        check()
    except NotReady as error:
        return JsonResponse({"detail": str(error)}, status=503)
    found = look_at_replica()
    return JsonResponse({"status": "ready"} | ({} if found is None else {"replica": found.told()}))


# Nor would it find who calls: when a key was used is written down.
READ_ONLY = "The database takes no changes and no events: it is a standby, or was made read-only."


def check() -> None:
    """Ask the database, and compare the migrations: somebody may have migrated it for a newer version meanwhile.

    :raises NotReady: it can't be reached in time, takes no changes, lacks migrations, or has those of a newer version.
    """
    rows = ask("SELECT app, name, current_setting('transaction_read_only') = 'on' FROM django_migrations")
    if any(is_read_only for _, _, is_read_only in rows):
        raise NotReady(READ_ONLY)
    applied = {(app, name) for app, name, _ in rows}
    try:
        waiting = migrated.check(applied)
    except migrated.Newer as error:
        raise NotReady(str(error)) from error
    if waiting:
        raise NotReady(f"The database lacks {waiting} of the migrations; run: manage.py migrate")


def ask(sql: str, *, database: str = DEFAULT_DB_ALIAS, patience: float | None = None) -> list[tuple[Any, ...]]:
    """Return what a new connection answers; one of its own, since Django's can't be left when the database hangs.

    :param database: its alias in ``DATABASES``.
    :param patience: for how many seconds; None: ``PATIENCE_SECONDS``.
    :raises NotReady: it can't be had, or doesn't answer in time.
    """
    patience = PATIENCE_SECONDS if patience is None else patience
    try:
        return _ask(sql, database, patience)
    except psycopg2.errors.UndefinedTable as error:  # of Django's own record: nothing was ever migrated
        raise NotReady("The database lacks all of the migrations; run: manage.py migrate") from error
    except (ImproperlyConfigured, Error, psycopg2.Error, TimeoutError) as error:
        # Its text names hosts and users: for the log only.
        what = "Not ready" if database == DEFAULT_DB_ALIAS else "The replica is away"
        logger.warning("%s: %s", what, " ".join(str(error).split()))
        raise NotReady(DatabaseAway.sentence) from error


def _ask(sql: str, alias: str, patience: float) -> list[tuple[Any, ...]]:
    ends_at = time.monotonic() + patience
    database = _connect(alias)
    try:
        _wait_until_connected(database, ends_at, patience)
        cursor = database.cursor()
        cursor.execute(sql)
        _wait(database, ends_at, patience)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
    finally:
        database.close()


def _connect(alias: str) -> Any:
    """Begin to connect."""
    if not postgres.is_embedded():
        return psycopg2.connect(**connections[alias].get_connection_params() | {"cursor_factory": None}, async_=True)
    # Not as its backend does, which starts it first, and waits for that as long as it takes.
    try:
        return psycopg2.connect(**postgres.address(connection.settings_dict["NAME"]), async_=True)
    except psycopg2.OperationalError:
        _start_again_beside()  # it has crashed
        raise


def _wait_until_connected(database: Any, ends_at: float, patience: float) -> None:
    try:
        _wait(database, ends_at, patience)
    except psycopg2.OperationalError as error:
        if postgres.is_embedded() and postgres.is_leaving(error):
            _start_again_beside()  # it may wait for connections of this server, which stay
        raise


def _start_again_beside() -> None:
    """Have the embedded server started. The next request would do it, but while this is not ready none may come."""
    try:
        Thread(target=_start_again, args=[connection.settings_dict["NAME"]], daemon=True).start()
    except RuntimeError as error:  # no more threads; the next look tries again
        logger.error("The embedded PostgreSQL does not start again: %s", error)


def _start_again(database: str) -> None:
    try:
        postgres.start(database)
    except (ImproperlyConfigured, Error, psycopg2.Error) as error:
        logger.error("The embedded PostgreSQL does not start again: %s", error)


def _wait(database: Any, ends_at: float, patience: float) -> None:
    """Wait until the connection is there, or its answer.

    :raises TimeoutError: it isn't in time.
    """
    while (state := database.poll()) != POLL_OK:
        poll = select.poll()  # anew each time: libpq tries one address after another. Not select(), which ends at 1,024
        poll.register(database.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT)
        if not poll.poll(max(0, ends_at - time.monotonic()) * 1000):
            raise TimeoutError(f"The database did not answer within {patience} seconds.")


def look_at_replica() -> replica.Replica | None:
    """Return whether a read would be answered by the replica now, and how far it is behind; None without one.

    Looked at as for a request (projects/database/replica.py), but on connections of its own. It may be away: then the
    primary answers.
    """
    if settings.READ_DATABASE == DEFAULT_DB_ALIAS:
        return None
    try:
        (of_primary,) = ask(replica.OF_PRIMARY)
        found = _look(of_primary)
        if found.why == Why.BEHIND:
            time.sleep(CATCH_UP_SECONDS)
            return replace(found, why=_look(of_primary).why)
    except NotReady:
        return replica.Replica(Why.AWAY)
    return found


def _look(of_primary: tuple[Any, ...]) -> replica.Replica:
    (of_replica,) = ask(replica.OF_REPLICA, database=settings.READ_DATABASE, patience=ANSWER_SECONDS)
    return replica.compared(of_primary, of_replica)


def tell_metrics(request: HttpRequest) -> HttpResponse:
    """Answer what was counted, for who has the token."""
    if not constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"):
        return JsonResponse(
            {"detail": "Send METRICS_TOKEN as Authorization: Bearer."},
            status=401,
            headers={"WWW-Authenticate": 'Bearer realm="metrics"'},
        )
    content, media_type = metrics.exposition(request.headers.get("Accept", ""), waiting(), look_at_replica())
    return HttpResponse(content, content_type=media_type)


def waiting() -> metrics.Waiting | None:
    """Return what waits to be counted; None when the database doesn't say."""
    try:
        ((events, set_aside, seconds),) = ask(WAITING)
    except NotReady:
        return None
    return metrics.Waiting(events, set_aside, seconds)
