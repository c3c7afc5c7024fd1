"""The API's document: it knows every address, is the file in the repository, and its examples are true."""

import json
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
import yaml
from django.db import connection
from django.test import Client, RequestFactory
from django.utils.timezone import now
from drf_spectacular.generators import SchemaGenerator

from issuetracker.exceptions import server_error
from issuetracker.openapi import schema
from issuetracker.openapi.answers import ERRORS
from issuetracker.openapi.operations import OPERATIONS
from issuetracker.openapi.schema import document
from issuetracker.policies import DOCS
from projects.database.failures import SENTENCES
from projects.json_schema import ref
from projects.models import Project, User
from tests import prepared
from tests.api_client import Api
from tests.described import assert_answer, resolved
from tests.factories import (
    ActivityFactory,
    ApiTokenFactory,
    ClientKeyFactory,
    IssueFactory,
    MutationFactory,
    ReleaseFactory,
)
from tests.factories.events import keep_event_of

ROOT = Path(__file__).resolve().parents[2]
ISSUES = "/api/0/projects/{organization}/{project}/issues/"


# ---------------------------------------------------------------------------------------------------------------------
# The document
# ---------------------------------------------------------------------------------------------------------------------


def with_patterns(found: Any) -> Iterator[dict[str, Any]]:
    """Yield the schemas in this part of the document that have a pattern."""
    if isinstance(found, dict) and isinstance(found.get("pattern"), str):
        yield found
    for each in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        yield from with_patterns(each)


def test_shows_what_is_meant_by_a_pattern_of_answers() -> None:
    """Pages for people make up words that fit, else, and nobody knows a time or an id in them."""
    of_answers = list(with_patterns(document()["components"]["schemas"]))

    assert len(of_answers) > 100
    for described in of_answers:
        assert all(re.search(described["pattern"], example) for example in described["examples"]), described


def test_suggests_no_value_of_a_parameter() -> None:
    """A page that tries requests out would begin with it: to delete issue 12."""
    of_requests = [*with_patterns(document()["paths"]), *with_patterns(document()["components"]["parameters"])]

    assert [described for described in of_requests if "examples" in described] == []


def test_describes_no_address_that_there_is_not() -> None:
    """That it lacks none is an error of drf-spectacular's, below."""
    described = {("/api/0/" + path, method.lower()) for path, methods in OPERATIONS.items() for method in methods}

    assert described == {(path, method) for path, methods in document()["paths"].items() for method in methods}


def test_names_every_operation_once() -> None:
    names = [operation["operationId"] for methods in document()["paths"].values() for operation in methods.values()]

    assert len(names) == len(set(names))


def test_is_the_file_in_the_repository_and_valid() -> None:
    """As `make check` does, which says how to make it anew."""
    made = prepared.run("spectacular", "--validate", "--fail-on-warn", environment=os.environ)

    assert made.returncode == 0, made.stderr
    assert made.stdout == (ROOT / "docs" / "openapi.yaml").read_text(), "Say make fix."


def test_says_what_generators_of_clients_can_read() -> None:
    """openapi-python-client and openapi-generator leave out what is not so, or stop at it."""
    written = document()
    schemas = written["components"]["schemas"]
    said = list(members(written))

    assert [one for one in said if "array" in one.get("type", ()) and "items" not in one] == []
    assert [one for one in said for field in one.get("properties", {}).values() if field.get("type") == "null"] == []
    assert [one for one in said if not str(one.get("pattern", "^")).startswith("^") and "type" in one] == []
    assert [one for one in said if one.get("type") == "boolean" and ("const" in one or "enum" in one)] == []
    assert [name for name, one in schemas.items() if "anyOf" in one and ref(name) in members(one)] == []
    assert [name for name in schemas if name.removeprefix("New") in schemas and name.startswith("New")] == []


def test_names_no_parameter_of_an_operation_twice() -> None:
    """In the path and in the query, say: clients of openapi-generator mistake one for the other."""
    for methods in document()["paths"].values():
        for operation in methods.values():
            names = [resolved(one)["name"] for one in operation.get("parameters", [])]
            assert len(names) == len(set(names)), operation["operationId"]


