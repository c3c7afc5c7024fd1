"""Somebody locks a table that every event needs, and goes home. No thread may wait for that until the morning."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from events import weeks
from events.models import Arrival, Loss
from events.views import taking
from tests.events.sending import Sdk, holding, stored

pytestmark = pytest.mark.django_db(transaction=True)

ID = "0123456789abcdef0123456789abcdef"
TABLES = ["projects_clientkey", "events_arrival", "events_eventid", "events_event"]


@contextmanager
def locked(table: str, mode: str = "ACCESS EXCLUSIVE") -> Iterator[None]:
    """Let another session have the table for itself; or hold it in another mode."""
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN {mode} MODE")
        yield
        other.rollback()
    finally:
        other.close()


@pytest.mark.parametrize("table", TABLES)
def test_an_event_waits_no_longer_for_a_locked_table_than_a_mutation(
    sdk: Sdk, settings: Any, caplog: pytest.LogCaptureFixture, table: str
) -> None:
    settings.LOCK_TIMEOUT_SECONDS = 0.2

    with locked(table):
        refused = [sdk.envelope(holding({"event_id": ID})), sdk.store({"event_id": ID})]

    for answer in refused:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert answer.json() == {"detail": "The database is not available just now. Try again."}
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    (line,) = said
    assert line.startswith("The database failed (55P03): canceling statement due to lock timeout")

    assert sdk.store({"event_id": ID}).status_code == 200
    assert (stored(), Arrival.objects.count()) == ([ID], 1)


@pytest.mark.parametrize("table", weeks.TABLES)
def test_an_event_that_needs_a_week_waits_no_longer_either(sdk: Sdk, settings: Any, table: str) -> None:
    """A session that collects statistics lets rows in, and no week."""
    settings.LOCK_TIMEOUT_SECONDS = 0.2
    monday = weeks.monday(datetime.now(UTC).date())
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {weeks.name_of(table, monday)}")

    with locked(table, "SHARE UPDATE EXCLUSIVE"):
        assert sdk.store({"event_id": ID}).status_code == 503
    assert sdk.store({"event_id": ID}).status_code == 200

    assert (stored(), Arrival.objects.count()) == ([ID], 1)


def test_what_a_locked_table_kept_out_is_counted_as_lost(sdk: Sdk, settings: Any) -> None:
    settings.LOCK_TIMEOUT_SECONDS = 0.2

    with locked("events_event"):
        assert sdk.store({"event_id": ID}).status_code == 503

    taking.losses.write()
    assert [(loss.reason, loss.quantity) for loss in Loss.objects.all()] == [("unavailable", 1)]


def test_the_limit_of_one_statement_is_not_that_of_the_next(sdk: Sdk, settings: Any) -> None:
    """Through PgBouncer the next one is another client's."""
    settings.LOCK_TIMEOUT_SECONDS = 0.2
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        before = cursor.fetchone()

    assert sdk.store({"event_id": ID}).status_code == 200

    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == before
