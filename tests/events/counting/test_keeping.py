"""The thread that makes weeks, and takes away what is old: beside the counting, one at a time."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event

import pytest

from events import weeks
from events.counting import losses
from events.counting.keeping import Keeping
from events.models import Loss, LossSource
from projects.database import clocks
from tests.factories import NOW
from tests.site import wait_until


@pytest.fixture
def keeping(monkeypatch: pytest.MonkeyPatch) -> Keeping:
    monkeypatch.setattr(losses, "forget_old", lambda now, days: None)
    monkeypatch.setattr(clocks, "earlier", lambda now: now)
    return Keeping(days=90, now=lambda: NOW)


def test_makes_weeks_then_takes_away_what_is_old(keeping: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weeks last: that may have to wait for long."""
    done: list[object] = []
    monkeypatch.setattr(weeks, "make_ahead", lambda now: done.append(("made", now)))
    monkeypatch.setattr(losses, "forget_old", lambda now, days: done.append(("forgotten", now, days)))
    monkeypatch.setattr(weeks, "drop_old", lambda now, days: done.append(("dropped", now, days)))

    keeping.look()
    keeping.look()

    wait_until(lambda: done == [("made", NOW), ("forgotten", NOW, 90), ("dropped", NOW, 90)])


def test_does_not_begin_anew_while_it_waits_for_readers(keeping: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    reader_is_gone = Event()
    began: list[object] = []
    monkeypatch.setattr("events.counting.keeping.EVERY", 0)
    monkeypatch.setattr(weeks, "make_ahead", began.append)
    monkeypatch.setattr(weeks, "drop_old", lambda now, days: reader_is_gone.wait(10))

    for _ in range(3):
        keeping.look()

    wait_until(lambda: began == [NOW])
    reader_is_gone.set()
    wait_until(lambda: look_again(keeping.look, began))


def look_again(look: Callable[[], None], began: list[object]) -> bool:
    look()
    return len(began) > 1


def test_says_what_went_wrong_and_tries_again(
    keeping: Keeping, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(now: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(weeks, "make_ahead", fail)

    keeping.look()

    wait_until(lambda: bool(caplog.records))
    assert caplog.records[0].getMessage() == "The weeks of events could not be kept; this is tried again in an hour"


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "kept"), [(30, 91), (90, 91), (100, 100)])
def test_losses_are_told_of_as_long_as_events_are_kept(monkeypatch: pytest.MonkeyPatch, days: int, kept: int) -> None:
    """And as long as one can ask for them, which is 90 days."""
    monkeypatch.setattr(losses, "STEP", 2)
    for reason in ("invalid", "again"):
        for age in (0, kept - 1, kept, kept + 1, kept + 2, 1000):
            Loss.objects.create(
                project_id=1,
                day=NOW.date() - timedelta(age),
                key="a" * 32,
                source=LossSource.SERVER,
                reason=reason,
                category="error",
                quantity=1,
            )

    losses.forget_old(NOW, days)

    ages = [(NOW.date() - day).days for day in Loss.objects.order_by("-day", "reason").values_list("day", flat=True)]
    assert ages == [0, 0, kept - 1, kept - 1, kept, kept]
