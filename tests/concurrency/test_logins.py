"""Attempts to log in at once: no more passwords are looked at than one after the other, and each attempt is counted."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Event, Lock
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.test import Client

from projects.models import User
from tests.concurrency.sessions import PATIENCE, Session
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 12
LIMIT = 5
PASSWORD = "correct horse battery staple"


def attempt(password: str, *, address: str = "192.0.2.1", browser: str = "browser", name: str = "admin") -> Any:
    client = Client(REMOTE_ADDR=address, headers={"User-Agent": browser}, raise_request_exception=False)
    return client.post("/admin/login/", {"username": name, "password": password})


class Looks:
    """Lets no password be judged before everybody either waits to have theirs judged or has an answer."""

    def __init__(self) -> None:
        self.count, self.answered, self._lock, self._all = 0, 0, Lock(), Event()

    def look(self) -> None:
        self._tell("count")
        assert self._all.wait(PATIENCE), "somebody neither came here nor was answered"

    def answer(self) -> None:
        self._tell("answered")

    def _tell(self, what: str) -> None:
        with self._lock:
            setattr(self, what, getattr(self, what) + 1)
            if self.count + self.answered >= AT_ONCE:
                self._all.set()


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """How many passwords were looked at; of a name that nobody has, too, since Django hashes then all the same."""
    looks = Looks()
    check_password, set_password = User.check_password, User.set_password

    def check(user: User, word: str) -> bool:
        looks.look()
        return check_password(user, word)

    def hash_of_nobody(user: User, word: str | None) -> None:
        looks.look()
        set_password(user, word)

    made = UserFactory(username="admin", superuser=True)
    made.set_password(PASSWORD)
    made.save()
    monkeypatch.setattr(User, "check_password", check)
    monkeypatch.setattr(User, "set_password", hash_of_nobody)
    return looks


@contextmanager
def sessions(new_session: Callable[[], Session]) -> Iterator[list[Session]]:
    yield [new_session() for _ in range(AT_ONCE)]


def all_at_once(
    looks: Looks, new_session: Callable[[], Session], attempts: Sequence[Callable[[], Any]]
) -> Counter[int]:
    """Let each attempt be made in a session of its own; return how often each status was answered."""

    def make(one: Callable[[], Any]) -> int:
        try:
            return int(one().status_code)
        finally:
            looks.answer()

    with sessions(new_session) as each:
        started = [session.start(partial(make, one)) for session, one in zip(each, attempts, strict=True)]
        return Counter(future.result(PATIENCE) for future in started)


@pytest.mark.parametrize(
    "how",
    [
        [{}] * AT_ONCE,
        [{"browser": f"browser {number}"} for number in range(AT_ONCE)],
        [{"address": "nowhere"}] * AT_ONCE,  # no address, whose NULL no unique constraint sees
        [{"name": "nobody"}] * AT_ONCE,
        [{"name": f"{'x' * 300}{number}"} for number in range(AT_ONCE)],  # alike as far as they are kept
    ],
    ids=["one browser", "many browsers", "no address", "a name that nobody has", "long names"],
)
def test_no_more_passwords_are_looked_at_than_one_after_the_other(
    looks: Looks, new_session: Callable[[], Session], how: list[dict[str, str]]
) -> None:
    attempts = [partial(attempt, f"guess {number}", **words) for number, words in enumerate(how)]

    answers = all_at_once(looks, new_session, attempts)

    assert looks.count == LIMIT
    assert answers == {200: LIMIT - 1, 429: AT_ONCE - LIMIT + 1}
    assert sum(AccessAttempt.objects.values_list("failures_since_start", flat=True)) == AT_ONCE


def test_every_attempt_is_counted_for_its_own_name(looks: Looks, new_session: Callable[[], Session]) -> None:
    attempts = [partial(attempt, "guess", name=f"name-{number % 3}") for number in range(AT_ONCE)]

    answers = all_at_once(looks, new_session, attempts)

    assert looks.count == AT_ONCE
    assert answers == {200: AT_ONCE}
    counted = AccessAttempt.objects.values_list("username", "failures_since_start")
    assert dict(counted) == {f"name-{number}": AT_ONCE // 3 for number in range(3)}


def test_the_right_password_among_few_wrong_ones_is_let_in(looks: Looks, new_session: Callable[[], Session]) -> None:
    attempts = [partial(attempt, "guess", name=f"name-{number}") for number in range(AT_ONCE - LIMIT)]
    attempts += [partial(attempt, PASSWORD)] + [partial(attempt, "guess")] * (LIMIT - 1)

    answers = all_at_once(looks, new_session, attempts)

    assert answers[302] == 1
    assert looks.count == AT_ONCE
