"""Sessions to set against each other; every thread and connection is gone when the test is. And what they are about."""

from collections.abc import Callable, Iterator

import pytest

from issues.models import Issue
from projects.models import Project, Team, User
from tests.concurrency.going import Cast
from tests.concurrency.sessions import Foreign, Session
from tests.factories import IssueFactory, ReleaseFactory


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


@pytest.fixture
def cast(project: Project, team: Team, sam: User) -> Cast:
    team.members.add(sam)
    return Cast(project, team, sam, ReleaseFactory(projects=[project], version="1.0.0"))


@pytest.fixture
def issue(project: Project) -> Issue:
    return IssueFactory(project=project)
