"""Who calls the services, and the releases that resolve."""

from datetime import timedelta

import pytest

from projects.callers import Caller
from projects.models import Organization, Project, Release, User
from tests.factories import NOW, ApiKeyFactory, ReleaseFactory


@pytest.fixture
def by_jane(jane: User) -> Caller:
    return Caller(user=jane)


@pytest.fixture
def by_sam(sam: User) -> Caller:
    return Caller(user=sam)


@pytest.fixture
def by_key(organization: Organization) -> Caller:
    """The organization's API key: no user context."""
    return Caller(api_key=ApiKeyFactory(organization=organization))


@pytest.fixture
def newest(project: Project) -> Release:
    """The newest release of the project, which is not the one with the highest id."""
    return ReleaseFactory(projects=[project], version="2.0.0", released_at=NOW - timedelta(days=1))


@pytest.fixture
def older(project: Project, newest: Release) -> Release:
    return ReleaseFactory(projects=[project], version="1.0.0", released_at=NOW - timedelta(days=9))
