"""A lost database ...: is a 503 within a request, leaves nothing half done, and is found again by the next one."""

import re
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg2
import pytest
from django.db import DatabaseError, OperationalError, close_old_connections, connection, transaction
from django.test import Client

from issues.models import Issue
from projects.database.connections import first_look_up_tried_again
from projects.models import Project, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.concurrency.sessions import BEGIN, HISTORY, ISSUE_LOCK, Counter, Interruption, Session
from tests.factories import IssueFactory

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.django_db(transaction=True)

CREDENTIALS = re.compile(r"FROM projects_apikey")
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
        *(
            pytest.param(put, moment, True, id=f"put, before {name}")
            for name, moment in MOMENTS.items()
            if moment != CREDENTIALS
        ),
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


@pytest.mark.parametrize("request_", [put, put_all, delete])
def test_is_not_noticed_when_it_happens_before_the_credentials(
    api: Api, ids: list[int], session: Session, other_session: Session, request_: Callable[[Api, list[int]], "Response"]
) -> None:
    loss = Interruption(CREDENTIALS, partial(other_session.do, partial(end, session)), before=True)

    response = session.do(partial(request_, api, ids), loss)

    assert loss.times == 0
    assert response.status_code in {200, 204}
    assert response.headers["Issues-Changed"] == "2"


def lose(session: Session, other_session: Session) -> None:
    """End the session's backend between two requests, which a server begins by looking at its connections."""
    session.do(connection.ensure_connection)
    other_session.do(partial(end, session))
    session.do(close_old_connections)


SHARED = UUID(int=7)


def log_in(api: Api, ids: list[int]) -> "Response":
    return Client().post("/admin/login/", {"username": "jane", "password": "wrong", "next": "/admin/"})


REQUESTS: dict[str, Callable[[Api, list[int]], "Response"]] = {
    "a PUT": put,
    "an update of all": put_all,
    "a DELETE": delete,
    "a list": lambda api, ids: api.get(api.issues_url),
    "a token's list": lambda api, ids: api.get(api.issues_url, auth="jane"),
    "what is shared": lambda api, ids: api.get(f"/api/0/shared/issues/{SHARED.hex}/", auth=None),
    "the page of what is shared": lambda api, ids: Client().get(f"/share/issue/{SHARED.hex}/"),
    "a log-in": log_in,
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_is_not_noticed_when_it_happens_between_two_requests(
    api: Api, ids: list[int], session: Session, other_session: Session, request_: Callable[[Api, list[int]], "Response"]
) -> None:
    Issue.objects.filter(pk=ids[0]).update(share_id=SHARED)
    lose(session, other_session)

    response = session.do(partial(request_, api, ids))

    assert response.status_code in {200, 204}


def test_is_not_noticed_by_whoever_is_logged_in(
    api: Api, ids: list[int], jane: User, session: Session, other_session: Session
) -> None:
    browser = Client()
    browser.force_login(jane)
    lose(session, other_session)

    assert session.do(partial(browser.get, api.issues_url)).status_code == 200


def test_is_not_asked_for_before_the_credentials(
    api: Api, ids: list[int], session: Session, other_session: Session
) -> None:
    said: list[str] = []

    def listen() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [session.pid])
            said.extend(cursor.fetchone())

    session.do(partial(api.get, api.issues_url))
    session.do(close_old_connections)
    response = session.do(
        partial(put, api, ids), Interruption(CREDENTIALS, partial(other_session.do, listen), before=True)
    )

    assert response.status_code == 200
    assert re.search("issues_issue", said[0])  # of the request before


@pytest.mark.parametrize(
    ("first", "in_transaction"),
    [("UPDATE issues_issue SET level = 'info'", False), ("SELECT id FROM issues_issue", True)],
)
def test_is_told_to_whoever_began_with_more_than_a_look_up(
    ids: list[int], session: Session, other_session: Session, first: str, in_transaction: bool
) -> None:
    said = Counter(re.compile(re.escape(first)))

    def began() -> None:
        around = transaction.atomic() if in_transaction else nullcontext()
        with first_look_up_tried_again(), around, connection.execute_wrapper(said), connection.cursor() as cursor:
            cursor.execute(first)

    lose(session, other_session)

    with pytest.raises(OperationalError):
        session.do(began)
    assert said.count == 1


def test_of_a_second_statement_is_told_even_if_it_is_a_look_up(
    ids: list[int], session: Session, other_session: Session
) -> None:
    def began() -> None:
        with first_look_up_tried_again(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            other_session.do(partial(end, session))
            cursor.execute("SELECT 2")

    with pytest.raises(OperationalError):
        session.do(began)


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
