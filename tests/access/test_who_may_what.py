"""The one table of who may what: every route, every method, every caller (contract 1.2).

The routes are read from the resolver; the callers, and what they may, stand in tests/access/rules.py. What a caller is
asked shares one state of the database, and in the end that must be what it was: only what an allowed cell did is rolled
back.

A few callers, one of each kind that the routes tell apart, are asked the whole table: each method that writes, GET,
and in turns HEAD, which is answered as GET is, OPTIONS, and what a route lacks. What the others differ by is decided
before any route is reached, so they share the table: of callers in a row each is asked other cells.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.db import transaction

from tests.access import rules, world
from tests.access.world import Realm
from tests.api_client import Api
from tests.assertions import digest, is_api_answer
from tests.routes import API, path_of, routes

pytestmark = pytest.mark.django_db

SENTENCES = {
    403: "You do not have permission to perform this action.",
    404: "Not found.",
}
# Cells that say more than the sentence of their status.
EXPLAINS = {
    403: ("CSRF Failed: ", "An API key is nobody in particular", "Only who wrote a note may change it."),
    404: ("An API key belongs to an organization, not to a user",),
}


class Cell(NamedTuple):
    method: str
    route: str
    methods: frozenset[str]  # that the route has


def cells() -> Iterator[Cell]:
    """Yield each method of each route of the API, those that a route lacks as well."""
    for route, view in routes():
        if route.startswith(API) and route not in rules.PAGES:
            own = {name.upper() for name in view.actions}
            methods = frozenset(own | {"OPTIONS"} | ({"HEAD"} if "GET" in own else set()))
            yield from (Cell(method, route, methods) for method in rules.METHODS)


CELLS = list(cells())
LACKING = [cell for cell in CELLS if cell.method not in cell.methods]


# Who is refused, has too few scopes, is nobody in particular, sees no project, nothing, all.
ASKED_THE_WHOLE_TABLE = [
    *("nobody", "key that reads", "key", "member off the team, closed", "owner of another organization", "owner"),
]
SHARES = 12  # in as many parts the others share it
IN_TURNS = {"HEAD", "OPTIONS"}


def cells_for(name: str) -> list[Cell]:
    """Return what this caller is asked: what a route has, and of every other one that it lacks, or a share of all.

    Which one it is that is lacking, which takes its turn, and which share, changes from caller to caller.
    """
    if name not in ASKED_THE_WHOLE_TABLE:
        number = list(rules.CALLERS).index(name)
        return [cell for place, cell in enumerate(CELLS) if (place + number) % SHARES == 0]
    lacking: dict[str, list[Cell]] = {}
    for cell in LACKING:
        lacking.setdefault(cell.route, []).append(cell)
    number = ASKED_THE_WHOLE_TABLE.index(name)
    chosen = {others[number // 2 % len(others)] for others in list(lacking.values())[number % 2 :: 2]}
    in_turn = {cell for cell in CELLS if cell.method in IN_TURNS and cell.method in cell.methods}
    others = set([cell for cell in CELLS if cell in in_turn][number % 3 :: 3])
    return [c for c in CELLS if (c in others if c in in_turn else c.method in c.methods or c in chosen)]


@pytest.fixture
def ours(db: None) -> Realm:
    return world.build("ours")


@pytest.fixture
def theirs(db: None) -> Realm:
    return world.build("theirs")


def ask(api: Api, cell: Cell, words: dict[str, str]) -> Any:
    """Send the request that is in order in every way but, perhaps, who sends it."""
    asked = rules.ASKS.get((cell.method, cell.route), rules.Ask(0))
    body = {key: said(value, words) for key, value in asked.body.items()}
    query = said(asked.query, words)
    # What has no such method gets something to refuse, too; a deletion that is in order has no body.
    nothing = None if (cell.method, cell.route) in rules.ASKS else {"text": "x"}
    content = None if cell.method in rules.READING else body or nothing
    return api.request(cell.method, path_of(cell.route, words), content, auth=None, raw_query=query)


def said(value: Any, words: dict[str, str]) -> Any:
    """Return a value of a query or body, with its words filled in."""
    if isinstance(value, list):
        return [said(each, words) for each in value]
    return value.format_map(words) if isinstance(value, str) else value


def check(response: Any, cell: Cell, caller: rules.Caller, status: int) -> None:
    """Assert that the answer is the one of this cell, and says so as the contract does."""
    is_api_answer(response)
    assert response.status_code == status
    assert set(response.headers["Allow"].split(", ")) == cell.methods
    told = {401: 'Basic realm="api"', 403: rules.lacking(cell.method, cell.route, caller)}.get(status)
    assert response.headers.get("WWW-Authenticate") == told
    if cell.method == "HEAD" or status < 400:
        return
    detail = response.json().get("detail", "")
    if status == 401:
        assert detail == caller.refused
    elif status in SENTENCES:
        assert detail == SENTENCES[status] or detail.startswith(EXPLAINS[status])


def test_callers_are_those_that_the_rules_know() -> None:
    assert world.CALLERS.keys() == rules.CALLERS.keys()


def test_every_method_that_writes_is_asked_for() -> None:
    writing = {(method, route) for method, route, methods in CELLS if method in methods and method not in rules.READING}

    assert len(CELLS) > 400
    assert writing == rules.ASKS.keys()


def test_every_cell_is_asked_by_some_callers() -> None:
    asked = Counter(cell for name in rules.CALLERS for cell in cells_for(name))

    assert asked.keys() == set(CELLS)
    assert min(asked.values()) >= 2
    assert min(number for cell, number in asked.items() if cell not in LACKING and cell.method not in IN_TURNS) >= 7


@pytest.mark.parametrize("name", rules.CALLERS)
def test_answers_a_caller_what_the_rules_say(ours: Realm, theirs: Realm, name: str) -> None:
    caller = rules.CALLERS[name]
    ours.organization.open_membership = caller.membership_is_open
    ours.organization.save()
    api = world.CALLERS[name](ours, theirs)
    table = {cell: rules.expected(*cell, caller) for cell in cells_for(name)}
    before = digest()
    wrong = []

    for cell, status in table.items():
        may_write = status < 400 and cell.method not in rules.READING and caller.sees == rules.Sees.PROJECT
        savepoint = transaction.savepoint() if may_write else None
        response = ask(api, cell, ours.words)
        try:
            check(response, cell, caller, status)
        except AssertionError as error:
            wrong.append(f"{cell.method} {cell.route}: {response.status_code}, not {status}\n{error}")
        if savepoint is not None:
            transaction.savepoint_rollback(savepoint)

    assert not wrong, "\n".join(wrong)
    assert digest() == before
