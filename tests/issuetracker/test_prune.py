"""`manage.py prune`, and the one that `serve` runs beside its workers ...: what it says, and when it ends."""

import logging
import os
import re
import signal
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone
from prometheus_client import REGISTRY

from benchmarks.serving import database_url
from events.models import Loss, LossSource
from issues.models import Activity, Mutation
from issues.mutation import Ignore, Resolve
from issues.services import pruning
from issues.services.pruning import Step
from issuetracker import metrics
from issuetracker.metrics import PRUNED_KINDS
from issuetracker.pruning import Kept, Pruning
from projects.callers import Caller
from projects.models import Project, User
from tests.clusters import command_of
from tests.factories import IssueFactory
from tests.issues.services.calls import ask
from tests.prepared import Process
from tests.site import serving_site, wait_until

KEPT = Kept(mutations=30, activities=365, hours=91, events=90)


def days_ago(days: float) -> Any:
    return timezone.now() - timedelta(days=days)


def run() -> dict[str, str]:
    """Prune once; return what was said of each kind."""
    out = StringIO()
    call_command("prune", "--once", stdout=out, stderr=StringIO())
    return dict(line.split(": ", 1) for line in out.getvalue().splitlines())


def removed(said: dict[str, str]) -> dict[str, int]:
    return {kind: int(words.split()[0]) for kind, words in said.items() if not words.startswith("0 ")}


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"issuetracker_{name}", labels) or 0


@pytest.fixture
def old(project: Project, jane: User, settings: Any) -> None:
    """Something of each kind that is older than it is kept, and something that is younger; in days."""
    settings.MUTATIONS_KEPT_DAYS, settings.ACTIVITIES_KEPT_DAYS = 7, 20
    issue = IssueFactory(project=project)
    for days in (30, 10, 1):
        ask(project, [issue], by=Caller(user=jane), at=days_ago(days), status=Ignore() if days == 10 else Resolve())
        entry = LogEntry.objects.create(
            user=jane, content_type=ContentType.objects.first(), action_flag=ADDITION, object_repr="pump"
        )
        LogEntry.objects.filter(pk=entry.pk).update(action_time=days_ago(days))
        Session.objects.create(session_key=f"{days}", session_data="", expire_date=days_ago(days - 2))
    attempt = AccessAttempt.objects.create(username="jane", failures_since_start=1)
    AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=days_ago(1))
    for days in (100, 1):
        day = days_ago(days).date()
        Loss.objects.create(
            project_id=project.pk,
            day=day,
            key="k",
            source=LossSource.SERVER,
            reason="again",
            category="error",
            quantity=1,
        )


@pytest.mark.django_db
def test_removes_what_is_older_than_the_settings_say(old: None, caplog: pytest.LogCaptureFixture) -> None:
    before = {kind: counted("pruned_total", kind=kind) for kind in PRUNED_KINDS}

    with caplog.at_level(logging.INFO, "issuetracker.pruning"):
        said = run()

    expected = {
        "mutations": 2,
        "activities": 1,
        "lost events": 1,
        "sessions": 2,
        "log-ins": 1,
        "changes of settings": 1,
    }
    assert removed(said) == expected
    assert list(said) == list(PRUNED_KINDS)
    assert re.fullmatch(r"2 removed in \d+\.\d s", said["mutations"])
    assert (Mutation.objects.count(), Activity.objects.count(), Session.objects.count()) == (1, 2, 1)
    assert {kind: counted("pruned_total", kind=kind) - before[kind] for kind in expected} == expected
    (line,) = [record for record in caplog.records if record.name == "issuetracker.pruning"]
    assert line.getMessage().startswith("pruned: 2 mutations, 1 activities, ")
    assert line.__dict__["removed"]["sessions"] == 2
    assert removed(run()) == {}


