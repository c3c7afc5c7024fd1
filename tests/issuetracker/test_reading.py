"""Whoever only reads asks the database that is there for it, and each statement has a time limit: at every address."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.db.backends.utils import CursorWrapper

from projects.database.reading import CREDENTIALS, PRIMARY
from tests.access import world
from tests.routes import API, parts_of, path_of, routes

# It commits what it makes: the other database is asked on a connection of its own.
pytestmark = pytest.mark.django_db(transaction=True)

READER = "reader"
LIMIT = "SET LOCAL statement_timeout = '7s'; "
# Django's last route of the admin takes every other address, as a pattern.
ROUTES = sorted({route for route, _ in routes() if "(?P" not in route})

# What they answer is known once it is known who calls; or without that.
ASK_NOTHING_MORE = {
    *("api/0/", "api/0/auth/", "api/0/users/me/", "api/0/users/me/regions/"),
    *("api/0/docs/", "api/0/schema/"),
}

# It previews: a change that is rolled back asks the primary, within the limits of its own transaction.
PREVIEWS = {"admin/desk/history/<int:mutation>/undo/"}

CREDENTIAL_TABLES = {name.replace("sessions.", "django_").replace(".", "_") for name in CREDENTIALS}


Asked = list[tuple[str, str]]  # each statement, with the database that was asked


@pytest.fixture
def reader(settings: Any) -> Iterator[None]:
    """A second way to the database, as to a copy of it."""
    copy = connections[READER] = connections[PRIMARY].copy(alias=READER)
    settings.READ_DATABASE, settings.READ_TIMEOUT_SECONDS = READER, 7
    yield
    copy.close()
    del connections[READER]


@pytest.fixture
def asked(reader: None, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What is asked, with all that wrappers add to it."""
    found: Asked = []
    execute = CursorWrapper._execute  # type: ignore[attr-defined] # below what wraps it

    def listen(cursor: Any, sql: str, *args: Any) -> Any:
        found.append((cursor.db.alias, sql))
        return execute(cursor, sql, *args)

    monkeypatch.setattr(CursorWrapper, "_execute", listen)
    return found


def is_about_a_credential(sql: str) -> bool:
    """Return whether it only looks for who calls, or notes that they did."""
    tables = set(re.findall(r'\b(?:FROM|JOIN|INTO|UPDATE)\s+"?(\w+)', sql))
    return tables <= CREDENTIAL_TABLES | {"projects_organization", "projects_team_members"}


def test_asks_the_reader_within_a_limit_at_every_address(asked: Asked) -> None:
    ours = world.build("ours")
    superuser = world.user(ours, is_superuser=True, is_staff=True)
    by_token, by_cookie = world.with_token(superuser).client, world.with_session(superuser).client
    quiet = set()

    for route in sorted(set(ROUTES) - PREVIEWS):
        path = path_of(route, dict.fromkeys(parts_of(route), str(ours.issue.pk)) | ours.words)
        asked.clear()
        # Who opens an issue at the desk has seen it, which is written; a browser that fetches ahead has not.
        response = (by_token if route.startswith(API) else by_cookie).get(path, headers={"Sec-Purpose": "prefetch"})
        assert response.status_code < 500, path
        assert [sql for _, sql in asked if not sql.startswith(LIMIT)] == [], path
        of_the_primary = [sql for alias, sql in asked if alias == PRIMARY]
        assert [sql for sql in of_the_primary if not is_about_a_credential(sql)] == [], path
        if len(of_the_primary) == len(asked):
            quiet.add(route)

    assert {route for route in quiet if route.startswith(API)} == ASK_NOTHING_MORE
