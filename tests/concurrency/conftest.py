"""Sessions to set against each other; every thread and connection is gone when the test is."""

from collections.abc import Callable, Iterator

import pytest

from tests.concurrency.sessions import Foreign, Session


@pytest.fixture
def new_session(transactional_db: None) -> Iterator[Callable[[], Session]]:
    sessions: list[Session] = []

    def make() -> Session:
        sessions.append(Session())
        return sessions[-1]

    yield make
    for session in sessions:
        session.close()


@pytest.fixture
def session(new_session: Callable[[], Session]) -> Session:
    return new_session()


@pytest.fixture
def other_session(new_session: Callable[[], Session]) -> Session:
    return new_session()


@pytest.fixture
def foreign(transactional_db: None) -> Iterator[Foreign]:
    """A raw connection; what it has not committed is undone at the end."""
    raw = Foreign()
    yield raw
    raw.close()