@pytest.mark.django_db
def test_what_fails_is_said_and_keeps_nothing_else_back(old: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Iterator[Step]:
        yield Step(1)
        raise OperationalError("the disk\nis full")

    monkeypatch.setattr(pruning, "prune_mutations", fail)
    failed = counted("pruning_runs_total", outcome="failed")
    out = StringIO()

    with pytest.raises(CommandError, match="Some of it could not be removed"):
        call_command("prune", "--once", stdout=out, stderr=StringIO())

    first, *others = out.getvalue().splitlines()
    assert re.fullmatch(r"mutations: 1 removed in \d+\.\d s; then it failed: the disk is full", first)
    assert "sessions: 2 removed" in "\n".join(others)
    assert counted("pruning_runs_total", outcome="failed") == failed + 1
    assert counted("pruning_ended_timestamp_seconds", outcome="failed") > 1.7e9


@pytest.mark.django_db
def test_a_look_that_a_bug_ends_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Iterator[Step]:
        raise ZeroDivisionError

    monkeypatch.setattr(pruning, "prune_mutations", fail)
    failed = counted("pruning_runs_total", outcome="failed")

    with pytest.raises(ZeroDivisionError):
        list(Pruning(kept=KEPT, now=timezone.now, lock_timeout=5).look())

    assert counted("pruning_runs_total", outcome="failed") == failed + 1


@pytest.mark.django_db
def test_is_stopped_between_two_sets(old: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    pruner = Pruning(kept=KEPT, now=timezone.now, lock_timeout=5)

    (done,) = pruner.look(lambda kind, step: pruner.stop())

    assert done.kind == "mutations"
    assert [" stopped in " in record.message for record in caplog.records] == [True]
    assert list(pruner.look()) == []
    assert len(caplog.records) == 1  # a service that ends as soon as it began says nothing of what it didn't do
    assert counted("pruning_runs_total", outcome="stopped") >= 1


@pytest.mark.django_db
def test_takes_nothing_away_by_a_clock_that_is_far_ahead(old: None, caplog: pytest.LogCaptureFixture) -> None:
    """As of a machine that has started with the clock of another year; the database is another machine's."""
    ahead = timezone.now() + timedelta(days=4000)

    list(Pruning(kept=KEPT, now=lambda: ahead, lock_timeout=5).look())

    assert (Mutation.objects.count(), Activity.objects.count(), Session.objects.count()) == (2, 3, 1)
    assert "s ahead of the database's: set one of them right." in caplog.text


@pytest.mark.django_db
def test_leaves_as_much_time_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    pruner = Pruning(kept=KEPT, now=timezone.now, lock_timeout=5)
    clock = iter(range(1_000))
    monkeypatch.setattr("issuetracker.pruning.monotonic", lambda: next(clock) / 10)
    pauses: list[float] = []
    monkeypatch.setattr(pruner.stopping, "wait", pauses.append)
    monkeypatch.setattr(pruning, "prune_mutations", lambda *_: iter([Step(5), Step(), Step(3)]))

    list(pruner.look())

    assert pauses == [pytest.approx(0.1), pytest.approx(0.1)]


def test_every_kind_is_counted_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(Pruning(kept=KEPT, now=timezone.now, lock_timeout=5)._kinds()) == set(PRUNED_KINDS)
    assert set(metrics.PRUNING_OUTCOMES) == {"done", "stopped", "failed"}


@pytest.mark.django_db(transaction=True)
def test_the_servers_own_prunes_and_ends_with_it(project: Project, jane: User, tmp_path: Path) -> None:
    ask(project, [IssueFactory(project=project)], by=Caller(user=jane), at=days_ago(31), status=Resolve())

    with serving_site(tmp_path / "log", WEB_WORKERS="1", PRUNE="true", LOG_LEVEL="WARNING") as site:
        wait_until(lambda: "issuetracker.pruning" in site.logged())
        (pruner,) = [pid for pid in site.workers() if "prune" in command_of(pid)]
        assert not Mutation.objects.exists()
        site.process.send_signal(signal.SIGTERM)
        site.process.wait(30)

    assert "prune" not in command_of(pruner)
    [line] = (tmp_path / "log").read_text().splitlines()
    assert '"removed": {"mutations": 1' in line


@pytest.mark.django_db(transaction=True)
def test_ends_at_a_signal_with_a_good_code(project: Project, jane: User) -> None:
    ask(project, [IssueFactory(project=project)], by=Caller(user=jane), at=days_ago(31), status=Resolve())
    environment = os.environ | {"DATABASE_URL": database_url(), "LOG_LEVEL": "INFO"}
    pruner = Process("manage.py", "prune", environment=environment)
    try:
        assert "pruned: 1 mutations" in pruner.stderr.readline()  # so it waits for the next look
        pruner.send_signal(signal.SIGTERM)
        assert pruner.wait(20) == 0
    finally:
        pruner.kill()
        pruner.communicate()
