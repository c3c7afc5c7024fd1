"""How drf-spectacular makes the document: it finds the addresses, and the tables say what they do."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from threading import Lock
from typing import Any

from drf_spectacular.drainage import error
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from issuetracker.openapi import answers, parameters
from issuetracker.openapi.examples import Example
from issuetracker.openapi.operations import OPERATIONS, TAGS, Answer, Body, Operation
from issuetracker.openapi.shapes import SCHEMAS
from projects.api.ignored import PARAMETERS_HEADER
from projects.api.permissions import HasEventScope

API = "/api/0/"

DESCRIPTION = """\
A server for Sentry's "Bulk Mutate a List of Issues", and for what its clients need around it.

- Ids in JSON are strings, but for those of releases and of their projects; times are ISO 8601 in UTC and end in `Z`.
- Errors are JSON, always: `{"detail": "..."}`, or `{"field": ["..."]}`.
- Any one of these scopes is enough: GET and HEAD `event:read`, `event:write` or `event:admin`; PUT and POST \
`event:write` or `event:admin`; DELETE `event:admin`.
- A GET ignores parameters that it doesn't know, and names them in the header `Ignored-Parameters` of every answer.
- HEAD is answered as GET is, without the body; OPTIONS with the methods, in `Allow`. Any other method is a 405.
- An unknown address, and one without the slash at its end, is a 404.
- What is no HTTP/1.1 at all is answered with 400, 408, 414, 417, 431, 501 or 505, in JSON, and the connection ends."""

SECURITY_SCHEMES = {
    "apiKey": {
        "type": "http",
        "scheme": "basic",
        "description": "An organization's API key as the user name, with an empty password. It has no user context.",
    },
    "userToken": {"type": "http", "scheme": "bearer", "description": "A user's token."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "Who is logged in to the admin. What changes something needs the CSRF token, too.",
    },
}


class DescribedSchema(AutoSchema):
    """Named in the settings: what drf-spectacular asks about each method of each view."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> dict[str, Any] | None:
        """Return what the tables say; an address that they don't know is an error of the check."""
        operation = OPERATIONS.get(path.removeprefix(API), {}).get(method)
        if operation is None:
            error(f"{method} {path} is not described; add it to issuetracker/openapi/operations.py")
            return None
        asks_who = any(issubclass(permission, HasEventScope) for permission in self.view.permission_classes)
        if method == "GET":
            _compare_parameters(operation, path, known=self.view.parameters)
        return _describe(operation, path, method, allow=_allow(self.view), asks_who=asks_who)


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add what the operations refer to; a hook that the settings name."""
    result["info"]["description"] = DESCRIPTION
    result["tags"] = TAGS
    result["components"] = {
        "schemas": SCHEMAS,
        "responses": answers.RESPONSES,
        "parameters": parameters.IN_PATH,
        "headers": answers.HEADERS,
        "securitySchemes": SECURITY_SCHEMES,
    }
    return result


def document() -> dict[str, Any]:
    """Return the document; it is the same for everybody."""
    with _one_at_a_time:
        return _made()


# drf-spectacular looks for extensions while it makes its first document, and is not made for two threads at that.
_one_at_a_time = Lock()


@cache
def _made() -> dict[str, Any]:
    generator = SchemaGenerator()  # type: ignore[no-untyped-call] # drf-spectacular says no types here
    found: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call] # nor here
    return found


def _allow(view: Any) -> str:
    """Return the header that every answer of a view has."""
    methods = {*view.action_map, "options", *(["head"] if "get" in view.action_map else [])}
    return ", ".join(method.upper() for method in view.http_method_names if method in methods)


def _compare_parameters(operation: Operation, path: str, *, known: Collection[str]) -> None:
    """Make it an error of the check when a view knows other parameters than the tables say."""
    described = {parameter["name"] for parameter in operation.parameters if parameter["in"] == "query"}
    if described != set(known):
        error(f"GET {path} knows {sorted(known)}, and issuetracker/openapi/operations.py says {sorted(described)}")


def _describe(operation: Operation, path: str, method: str, *, allow: str, asks_who: bool) -> dict[str, Any]:
    in_path = [_in_path(name, path) for name in parameters.IN_PATH if f"{{{name}}}" in path]
    found: dict[str, Any] = {"operationId": operation.id, "summary": operation.summary, "tags": [operation.tag]}
    if operation.description:
        found["description"] = operation.description
    if in_path or operation.parameters:
        found["parameters"] = [*in_path, *operation.parameters]
    if operation.body is not None:
        found["requestBody"] = _describe_body(operation.body)
    found["security"] = [{name: []} for name in SECURITY_SCHEMES] if asks_who else []
    examples = {} if operation.body is None else operation.body.examples
    ignored = [PARAMETERS_HEADER] if method == "GET" else []
    responses = {
        status: _describe_answer(answer, allow, ignored, examples if status == min(operation.answers) else {})
        for status, answer in operation.answers.items()
    }
    responses |= {status: answers.error(status) for status in _errors(operation, bool(in_path), asks_who=asks_who)}
    found["responses"] = {str(status): responses[status] for status in sorted(responses)}
    return found


def _in_path(name: str, path: str) -> dict[str, Any]:
    if name == "event" and "/issues/" not in path:
        return parameters.EVENT_OF_PROJECT
    return {"$ref": f"#/components/parameters/{name}"}


def _errors(operation: Operation, names_something: bool, *, asks_who: bool) -> set[int]:
    found = {400, 408, 414, 431, 500, *operation.errors}
    if all(answer.media_type == "application/json" for answer in operation.answers.values()):
        found.add(406)
    if asks_who:
        found |= {401, 403, 429}
    if asks_who or names_something:  # the database is asked
        found.add(503)
    if names_something:
        found.add(404)
    if operation.body is not None:
        found |= {413, 415}
    return found


def _describe_body(body: Body) -> dict[str, Any]:
    shown = {name: {"summary": example.summary, "value": example.body} for name, example in body.examples.items()}
    return {
        "required": body.required,
        "content": {"application/json": {"schema": body.schema, "examples": shown}},
    }


def _describe_answer(
    answer: Answer, allow: str, ignored: Sequence[str], examples: Mapping[str, Example]
) -> dict[str, Any]:
    headers = answers.headers(*answer.headers, *ignored) | {
        "Allow": {"required": True, "schema": {"type": "string", "const": allow}}
    }
    found: dict[str, Any] = {"description": answer.description, "headers": headers}
    if answer.schema is not None:
        content: dict[str, Any] = {"schema": answer.schema}
        fixed = {name: example.answer for name, example in examples.items() if example.answer is not None}
        if fixed:
            content["examples"] = {name: {"value": value} for name, value in fixed.items()}
        found["content"] = {answer.media_type: content}
    return found
