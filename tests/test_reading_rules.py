"""Who asks the database for what a GET answers and a page of the admin shows, and who doesn't (docs/decisions/0033)."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

SERIALIZERS = [
    *(path for app in ("issues", "events") for path in (ROOT / app / "serializers").glob("*.py")),
    ROOT / "projects" / "serializers.py",
]
# Values of what an SDK sent, of which one is a request: they ask nothing.
VALUES = {"shapes", "shaping", "tagging"}
PURE = {"events.reading.matching.all_hold"}  # one condition of several
READING = [
    path
    for app in ("issues", "events")
    for path in (ROOT / app / "reading").glob("*.py")
    if (app, path.stem) not in {("events", stem) for stem in VALUES}
]
# Of the desk's modules these ask by themselves: who somebody is, and the searches that they keep, the desk's own.
ASKING = {"people", "searches", "models"}
DESK = [
    path
    for path in (ROOT / "desk").rglob("*.py")
    if "migrations" not in path.parts and "templatetags" not in path.parts and path.stem not in ASKING
]

ASKS = {"objects", "_default_manager", "_base_manager", "connection", "connections", "using", "execute"}
# Who asks says when, for whom and what; where and for how long, the middleware has said.
DECIDES = {"settings", "timezone", "request", "using", "connections", "statement_timeout"}
NARROWS = {
    *("filter", "exclude", "order_by", "annotate", "aggregate", "values_list", "defer", "only"),
    *("select_related", "prefetch_related", "in_bulk", "exists", "iterator", "latest", "earliest"),
}
WRITES = {"save", "update", "delete", "create", "bulk_create", "bulk_update", "select_for_update", "atomic"}


def names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name


def asked(tree: ast.AST) -> Iterator[str]:
    """Yield what asks the database."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) if name in ASKS | NARROWS:
                yield name
            case ast.Name(id=name) | ast.alias(name=name) if name in ASKS:
                yield name


def test_there_are_modules_to_read() -> None:
    assert len(SERIALIZERS) > 10
    assert len(READING) > 6
    assert len(DESK) > 20


@pytest.mark.parametrize("path", SERIALIZERS, ids=lambda path: path.stem)
def test_no_serializer_asks_the_database(path: Path) -> None:
    assert set(names(path)) & ASKS == set()


@pytest.mark.parametrize("path", SERIALIZERS, ids=lambda path: path.stem)
def test_no_serializer_asks_by_a_read_or_a_service(path: Path) -> None:
    """From there it has values and types. What a body names is looked up between two steps: issues/views/wishes.py."""
    imported = {
        f"{node.module}.{alias.name}": getattr(importlib.import_module(node.module), alias.name)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module and re.search(r"\.(reading|services)\b", node.module)
        for alias in node.names
    }

    assert [name for name, it in imported.items() if inspect.isfunction(it) and name not in PURE] == []


@pytest.mark.parametrize("path", READING, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_no_read_decides_where_and_for_how_long_it_asks(path: Path) -> None:
    assert set(names(path)) & DECIDES == set()


@pytest.mark.parametrize("path", READING, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_no_read_writes(path: Path) -> None:
    assert set(names(path)) & WRITES == set()


@pytest.mark.parametrize("path", DESK, ids=lambda path: "-".join(path.parts[-2:]))
def test_no_page_of_the_desk_asks_the_database(path: Path) -> None:
    """What its pages show is read by issues/reading and events/reading; the desk has the words and the pictures."""
    assert list(asked(ast.parse(path.read_text()))) == []


def test_who_is_at_the_desk_is_asked_there() -> None:
    """The rule above sees what it is about."""
    found = set(asked(ast.parse((ROOT / "desk" / "people.py").read_text())))

    assert {"objects", "select_related"} <= found
