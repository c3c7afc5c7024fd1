"""The service and the model, side by side."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest

from projects.models import Project, Team, User
from tests.model.world import World
from tests.model.world import world as make_world


@pytest.fixture
def serve(
    project: Project,
    other_project: Project,
    team: Team,
    other_team: Team,
    jane: User,
    sam: User,
    kit: User,
    jane_token: str,
    sam_token: str,
    api_key: str,
) -> Callable[..., AbstractContextManager[World]]:
    """Return what makes a world and serves it: with as many ``threads``, after ``prepare`` in the server's process."""
    return partial(
        make_world,
        project,
        other_project,
        {"jane": jane, "sam": sam, "kit": kit},
        [team, other_team],
        {"jane": jane_token, "sam": sam_token, "key": api_key},
    )


@pytest.fixture
def world(serve: Callable[..., AbstractContextManager[World]]) -> Iterator[World]:
    with serve() as found:
        yield found
