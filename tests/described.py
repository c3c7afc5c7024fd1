"""Holds an answer against the API's document: status, headers, media type and body must stand in it."""

import json
import re
from typing import Any

import jsonschema_rs
from django.urls import Resolver404

from issuetracker.openapi.schema import document


def assert_described(response: Any) -> None:
    """Assert that the document describes an answer of Django's test client, if the address is one of the API's.

    Of HEAD it says that it is GET's, of OPTIONS that ``Allow`` is there, and a method that an address lacks is a 405.
    """
    method = response.request["REQUEST_METHOD"]
    try:
        route = response.resolver_match.route
    except Resolver404:
        return
    operations = document()["paths"].get(described_path(f"/{route}"))
    if operations is None:  # the admin, and pages for people
        assert not route.startswith("api/"), f"{route} is not described; add it to issuetracker/openapi/operations.py"
        return
    operation = operations.get({"HEAD": "get"}.get(method, method.lower()))
    if operation is not None:
        assert_answer(operation, response.status_code, response.headers, response.content, bodiless=method == "HEAD")


def described_path(route: str) -> str:
    """Return a route as the document writes it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)


def operation_of(route: str, method: str) -> dict[str, Any]:
    """Return what the document says of a method of a route.

    :raises KeyError: nothing.
    """
    found: dict[str, Any] = document()["paths"][described_path(route)][method]
    return found


def assert_answer(operation: Any, status: int, headers: Any, content: bytes, *, bodiless: bool = False) -> None:
    """Assert that an operation of the document describes an answer."""
    what = f"{operation['operationId']} answers {status}, which {{}}; see issuetracker/openapi/"
    answer = resolved(operation["responses"].get(str(status)))
    assert answer is not None, what.format("is not described")
    for name, ref in answer["headers"].items():
        header = resolved(ref)
        assert name in headers or not header.get("required"), what.format(f"lacks the header {name}")
        if name in headers:
            word = headers[name]
            problem = problem_of(header["schema"], int(word) if header["schema"]["type"] == "integer" else word)
            assert problem is None, what.format(f"has the header {name}: {word}: {problem}")
    if "content" not in answer:
        assert content == b"", what.format("has a body")
        return
    media_type = headers["Content-Type"].partition(";")[0]
    assert media_type in answer["content"], what.format(f"is {media_type}")
    if media_type == "application/json" and not bodiless:
        problem = problem_of(answer["content"][media_type]["schema"], json.loads(content))
        assert problem is None, what.format(f"has a body of another kind: {problem}")


def resolved(node: Any) -> Any:
    """Return what a node of the document refers to, if it does."""
    if not isinstance(node, dict) or "$ref" not in node:
        return node
    found: Any = document()
    for word in node["$ref"].removeprefix("#/").split("/"):
        found = found[word]
    return found


_validators: dict[str, Any] = {}


def problem_of(schema: Any, value: Any) -> str | None:
    """Return why a value is none that the schema describes; None when it is one."""
    key = json.dumps(schema)
    if key not in _validators:
        whole = schema | {"components": document()["components"]}
        _validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    error = next(_validators[key].iter_errors(value), None)
    return None if error is None else f"{error.message} at {list(error.instance_path)}"
