"""What did not become an event is counted by day, key and reason (contract 7.8)."""

import gzip
import json
import logging
import os
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from events import accepting
from events.models import Loss
from events.taking import losses
from events.taking.limits import RateLimits
from events.taking.losses import Losses
from events.taking.senders import Sender
from events.views import taking
from projects.models import ClientKey
from tests.events.sending import Clock, Sdk, an_envelope, holding, stored

pytestmark = pytest.mark.django_db

ID = "0123456789abcdef0123456789abcdef"
GOOD = holding({"message": "x"})
Lost = dict[tuple[str, str, str], int]


def lost() -> Lost:
    """Return what is written down: source, reason and category, and how many."""
    taking.losses.write()
    return {(row.source, row.reason, row.category): row.quantity for row in Loss.objects.all()}


def report(*entries: Any) -> tuple[dict[str, Any], bytes]:
    return {"type": "client_report"}, json.dumps({"discarded_events": list(entries)}).encode()


def test_nothing_is_lost_of_what_is_stored(sdk: Sdk) -> None:
    sdk.envelope(GOOD)
    sdk.store({})
    sdk.envelope(b"{}")

    assert lost() == {}


def test_what_is_refused_is_counted(sdk: Sdk, settings: Any) -> None:
    settings.INGEST_EVENT_BYTES = settings.INGEST_REQUEST_BYTES = 2048
    sdk.envelope(b"nonsense")
    sdk.store({"message": "x" * 3000})
    sdk.envelope(gzip.compress(holding({"message": "x" * 3000})), Content_Encoding="gzip")
    sdk.envelope(GOOD, Content_Encoding="snappy")
    sdk.post("/api/{project}/store/", b"nonsense")
    sdk.post("/api/{project}/security/", b"nonsense")
    sdk.post("/api/{project}/envelope/", GOOD, auth="Sentry sentry_key=" + "0" * 32)

    assert lost() == {
        ("server", "invalid", "default"): 1,
        ("server", "too_large", "default"): 1,
        ("server", "too_large", "error"): 1,
        ("server", "unknown_encoding", "default"): 1,
        ("server", "invalid", "error"): 1,
        ("server", "invalid", "security"): 1,
    }
    (row, *_) = Loss.objects.all()
    assert (row.project_id, row.key, row.day) == (sdk.key.project_id, sdk.key.key, timezone.now().date())


def test_what_is_limited_is_counted(sdk: Sdk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "rate_limits", RateLimits(Clock()))
    ClientKey.objects.update(limit_count=2, limit_window=60)
    csp = {"type": "csp-violation", "body": {"effectiveDirective": "img-src", "blockedURL": "https://a.example.com"}}
    sdk.post("/api/{project}/security/", json.dumps([csp] * 5).encode())
    sdk.store({})
    sdk.envelope(GOOD)

    assert len(stored()) == 2
    assert lost() == {
        ("server", "rate_limit", "security"): 3,
        ("server", "rate_limit", "error"): 1,
        ("server", "rate_limit", "default"): 1,
    }


def test_what_comes_again_or_is_not_kept_is_counted(sdk: Sdk) -> None:
    for _ in range(3):
        sdk.store({"event_id": ID})
    sdk.envelope(
        an_envelope(
            ({"type": "event"}, b"{}"),
            ({"type": "event"}, b"{}"),
            ({"type": "transaction"}, b"{}"),
            ({"type": "log", "item_count": 7}, b"{}"),
            ({"type": "of tomorrow"}, b"{}"),
        )
    )
    sdk.store({"type": "transaction"})

    assert lost() == {
        ("server", "again", "error"): 2,
        ("server", "not_kept", "error"): 1,
        ("server", "not_kept", "transaction"): 2,
        ("server", "not_kept", "log_item"): 7,
        ("server", "not_kept", "default"): 1,
    }


def test_what_clients_discarded_is_counted(sdk: Sdk) -> None:
    sdk.envelope(
        an_envelope(
            report(
                {"reason": "queue_overflow", "category": "error", "quantity": 3},
                {"reason": "queue_overflow", "category": "error", "quantity": 4},
                {"reason": "ratelimit_backoff", "category": "transaction", "quantity": 1},
                {"reason": "the moon", "category": "cheese", "quantity": 5},
                {"reason": ["x"], "category": None, "quantity": 1},
            ),
            report({"reason": "before_send", "category": "error", "quantity": 2**31 - 1}),
            ({"type": "event"}, b"{}"),
        )
    )

    assert lost() == {
        ("client", "queue_overflow", "error"): 7,
        ("client", "ratelimit_backoff", "transaction"): 1,
        ("client", "other", "other"): 6,
        ("client", "before_send", "error"): 2**31 - 1,
    }


@pytest.mark.parametrize(
    "said",
    [
        *(None, 3, "x", {}, []),
        *([[]], ["x"], [None], [{}]),
        *([{"quantity": quantity}] for quantity in (0, -1, 1.5, "1", True, None, 2**31, 10**30)),
    ],
)
def test_what_is_no_count_costs_nothing(sdk: Sdk, said: Any) -> None:
    body = an_envelope(
        ({"type": "client_report"}, json.dumps({"discarded_events": said}).encode()), ({"type": "event"}, b"{}")
    )

    assert sdk.envelope(body).status_code == 200
    assert len(stored()) == 1
    assert lost() == {}


