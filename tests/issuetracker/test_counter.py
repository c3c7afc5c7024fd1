"""The counter of events that `serve` runs beside its workers ...: real processes."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from benchmarks.serving import database_url
from projects.models import Project
from tests.clusters import command_of
from tests.events.counting.arriving import arrive, issue_of, waiting
from tests.prepared import Process
from tests.site import Site, serving_site, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def counters(site: Site) -> list[int]:
    return [pid for pid in site.workers() if "count_events" in command_of(pid)]


def counter_of(site: Site) -> int:
    wait_until(lambda: len(counters(site)) == 1)
    return counters(site)[0]


def lives(pid: int) -> bool:
    return "count_events" in command_of(pid)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with serving_site(tmp_path / "log", WEB_WORKERS="1", COUNT_EVENTS="true") as site:
        yield site


def test_counts_what_comes_in_and_ends_with_the_server(site: Site, project: Project) -> None:
    for _ in range(3):
        arrive(project, at=timezone.now())

    wait_until(lambda: waiting() == 0)

    assert issue_of(project).times_seen == 3
    counter = counter_of(site)
    site.process.send_signal(signal.SIGTERM)
    site.process.wait(30)
    assert not lives(counter)
    assert site.logged() == ""


def test_is_started_again_when_it_dies(site: Site, project: Project) -> None:
    counter = counter_of(site)

    os.kill(counter, signal.SIGKILL)

    wait_until(lambda: counters(site) not in ([], [counter]))
    arrive(project, at=timezone.now())
    wait_until(lambda: waiting() == 0)
    assert f"count_events (process {counter}) has ended by itself, and is started again" in site.logged()


def test_does_not_outlive_a_server_that_is_killed(site: Site) -> None:
    counter = counter_of(site)

    site.process.kill()

    wait_until(lambda: not lives(counter))


def test_is_not_there_where_others_count(tmp_path: Path) -> None:
    with serving_site(tmp_path / "log", WEB_WORKERS="1", COUNT_EVENTS="false") as site:
        site.replace_workers()  # by then the master has looked after what runs beside them
        wait_until(lambda: len(site.workers()) == 1)

        assert counters(site) == []


# ---------------------------------------------------------------------------------------------------------------------
# By itself
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def start(*arguments: str) -> Process:
        environment = os.environ | {"DATABASE_URL": database_url()}
        process = Process("manage.py", "count_events", *arguments, environment=environment)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_once_counts_what_waits_and_ends(start: Callable[..., Process], project: Project) -> None:
    for _ in range(3):
        arrive(project)

    assert start("--once").communicate(timeout=60) == ("", "")

    assert (waiting(), issue_of(project).times_seen) == (0, 3)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_ends_at_a_signal_with_a_good_code(start: Callable[..., Process], project: Project, by: signal.Signals) -> None:
    counter = start()
    arrive(project)
    wait_until(lambda: waiting() == 0)  # so it is at work

    counter.send_signal(by)

    assert counter.communicate(timeout=60) == ("", "")
    assert counter.returncode == 0
