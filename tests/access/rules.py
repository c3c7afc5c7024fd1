"""Who may what, written from the contract (1.1, 1.2, 1.9, 5): what a caller is, what a route needs, what is answered.

Nothing here reads the code that is tested, but for the methods that a route has.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from tests.routes import API, parts_of

METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE", "TRACE")
READING = {"GET", "HEAD", "OPTIONS"}
NEEDS_CSRF_TOKEN = {"PUT", "POST", "PATCH", "DELETE"}

READ, WRITE, ADMIN = "event:read", "event:write", "event:admin"
ALL_SCOPES = frozenset({READ, WRITE, ADMIN})

# 1.2 and 5: any one of these. OPTIONS, and what will be a 405, need a credential only.
SCOPES = {
    "GET": ALL_SCOPES,
    "HEAD": ALL_SCOPES,
    "PUT": {WRITE, ADMIN},
    "POST": {WRITE, ADMIN},
    "DELETE": {ADMIN},
}
# 7.1: who lets programs in, or shuts them out.
CLIENT_KEYS = "/keys/"


def enough(method: str, route: str) -> Collection[str]:
    """Return the scopes any one of which a method of a route needs; none for those that need a credential only."""
    return {ADMIN} if CLIENT_KEYS in route and method not in READING else SCOPES.get(method, ())


NOT_PROVIDED = "Authentication credentials were not provided."
BAD_KEY = "API key is not valid"
BAD_TOKEN = "Invalid token"
NO_SCHEME = (
    'Authorization is "Basic" with an organization\'s API key as user name and no password, or "Bearer" with a user\'s '
    "token; this is neither."
)


class Sees(IntEnum):
    """How far a caller's sight goes, of the organization that is asked about."""

    NOTHING = 0  # it may as well not be there
    ORGANIZATION = 1  # but not the project
    PROJECT = 2  # with its issues and releases


@dataclass(frozen=True, slots=True)
class Caller:
    """What the contract asks about whoever calls."""

    sees: Sees = Sees.PROJECT
    scopes: Collection[str] = ALL_SCOPES
    refused: str = ""  # the sentence of its 401
    is_person: bool = True  # an API key is nobody in particular
    has_csrf_token: bool = True  # or needs none: only a session does
    membership_is_open: bool = True
    wrote_the_note: bool = False


def key(sees: Sees = Sees.PROJECT, scopes: Collection[str] = ALL_SCOPES, *, open: bool = True) -> Caller:
    return Caller(sees, scopes, is_person=False, membership_is_open=open)


def member(sees: Sees, *, open: bool) -> Caller:
    return Caller(sees, membership_is_open=open)


