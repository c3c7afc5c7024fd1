"""Existence never leaks: what a caller may not see is answered as what isn't there, to the byte (contract 1.1, 1.4).

Status, body and headers are the same, and so are the statements that the database was asked, which stand for the time
that it took. Each id, slug, name or version that a path, a query or a body can hold is tried with one of another
organization, and with one of a project of the own organization that a member doesn't see. The callers who are strangers
take turns: each request is one caller's, its neighbours are the others'. So do the methods of a route, whose paths one
look-up reads, with the words that a path can hold; and PUT and DELETE of a list, with what a search can name.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import pytest
from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext

from projects.models import Role
from tests.access import rules, world
from tests.access.test_who_may_what import CELLS, Cell, said
from tests.access.world import Realm
from tests.answers import headers_of
from tests.api_client import Api
from tests.assertions import digest, is_api_answer
from tests.routes import API, parts_of, path_of

pytestmark = pytest.mark.django_db


def words_of(realm: Realm) -> dict[str, str]:
    """Return what names the things of a realm, in every way in which that can be written."""
    return realm.words | {
        "organization_id": str(realm.organization.pk),
        "project_id": str(realm.project.pk),
        "short_id": realm.issue.short_id,
        "user_id": str(realm.owner.pk),
        "user": realm.owner.username,
        "email": realm.owner.email,
        "team_id": str(realm.team.pk),
        "team": realm.team.slug,
    }


def absent(words: dict[str, str]) -> dict[str, str]:
    """Return words of the same length that name nothing: nines for ids, names that end in another letter."""
    return {
        name: ("9" * len(word)) if word.isdigit() else f"{word[:20]}{'9' * 12}" if name == "event" else f"{word[:-1]}x"
        for name, word in words.items()
    }


class Naming(NamedTuple):
    """A request that is in order, but for what it names."""

    cell: Cell
    words: dict[str, str]  # part of the route, of the query or body -> the words' name for it
    query: str = ""
    body: dict[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.cell.method} {self.cell.route} {self.words} ?{self.query} {self.body}"


# Other ways to write what a part of a path is.
SPELLINGS = {
    "organization": ("organization", "organization_id"),
    "project": ("project", "project_id"),
    "team": ("team",),
    "client_key": ("client_key",),
    "issue": ("issue", "short_id"),
    "event": ("event",),
    "note": ("note",),
    "mutation": ("mutation",),
    "version": ("version",),
}


def in_paths() -> Iterator[Naming]:
    """Yield each method with the last part of its path a stranger's, which may be found only by who does something
    with it; and each other part, in every spelling, and all of them, with one method: one look-up reads those for all.

    Methods that do no more than that are asked whether it comes first.
    """
    by_route: dict[str, list[Cell]] = {}
    for cell in CELLS:
        if cell.route not in rules.FOR_EVERYBODY and (cell.method in cell.methods or cell.method == "PATCH"):
            by_route.setdefault(cell.route, []).append(cell)
    for number, (route, cells) in enumerate(by_route.items()):
        parts = [part for part in parts_of(route) if part in SPELLINGS]
        if not parts:
            continue
        last = {parts[-1]: SPELLINGS[parts[-1]][0]}
        all_of_them = {part: SPELLINGS[part][0] for part in parts}
        reading = [cell for cell in cells if cell.method in {"GET", "PUT", "POST", "DELETE"}]
        yield from (naming(cell, last if cell in reading else all_of_them) for cell in cells)
        one_of_them = [{part: spelling} for part in parts for spelling in SPELLINGS[part]]
        others = [words for words in (*one_of_them, all_of_them) if words != last]
        yield from (naming(reading[turn % len(reading)], words) for turn, words in enumerate(others, number))


def naming(cell: Cell, words: dict[str, str]) -> Naming:
    """Return a request that is in order, but for these words in its path."""
    ask = rules.ASKS.get((cell.method, cell.route), rules.Ask(0))
    return Naming(cell, words, ask.query, ask.body)


PROJECT_ISSUES = f"{rules.PROJECT}issues/"
ORGANIZATION_ISSUES = f"{rules.ORGANIZATION}issues/"
ONE_ISSUE = f"{API}issues/<str:issue>/"

RESOLVE = {"status": "resolved"}
# {theirs} is the word that a stranger's thing, or nothing, has; the others are ours.
IN_LISTS = [
    ("issue", "id={theirs}"),
    ("issue", "id={issue}&id={theirs}"),
    ("issue", "id={theirs}&status=resolved"),
    ("issue", "query=id:{theirs}"),
    ("user", "query=assigned:{theirs}"),
    ("email", "query=assigned:{theirs}"),
    ("team", "query=assigned:%23{theirs}"),
    ("version", "query=release:{theirs}"),
    ("version", "query=firstRelease:{theirs}"),
    ("version", "query=!release:[latest,{theirs}]"),
    ("version", "query=!release:{theirs}*"),
    ("user_id", "query=!assigned:user:{theirs}"),
    ("user_id", "query=!assigned:{theirs}"),
    ("team_id", "query=!assigned:[me,team:{theirs}]"),
    ("team", "query=!assigned:{theirs}"),
    ("issue", "query=!id:[{issue},{theirs}]"),
    ("project", "query=!project:{theirs}"),
    ("project_id", "project={theirs}"),
]
QUERIES: list[tuple[str, str, str, str, dict[str, Any] | None]] = [
    *(
        (method, route, name, f"{query}{more}", RESOLVE if method == "PUT" else None)
        for turn, route in enumerate((PROJECT_ISSUES, ORGANIZATION_ISSUES))
        for number, (name, query) in enumerate(IN_LISTS, turn)
        for method in ("GET", ("PUT", "DELETE")[number % 2])
        if not (route == PROJECT_ISSUES and name == "project_id" and method != "GET")
        for more in ([""] if query.startswith("id=") or method == "GET" else ["&id={issue}"])
    ),
    *(
        ("GET", route, name, query, None)
        for route in (PROJECT_ISSUES, ORGANIZATION_ISSUES)
        for name, query in (
            ("short_id", "query={theirs}&shortIdLookup=1"),
            ("issue", "query={theirs}&shortIdLookup=1"),
            ("issue", "cursor=1772366400000000:{theirs}:0"),
        )
    ),
    ("PUT", ORGANIZATION_ISSUES, "project_id", "project={theirs}", RESOLVE),
    ("PUT", ORGANIZATION_ISSUES, "project_id", "project={project_id}&project={theirs}", RESOLVE),
    ("GET", f"{rules.ORGANIZATION}releases/", "project_id", "project={theirs}", None),
    ("GET", f"{rules.ORGANIZATION}releases/", "version", "query={theirs}", None),
    ("GET", f"{rules.PROJECT}releases/", "version", "query={theirs}", None),
    ("GET", f"{rules.ORGANIZATION}projects/", "project", "query={theirs}", None),
    ("GET", f"{rules.ORGANIZATION}teams/", "team", "query={theirs}", None),
    ("GET", f"{rules.ORGANIZATION}members/", "user", "query={theirs}", None),
    ("GET", f"{API}organizations/", "organization", "query={theirs}", None),
]
BODIES: list[tuple[str, dict[str, Any]]] = [
    ("user_id", {"assignedTo": "{theirs}"}),
    ("user_id", {"assignedTo": "user:{theirs}"}),
    ("user", {"assignedTo": "{theirs}"}),
    ("email", {"assignedTo": "{theirs}"}),
    ("team_id", {"assignedTo": "team:{theirs}"}),
    ("team", {"assignedTo": "#{theirs}"}),
    ("team", {"assignedTo": "{theirs}"}),
    ("version", {"status": "resolved", "statusDetails": {"inRelease": "{theirs}"}}),
]
PROJECTS_OF_RELEASES: list[tuple[str, dict[str, Any]]] = [
    ("project", {"projects": ["{theirs}"]}),
    ("project_id", {"projects": ["{theirs}"]}),
    ("project", {"projects": ["{project}", "{theirs}"]}),
]


def in_queries_and_bodies() -> Iterator[Naming]:
    """Yield each request with something of a stranger in its query or body, and a path that is ours."""
    cells = {(cell.method, cell.route): cell for cell in CELLS}
    for method, route, name, query, body in QUERIES:
        yield Naming(cells[method, route], {"theirs": name}, query, body)
    for name, body in BODIES:
        for route in (PROJECT_ISSUES, ORGANIZATION_ISSUES):
            yield Naming(cells["PUT", route], {"theirs": name}, "id={issue}", body)
        for route in (ONE_ISSUE, f"{rules.ORGANIZATION}issues/<str:issue>/"):
            yield Naming(cells["PUT", route], {"theirs": name}, "", body)
    for name, body in PROJECTS_OF_RELEASES:
        route = f"{rules.ORGANIZATION}releases/"
        yield Naming(cells["POST", route], {"theirs": name}, "", {"version": "new", **body})
        yield Naming(cells["PUT", f"{route}<path:version>/"], {"theirs": name}, "", body)


class Seen(NamedTuple):
    """What a caller can find out: the answer, and how much the database had to do for it."""

    status: int
    headers: list[tuple[str, str]]
    content: str
    statements: list[str]


def look(api: Api, naming: Naming, ours: dict[str, str], theirs: dict[str, str]) -> Seen:
    """Send the request, and return what comes back, without the words that the caller said itself."""
    named = {part: theirs[name] for part, name in naming.words.items()}
    words = ours | named
    nothing = None if (naming.cell.method, naming.cell.route) in rules.ASKS else {"text": "x"}
    body = filled(naming.body or {}, words)
    content = None if naming.cell.method in rules.READING else body or nothing
    path, query = path_of(naming.cell.route, words), said(naming.query, words)
    reset_queries()  # of all that one test asks, not all would be kept
    with CaptureQueriesContext(connection) as queries:
        response = api.request(naming.cell.method, path, content, auth=None, raw_query=query)
    is_api_answer(response)
    mine = re.compile("|".join(sorted(map(re.escape, named.values()), key=len, reverse=True)))
    return Seen(
        response.status_code,
        [(name, mine.sub("…", value)) for name, value in sorted(headers_of(response).items())],
        mine.sub("…", response.content.decode()),
        [shape(query["sql"]) for query in queries],
    )


def filled(body: Any, words: dict[str, str]) -> Any:
    return {key: filled(value, words) if isinstance(value, dict) else said(value, words) for key, value in body.items()}


def shape(sql: str) -> str:
    """Return a statement without its values."""
    return re.sub(r"'(?:[^']|'')*'|\b\d+\b|s\d+_x\d+", "?", sql)


def differences(api: Api, namings: list[Naming], ours: dict[str, str], theirs: dict[str, str]) -> list[str]:
    """Return where a stranger's thing is answered in another way than nothing, or not refused at all."""
    found = []
    for naming in namings:
        nothing, strangers = look(api, naming, ours, absent(theirs)), look(api, naming, ours, theirs)
        if nothing != strangers:
            parts = [f"{one}\n{other}" for one, other in zip(nothing, strangers, strict=True) if one != other]
            found.append("\n".join([str(naming), *parts]))
    return found


