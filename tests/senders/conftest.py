"""The real server, with a project, a client key of it, and jane's token to read by."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from projects.models import Project
from projects.serializers import dsn as dsn_of
from tests.factories import ClientKeyFactory
from tests.live import read_as, serving


@pytest.fixture
def address(project: Project, jane_token: str) -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture
def dsn(project: Project, address: str) -> str:
    return dsn_of(ClientKeyFactory(project=project), base_url=address)


@pytest.fixture
def read(address: str, jane_token: str) -> Callable[[str], Any]:
    """Read something of the server, as jane: ``read("issues/1/")``."""
    return partial(read_as, jane_token, address)
