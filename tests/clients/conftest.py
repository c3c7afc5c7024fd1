"""The real server, with a project and jane's token in it."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from pytest_django import DjangoDbBlocker

from projects.models import Project
from tests.live import serving


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Yield the address of one server for all tests of a file: to start and to answer first takes as long as a test."""
    with ExitStack() as stack:
        with django_db_blocker.unblock():  # so it is in the server's process, too, which is a fork of this one
            url = stack.enter_context(serving())
        yield url


@pytest.fixture
def address(server: str, project: Project, jane_token: str) -> str:
    return server
