"""A lost connection that can't be made again at once: 503, and the request after that is answered."""

from collections.abc import Callable, Iterator
from os import dup
from socket import SHUT_RDWR, socket
from typing import Any

import psycopg2
import pytest
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper

from projects.models import Project
from tests.api_client import Api

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def connected_again(transactional_db: None) -> Iterator[None]:
    """Whatever a test leaves behind: its rows are taken away by another connection."""
    yield
    connection.close()


def leads_nowhere(patch: pytest.MonkeyPatch) -> None:
    """As when PostgreSQL, or what stands before it, has ended."""
    usual = DatabaseWrapper.get_connection_params
    patch.setattr(DatabaseWrapper, "get_connection_params", lambda self: usual(self) | {"host": "/nowhere"})


def is_cut_while_it_is_set_up(patch: pytest.MonkeyPatch) -> None:
    """As PgBouncer does with who has waited too long: it greets everybody at once."""

    def cut(self: Any) -> None:
        self.connection.close()
        raise psycopg2.OperationalError("server closed the connection unexpectedly")

    patch.setattr(DatabaseWrapper, "init_connection_state", cut)


@pytest.mark.parametrize("kept", [True, False], ids=["with a connection that is kept", "with none"])
@pytest.mark.parametrize("break_it", [leads_nowhere, is_cut_while_it_is_set_up])
def test_is_unavailable_and_then_available_again(
    api: Api, project: Project, break_it: Callable[[pytest.MonkeyPatch], None], kept: bool
) -> None:
    assert api.get(api.issues_url).status_code == 200
    if kept:
        with socket(fileno=dup(connection.connection.fileno())) as wire:
            wire.shutdown(SHUT_RDWR)
    else:
        connection.close()

    with pytest.MonkeyPatch.context() as patch:
        break_it(patch)
        away = api.get(api.issues_url)

    assert (away.status_code, away.json()) == (503, {"detail": "The database is not available just now. Try again."})
    assert api.get(api.issues_url).status_code == 200
