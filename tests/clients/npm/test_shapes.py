"""What is told of events (contract 7.10), held against types that @sentry/api ships and schemas of the MCP server."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from jsonschema_rs import Draft7Validator

from issues.models import Environment, Issue
from projects.models import Project
from tests.clients.npm import clients
from tests.factories import IssueFactory, ReleaseFactory
from tests.factories.events import keep_event_of

pytestmark = [pytest.mark.npm, pytest.mark.django_db(transaction=True)]

Read = Callable[[str], Any]

PROJECT = "projects/the-interstellar-jurisdiction/pump-station/"
ORGANIZATION = "organizations/the-interstellar-jurisdiction/"
ISSUE = f"{ORGANIZATION}issues/{{issue}}/"

# Each route, with its type in @sentry/api; None where that knows no such route.
ROUTES = {
    f"{ISSUE}events/": "ListAnIssueSEventsResponses",
    f"{ISSUE}events/?full=1": "ListAnIssueSEventsResponses",
    f"{ISSUE}events/latest/": "RetrieveAnIssueEventResponses",
    f"{ISSUE}events/oldest/": "RetrieveAnIssueEventResponses",
    f"{ISSUE}events/recommended/": "RetrieveAnIssueEventResponses",
    f"{ISSUE}events/{{event}}/": "RetrieveAnIssueEventResponses",
    f"{ISSUE}tags/": None,
    f"{ISSUE}tags/shop/": "RetrieveTagDetailsResponses",
    f"{ISSUE}tags/shop/values/": "ListATagSValuesForAnIssueResponses",
    f"{ISSUE}hashes/": "ListAnIssueSHashesResponses",
    f"{PROJECT}events/": "ListAProjectSErrorEventsResponses",
    f"{PROJECT}events/{{event}}/": "RetrieveAnEventForAProjectResponses",
    f"{ORGANIZATION}eventids/{{event}}/": "ResolveAnEventIdResponses",
    f"{PROJECT}environments/": "ListAProjectSEnvironmentsResponses",
    f"{ORGANIZATION}environments/": "ListAnOrganizationSEnvironmentsResponses",
}
# These two were written down from one example, of an error: its entries have every key, null where it is unknown. The
# MCP server refuses null in entries, so that such keys are left out (contract 7.10): entries are held against its
# schemas alone. And the metadata of a policy's report are neither an error's nor a title.
FROM_AN_EXAMPLE = {"RetrieveAnEventForAProjectResponses", "ListAnIssueSHashesResponses"}
# What an event doesn't say is null (contract 7.10), its platform too; these types have a text there in any case.
NO_TEXT = 'null is not of type "string"'
# Of the MCP server: a whole event, by its type; the entries of one, by theirs; and what else it reads.
EVENTS = {"error": "ErrorEventSchema", "default": "DefaultEventSchema", "csp": "UnknownEventSchema"}
ENTRIES = {
    name: f"{name.capitalize()}EntrySchema" for name in ("message", "threads", "breadcrumbs", "request", "csp")
} | {"exception": "ErrorEntrySchema"}
READ_BY_MCP = {f"{ISSUE}tags/": "TagListSchema", f"{ISSUE}tags/shop/": "IssueTagValuesSchema"}

FRAME = {"function": "intake", "filename": "pump.py", "lineno": 42, "in_app": True, "context_line": "lost()"}
STACK = {"frames": [FRAME | {"in_app": False, "vars": {"level": "3"}}, FRAME, {"function": "<module>"}]}
WHOLE = {
    "platform": "python",
    "metadata": {"type": "PumpError", "value": "", "filename": "pump.py", "function": "intake"},
    "culprit": "pump in intake",
    "exception": {
        "values": [
            {"type": "KeyError", "value": "'level'", "stacktrace": STACK, "mechanism": {"type": "x", "handled": False}},
            {"type": "PumpError", "value": ""},
        ]
    },
    "logentry": {"message": "pump %s", "params": ["3"], "formatted": "pump 3"},
    "threads": {"values": [{"id": 1, "name": "main", "crashed": True, "stacktrace": STACK}]},
    "breadcrumbs": {
        "values": [
            {"timestamp": "2026-03-01T12:00:00Z", "category": "query", "message": "SELECT", "data": {"rows": 1}},
            {"type": "http"},
        ]
    },
    "request": {
        "method": "POST",
        "url": "https://example.com/pumps",
        "query_string": "a=1",
        "headers": {"Accept": "*/*"},
        "cookies": {"a": "b"},
        "data": {"b": [1]},
        "env": {"REMOTE_ADDR": "127.0.0.1"},
    },
    "user": {"id": "7", "email": "a@example.com", "ip_address": "127.0.0.1", "geo": {"city": "Rome"}},
    "contexts": {"runtime": {"type": "runtime", "name": "CPython", "version": "3.13"}, "made up": {"a": 1}},
    "sdk": {"name": "sentry.python", "version": "2.0.0", "packages": [{"name": "pypi:sentry-sdk", "version": "2"}]},
    "modules": {"django": "6.0"},
    "extra": {"session": {"foo": "bar"}},
    "release": "1.0.0",
    "environment": "production",
    "server_name": "north-1",
    "dist": "7",
}
CSP = {"effective_directive": "img-src", "blocked_uri": "https://evil.example/x", "document_uri": "https://example.com"}
SAID: dict[str, dict[str, Any]] = {
    "whole": WHOLE,
    "a message alone": {"type": "default", "logentry": {"formatted": "stopped"}},
    "nothing": {"type": "default"},
    "a report of a policy": {
        "type": "csp",
        "csp": CSP,
        "metadata": {"directive": "img-src", "uri": "evil.example"},
    },
}


@cache
def validator(name: str) -> Draft7Validator:
    """Return what holds answers with the status 200 against a type."""
    schema = _schemas()[name]["properties"]["200"]
    if name in FROM_AN_EXAMPLE:
        _pass_over(schema)
    return Draft7Validator(schema)


@cache
def _schemas() -> dict[str, Any]:
    return clients.schemas_of(sorted(set(filter(None, ROUTES.values()))))


def _pass_over(schema: Any) -> None:
    """Take out of a schema what its example says of entries and metadata but their kind."""
    for key, below in schema.items():
        if key in ("entries", "metadata"):
            schema[key] = {"type": "array" if key == "entries" else "object"}
        elif isinstance(below, dict):
            _pass_over(below)


def events_in(answer: Any) -> list[dict[str, Any]]:
    """Return the whole events that an answer has, at any depth."""
    below = answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ()
    own = [answer] if isinstance(answer, dict) and "entries" in answer else []
    return [*own, *(event for each in below for event in events_in(each))]


@pytest.fixture(params=SAID)
def places(request: pytest.FixtureRequest, project: Project) -> dict[str, Any]:
    """An issue with two events that say this, and what else has a name in an address."""
    ReleaseFactory(project=project, version="1.0.0")
    Environment.objects.create(project=project, name="production")
    issue: Issue = IssueFactory(project=project, own_last_seen=timezone.now() - timedelta(hours=1))
    said = {**SAID[request.param], "tags": [["shop", "north"], ["level", "error"]]}
    kept = [keep_event_of(issue, event_id=UUID(int=2**100 + number), **said) for number in range(2)]
    return {"issue": issue.pk, "event": kept[0].hex}


def test_are_what_its_clients_declare(places: dict[str, Any], read: Read) -> None:
    wrong = []
    for route, name in ROUTES.items():
        answer = read(route.format(**places))
        assert answer, route
        if name is not None:
            faults = validator(name).iter_errors(answer)
            wrong += [(route, list(fault.instance_path), fault.message) for fault in faults]
    assert [each for each in wrong if each[1][-1:] != ["platform"] or each[2] != NO_TEXT] == []


def test_are_what_the_mcp_server_reads(places: dict[str, Any], read: Read) -> None:
    held: list[tuple[str, Any]] = []
    for route in ROUTES:
        answer = read(route.format(**places))
        held += [(READ_BY_MCP[route], answer)] if route in READ_BY_MCP else []
        for event in events_in(answer):
            held.append((EVENTS[event["type"]], event))
            held += [(ENTRIES[entry["type"]], entry["data"]) for entry in event["entries"]]
    held = [(name, json) for name, json in held if name != "CspEntrySchema"]  # of which it knows nothing

    assert {name for name, _ in held} >= {"TagListSchema", "IssueTagValuesSchema"}
    assert [fault for fault in zip(held, clients.faults_by_mcp(held), strict=True) if fault[1]] == []


@pytest.mark.parametrize(
    ("name", "answer"),
    [("ListAProjectSEnvironmentsResponses", [{"id": "1"}]), ("ListAnIssueSHashesResponses", [{"id": 1}])],
)
def test_see_what_is_wrong(name: str, answer: Any) -> None:
    assert not validator(name).is_valid(answer)
    assert [bool(faults) for faults in clients.faults_by_mcp([("EventSchema", {}), ("TagListSchema", [])])] == [
        True,
        False,
    ]
