"""A lost database ...: is a 503, leaves nothing half done, and is found again by the next request."""

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import psycopg2
import pytest
from django.db import DatabaseError, close_old_connections, connection

from issues.models import Issue
from projects.models import Project
from tests.api_client import Api
from tests.assertions import snapshot
from tests.concurrency.sessions import BEGIN, HISTORY, ISSUE_LOCK, Interruption, Session
from tests.factories import IssueFactory

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.django_db(transaction=True)

CREDENTIALS = re.compile(r'FROM "projects_apikey"')
CHANGE = re.compile(r"INSERT INTO\s+issues_activity|DELETE FROM")


@pytest.fixture
def ids(project: Project) -> list[int]:
    return [IssueFactory(project=project).pk for _ in range(2)]


def put(api: Api, ids: list[int]) -> "Response":
    return api.put(api.issues_url, {"status": "resolved", "isPublic": True, "merge": True}, ids=ids)


def put_all(api: Api, ids: list[int]) -> "Response":
    return api.put(api.issues_url, {"status": "resolved"})


def delete(api: Api, ids: list[int]) -> "Response":
    return api.delete(api.issues_url, ids=ids)


def end(session: Session) -> None:
    """End the session's backend, and return when it is gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [session.pid])
        assert cursor.fetchone() == (True,)


MOMENTS = {
    "the credentials": CREDENTIALS,
    "the transaction": BEGIN,
    "the lock": ISSUE_LOCK,
    "the change": CHANGE,
    "the history": HISTORY,
}


@pytest.mark.parametrize(
    ("request_", "moment", "before"),
    [
        *(pytest.param(put, moment, True, id=f"put, before {name}") for name, moment in MOMENTS.items()),
        *(pytest.param(put, moment, False, id=f"put, after {name}") for name, moment in MOMENTS.items()),
        *(pytest.param(put_all, MOMENTS[name], False, id=f"all, after {name}") for name in ("the lock", "the history")),
        *(
            pytest.param(delete, MOMENTS[name], False, id=f"delete, after {name}")
            for name in ("the lock", "the change")
        ),
    ],
)
def test_is_a_503_whenever_it_happens(
    api: Api,
    ids: list[int],
    session: Session,
    other_session: Session,
    request_: Callable[[Api, list[int]], "Response"],
    moment: re.Pattern[str],
    before: bool,
) -> None:
    rows = snapshot()
    loss = Interruption(moment, partial(other_session.do, partial(end, session)), before=before)

    response = session.do(partial(request_, api, ids), loss)

    assert loss.times == 0
    assert response.status_code == 503
    assert response.json() == {"detail": "The database is not available just now. Try again."}
    assert response.headers["Retry-After"] == "5"
    assert snapshot() == rows

    session.do(close_old_connections)  # as a server does between requests, and Django's test client doesn't
    again = session.do(partial(request_, api, ids))
    assert again.status_code in {200, 204}
    assert again.headers["Issues-Changed"] == "2"


def test_is_a_503_in_the_middle_of_an_answer(api: Api, ids: list[int], session: Session) -> None:
    """The driver has no code for that, and calls it a DatabaseError and not an OperationalError (seen, not guessed)."""

    def break_off() -> None:
        raise DatabaseError("server closed the connection unexpectedly") from psycopg2.DatabaseError()

    rows = snapshot()

    response = session.do(partial(put, api, ids), Interruption(ISSUE_LOCK, break_off))

    assert response.status_code == 503
    assert response.json() == {"detail": "The database is not available just now. Try again."}
    assert response.headers["Retry-After"] == "5"
    assert snapshot() == rows


def test_is_a_503_when_it_takes_no_connection_to_begin_with(api: Api, ids: list[int], session: Session) -> None:
    def turned_away() -> "Response":
        connection.close()
        connection.settings_dict = {**connection.settings_dict, "OPTIONS": {"options": "-c no_such_setting=1"}}
        return put(api, ids)

    response = session.do(turned_away)

    assert response.status_code == 503
    assert response.json() == {"detail": "The database is not available just now. Try again."}
    assert response.headers["Retry-After"] == "5"
    assert not Issue.objects.filter(status="resolved").exists()
