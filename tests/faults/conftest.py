"""One service for all of these tests, which each leave it whole: that is what they are about."""

from collections.abc import Iterator

import pytest

from issuetracker.integrity import INVARIANTS
from tests.clusters import folder
from tests.faults.service import Service


@pytest.fixture(scope="package")
def running() -> Iterator[Service]:
    with folder("data") as data:
        service = Service(data)
        yield service
        assert service.manage("check_integrity") == f"{len(INVARIANTS)} invariants hold.\n"
        service.stop()


@pytest.fixture
def service(running: Service) -> Iterator[Service]:
    """The service; after the test, whatever it was, all that must hold between rows does."""
    master = running.master.pid
    yield running
    assert running.master.pid == master
    assert running.master.poll() is None  # nobody had to start it again
    assert running.broken() == []
