"""How many requests a credential may make in a minute."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client

from projects.api.throttling import CredentialThrottle, Window, credential_of
from projects.callers import Caller
from projects.models import User
from tests.api_client import Api
from tests.assertions import digest, is_api_answer
from tests.factories import IssueFactory

ROOT = "/api/0/"
KEY = ("key", 1)


def test_counts_each_credential_by_itself_and_anew_each_minute() -> None:
    window = Window()

    assert [window.count(KEY, now=now) for now in (60.0, 60.1, 119.9)] == [1, 2, 3]
    assert window.count(("token", 1), now=119.9) == 1
    assert window.count(KEY, now=120.0) == 1


def test_counts_every_request_of_every_thread() -> None:
    window = Window()

    with ThreadPoolExecutor(8) as threads:
        counted = list(threads.map(lambda _: window.count(KEY, now=0.0), range(2000)))

    assert sorted(counted) == list(range(1, 2001))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[float]:
    """The time in a list that a test may change; nothing is counted yet, and three requests a minute are allowed."""
    time = [6000.25]
    monkeypatch.setattr("projects.api.throttling.time.monotonic", lambda: time[0])
    monkeypatch.setattr(CredentialThrottle, "window", Window())
    settings.THROTTLE_PER_MINUTE = 3
    return time


@pytest.mark.django_db
def test_answers_429_and_when_to_try_again(api: Api, clock: list[float]) -> None:
    allowed = [api.get(ROOT).status_code for _ in range(3)]
    clock[0] += 13
    refused = api.get(ROOT)

    assert allowed == [200, 200, 200]
    is_api_answer(refused)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "47")
    assert refused.json() == {"detail": "This credential has made too many requests. Try again in 47 seconds."}
    clock[0] += 46.8
    assert api.get(ROOT).status_code == 200


@pytest.mark.django_db
def test_changes_nothing_when_it_refuses(api: Api, clock: list[float]) -> None:
    issue = IssueFactory(project__organization__slug="another")
    for _ in range(3):
        api.get(ROOT)
    before = digest()

    assert api.put(api.issues_url, {"status": "resolved"}).status_code == 429
    assert api.delete(f"/api/0/issues/{issue.pk}/").status_code == 429
    assert digest() == before


@pytest.mark.django_db
def test_tells_credentials_apart(api: Api, clock: list[float], jane: User) -> None:
    browser = Client()
    browser.force_login(jane)
    for _ in range(4):
        api.get(ROOT, auth="jane")

    assert api.get(ROOT, auth="jane").status_code == 429
    assert api.get(ROOT, auth="sam").status_code == 200
    assert api.get(ROOT, auth="key").status_code == 200
    assert browser.get(ROOT).status_code == 200


@pytest.mark.django_db
def test_takes_one_credential_for_one_however_it_is_written(api: Api, clock: list[float]) -> None:
    token = api.authorization["jane"].removeprefix("Bearer ")
    ways = [f"Bearer {token}", f"bearer {token}", f"BEARER    {token}", f"Bearer {token} "]

    answers = [api.get(ROOT, headers={"Authorization": way}).status_code for way in ways]

    assert answers == [200, 200, 200, 429]


@pytest.mark.django_db
def test_lets_pass_who_has_no_credential_and_what_needs_none(api: Api, clock: list[float]) -> None:
    answers = {api.get(ROOT, auth=None, headers={"Authorization": "Bearer no"}).status_code for _ in range(9)}
    shared = {api.get("/api/0/shared/issues/1/", auth=None).status_code for _ in range(9)}

    assert (answers, shared) == ({401}, {404})


@pytest.mark.django_db
def test_is_off_at_0(api: Api, clock: list[float], settings: Any) -> None:
    settings.THROTTLE_PER_MINUTE = 0

    assert {api.get(ROOT).status_code for _ in range(9)} == {200}


def test_tells_a_session_from_the_tokens_of_the_same_person() -> None:
    jane = User(pk=7)
    callers = [Caller(user=jane), Caller(user=jane, token_id=1), Caller(user=jane, token_id=2), Caller(user=User(pk=1))]

    assert len({credential_of(caller) for caller in callers}) == 4