@pytest.fixture
def ours(db: None) -> Realm:
    return world.build("ours")


@pytest.fixture
def theirs(db: None) -> Realm:
    return world.build("theirs", ids=7_000_000)


def test_the_words_name_what_is_there(ours: Realm, theirs: Realm) -> None:
    """Whoever sees all sees the difference: otherwise nothing would be compared with nothing."""
    api = world.CALLERS["superuser"](ours, theirs)
    whole = [
        naming(cell, {part: SPELLINGS[part][spelling] for part in parts_of(cell.route) if part in SPELLINGS})
        for cell in CELLS
        if cell.method == "GET" and cell.method in cell.methods and cell.route not in rules.FOR_EVERYBODY
        for spelling in (0, -1)
    ]
    # Outside an organization a short id names nothing; it is tried all the same.
    read = [n for n in whole if n.words and ("organization" in n.words or "short_id" not in n.words.values())]

    assert len(read) > 40
    for each in read:
        assert look(api, each, words_of(ours), words_of(theirs)).status == 200
        assert look(api, each, words_of(ours), absent(words_of(theirs))).status == 404


STRANGERS = ["key", "owner", "member off the team, open"]


@pytest.mark.parametrize("name", STRANGERS)
def test_another_organizations_is_as_nothing(ours: Realm, theirs: Realm, name: str) -> None:
    api = world.CALLERS[name](ours, theirs)
    before = digest()
    turn = list(islice((*in_paths(), *in_queries_and_bodies()), STRANGERS.index(name), None, len(STRANGERS)))

    found = differences(api, turn, words_of(ours), words_of(theirs))

    assert not found, "\n\n".join(found)
    assert digest() == before


HIDDEN = {"project", "project_id", "client_key", "issue", "short_id", "event", "note", "mutation", "version"}


@pytest.mark.parametrize("name", ["member off the team, closed"])
def test_a_project_that_a_member_does_not_see_is_as_nothing(ours: Realm, theirs: Realm, name: str) -> None:
    hidden = world.build("hidden", organization=ours.organization, ids=8_000_000)
    api = world.CALLERS[name](ours, theirs)
    ours.team.members.add(ours.organization.members.get(memberships__role=Role.MEMBER))
    ours.organization.open_membership = False
    ours.organization.save()
    namings = [naming for naming in (*in_paths(), *in_queries_and_bodies()) if HIDDEN.issuperset(naming.words.values())]
    before = digest()

    found = differences(api, namings, words_of(ours), words_of(hidden))

    assert not found, "\n\n".join(found)
    assert digest() == before
