"""One service behind PgBouncer for all of these tests, which each leave it whole."""

from collections.abc import Iterator

import pytest

from issuetracker.integrity import INVARIANTS
from tests.clusters import folder
from tests.faults.service import Service
from tests.issuetracker.programs import STAY, Program
from tests.pgbouncer.bouncer import CannotRun, PgBouncer, find, running

CONNECTIONS = 2  # for two workers of eight threads, who counts, and each command
QUERY_WAIT_SECONDS = 2


@pytest.fixture(scope="package")
def bouncers() -> Iterator[tuple[PgBouncer, Service]]:
    try:
        find()
    except CannotRun as error:
        pytest.fail(str(error), pytrace=False)
    with folder("data") as data:
        database = Program(data, STAY)  # keeps the embedded PostgreSQL running
        assert database.hears() == "ready"
        server = {"host": str(data / "cluster"), "port": "5432", "user": "issuetracker"}
        with running(
            server,
            default_pool_size=CONNECTIONS,
            min_pool_size=CONNECTIONS,
            server_round_robin=1,
            query_wait_timeout=QUERY_WAIT_SECONDS,
        ) as bouncer:
            service = Service(data, workers=2, url=bouncer.url("issuetracker"))
            yield bouncer, service
            assert service.manage("check_integrity") == f"{len(INVARIANTS)} invariants hold.\n"
            service.stop()
        database.ends()


@pytest.fixture
def bouncer(bouncers: tuple[PgBouncer, Service]) -> PgBouncer:
    return bouncers[0]


@pytest.fixture
def service(bouncers: tuple[PgBouncer, Service]) -> Iterator[Service]:
    """The service; after the test, whatever it was, all that must hold between rows does."""
    yield bouncers[1]
    assert bouncers[1].master.poll() is None
    assert bouncers[1].broken() == []
