"""Faults ...: each while requests run. Nothing is half applied, nobody has to start anything again, and whoever sends
the same request once more gets what was asked for (contract 1.9)."""

import json
import socket
from collections.abc import Callable

import pytest

from tests.api_client import basic
from tests.faults.service import KEY, LARGE, Service, wait_until

RESOLVE = {"status": "resolved"}
UNRESOLVE = {"status": "unresolved"}

BEING_CHANGED = {"detail": "These issues are being changed by another request. Try again."}
TOOK_TOO_LONG = {"detail": "This took too long and was ended. Ask for less, or try again."}

# Each fault, and each moment, once or more often; test_soak.py has any fault at any moment.
FAULTS = {
    "a worker is killed": (Service.kill_worker, "rows"),
    "PostgreSQL is killed at the end": (Service.kill_postgres, "commit"),
    "a process of PostgreSQL is killed": (Service.kill_backend, "rows"),
    "PostgreSQL is shut down at once": (Service.shut_postgres_down_at_once, "commit"),
    "PostgreSQL is shut down": (Service.shut_postgres_down, "commit"),
    "connections are cut": (Service.cut_connections, "commit"),
}


@pytest.fixture(autouse=True)
def unresolved(service: Service) -> None:
    assert service.put(LARGE, UNRESOLVE).status == 200


def assert_changes_all(service: Service) -> None:
    answer = service.put(LARGE, RESOLVE)
    assert (answer.status, answer.headers["Issues-Changed"]) == (200, str(service.large))
    assert service.large_state()[0] == [("resolved", service.large)]


@pytest.mark.parametrize(("fault", "moment"), FAULTS.values(), ids=FAULTS)
def test_in_a_large_mutation_undo_it_whole(service: Service, fault: Callable[[Service], None], moment: str) -> None:
    before = service.large_state()

    with service.traffic(), service.pausing(moment) as pause:
        large = service.put_in_background(LARGE, RESOLVE)
        pause.wait()
        fault(service)
        answer = large.result()
        pause.wait_until_gone()

    assert answer.is_try_again(), answer
    assert service.large_state() == before
    assert_changes_all(service)


def test_of_a_lock_that_somebody_else_keeps_are_over_when_that_is(service: Service) -> None:
    ids = service.ids_of(LARGE)
    kept = ids[len(ids) // 2]
    before = service.large_state()

    with service.traffic() as traffic:
        with service.session() as ask:
            ask("SELECT FROM issues_issue WHERE id = %s FOR UPDATE", kept)
            answers = [
                service.put(LARGE, RESOLVE),
                service.put(LARGE, {"merge": True, "assignedTo": "jane"}, [*ids[-2:], kept]),
                service.request("DELETE", service.url(LARGE, [ids[0], kept])),
            ]
            assert service.get(LARGE).status == 200  # who only reads waits for nobody
        assert traffic.answers.keys() <= {200, 201}  # nor who is elsewhere

    for answer in answers:
        assert answer.is_try_again()
        assert answer.body == BEING_CHANGED
    assert service.large_state() == before
    assert_changes_all(service)


def test_of_a_read_that_takes_too_long_end_it(service: Service) -> None:
    issue = service.ids_of(LARGE)[0]

    with service.traffic():
        with service.session() as ask:
            ask("LOCK TABLE issues_issue IN ACCESS EXCLUSIVE MODE")
            answers = [service.get(LARGE), service.request("GET", f"/api/0/issues/{issue}/")]
        assert service.get(LARGE).status == 200

    for answer in answers:
        assert answer.is_try_again()
        assert answer.body == TOOK_TOO_LONG


def test_of_a_mutation_that_the_database_ends_undo_it_whole(service: Service) -> None:
    before = service.large_state()

    with service.traffic(), service.pausing("commit") as pause:
        large = service.put_in_background(LARGE, RESOLVE)
        pause.wait()
        pause.cancel()
        answer = large.result()

    assert answer.is_try_again()
    assert answer.body == TOOK_TOO_LONG
    assert service.large_state() == before
    assert_changes_all(service)


def hang_up(service: Service, sent: bytes) -> None:
    """Send this much of a request, and leave."""
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(sent)


def large_request(service: Service) -> bytes:
    body = json.dumps(RESOLVE)
    head = f"PUT {service.url(LARGE)} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {basic(KEY)}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def test_of_a_client_that_leaves_within_its_request_change_nothing(service: Service) -> None:
    before = service.large_state()
    request = large_request(service)

    with service.traffic():
        for part in (1, len(request) // 2, len(request) - 1):
            hang_up(service, request[:part])

    assert service.large_state() == before
    assert_changes_all(service)


def test_of_a_client_that_leaves_after_its_request_change_all(service: Service) -> None:
    statuses, activities, mutations = service.large_state()

    with service.traffic(), service.pausing("commit") as pause:
        hang_up(service, large_request(service))
        pause.wait()
        assert service.large_state() == (statuses, activities, mutations)
        pause.end()
        wait_until(lambda: service.large_state()[0] != statuses, "it is done")

    assert service.large_state() == (
        [("resolved", service.large)],
        [(activities[0][0] + service.large,)],
        [(mutations[0][0] + 1,)],
    )
    again = service.put(LARGE, RESOLVE)
    assert (again.status, again.headers["Issues-Changed"]) == (200, "0")