CALLERS = {
    "nobody": Caller(refused=NOT_PROVIDED),
    # keys
    "unknown key": Caller(refused=BAD_KEY),
    "key with a password": Caller(refused=BAD_KEY),
    "disabled key": Caller(refused="Key is disabled"),
    "key": key(),
    "key, closed membership": key(open=False),
    "key that reads": key(scopes={READ}),
    "key that writes": key(scopes={WRITE}),
    "key that deletes": key(scopes={ADMIN}),
    "key of another organization": key(Sees.NOTHING),
    # tokens
    "unknown token": Caller(refused=BAD_TOKEN),
    "expired token": Caller(refused="Token expired"),
    "token of an inactive user": Caller(refused="User inactive or deleted"),
    "token that reads": Caller(scopes={READ}),
    "token that writes": Caller(scopes={WRITE}),
    "token that deletes": Caller(scopes={ADMIN}),
    # what is there, but said in another way
    "token as Token": Caller(refused=NO_SCHEME),
    "token alone": Caller(refused=NO_SCHEME),
    "token as Digest": Caller(refused=NO_SCHEME),
    "key as ApiKey": Caller(refused=NO_SCHEME),
    "session that says Token": Caller(refused=NO_SCHEME),
    # people, each with a token of all scopes
    "member off the team, open": member(Sees.PROJECT, open=True),
    "member off the team, closed": member(Sees.ORGANIZATION, open=False),
    "admin off the team, closed": member(Sees.ORGANIZATION, open=False),
    "manager off the team, closed": member(Sees.PROJECT, open=False),
    "member on the team, closed": member(Sees.PROJECT, open=False),
    "no member, but on the team": member(Sees.NOTHING, open=True),
    "owner of another organization": member(Sees.NOTHING, open=True),
    "owner": Caller(wrote_the_note=True),
    "superuser": Caller(membership_is_open=False),
    # sessions
    "session": Caller(wrote_the_note=True),
    "session without CSRF token": Caller(has_csrf_token=False),
    "session off the team, closed": member(Sees.ORGANIZATION, open=False),
    "session of a stranger": member(Sees.NOTHING, open=True),
    "session of an inactive user": Caller(refused=NOT_PROVIDED),
}


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that is in order, and what it is answered; ``unseen``, if the organization is seen, the project not."""

    status: int
    query: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    unseen: int = 404


# What GET needs to be a 200 is the path alone. Everything that writes stands here; {words} are the world's.
ORGANIZATION = f"{API}organizations/<str:organization>/"
PROJECT = f"{API}projects/<str:organization>/<str:project>/"

_ISSUE = {
    ("PUT", ""): Ask(200, body={"status": "resolved"}),
    ("DELETE", ""): Ask(202),
    **{("POST", f"{notes}/"): Ask(201, body={"text": "Looked at it."}) for notes in ("notes", "comments")},
    **{("PUT", f"{notes}/<str:note>/"): Ask(200, body={"text": "Looked again."}) for notes in ("notes", "comments")},
    **{("DELETE", f"{notes}/<str:note>/"): Ask(204) for notes in ("notes", "comments")},
}

ASKS = {
    ("PUT", f"{PROJECT}issues/"): Ask(200, "id={issue}", {"status": "resolved"}),
    ("DELETE", f"{PROJECT}issues/"): Ask(204, "id={issue}"),
    # The organization's route takes an id that the caller doesn't see for one out of scope: 204, nothing changed.
    ("PUT", f"{ORGANIZATION}issues/"): Ask(200, "id={issue}", {"status": "resolved"}, unseen=204),
    ("DELETE", f"{ORGANIZATION}issues/"): Ask(204, "id={issue}", unseen=204),
    **{(method, f"{API}issues/<str:issue>/{rest}"): ask for (method, rest), ask in _ISSUE.items()},
    **{(method, f"{ORGANIZATION}issues/<str:issue>/{rest}"): ask for (method, rest), ask in _ISSUE.items()},
    ("POST", f"{PROJECT}mutations/<str:mutation>/undo/"): Ask(200),
    ("POST", f"{PROJECT}keys/"): Ask(201, body={"name": "workers"}),
    ("PUT", f"{PROJECT}keys/<str:client_key>/"): Ask(200, body={"isActive": False}),
    ("DELETE", f"{PROJECT}keys/<str:client_key>/"): Ask(204),
    ("POST", f"{PROJECT}releases/"): Ask(201, body={"version": "new"}),
    ("PUT", f"{PROJECT}releases/<path:version>/"): Ask(200, body={"ref": "abc"}),
    ("DELETE", f"{PROJECT}releases/<path:version>/"): Ask(204),
    ("POST", f"{ORGANIZATION}releases/"): Ask(201, body={"version": "new", "projects": ["{project}"]}, unseen=400),
    ("PUT", f"{ORGANIZATION}releases/<path:version>/"): Ask(200, body={"ref": "abc"}),
    ("DELETE", f"{ORGANIZATION}releases/<path:version>/"): Ask(204),
    ("POST", f"{ORGANIZATION}releases/<path:version>/deploys/"): Ask(201, body={"environment": "production"}),
}

FOR_EVERYBODY = {f"{API}shared/issues/<str:share_id>/", f"{API}schema/"}
PAGES = {f"{API}docs/"}  # for people, and no JSON: tests/issuetracker/test_openapi.py
FOR_PEOPLE = {f"{API}auth/", f"{API}users/me/"}  # a key is told that it is none
WRITES_NOTES = {route for method, route in ASKS if "notes/" in route or "comments/" in route}


def asked(method: str, route: str) -> Ask:
    """Return the request that is in order.

    :raises KeyError: a method of a route that writes has none; add it to ``ASKS``.
    """
    return Ask(200, unseen=200) if method in READING else ASKS[method, route]


def needs(route: str) -> Sees:
    """Return what a caller must see before it is told even which methods there are."""
    parts = parts_of(route)
    if "project" in parts or "issue" in parts:
        return Sees.PROJECT
    return Sees.ORGANIZATION if "organization" in parts else Sees.NOTHING


def lacking(method: str, route: str, caller: Caller) -> str | None:
    """Return what the 403 of a caller tells who lacks a scope: any one of these would do. None for whoever has one."""
    if caller.refused or (not caller.has_csrf_token and method in NEEDS_CSRF_TOKEN):
        return None
    scopes = enough(method, route)
    if method not in SCOPES or not set(caller.scopes).isdisjoint(scopes):
        return None
    needed = " ".join(scope for scope in (READ, WRITE, ADMIN) if scope in scopes)
    return f'Bearer error="insufficient_scope", scope="{needed}"'


def expected(method: str, route: str, methods: Collection[str], caller: Caller) -> int:
    """Return the status that the contract has for this cell of the table; the order is that of 1.1."""
    if route in FOR_EVERYBODY:
        return 200 if method in READING else 405
    if caller.refused:
        return 401
    if method in NEEDS_CSRF_TOKEN and not caller.has_csrf_token:
        return 403
    if method in SCOPES and set(caller.scopes).isdisjoint(enough(method, route)):
        return 403
    if caller.sees < needs(route):
        return 404
    if method not in methods:
        return 405
    if method == "OPTIONS":
        return 200
    # What is found only by who does something with it: a release, an event, a note.
    if {"version", "event"}.intersection(parts_of(route)) and caller.sees < Sees.PROJECT:
        return 404
    if route in FOR_PEOPLE and not caller.is_person:
        return 404
    if method not in READING and route in WRITES_NOTES and not caller.is_person:
        return 403
    if method not in READING and "note" in parts_of(route) and not caller.wrote_the_note:
        return 403
    ask = asked(method, route)
    return ask.status if caller.sees == Sees.PROJECT or needs(route) == Sees.NOTHING else ask.unseen
