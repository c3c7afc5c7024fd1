"""Does a statement name the project of each row that it touches? Read from its text alone, with sqlglot.

A reference to a table of a project is *named* if its ``project_id`` equals a parameter, or the ``project_id`` of
another reference that is named: in an AND of the WHERE, in the ON of an inner join, or, for the joined side alone, of a
LEFT JOIN. What is only selected, stands in one branch of an OR, or in a sub-select, names nothing of the query around
it. What comes out of a sub-select or a WITH is a project that is named if it is one in there.

A shape of SQL that isn't understood here is a fault too: it must not pass unseen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tests.statements.facts import Facts, Given, Query, in_both, pairs, queries_in, renamed

PROJECT = "project_id"
Tables = Mapping[str, Set[str]]  # the columns of each, by its name
With = Mapping[str, Given]

# Of sessions and schemas: these read and write no rows.
NO_ROWS = re.compile(r"\s*(SAVEPOINT|RELEASE|ROLLBACK|SET|SHOW|LOCK|CREATE|ALTER|DROP|ANALYZE|VACUUM)\b[^;]*$")


def faults(sql: str, tables: Tables, looked_up: str = "") -> list[str]:
    """Return a sentence for each thing that is wrong with a statement, or with one of several.

    :param sql: as Django's cursor takes it, with ``%s`` and ``%(name)s``.
    :param tables: all tables, with their columns. Those with a ``project_id`` are of a project.
    :param looked_up: the table whose project is what the statement asks: it is as if it was named.
    """
    if NO_ROWS.match(sql):
        return []
    try:
        statements = sqlglot.parse(sql.replace("%%", "%"), read="postgres")
    except SqlglotError as error:
        return [f"it can't be read: {str(error).splitlines()[0]}"]
    found: dict[str, None] = {}
    for statement in statements:
        if statement is not None and not isinstance(statement, exp.Set):
            found |= dict.fromkeys(_Judge(tables, looked_up).judge(statement))
    return list(found)


class _Judge:
    def __init__(self, tables: Tables, looked_up: str) -> None:
        self.tables = tables
        self.looked_up = looked_up
        self.found: list[str] = []
        self.met: set[int] = set()
        self.queries: list[Query] = []  # kept: their ids stand for them

    def judge(self, statement: exp.Expr) -> list[str]:
        self.query(statement, None, {})
        for table in statement.find_all(exp.Table):
            is_known = id(table) in self.met or isinstance(table.parent, exp.Lock)  # FOR UPDATE OF it
            if self._is_of_a_project(table) and not is_known:
                self.found.append(f"{table.name} stands where it isn't understood")
        return self.found

    def _is_of_a_project(self, table: exp.Table) -> bool:
        return PROJECT in self.tables.get(table.name, ())

    # -----------------------------------------------------------------------------------------------------------------
    # Each kind of query, and what it gives
    # -----------------------------------------------------------------------------------------------------------------

    def query(self, query: Any, around: Query | None, ctes: With) -> Given:
        ctes = self._with(query, around, ctes)
        match query:
            case exp.Subquery() | exp.Paren():
                return self.query(query.this, around, ctes)
            case exp.SetOperation():
                return in_both(self.query(query.this, around, ctes), self.query(query.expression, around, ctes))
            case exp.Select():
                return self._select(query, around, ctes)
            case exp.Values():
                return self._values(query, around, ctes)
            case exp.Insert():
                return self._insert(query, around, ctes)
            case exp.Update() | exp.Delete():
                return self._change(query, around, ctes)
        self.found.append(f"{query.key.upper()} isn't understood")
        return []

    def _with(self, query: Any, around: Query | None, ctes: With) -> With:
        clause = query.args.get("with_")
        for cte in clause.expressions if clause else ():
            names = [column.name for column in cte.args["alias"].columns]
            if clause.args.get("recursive") and isinstance(cte.this, exp.SetOperation):
                given = renamed(self.query(cte.this.this, around, ctes), names)
                while True:  # a project that a step doesn't carry on is none
                    faults_before = len(self.found)
                    both = in_both(given, self.query(cte.this.expression, around, {**ctes, cte.alias: given}))
                    if both == given:
                        break
                    del self.found[faults_before:]
                    given = both
            else:
                given = renamed(self.query(cte.this, around, ctes), names)
            ctes = {**ctes, cte.alias: given}
        return ctes

    def _select(self, select: exp.Select, around: Query | None, ctes: With) -> Given:
        query = self._begin(around)
        sources = [select.args["from_"].this] if select.args.get("from_") else []
        self._refer(query, [*sources, *select.args.get("laterals", ())], select.args.get("joins", ()), ctes)
        self._conclude(query, select.args.get("where"), ctes)
        apart = {"from_", "joins", "laterals", "where", "with_", "locks"}
        self._look_inside([value for key, value in select.args.items() if key not in apart], query, ctes)
        return self._list(select.expressions, query, ctes)

    def _values(self, values: exp.Values, around: Query | None, ctes: With) -> Given:
        query = self._begin(around)
        self._look_inside(values.expressions, query, ctes)
        rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in values.expressions]
        return [
            (f"column{number}", all(self._is_named(value, query, ctes) for value in column))
            for number, column in enumerate(zip(*rows, strict=True), start=1)
        ]

    def _insert(self, insert: exp.Insert, around: Query | None, ctes: With) -> Given:
        is_listed = isinstance(insert.this, exp.Schema)
        table = insert.this.this if is_listed else insert.this
        columns = [column.name for column in insert.this.expressions] if is_listed else []
        given = self.query(insert.expression, around, ctes) if insert.expression else []
        query = self._begin(around)
        alias = self._table(query, table)
        if alias in query.tables:
            place = columns.index(PROJECT) if PROJECT in columns else len(given)
            if place < len(given) and given[place][1]:
                query.facts.name(query.node(alias, PROJECT))
            self._check(query)
        conflict = insert.args.get("conflict")
        if conflict:
            keys = [key.this.name for key in conflict.args.get("conflict_keys") or ()]
            if alias in query.tables and (conflict.args.get("constraint") or (keys and PROJECT not in keys)):
                self.found.append(f"{table.name}: ON CONFLICT doesn't name the project")
            query.columns["excluded"] = columns
            self._look_inside([conflict], query, ctes)
        return self._returned(insert, query, ctes)

    def _change(self, change: exp.Update | exp.Delete, around: Query | None, ctes: With) -> Given:
        query = self._begin(around)
        sources = change.args.get("using") or []
        if change.args.get("from_"):
            sources = [change.args["from_"].this]
        self._refer(query, [change.this, *sources], (), ctes)
        self._conclude(query, change.args.get("where"), ctes)
        for assigned in change.expressions if isinstance(change, exp.Update) else ():
            if change.this.alias_or_name in query.tables and assigned.this.name == PROJECT:
                self.found.append(f"{change.this.name}: a row moves to another project")
            self._look_inside([assigned], query, ctes)
        return self._returned(change, query, ctes)

    def _returned(self, change: exp.Insert | exp.Update | exp.Delete, query: Query, ctes: With) -> Given:
        returning = change.args.get("returning")
        if not returning:
            return []
        self._look_inside([returning], query, ctes)
        return self._list(returning.expressions, query, ctes)

    def _list(self, expressions: Iterable[Any], query: Query, ctes: With) -> Given:
        given: Given = []
        for expression in expressions:
            if expression.is_star:
                table = expression.table if isinstance(expression, exp.Column) else ""
                given += [one for alias in query.columns if table in ("", alias) for one in query.given(alias)]
            else:
                given.append((expression.alias_or_name, self._is_named(expression.unalias(), query, ctes)))
        return given

    # -----------------------------------------------------------------------------------------------------------------
    # What a query refers to
    # -----------------------------------------------------------------------------------------------------------------

    def _begin(self, around: Query | None) -> Query:
        query = Query(around, around.facts.copy() if around else Facts())
        self.queries.append(query)
        return query

    def _refer(self, query: Query, sources: Iterable[Any], joins: Iterable[exp.Join], ctes: With) -> None:
        for source in sources:
            self._source(query, source, ctes)
        for join in joins:
            self._join(query, join, ctes)

    def _join(self, query: Query, join: exp.Join, ctes: With) -> None:
        before = list(query.columns)
        self._source(query, join.this, ctes)
        joined = [alias for alias in query.columns if alias not in before]
        conditions = [join.args["on"]] if join.args.get("on") else []
        for name in join.args.get("using") or ():
            sides = [
                next((alias for alias in side if name.name in query.columns[alias]), "") for side in (before, joined)
            ]
            conditions.append(exp.EQ(this=exp.column(name.name, sides[0]), expression=exp.column(name.name, sides[1])))
        if not join.side:
            query.conditions += conditions
        elif join.side == "LEFT":
            query.left += [(condition, joined) for condition in conditions]
        else:  # rows of either side stand without the other
            self._look_inside(conditions, query, ctes)

    def _source(self, query: Query, source: Any, ctes: With) -> None:
        match source:
            case exp.Table() if source.this and not source.args.get("rows_from"):
                if source.name in ctes and not source.db:
                    self._given(query, source, ctes[source.name])
                elif isinstance(source.this, exp.Func):
                    self._function(query, source, [source.this], ctes)
                else:
                    self._table(query, source)
            case exp.Table():
                self._function(query, source, source.args["rows_from"], ctes)
            case exp.Lateral():
                query.later.append(source)
                self._given(query, source, [])  # until it is judged: what it says depends on the others
                return
            case exp.Subquery() if isinstance(source.this, exp.Table):  # joins in brackets
                self._source(query, source.this, ctes)
            case exp.Subquery() | exp.Values():
                self._given(query, source, self.query(source, query.around, ctes))
            case exp.Unnest():
                self._function(query, source, source.expressions, ctes)
            case _:
                self.found.append(f"{source.key.upper()} in FROM isn't understood")
        self._refer(query, (), source.args.get("joins") or (), ctes)

    def _table(self, query: Query, table: exp.Table) -> str:
        alias: str = table.alias_or_name
        query.columns[alias] = sorted(self.tables.get(table.name, ()))
        self.met.add(id(table))
        if self._is_of_a_project(table):
            query.tables[alias] = table.name
        if table.name == self.looked_up:
            query.facts.name(query.node(alias, PROJECT))
        return alias

    def _given(self, query: Query, source: Any, given: Given) -> None:
        names = [column.name for column in source.args["alias"].columns] if source.args.get("alias") else []
        given = renamed(given, names)
        alias = source.alias_or_name
        query.columns[alias] = [name for name, _ in given]
        for name, is_named in given:
            if is_named:
                query.facts.name(query.node(alias, name))

    def _function(self, query: Query, source: Any, calls: Iterable[Any], ctes: With) -> None:
        """What a function makes of parameters alone are parameters."""
        self._look_inside(calls, query, ctes)
        names = [column.name for column in source.args["alias"].columns] if source.args.get("alias") else []
        is_named = all(self._is_named(call, query, ctes) for call in calls)
        self._given(query, source, [(name, is_named) for name in names or [source.alias_or_name]])

    def _check(self, query: Query) -> None:
        for alias, table in query.tables.items():
            if not query.facts.is_named(query.node(alias, PROJECT)):
                called = f", called {alias}," if alias != table else ""
                self.found.append(f"{table}{called} is without its project")

    # -----------------------------------------------------------------------------------------------------------------
    # What its conditions say
    # -----------------------------------------------------------------------------------------------------------------

    def _conclude(self, query: Query, where: exp.Where | None, ctes: With) -> None:
        if where:
            query.conditions.append(where.this)
        self._learn(query, ctes)
        while query.later:
            lateral = query.later.pop(0)
            if isinstance(lateral.this, exp.Subquery):
                self._given(query, lateral, self.query(lateral.this, query, ctes))
            else:
                self._function(query, lateral, [lateral.this], ctes)
            self._learn(query, ctes)
        self._look_inside([*query.conditions, *(condition for condition, _ in query.left)], query, ctes)
        self._check(query)

    def _learn(self, query: Query, ctes: With) -> None:
        for condition in query.conditions:
            self._hold(condition, query, query.facts, ctes)
        for condition, joined in query.left:
            facts = query.facts.copy()
            self._hold(condition, query, facts, ctes)
            for alias in joined:
                for column in query.columns[alias]:
                    if facts.is_named(query.node(alias, column)):
                        query.facts.name(query.node(alias, column))

    def _hold(self, condition: Any, query: Query, facts: Facts, ctes: With) -> None:
        """Learn what follows if a condition holds."""
        match condition:
            case exp.Paren():
                self._hold(condition.this, query, facts, ctes)
            case exp.And():
                self._hold(condition.left, query, facts, ctes)
                self._hold(condition.right, query, facts, ctes)
            case exp.Or():
                sides = [facts.copy(), facts.copy()]
                self._hold(condition.left, query, sides[0], ctes)
                self._hold(condition.right, query, sides[1], ctes)
                for alias, columns in query.columns.items():
                    for node in (query.node(alias, column) for column in columns):
                        if sides[0].is_named(node) and sides[1].is_named(node):
                            facts.name(node)
            case exp.EQ():
                for one, other in pairs(condition.left, condition.right):
                    self._equal(one, other, query, facts, ctes)
            case exp.In():
                self._one_of(condition, query, facts, ctes)

    def _equal(self, one: Any, other: Any, query: Query, facts: Facts, ctes: With) -> None:
        nodes = [query.find(side) if isinstance(side, exp.Column) else None for side in (one, other)]
        if nodes[0] and nodes[1]:
            facts.equate(nodes[0], nodes[1])
        elif nodes[0] and self._is_named(other, query, ctes):
            facts.name(nodes[0])
        elif nodes[1] and self._is_named(one, query, ctes):
            facts.name(nodes[1])

    def _one_of(self, condition: exp.In, query: Query, facts: Facts, ctes: With) -> None:
        columns = condition.this.expressions if isinstance(condition.this, exp.Tuple) else [condition.this]
        if condition.args.get("query"):
            are_named = [is_named for _, is_named in self._peek(condition.args["query"], query, ctes)]
        else:
            rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in condition.expressions]
            are_named = [all(self._is_named(v, query, ctes) for v in values) for values in zip(*rows, strict=True)]
        for column, is_named in zip(columns, are_named, strict=False):
            node = query.find(column) if isinstance(column, exp.Column) else None
            if node and is_named:
                facts.name(node)

    def _is_named(self, value: Any, query: Query, ctes: With) -> bool:
        """Return whether a value is a project that is named, or made of parameters alone."""
        match value:
            case exp.Column():
                node = query.find(value)
                return node is not None and query.facts.is_named(node)
            case exp.Cast() | exp.Paren() | exp.Any():
                return self._is_named(value.this, query, ctes)
            case exp.Subquery() | exp.Select():
                given = self._peek(value, query, ctes)
                return bool(given) and given[0][1]
        return value.find(exp.Column, exp.Table, exp.Null, exp.Var) is None

    def _peek(self, inner: Any, query: Query, ctes: With) -> Given:
        """Return what a query within gives; what is wrong with it is said when it is looked at in its turn."""
        before = len(self.found)
        given = self.query(inner, query, ctes)
        del self.found[before:]
        return given

    def _look_inside(self, parts: Iterable[Any], query: Query, ctes: With) -> None:
        for inner in queries_in(parts):
            self.query(inner, query, ctes)
