"""docs/routes.md: every address of the API, as the resolver has it, with what each method needs and does."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from issuetracker.openapi.operations import OPERATIONS, TAGS
from projects.api.permissions import HasEventScope
from projects.models import Scope

API = "api/0/"
METHODS = ("GET", "POST", "PUT", "DELETE")
NO_CREDENTIAL = "none"

HEADER = """\
# Routes

Written by `make fix` from the addresses that are served; `make check` compares. Don't edit.

Every route stands under `/api/0`. *Scope* is the least scope that the method needs: `read` is any of `event:read`,
`event:write` and `event:admin`; `write` is `event:write` or `event:admin`; `admin` is `event:admin`.
HEAD goes where GET does, OPTIONS goes everywhere. An organization and a project are named
by slug or by id. What each method takes and answers stands in [openapi.yaml](openapi.yaml), and the server shows it at
`/api/0/docs/`.
"""


def page() -> str:
    """Return the document, in Markdown."""
    parts = [HEADER]
    rows = list(_rows())
    for tag in TAGS:
        parts.append(f"\n## {tag['name']}\n\n{tag['description']}\n\n| | Route | Scope | |\n|---|---|---|---|\n")
        parts.extend(row for name, row in rows if name == tag["name"])
    return "".join(parts)


def served(patterns: list[URLPattern | URLResolver] | None = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each route of the API without ``/api/0/``, its open parts in braces, and its view."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        address = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from served(pattern.url_patterns, address)
        elif address.startswith(API):
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", address.removeprefix(API)), pattern.callback


def _rows() -> Iterator[tuple[str, str]]:
    """Yield the tag and the row of each method of each route.

    :raises KeyError: a method is served and not described.
    """
    for route, view in served():
        for method in METHODS:
            if method.lower() in view.actions:
                operation = OPERATIONS[route][method]
                yield operation.tag, f"| {method} | `/{route}` | {_scope(view, method)} | {operation.summary} |\n"


def _scope(view: Any, method: str) -> str:
    """Return the least of the scopes that a method needs."""
    asked = [permission for permission in view.cls.permission_classes if issubclass(permission, HasEventScope)]
    if not asked:
        return NO_CREDENTIAL
    enough = asked[0].scopes_for_method[method]
    return next(scope.removeprefix("event:") for scope in Scope.values if scope in enough)
