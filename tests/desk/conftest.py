"""Browsers at the desk: of staff who are members, and of others."""

import pytest
from django.test import Client

from projects.models import Project, User
from tests.desk.reading import browser_of
from tests.factories import UserFactory


@pytest.fixture
def as_jane(jane: User) -> Client:
    """Owner, and on the team of both projects."""
    return browser_of(jane)


@pytest.fixture
def as_sam(sam: User, project: Project) -> Client:
    """Member, on no team."""
    return browser_of(sam)


@pytest.fixture
def as_kit(kit: User) -> Client:
    """A stranger, of another organization."""
    return browser_of(kit)


@pytest.fixture
def as_superuser(db: None) -> Client:
    return browser_of(UserFactory(username="operator", superuser=True))
