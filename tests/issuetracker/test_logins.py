"""Who guesses passwords of the admin is stopped; nobody else is (django-axes)."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from axes.models import AccessAttempt
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from projects.api.addresses import client_address
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

    assert inside.get("/admin/settings/").status_code == 200
    assert inside.get("/api/0/users/me/").status_code == 200
    assert api.get("/api/0/users/me/", auth="jane").status_code == 200


def test_asks_nothing_more_of_the_database_for_the_api(api: Api) -> None:
    with CaptureQueriesContext(connection) as queries:
        api.get("/api/0/users/me/", auth="jane")
        api.get("/api/0/users/me/", auth=None, headers={"Authorization": "Bearer nonsense"})

    assert len(queries) == 2
    assert not [query for query in queries if "axes" in query["sql"]]


def test_counts_what_is_tried_in_the_pause(admin_user: User) -> None:
    guess(ATTEMPTS + 3)
    log_in(PASSWORD)

    assert AccessAttempt.objects.get().failures_since_start == ATTEMPTS + 4


def test_forgets_attempts_that_nobody_waits_for(admin_user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    guess(1, name="somebody")
    guess(3)
    later = timezone.now() + timedelta(minutes=15, seconds=1)
    monkeypatch.setattr("axes.handlers.proxy.now", lambda: later)

    guess(1)

    assert [(row.username, row.failures_since_start) for row in AccessAttempt.objects.all()] == [("admin", 1)]


STRANGE = {
    "empty": "",
    "as long as the column": "x" * 255,
    "longer than any name": "x" * 256,
    "longer than the column for Accept": "x" * 1026,
    "a megabyte": "x" * 1_000_000,
    "a megabyte of letters of four bytes": "\U0001f600" * 250_000,
    "NUL": "a\0b",
    "NUL after the column": "x" * 300 + "\0",
    "what is no UTF-8": "\xff\xfe",
    "characters to combine": "e" + "\u0301" * 1000,
    "the other way round": "\u202eadmin",
    "a line break": "a\r\nSet-Cookie: b=c",
    "quotes": "'; DROP TABLE axes_accessattempt; --",
    "a number": "0" * 5000,
    "per cent": "%s%n%(name)s{0}$key",
}


@pytest.mark.parametrize("word", STRANGE.values(), ids=STRANGE)
def test_a_strange_name_is_a_failure_like_any_other(admin_user: User, word: str) -> None:
    for body in ({"username": word, "password": "guess"}, {"username": "admin", "password": word}):
        answer = Client(REMOTE_ADDR="192.0.2.1", raise_request_exception=False).post(LOGIN, body)

        assert (answer.status_code, "sessionid" in answer.cookies) == (200, False)


@pytest.mark.parametrize("name", [b"%ED%A0%80", b"%00%FF", b"%C0%80", b"%F4%90%80%80"])
def test_a_name_that_is_no_text_is_a_failure_like_any_other(admin_user: User, name: bytes) -> None:
    client = Client(raise_request_exception=False)
    answer = client.post(LOGIN, b"password=x&username=" + name, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 200


# What a client says is said at once. Of the last is looked at only where a proxy has said nothing.
HEADERS = {
    "all of the client": ["HTTP_USER_AGENT", "HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_X_FORWARDED_FOR"],
    "its address": ["REMOTE_ADDR"],
}


@pytest.mark.parametrize("word", [*STRANGE.values(), "\udc80\ud800"], ids=[*STRANGE, "lone surrogates"])
@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_a_strange_header_changes_nothing(admin_user: User, settings: Any, headers: list[str], word: str) -> None:
    settings.SECURE_PROXY, settings.AXES_FAILURE_LIMIT = True, 2
    client = Client(raise_request_exception=False)
    client.defaults |= {"HTTP_X_FORWARDED_PROTO": "https"} | dict.fromkeys(headers, word)

    answers = [client.post(LOGIN, {"username": "admin", "password": "guess"}).status_code for _ in range(2)]

    assert answers == [200, 429]


@pytest.mark.parametrize("word", STRANGE.values(), ids=STRANGE)
def test_a_strange_address_of_the_page_changes_nothing(admin_user: User, word: str) -> None:
    client = Client(raise_request_exception=False)
    word = word[:20_000]  # as much as goes into a request line, encoded and twice
    page = f"{LOGIN}?{urlencode({'next': word, word: 'a'})}"

    assert client.get(page).status_code == 200
    assert client.post(page, {"username": "admin", "password": "guess", "next": word}).status_code == 200
    assert client.post(page, {"username": "admin", "password": PASSWORD, "next": word}).status_code == 302


def test_names_alike_as_far_as_they_are_kept_are_counted_together(admin_user: User) -> None:
    """Nobody has a name of more than 150 characters: none is shut out by it."""
    answers = [log_in("guess", name="x" * 255 + str(number)).status_code for number in range(ATTEMPTS)]

    assert answers == [200] * (ATTEMPTS - 1) + [429]
    assert AccessAttempt.objects.get().username == "x" * 255


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
        (True, "::ffff:198.51.100.7", "198.51.100.7"),  # as a socket for both kinds says it
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