def members(written: Any) -> Iterator[dict[str, Any]]:
    """Give each object in a part of the document, itself included."""
    if isinstance(written, dict):
        yield written
    for one in written.values() if isinstance(written, dict) else written if isinstance(written, list) else ():
        yield from members(one)


def test_is_answered_to_anybody() -> None:
    response = Client().get("/api/0/schema/")

    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    assert response.json() == yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())


def test_has_the_published_sentences_and_example_word_for_word() -> None:
    published = (ROOT / "docs" / "published-reference.md").read_text()
    put = document()["paths"][ISSUES]["put"]
    sentences = [
        sentence.lstrip("- ") for sentence in put["description"].split("\n\nAll of it")[0].split("\n") if sentence
    ]
    plain = re.sub(r"<[^>]+>|[“”]", lambda found: '"' if found[0] in "“”" else "", published)
    (content,) = put["requestBody"]["content"].values()

    assert put["summary"] in published
    assert len(sentences) > 4
    assert [sentence for sentence in sentences if sentence not in plain] == []
    assert json.dumps(content["examples"]["published"]["value"], indent=2) in published
    answer = put["responses"]["200"]["content"]["application/json"]["examples"]["published"]["value"]
    assert json.dumps(answer, indent=2) in published


# ---------------------------------------------------------------------------------------------------------------------
# The page
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db  # to close a file's answer closes connections, too
def test_is_shown_to_people_without_an_outside_address() -> None:
    page = Client().get("/api/0/docs/", headers={"Accept": "text/html"})
    html = page.content.decode()
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', html)

    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "//" not in html
    assert len(files) == 5
    for file in files:
        with closing(Client().get(file)) as response:
            assert response.status_code == 200, file
            *_, script = [b"".join(response)]
    assert file == "/static/issuetracker/docs.js"
    assert b"validatorUrl: null" in script
    assert b"//" not in script.replace(b", // ", b"")
    assert page.headers["Content-Security-Policy"] == DOCS


@pytest.mark.parametrize("address", ["/api/0/docs/", "/api/0/schema/"])
def test_refuses_other_methods_in_json(address: str) -> None:
    response = Client().post(address, headers={"Accept": "text/html, application/json"})

    assert (response.status_code, response.json()) == (405, {"detail": 'Method "POST" not allowed.'})
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert Client().options(address).status_code == 200
    assert Client().head(address).content == b""


# ---------------------------------------------------------------------------------------------------------------------
# Its examples
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def world(api: Api, project: Project, jane: User) -> Api:
    """What the examples of parameters and bodies name, as `manage.py demo` makes it."""
    share_id = document()["components"]["parameters"]["share_id"]["example"]
    issue = IssueFactory(project=project, id=1, short_number=1, share_id=share_id, own_comment_count=1)
    keep_event_of(issue, event_id=UUID(int=1))
    IssueFactory(project=project, id=2, short_number=2)
    ActivityFactory(id=1, issue=issue, user=jane, note=True)
    MutationFactory(id=1, project=project)
    ClientKeyFactory(project=project, key=document()["components"]["parameters"]["client_key"]["example"])
    with connection.cursor() as cursor:  # those ids are taken
        cursor.execute("SELECT setval(pg_get_serial_sequence('issues_activity', 'id'), 1)")
        cursor.execute("SELECT setval(pg_get_serial_sequence('issues_mutation', 'id'), 1)")
    for version in ("1.0.0", "1.1.0"):
        ReleaseFactory(projects=[project], version=version)
    return api


def requests() -> Iterator[Any]:
    """Yield each operation, with each of the examples that it has for a body."""
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            for name in content.get("examples", [None]):
                yield pytest.param(path, method, name, id=" ".join(filter(None, [operation["operationId"], name])))


