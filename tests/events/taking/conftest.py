from collections.abc import Iterator

import pytest

from events.taking.limits import Backlog, Disk, RateLimits
from events.taking.losses import Losses
from events.taking.senders import Senders
from events.views import taking
from projects.database import outages
from projects.models import ClientKey, Project
from projects.remembering import Remembered
from tests.events.sending import Sdk
from tests.factories import ClientKeyFactory


@pytest.fixture(autouse=True)
def new_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a process remembers of others' tests is forgotten."""
    for name, made in (
        ("senders", Senders()),
        ("rate_limits", RateLimits()),
        ("backlog", Backlog()),
        ("disk", Disk()),
        ("losses", Losses()),
        ("told", Remembered[bool](taking.TOLD_EVERY)),
    ):
        monkeypatch.setattr(taking, name, made)
    monkeypatch.setattr(outages, "traced", Remembered[bool](outages.TRACED_EVERY))
    # Written by a test itself: a thread would be outside of its transaction.
    monkeypatch.setattr("events.taking.losses.WRITTEN_AFTER", 3600)
    yield
    if taking.losses._timer is not None:
        taking.losses._timer.cancel()


@pytest.fixture
def key(project: Project) -> ClientKey:
    return ClientKeyFactory(project=project)


@pytest.fixture
def sdk(key: ClientKey) -> Sdk:
    return Sdk(key)
