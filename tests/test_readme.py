"""What the README promises: every address that is served stands in its table, with what each method needs."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from projects.api.permissions import SCOPES_FOR_METHOD, HasEventScope

README = (Path(__file__).resolve().parent.parent / "README.md").read_text()
METHODS = ("GET", "PUT", "POST", "DELETE")
API = "api/0/"
ABOUT_ITSELF = {"schema/", "docs/"}  # the document of the API, of which the README speaks elsewhere


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each address of the API, written as the README does, and its view."""
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, address)
        elif address.startswith(API):
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", address.removeprefix(API)), pattern.callback


def needed(view: Any, method: str) -> str:
    """Return the least of the scopes that a method needs; nothing when there is no such method."""
    if method.lower() not in view.actions:
        return ""
    if HasEventScope not in view.cls.permission_classes:
        return "nothing"
    scopes = SCOPES_FOR_METHOD[method]
    return next(word for word in ("read", "write", "admin") if f"event:{word}" in scopes)


def row(address: str, view: Any) -> str:
    cells = [f"`/{address}`", *(needed(view, method) for method in METHODS)]
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def test_every_address_stands_in_its_table() -> None:
    served = routes(get_resolver().url_patterns)
    rows = [row(address, view) for address, view in served if address not in ABOUT_ITSELF]
    table = [line for line in README.splitlines() if line.startswith("| `/")]

    assert rows
    missing = [row for row in rows if not any(line.startswith(row) for line in table)]
    assert missing == []
    assert len(table) == len(rows)
    assert all(len(line.split("|")) == 8 and line.split("|")[6].strip() for line in table)
