"""The thread that makes weeks and takes them away: beside the counting, one at a time."""

from collections.abc import Callable
from threading import Event

import pytest

from events import weeks
from events.counting.keeping import Keeping
from tests.factories import NOW
from tests.site import wait_until


@pytest.fixture
def keeping() -> Keeping:
    return Keeping(days=90, now=lambda: NOW)


def test_makes_weeks_then_takes_them_away(keeping: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    monkeypatch.setattr(weeks, "make_ahead", lambda now: done.append(("made", now)))
    monkeypatch.setattr(weeks, "drop_old", lambda now, days: done.append(("dropped", now, days)))

    keeping.look()
    keeping.look()

    wait_until(lambda: done == [("made", NOW), ("dropped", NOW, 90)])


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
