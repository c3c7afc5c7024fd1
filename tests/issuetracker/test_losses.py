"""Counts of what was lost ...: kept in memory by each worker, and not lost when it ends in order."""

import signal
from pathlib import Path

import pytest

from events.models import Loss
from projects.models import Project
from tests.factories import ClientKeyFactory
from tests.site import serving_site, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_are_written_by_every_worker_that_ends(project: Project, tmp_path: Path, by: signal.Signals) -> None:
    key = ClientKeyFactory(project=project)
    with serving_site(tmp_path / "log", WEB_WORKERS="2") as site:
        for _ in range(20):  # each on a connection of its own, so that both workers have some
            assert site.send("POST", f"/api/{project.pk}/store/?sentry_key={key.key}", b"nonsense").status == 400

        site.process.send_signal(by)
        assert site.process.wait(40) == 0

    (loss,) = Loss.objects.all()
    assert (loss.reason, loss.category, loss.quantity) == ("invalid", "error", 20)


def test_are_written_within_some_seconds(project: Project, tmp_path: Path) -> None:
    key = ClientKeyFactory(project=project)
    with serving_site(tmp_path / "log", WEB_WORKERS="1") as site:
        site.send("POST", f"/api/{project.pk}/store/?sentry_key={key.key}", b"nonsense")

        wait_until(lambda: Loss.objects.count() == 1)
