"""Who asks the database for what a GET answers and a page of the admin shows, and who doesn't (docs/decisions/0033)."""

import ast
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
READING = [
    path
    for app in ("issues", "events")
    for path in (ROOT / app / "reading").glob("*.py")
    if (app, path.stem) not in {("events", stem) for stem in VALUES}
]
ADMIN = [*(ROOT / "issues" / "admin").glob("*.py"), ROOT / "issuetracker" / "site.py"]

ASKS = {"objects", "_default_manager", "_base_manager", "connection", "connections", "using", "execute"}
# Who asks says when, for whom and what; where and for how long, the middleware has said.
DECIDES = {"settings", "timezone", "request", "using", "connections", "statement_timeout"}
# Django's admin demands querysets of these methods, and reads them itself: its lists, their search and their filters.
DEMANDED = {"get_queryset", "get_search_results", "lookups", "queryset"}
NARROWS = {
    *("filter", "exclude", "order_by", "annotate", "aggregate", "values_list", "defer", "only"),
    *("select_related", "prefetch_related", "in_bulk", "exists", "iterator", "first", "last", "latest", "earliest"),
}
WRITES = {"save", "update", "delete", "create", "bulk_create", "bulk_update", "select_for_update", "atomic"}


def names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name


def asked(node: ast.AST, within: frozenset[str] = frozenset()) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield what asks the database, each with the names of the classes and functions in which it stands."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            within |= {name}
        case ast.Attribute(attr=name) if name in ASKS | NARROWS:
            yield name, within
        case ast.Name(id=name) | ast.alias(name=name) if name in ASKS:
            yield name, within
    for child in ast.iter_child_nodes(node):
        yield from asked(child, within)


def test_there_are_modules_to_read() -> None:
    assert len(SERIALIZERS) > 10
    assert len(READING) > 6
    assert len(ADMIN) > 10


@pytest.mark.parametrize("path", SERIALIZERS, ids=lambda path: path.stem)
def test_no_serializer_asks_the_database(path: Path) -> None:
    assert set(names(path)) & ASKS == set()


@pytest.mark.parametrize("path", READING, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_no_read_decides_where_and_for_how_long_it_asks(path: Path) -> None:
    assert set(names(path)) & DECIDES == set()


@pytest.mark.parametrize("path", READING, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_no_read_writes(path: Path) -> None:
    assert set(names(path)) & WRITES == set()


@pytest.mark.parametrize("path", ADMIN, ids=lambda path: path.stem)
def test_the_admin_asks_only_where_django_demands_a_queryset(path: Path) -> None:
    """What else its pages show is read by issues/reading; the admin has the words and the pictures."""
    found = [(name, sorted(within)) for name, within in asked(ast.parse(path.read_text())) if not within & DEMANDED]

    assert found == []


def test_the_admin_asks_where_django_demands_a_queryset() -> None:
    """The rule above sees what it is about."""
    found = {name for path in ADMIN for name, within in asked(ast.parse(path.read_text())) if within & DEMANDED}

    assert {"objects", "filter", "annotate"} <= found
