"""Who asks the database for what a GET answers, and who doesn't (docs/decisions/0033)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

SERIALIZERS = [*(ROOT / "issues" / "serializers").glob("*.py"), ROOT / "projects" / "serializers.py"]
READING = list((ROOT / "issues" / "reading").glob("*.py"))

ASKS = {"objects", "_default_manager", "_base_manager", "connection", "connections", "using", "execute"}
# Who asks says when, for whom and what; where and for how long, the middleware has said.
DECIDES = {"settings", "timezone", "request", "using", "connections", "statement_timeout"}
WRITES = {"save", "update", "delete", "create", "bulk_create", "bulk_update", "select_for_update", "atomic"}


def names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name


def test_there_are_modules_to_read() -> None:
    assert len(SERIALIZERS) > 10
    assert len(READING) > 6


@pytest.mark.parametrize("path", SERIALIZERS, ids=lambda path: path.stem)
def test_no_serializer_asks_the_database(path: Path) -> None:
    assert set(names(path)) & ASKS == set()


@pytest.mark.parametrize("path", READING, ids=lambda path: path.stem)
def test_no_read_decides_where_and_for_how_long_it_asks(path: Path) -> None:
    assert set(names(path)) & DECIDES == set()


@pytest.mark.parametrize("path", READING, ids=lambda path: path.stem)
def test_no_read_writes(path: Path) -> None:
    assert set(names(path)) & WRITES == set()