def test_no_number_that_a_client_says_stops_the_others(sdk: Sdk) -> None:
    for _ in range(2):
        lost()
        Loss.objects.update(quantity=2**63 - 2**54)
        sdk.envelope(an_envelope(report({"reason": "ignored", "category": "error", "quantity": 2**31 - 1})))
        sdk.envelope(b"nonsense")

    assert lost() == {("client", "ignored", "error"): 2**53, ("server", "invalid", "default"): 2**53}


def test_what_the_database_did_not_take_is_counted(sdk: Sdk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(accepting, "accept", fails)
    csp = {"type": "csp-violation", "body": {}}

    assert sdk.envelope(GOOD).status_code == 503
    assert sdk.post("/api/{project}/security/", json.dumps([csp] * 3).encode()).status_code == 503

    assert lost() == {("server", "unavailable", "error"): 1, ("server", "unavailable", "security"): 3}


def test_what_is_written_on_two_days_is_two_rows(sdk: Sdk) -> None:
    sender = Sender(sdk.key.key, sdk.key.project_id, None)
    for day in (28, 29, 29):
        taking.losses.note(sender, "invalid", "error", at=datetime(2026, 11, day, 23, tzinfo=UTC))

    lost()

    assert [(row.day.day, row.quantity) for row in Loss.objects.order_by("day")] == [(28, 1), (29, 2)]


# ---------------------------------------------------------------------------------------------------------------------
# When it is written
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def sender() -> Sender:
    return Sender("a" * 32, 1, None)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """After how many seconds it would be written; nobody waits."""
    waits: list[float] = []

    class Timer:
        def __init__(self, seconds: float, write: Any) -> None:
            waits.append(seconds)

        def start(self) -> None:
            """Do not."""

        def cancel(self) -> None:
            """Nothing was started."""

    monkeypatch.setattr(losses, "Timer", Timer)
    monkeypatch.setattr(losses, "WRITTEN_AFTER", 1.0)
    return waits


def test_is_written_once_a_second(sender: Sender, waits: list[float]) -> None:
    counting = Losses()
    for _ in range(10):
        counting.note(sender, "invalid", "error", at=timezone.now())
    assert waits == [1.0]

    counting.write()
    counting.write()

    assert Loss.objects.get().quantity == 10
    counting.note(sender, "invalid", "error", at=timezone.now())
    assert waits == [1.0, 1.0]


def test_is_written_later_where_no_thread_can_be_started(
    sender: Sender, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Any) -> None:
        raise RuntimeError("can't start new thread")

    counting = Losses()
    with monkeypatch.context() as patched:
        patched.setattr("events.taking.losses.Timer.start", refuse)
        counting.note(sender, "invalid", "error", at=timezone.now())
    counting.note(sender, "invalid", "error", at=timezone.now())
    assert waits == [1.0, 1.0]  # the second one is there

    counting.write()
    assert Loss.objects.get().quantity == 2


@pytest.mark.parametrize("error", [OperationalError("away"), InterfaceError("connection already closed")])
def test_is_written_later_when_the_database_is_away(
    sender: Sender, waits: list[float], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(counts: Any) -> None:
        raise error

    counting = Losses()
    counting.note(sender, "invalid", "error", at=timezone.now())
    with monkeypatch.context() as patched:
        patched.setattr(losses, "_insert", fails)
        counting._write_or_say_why_not()
    assert waits == [1.0, 10.0]

    counting.note(sender, "invalid", "error", at=timezone.now())
    counting.write()

    assert Loss.objects.get().quantity == 2


def test_a_forked_process_begins_anew(sender: Sender, waits: list[float]) -> None:
    taking.losses.note(sender, "invalid", "error", at=timezone.now())
    counting = taking.losses

    # As os.register_at_fork() calls it.
    counting.begin_anew()

    counting.write()
    assert not Loss.objects.exists()
    counting.note(sender, "invalid", "error", at=timezone.now())
    assert waits == [1.0, 1.0]


def test_a_fork_forgets_what_the_parent_counted(sender: Sender) -> None:
    """The instance that the module made for its process."""
    readable, writable = os.pipe()
    made = PROCESS_WIDE
    made.note(sender, "invalid", "error", at=timezone.now())
    try:
        if not (child := os.fork()):
            os.write(writable, b"%d %d" % (len(made._counts), made._timer is None))
            os._exit(0)
        os.waitpid(child, 0)

        assert os.read(readable, 10) == b"0 1"
        assert len(made._counts) == 1
    finally:
        if made._timer is not None:
            made._timer.cancel()
        made.begin_anew()
        os.close(readable)
        os.close(writable)


PROCESS_WIDE = taking.losses


def test_the_log_has_a_line_a_minute_not_one_for_each(
    sender: Sender, waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    counting = Losses(clock)

    def refuse(count: int) -> list[str]:
        caplog.clear()
        for _ in range(count):
            counting.note(sender, "rate_limit", "error", at=timezone.now())
            counting.note(sender, "not_kept", "session", at=timezone.now())
            counting.write()
        return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]

    assert refuse(5) == [f"Not taken of project 1, key {'a' * 32}: 1, rate_limit."]
    clock.now += 59
    assert refuse(5) == []
    clock.now += 1
    assert refuse(5) == [f"Not taken of project 1, key {'a' * 32}: 10, rate_limit."]
