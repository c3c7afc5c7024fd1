"""Whoever only reads asks the database that is there for it, and each statement has a time limit: at every address."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.db.backends.utils import CursorWrapper

from projects.database import replica
from projects.database.reading import PRIMARY
from tests.access import world
from tests.routes import API, parts_of, path_of, routes

# It commits what it makes: the other database is asked on a connection of its own.
pytestmark = pytest.mark.django_db(transaction=True)

READER = "reader"
LIMIT = "SET LOCAL statement_timeout = '7s'; "
# Django's last route of the admin takes every other address, as a pattern.
ROUTES = sorted({route for route, _ in routes() if "(?P" not in route})

# What they answer is known without the database.
ASK_NOTHING = {"api/0/docs/", "api/0/schema/"}

# It previews: a change that is rolled back asks the primary, within the limits of its own transaction.
PREVIEWS = {"admin/desk/history/<int:mutation>/undo/"}


Asked = list[tuple[str, str]]  # each statement, with the database that was asked


@pytest.fixture
def reader(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A second way to the database, as to a copy of it that has everything."""
    monkeypatch.setattr(replica, "may_answer", lambda alias: True)
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


def test_asks_the_reader_within_a_limit_at_every_address(asked: Asked) -> None:
    ours = world.build("ours")
    superuser = world.user(ours, is_superuser=True, is_staff=True)
    by_token, by_cookie = world.with_token(superuser).client, world.with_session(superuser).client
    quiet = set()
    assert by_token.get("/api/0/").status_code == 200  # which notes that the token is in use: that is written

    for route in sorted(set(ROUTES) - PREVIEWS):
        path = path_of(route, dict.fromkeys(parts_of(route), str(ours.issue.pk)) | ours.words)
        asked.clear()
        # Who opens an issue at the desk has seen it, which is written; a browser that fetches ahead has not.
        response = (by_token if route.startswith(API) else by_cookie).get(path, headers={"Sec-Purpose": "prefetch"})
        assert response.status_code < 500, path
        assert [sql for _, sql in asked if not sql.startswith(LIMIT)] == [], path
        assert [sql for alias, sql in asked if alias == PRIMARY] == [], path
        if not asked:
            quiet.add(route)

    assert {route for route in quiet if route.startswith(API)} == ASK_NOTHING


def test_asks_the_primary_alone_for_what_may_write(asked: Asked) -> None:
    ours = world.build("ours")
    api = world.with_key(ours)
    asked.clear()

    response = api.client.put(
        f"/api/0/projects/ours/{ours.project.slug}/issues/?id={ours.issue.pk}",
        {"status": "resolved"},
        content_type="application/json",
    )

    assert response.status_code == 200
    assert {alias for alias, _ in asked} == {PRIMARY}
