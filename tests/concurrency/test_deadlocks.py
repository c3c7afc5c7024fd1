"""Deadlocks ...: rows are locked in the order of ids; what the database ends all the same is tried again."""

from collections.abc import Callable
from functools import partial
from threading import Semaphore
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from issues.models import Activity, Issue
from projects.database.transactions import ATTEMPTS
from projects.models import Project
from tests.api_client import Api
from tests.assertions import snapshot
from tests.concurrency.sessions import BEGIN, PATIENCE, Counter, Foreign, Interruption, Session, wait_until_blocked
from tests.factories import IssueFactory

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.django_db(transaction=True)

Request = Callable[[Api, list[int]], "Response"]


def resolve(api: Api, ids: list[int]) -> "Response":
    return api.put(api.issues_url, {"status": "resolved"}, ids=ids)


def delete(api: Api, ids: list[int]) -> "Response":
    return api.delete(api.issues_url, ids=ids)


def resolve_all(api: Api, ids: list[int]) -> "Response":
    return api.put(api.issues_url, {"status": "resolved"})


@pytest.fixture
def ids(project: Project) -> list[int]:
    """Two issues, in whose table the second one comes first."""
    ids = [IssueFactory(project=project).pk for _ in range(2)]
    Issue.objects.filter(pk=ids[0]).update(level="fatal")  # PostgreSQL writes a changed row anew, behind the others
    return ids


def look_for_deadlocks_soon() -> None:
    """PostgreSQL waits for a second before it looks, and looks once: until then the circle must be closed."""
    with connection.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '200ms'")


class Turns(Interruption):
    """Lets a request begin once more only when it is told to.

    PostgreSQL keeps no row for who waits for it: the request might have it again before the other one has woken up.
    """

    def __init__(self) -> None:
        self._turn = Semaphore(1)
        super().__init__(BEGIN, self._wait, before=True, times=ATTEMPTS)

    def _wait(self) -> None:
        assert self._turn.acquire(timeout=PATIENCE)

    def give(self) -> None:
        self._turn.release()


def read_in_the_order_of_the_table() -> None:
    """Let PostgreSQL use no index, which might give the order of ids by chance."""
    with connection.cursor() as cursor:
        cursor.execute("SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off")


@pytest.mark.parametrize("request_", [resolve, resolve_all, delete])
def test_dont_come_from_the_order_in_which_callers_name_ids(
    api: Api, ids: list[int], session: Session, other_session: Session, foreign: Foreign, request_: Request
) -> None:
    session.do(read_in_the_order_of_the_table)
    other_session.do(look_for_deadlocks_soon)
    foreign.lock(ids[1])
    attempts = Counter(BEGIN)

    one = session.start(partial(request_, api, ids), attempts)
    wait_until_blocked(session, by=foreign)
    other = other_session.start(partial(resolve, api, ids[::-1]), attempts)
    wait_until_blocked(other_session, by=session)  # for the first issue, though it named the second one first
    foreign.roll_back()

    assert one.result().headers["Issues-Changed"] == "2"
    assert other.result().headers["Issues-Changed"] == "0"
    assert attempts.count == 2


@pytest.mark.parametrize("request_", [resolve, resolve_all, delete])
def test_forced_by_somebody_who_locks_in_the_wrong_order_are_tried_again(
    api: Api, ids: list[int], session: Session, foreign: Foreign, request_: Request
) -> None:
    session.do(look_for_deadlocks_soon)
    attempts, turns = Counter(BEGIN), Turns()

    foreign.lock(ids[1])
    asking = session.start(partial(request_, api, ids), attempts, turns)
    wait_until_blocked(session, by=foreign)
    foreign.lock(ids[0])  # had only when the other session was ended
    foreign.roll_back()
    turns.give()

    assert asking.result().status_code in {200, 204}
    assert asking.result().headers["Issues-Changed"] == "2"
    assert attempts.count == 2
    if request_ is not delete:
        mutation_id = int(asking.result().headers["Mutation-Id"])
        stamps = Issue.objects.order_by("id").values_list("id", "status", "mutation_id")
        assert list(stamps) == [(pk, "resolved", mutation_id) for pk in ids]
        assert list(Activity.objects.order_by("issue_id").values_list("issue_id", "mutation_id")) == [
            (pk, mutation_id) for pk in ids
        ]
    else:
        assert not Issue.objects.exists()


@pytest.mark.parametrize("request_", [resolve, resolve_all, delete])
def test_three_times_in_a_row_are_503_with_a_word_when_to_come_back(
    api: Api, ids: list[int], session: Session, foreign: Foreign, request_: Request
) -> None:
    session.do(look_for_deadlocks_soon)
    before = snapshot()
    attempts, turns = Counter(BEGIN), Turns()

    foreign.lock(ids[1])
    foreign.run("SAVEPOINT only_the_second")
    asking = session.start(partial(request_, api, ids), attempts, turns)
    for _ in range(ATTEMPTS):
        wait_until_blocked(session, by=foreign)
        foreign.lock(ids[0])
        foreign.run("ROLLBACK TO only_the_second")
        turns.give()
    response = asking.result()

    assert response.status_code == 503
    assert response.json() == {"detail": "These issues are being changed by another request. Try again."}
    assert response.headers["Retry-After"] == "5"
    assert response.headers["Content-Type"] == "application/json"
    assert attempts.count == 3
    assert snapshot() == before
