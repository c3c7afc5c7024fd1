"""A process beside the workers ...: how soon it is started again, and that it doesn't outlive them."""

import errno
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from issuetracker.server import companion
from issuetracker.server.companion import GRACE_SECONDS, LONG_ENOUGH, LONGEST_PAUSE, Companion
from tests.clusters import ROOT, command_of
from tests.events.sending import Clock
from tests.site import wait_until


class Process:
    """Stands for one that was started: it lives until it is told not to."""

    started: list["Process"]

    def __init__(self, command: list[str], **how: Any) -> None:
        self.command, self.pid, self.has_ended, self.is_stubborn = command, 2**22 + len(self.started), False, False
        self.told: list[str] = []
        self.started.append(self)

    def poll(self) -> int | None:
        return 1 if self.has_ended else None

    def terminate(self) -> None:
        self.told.append("terminate")

    def kill(self) -> None:
        self.told.append("kill")
        self.is_stubborn = False

    def wait(self, seconds: float | None = None) -> int:
        if self.is_stubborn:
            assert seconds is not None
            raise subprocess.TimeoutExpired(self.command, seconds)
        return 0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(companion, "monotonic", clock)
    return clock


@pytest.fixture
def started(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    monkeypatch.setattr(Process, "started", [], raising=False)
    monkeypatch.setattr("issuetracker.server.companion.subprocess.Popen", Process)
    return Process.started


def test_is_started_once_while_it_lives(started: list[Process], clock: Clock) -> None:
    beside = Companion("count_events")

    for _ in range(5):
        beside.tend()
        clock.now += 100

    (process,) = started
    assert process.command[1:3] == [str(ROOT / "manage.py"), "count_events"]


def test_one_that_dies_at_once_is_started_less_and_less_often(started: list[Process], clock: Clock) -> None:
    beside = Companion("count_events")
    starts = []
    for _ in range(200):
        before = len(started)
        beside.tend()
        if len(started) > before:
            starts.append(clock.now)
            started[-1].has_ended = True
        clock.now += 1

    pauses = [later - sooner for sooner, later in pairwise(starts)]
    assert pauses == [1, 2, 4, 8, 16, *[LONGEST_PAUSE] * 5]


def test_one_that_has_lived_is_started_again_at_once(
    started: list[Process], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    beside = Companion("count_events")
    for lived in (1, LONG_ENOUGH, 1):
        beside.tend()
        clock.now += lived
        started[-1].has_ended = True

    beside.tend()
    beside.tend()

    # The first pause is over when the second has lived; and that one leaves none behind.
    assert len(started) == 4
    assert [record.getMessage() for record in caplog.records] == [
        f"count_events (process {process.pid}) has ended by itself, and is started again" for process in started[:3]
    ]


def test_one_that_cannot_be_started_is_tried_again_and_ends_nobody(
    started: list[Process], clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = []

    def refuse(command: list[str], **how: Any) -> Process:
        tried.append(clock.now)
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    beside = Companion("count_events")
    with monkeypatch.context() as patch:
        patch.setattr("issuetracker.server.companion.subprocess.Popen", refuse)
        for _ in range(100):
            beside.tend()
            clock.now += 1
        beside.end()
    clock.now += LONGEST_PAUSE
    beside.tend()

    assert [later - sooner for sooner, later in pairwise(tried)] == [1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE]
    assert {record.getMessage() for record in caplog.records} == {
        "count_events can't be started (Resource temporarily unavailable), and is tried again"
    }
    assert len(started) == 1


def test_is_ended_and_killed_when_it_does_not_end(started: list[Process]) -> None:
    for is_stubborn, told in ((False, ["terminate"]), (True, ["terminate", "kill"])):
        beside = Companion("count_events")
        beside.tend()
        started[-1].is_stubborn = is_stubborn

        beside.end()

        assert started[-1].told == told
    assert GRACE_SECONDS > 0


def test_that_was_never_started_needs_no_end(started: list[Process]) -> None:
    Companion("count_events").end()

    assert started == []


PARENT = """
import os, sys, time
from pathlib import Path
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "issuetracker.settings"
django.setup()
from django.conf import settings
settings.BASE_DIR = Path(sys.argv[1])
from issuetracker.server.companion import Companion
beside = Companion("stand_still")
beside.tend()
print(beside._process.pid, flush=True)
time.sleep(60)
"""


def test_does_not_outlive_its_parent_whatever_it_is_at(tmp_path: Path) -> None:
    """The system tells it: one that waits for somebody would not look for its parent itself."""
    (tmp_path / "manage.py").write_text("import time\ntime.sleep(60)\n")
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        wait_until(lambda: "stand_still" in command_of(pid))

        parent.kill()

    wait_until(lambda: "stand_still" not in command_of(pid), seconds=10)
