"""Who guesses passwords of the admin is stopped; nobody else is (django-axes)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from projects.addresses import client_address
from projects.models import User
from tests.api_client import Api
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"
ATTEMPTS = 5  # the last of them is answered as all that follow
PASSWORD = "correct horse battery staple"


@pytest.fixture
def admin_user(db: None) -> User:
    user = UserFactory(username="admin", superuser=True)
    user.set_password(PASSWORD)
    user.save()
    return user


def log_in(password: str, *, name: str = "admin", address: str = "192.0.2.1", **headers: str) -> Any:
    return Client(REMOTE_ADDR=address, headers=headers).post(LOGIN, {"username": name, "password": password})


def guess(times: int, **how: str) -> list[int]:
    return [log_in(f"guess {number}", **how).status_code for number in range(times)]


def test_stops_who_guesses_and_says_so(admin_user: User) -> None:
    assert guess(ATTEMPTS) == [200] * (ATTEMPTS - 1) + [429]

    for password in ("another guess", PASSWORD):
        response = log_in(password)
        assert (response.status_code, response.headers["Retry-After"]) == (429, "900")
        assert "Too many attempts to log in under this name. Wait 15 minutes before the next." in response.text
        assert "sessionid" not in response.cookies
    assert Client(REMOTE_ADDR="192.0.2.1").get(LOGIN).status_code == 200


def test_counts_by_name_and_address(admin_user: User) -> None:
    guess(ATTEMPTS)
    other = UserFactory(username="other", superuser=True)
    other.set_password(PASSWORD)
    other.save()

    assert log_in(PASSWORD, address="192.0.2.2").status_code == 302
    assert log_in(PASSWORD, name="other").status_code == 302
    assert log_in(PASSWORD).status_code == 429


def test_counts_whatever_else_the_browser_says(admin_user: User) -> None:
    answers = [log_in("guess", **{"User-Agent": f"browser {number}"}).status_code for number in range(ATTEMPTS)]

    assert answers[-1] == 429


def test_begins_anew_after_a_log_in_and_after_a_pause(admin_user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    guess(ATTEMPTS - 1)
    assert log_in(PASSWORD).status_code == 302
    assert guess(ATTEMPTS) == [200] * (ATTEMPTS - 1) + [429]

    later = timezone.now() + timedelta(minutes=15, seconds=1)
    monkeypatch.setattr("axes.handlers.proxy.now", lambda: later)
    assert log_in(PASSWORD).status_code == 302


def test_does_not_prolong_the_pause_by_attempts_in_it(admin_user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    guess(ATTEMPTS)
    start = timezone.now()
    monkeypatch.setattr("axes.handlers.proxy.now", lambda: start + timedelta(minutes=14))
    assert log_in("guess").status_code == 429

    monkeypatch.setattr("axes.handlers.proxy.now", lambda: start + timedelta(minutes=15, seconds=1))
    assert log_in(PASSWORD).status_code == 302


def test_shuts_nobody_out_who_is_in_already(api: Api, admin_user: User) -> None:
    inside = Client(REMOTE_ADDR="192.0.2.1")
    assert inside.post(LOGIN, {"username": "admin", "password": PASSWORD}).status_code == 302
    guess(ATTEMPTS + 1)

    assert inside.get("/admin/").status_code == 200
    assert inside.get("/api/0/users/me/").status_code == 200
    assert api.get("/api/0/users/me/", auth="jane").status_code == 200


def test_asks_nothing_more_of_the_database_for_the_api(api: Api) -> None:
    with CaptureQueriesContext(connection) as queries:
        api.get("/api/0/users/me/", auth="jane")
        api.get("/api/0/users/me/", auth=None, headers={"Authorization": "Bearer nonsense"})

    assert len(queries) == 2
    assert not [query for query in queries if "axes" in query["sql"]]


def test_writes_no_password_down(admin_user: User, caplog: pytest.LogCaptureFixture) -> None:
    secret = "hunter2-hunter2"
    log_in(secret)
    log_in("x", name=secret)

    assert "New login failure" in caplog.text
    assert "192.0.2.1" in caplog.text
    assert secret not in caplog.text
    with connection.cursor() as cursor:
        cursor.execute("SELECT get_data, post_data FROM axes_accessattempt")
        assert secret not in str(cursor.fetchall())


@pytest.mark.parametrize(
    ("is_behind_a_proxy", "forwarded", "address"),
    [
        (False, None, "192.0.2.1"),
        (False, "198.51.100.7", "192.0.2.1"),
        (True, "198.51.100.7", "198.51.100.7"),
        (True, "203.0.113.9, 198.51.100.7", "198.51.100.7"),  # what stands before is the client's own word
        (True, "2001:DB8::1", "2001:db8::1"),
        (True, "fe80::1%eth0", "fe80::1"),  # PostgreSQL takes no interface
        (True, None, "192.0.2.1"),
        (True, "unknown", None),
        (True, "198.51.100.7, ", None),
    ],
)
def test_believes_the_proxy_alone_whom_a_request_comes_from(
    settings: Any, is_behind_a_proxy: bool, forwarded: str | None, address: str | None
) -> None:
    settings.SECURE_PROXY = is_behind_a_proxy
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}

    assert client_address(RequestFactory(REMOTE_ADDR="192.0.2.1").get("/", headers=headers)) == address


def test_tells_people_behind_one_proxy_apart(admin_user: User, settings: Any) -> None:
    settings.SECURE_PROXY = True
    guess(ATTEMPTS, **{"X-Forwarded-For": "198.51.100.7"})

    assert log_in(PASSWORD, **{"X-Forwarded-For": "198.51.100.7"}).status_code == 429
    assert log_in(PASSWORD, **{"X-Forwarded-For": "198.51.100.7, 198.51.100.8"}).status_code == 302
