"""What no event should find: it is kept as far as it can be, and never lost without a trace."""

import logging
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection

from events import accepting, meaning
from events.meaning import unpack
from events.models import Event, Loss
from events.taking import reading
from events.views import taking
from tests.events.sending import Sdk, holding, stored

pytestmark = pytest.mark.django_db

ID = "0123456789abcdef0123456789abcdef"


def fails_at(name: str) -> Any:
    """Return a reading that fails where an event has this field."""
    read = meaning.read

    def fails(event: dict[str, Any], **how: Any) -> Any:
        if name in event:
            raise ZeroDivisionError("a bug")
        return read(event, **how)

    return fails


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ({"exception": {"values": [{"type": "ValueError", "value": "bad\nline"}]}}, "ValueError: bad"),
        ({"exception": [{"type": "ValueError"}]}, "ValueError"),
        ({"exception": 3, "message": "The pump"}, "The pump"),
        ({"exception": {"values": []}}, "<no message>"),
        ({"exception": {"values": [7]}}, "<no message>"),
    ],
)
def test_an_event_that_cannot_be_read_is_kept_as_far_as_it_is_simple(
    sdk: Sdk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, said: dict[str, Any], title: str
) -> None:
    monkeypatch.setattr(meaning, "read", fails_at("exception"))

    answer = sdk.store({"event_id": ID, "level": "fatal", "release": "1.0", "user": {"id": 1}, **said})

    assert (answer.status_code, answer.json(), stored()) == (200, {"id": ID}, [ID])
    kept = unpack(bytes(Event.objects.get().data))
    assert (kept["title"], kept["level"], kept["release"]) == (title, "fatal", "1.0")
    assert ["incomplete", reading.INCOMPLETE["incomplete"]] in kept["tags"]
    (line,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert ID in line.getMessage()
    assert line.exc_info


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), DataError("value too long")])
def test_a_bug_is_a_500_that_sdks_can_read(
    sdk: Sdk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def fails(*args: Any, **kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(accepting, "accept", fails)

    answer = sdk.envelope(holding({"event_id": ID}))

    sentence = "Internal server error. The event was not stored."
    assert (answer.status_code, answer.json()) == (500, {"detail": sentence})
    assert answer.headers["X-Sentry-Error"] == sentence
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert [record.exc_info is not None for record in caplog.records if record.levelno == logging.ERROR] == [True]
    taking.losses.write()
    loss = Loss.objects.get()
    assert (loss.reason, loss.category, loss.quantity) == ("internal_error", "error", 1)


def test_a_database_that_is_away_is_said_now_and_then(
    sdk: Sdk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("the database system is starting up")

    monkeypatch.setattr(accepting, "accept", fails)

    assert [sdk.store({}).status_code for _ in range(20)] == [503] * 20

    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_lost_costs_no_event(sdk: Sdk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key may be known from another thread's look-up, so that storing is the first to find out."""
    sender = taking.senders.find(sdk.key.key, None, lock_timeout=5)
    monkeypatch.setattr(taking.senders, "find", lambda *_, **__: sender)
    monkeypatch.setattr(taking.backlog, "check", lambda most, **_: None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()

    answer = sdk.store({"event_id": ID})

    assert (answer.status_code, answer.json()) == (200, {"id": ID})
    assert stored() == [ID]
