"""What is known of a query while it is read: which columns are equal, and which are a project that is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

Node = tuple[int, str, str]  # a column: of which query, by what name it calls the table, its own name
Given = list[tuple[str, bool]]  # what a query gives: the name of each column, and whether it is a project that is named


class Facts:
    """Which columns are equal, and which of them are a project that is named."""

    def __init__(self, equal: Mapping[Node, Node] | None = None, named: Set[Node] = frozenset()) -> None:
        self._equal = dict(equal or {})
        self._named = set(named)

    def copy(self) -> Facts:
        return Facts(self._equal, self._named)

    def _first(self, node: Node) -> Node:
        while node in self._equal:
            node = self._equal[node]
        return node

    def name(self, node: Node) -> None:
        self._named.add(self._first(node))

    def is_named(self, node: Node) -> bool:
        return self._first(node) in self._named

    def equate(self, one: Node, other: Node) -> None:
        one, other = self._first(one), self._first(other)
        if one != other:
            self._equal[one] = other
            if one in self._named:
                self._named.add(other)


@dataclass
class Query:
    """What one query refers to, and what is known of it."""

    around: Query | None
    facts: Facts
    columns: dict[str, list[str]] = field(default_factory=dict)  # by the name that a table has in here
    tables: dict[str, str] = field(default_factory=dict)  # of a project
    conditions: list[Any] = field(default_factory=list)  # that hold for each row
    left: list[tuple[Any, list[str]]] = field(default_factory=list)  # what holds for the joined side alone
    later: list[exp.Lateral] = field(default_factory=list)

    def node(self, alias: str, column: str) -> Node:
        return (id(self), alias, column)

    def find(self, column: exp.Column) -> Node | None:
        """Return which column is meant; None for one that isn't known, of a function perhaps."""
        for alias, columns in self.columns.items():
            if column.table in ("", alias) and column.name in columns:
                return self.node(alias, column.name)
        return self.around.find(column) if self.around else None

    def given(self, alias: str) -> Given:
        return [(name, self.facts.is_named(self.node(alias, name))) for name in self.columns[alias]]


def queries_in(part: Any) -> Iterator[Any]:
    """Yield the outermost queries that stand in expressions."""
    if isinstance(part, exp.Query):
        yield part
    elif isinstance(part, exp.Expression):
        for inner in part.args.values():
            yield from queries_in(inner)
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from queries_in(inner)


def pairs(left: Any, right: Any) -> list[tuple[Any, Any]]:
    if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
        return list(zip(left.expressions, right.expressions, strict=True))
    return [(left, right)]


def in_both(left: Given, right: Given) -> Given:
    return [(name, one and other) for (name, one), (_, other) in zip(left, right, strict=False)]


def renamed(given: Given, names: list[str]) -> Given:
    """Return them by the names that they are given, as far as they go."""
    return [(names[n] if n < len(names) else name, is_named) for n, (name, is_named) in enumerate(given)]
