"""The clients, installed once, and with a home of its own for each test."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from issues.models import Issue
from projects.models import Project
from tests.clients.npm import clients
from tests.factories import IssueFactory
from tests.live import read_as


@cache
def why_not() -> str:
    """Install the clients, once. Return why they can't be run; nothing when they can."""
    try:
        clients.install()
    except clients.CannotRun as why:
        return str(why)
    return ""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail with a sentence where the clients can't be run: who asks for these tests wants to know."""
    if item.get_closest_marker("npm") and why_not():
        pytest.fail(f"Sentry's npm clients were not run: {why_not()}", pytrace=False)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder that is a client's home; afterwards, no client asked for another machine."""
    yield tmp_path
    asked_for = clients.asked_for(tmp_path)
    assert not asked_for.exists(), asked_for.read_text()


@pytest.fixture
def sentry(home: Path, address: str, jane_token: str) -> clients.Sentry:
    return clients.Sentry(address, jane_token, home)


@pytest.fixture
def mcp(home: Path, address: str, jane_token: str) -> Iterator[clients.Mcp]:
    with clients.Mcp(address, jane_token, home).started() as session:
        yield session


@pytest.fixture
def sentry_api(home: Path, address: str, jane_token: str) -> clients.SentryApi:
    return clients.SentryApi(address, jane_token, home)


@pytest.fixture
def read(address: str, jane_token: str) -> Callable[[str], Any]:
    """Read something of the server, as jane, without any of the clients: ``read("issues/1/")``."""
    return partial(read_as, jane_token, address)


@pytest.fixture
def recent(project: Project) -> Callable[..., Issue]:
    """Make an issue that was last seen an hour ago: clients ask for what happened lately."""

    def make(**columns: Any) -> Issue:
        return IssueFactory(**{"project": project, "own_last_seen": timezone.now() - timedelta(hours=1)} | columns)

    return make
