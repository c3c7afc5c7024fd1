"""The real server with something to attack: two issues of a project, a release, and jane, who may do everything."""

from collections.abc import Iterator

import pytest

from issues.models import Issue
from projects.models import Project
from tests.factories import IssueFactory, ReleaseFactory
from tests.input.attacker import Attacker
from tests.live import serving


@pytest.fixture
def issue(project: Project) -> Issue:
    """The first of two of the project, which has the release 1.0.0."""
    ReleaseFactory(projects=[project], version="1.0.0")
    first, _ = IssueFactory(project=project, public=True), IssueFactory(project=project)
    return first


@pytest.fixture
def attacker(issue: Issue, jane_token: str) -> Iterator[Attacker]:
    with serving() as url:
        found = Attacker(url.removeprefix("http://"), jane_token)
        found.send("GET", "/api/0/")  # the worker is there, and has imported what it needs
        yield found