def address_of(path: str, operation: Any) -> tuple[str, str]:
    """Return the path and the query that the examples of an operation's parameters make."""
    query = []
    for parameter in map(resolved, operation.get("parameters", [])):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
        elif "example" in parameter:
            query += [f"{parameter['name']}={value}" for value in parameter["example"]]
        elif parameter.get("required"):
            query.append(f"{parameter['name']}=1")
    return path, "&".join(query)


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "method", "name"), list(requests()))
def test_is_answered_as_it_says(world: Api, path: str, method: str, name: str | None) -> None:
    operation = document()["paths"][path][method]
    target, query = address_of(path, operation)
    success = min(operation["responses"])
    shown = operation["responses"][success].get("content", {}).get("application/json", {}).get("examples", {})
    body = None if name is None else operation["requestBody"]["content"]["application/json"]["examples"][name]["value"]
    fixed = name in shown

    response = world.request(method.upper(), target, body, raw_query=query, auth="key" if fixed else "jane")

    assert str(response.status_code) == success, response.content
    assert_answer(operation, response.status_code, response.headers, response.content)
    if fixed:
        assert response.json() == shown[name]["value"]
        assert list(response.json()) == list(shown[name]["value"])


@pytest.mark.django_db
@pytest.mark.parametrize("path", [ISSUES, "/api/0/organizations/{organization}/issues/"])
def test_defaults_change_nothing_for_clients_that_send_them(world: Api, project: Project, path: str) -> None:
    """As clients that openapi-python-client makes do."""
    IssueFactory(id=3, project=project, last_seen=now() - timedelta(days=3))
    operation = document()["paths"][path]["get"]
    address, _ = address_of(path, operation)
    parameters = map(resolved, operation["parameters"])
    defaults = {one["name"]: one["schema"]["default"] for one in parameters if "default" in one["schema"]}

    sent, absent = (world.request("GET", address, raw_query=query, auth="jane") for query in (urlencode(defaults), ""))

    assert defaults
    assert [item["id"] for item in sent.json()] == [item["id"] for item in absent.json()]


@pytest.mark.django_db
def test_has_the_errors_as_they_are(world: Api, sam: User) -> None:
    secret = "sntryu_" + "d" * 64
    ApiTokenFactory(user=sam, secret=secret, scopes=["event:read"])
    path = world.issues_url
    large, text = b" " * (2**20 + 1), {"Content-Type": "text/plain"}

    answers = {
        400: world.put(path, {"isPublic": True}),
        401: world.put(path, {}, auth=None),
        403: world.put(path, {}, auth=None, headers={"Authorization": f"Bearer {secret}"}),
        404: world.get("/api/0/issues/3/"),
        406: world.get(path, headers={"Accept": "text/html"}),
        412: world.put(path, {}, ids=[1, 2], headers={"Issues-Expected": "1"}),
        413: world.put(path, large, ids=[1]),
        415: world.put(path, {"status": "resolved"}, ids=[1], headers=text),
    }

    for status, response in answers.items():
        (content,) = ERRORS[status][1]["content"].values()
        assert (response.status_code, response.json()) == (status, content["example"])
    # These take a bug, a lock that is not to be had, or the server: tests/api/test_errors.py, test_server.py.
    examples = {status: answer["content"]["application/json"]["example"] for status, (_, answer) in ERRORS.items()}
    assert examples[500] == json.loads(server_error(RequestFactory().get(path)).content)
    assert examples[503]["detail"] in SENTENCES.values()
    assert set(examples) == {*answers, 408, 414, 429, 431, 500, 503}


def test_is_made_by_one_of_those_who_ask_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """drf-spectacular is not made for two threads: one of them found half an extension, and was answered 500."""
    schema._made.cache_clear()
    inside, most = 0, 0
    make: Any = SchemaGenerator.get_schema

    def slowly(self: Any, **options: Any) -> Any:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        sleep(0.05)
        found = make(self, **options)
        inside -= 1
        return found

    monkeypatch.setattr(SchemaGenerator, "get_schema", slowly)
    with ThreadPoolExecutor(4) as threads:
        documents = list(threads.map(lambda _: schema.document(), range(4)))

    assert most == 1
    assert all(found is documents[0] for found in documents)
