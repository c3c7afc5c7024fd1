"""Faults at random instants, again and again, with two workers: all or nothing is seen from outside (make soak)."""

import time
from collections.abc import Iterator
from functools import partial
from random import Random

import pytest

from issuetracker.integrity import INVARIANTS
from tests import soak
from tests.clusters import folder
from tests.faults.senders import sending
from tests.faults.service import LARGE, Service, wait_until
from tests.faults.test_events import play

pytestmark = pytest.mark.soak

ROUNDS = 20
ISSUES = 20_000
LATEST = 2.0  # seconds into the large mutation

FAULTS = (
    Service.kill_worker,
    Service.kill_postgres,
    Service.kill_backend,
    Service.shut_postgres_down_at_once,
    Service.shut_postgres_down,
    Service.cut_connections,
)


@pytest.fixture
def service() -> Iterator[Service]:
    with folder("data") as data:
        running = Service(data, workers=2, issues=ISSUES)
        yield running
        assert running.manage("check_integrity") == f"{len(INVARIANTS)} invariants hold.\n"
        running.stop()


def changes(service: Service, status: str) -> bool:
    return service.put(LARGE, {"status": status}).status == 200


def test_faults_at_any_moment_leave_all_or_nothing(service: Service) -> None:
    random = Random(0)
    status = "unresolved"
    done_before_the_fault = 0
    for number in range(ROUNDS):
        fault, wanted = random.choice(FAULTS), "ignored" if status == "resolved" else "resolved"
        with service.traffic():
            large = service.put_in_background(LARGE, {"status": wanted})
            time.sleep(random.random() * LATEST)
            fault(service)
            answer = large.result()
        where = f"round {number}: {fault.__name__}"
        assert answer.status == 200 or answer.is_try_again(), (where, answer)
        done_before_the_fault += answer.status == 200

        statuses, _, mutations = service.large_state()
        assert statuses in ([(status, ISSUES)], [(wanted, ISSUES)]), where
        if answer.status == 200:
            assert statuses == [(wanted, ISSUES)], where  # what was answered is kept
        wait_until(partial(changes, service, wanted), where)
        assert service.large_state()[0] == [(wanted, ISSUES)], where
        assert service.large_state()[2][0][0] <= mutations[0][0] + 1, where
        assert service.broken() == [], where
        status = wanted
    assert 0 < done_before_the_fault < ROUNDS  # the instants were early and late enough


def test_faults_at_any_moment_lose_no_event(service: Service) -> None:
    random = Random(0)
    for number in range(ROUNDS):
        fault = random.choice((Service.kill_counter, *FAULTS))
        with sending(service, LARGE) as sent, service.traffic():
            time.sleep(random.random() * LATEST)
            fault(service)
        sent.check()
        assert service.broken() == [], f"round {number}: {fault.__name__}"


def test_two_counters_and_people_are_in_nobodys_way_for_minutes(service: Service) -> None:
    play(service, soak.MINUTES * 60)
    assert service.broken() == []
