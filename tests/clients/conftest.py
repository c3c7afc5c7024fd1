"""The real server, with a project and jane's token in it."""

from collections.abc import Iterator

import pytest

from projects.models import Project
from tests.live import serving


@pytest.fixture
def address(project: Project, jane_token: str) -> Iterator[str]:
    with serving() as url:
        yield url
