"""What more than one test wants to assert."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import Field, JSONField

from issues.models import HangsOnIssue, Issue, Mutation

WRITE = re.compile(r'\b(?:UPDATE|INSERT\s+INTO|DELETE\s+FROM)\s+(?:ONLY\s+)?"?issues_\w+', re.IGNORECASE)
ID = r'(?:"?\w+"?\.)?"?id"?(?!\w)'
# By name; or by its place in the list of columns, as Django writes it after values().
ORDERED_LOCK = (
    rf'(?:\bFROM\s+"?issues_issue"?(?!\w)[^;]*?\bORDER\s+BY\s+{ID}'
    rf"|\bSELECT\s+{ID}(?:(?!\bSELECT\b|(?<!DISTINCT )\bFROM\b)[^;])*"
    r'\bFROM\s+"?issues_issue"?(?!\w)[^;]*?\bORDER\s+BY\s+1)'
    r"(?:\s+ASC)?\s+{lock}(?!\w)"
)


def locks_before_first_write(queries: Iterable[Mapping[str, str]], *, lock: str = "FOR NO KEY UPDATE") -> None:
    """Assert that the captured statements write, and lock issues in the order of their ids before they do.

    The lock may be part of the statement that writes ("update all"). A delete locks ``FOR UPDATE``.
    """
    sql = ";\n".join(query["sql"] for query in queries)

    first_write = WRITE.search(sql)
    assert first_write is not None, f"nothing was written:\n{sql}"
    ordered_lock = re.compile(ORDERED_LOCK.replace("{lock}", lock.replace(" ", r"\s+")), re.IGNORECASE)
    assert ordered_lock.search(sql, 0, first_write.start()), (
        f"no ordered {lock} on issues_issue before {first_write.group()!r}:\n{sql}"
    )


class Table(NamedTuple):
    """What :func:`snapshot` asks of a table; ``by_issue`` is the column that names the issue, if one does."""

    name: str
    columns: list[str]
    keys: list[str]
    of_json: list[str]
    by_issue: str


@cache
def _tables_of_issues() -> list[Table]:
    """Return the issues, what hangs on them, and the mutations."""
    found = []
    for model in apps.get_app_config("issues").get_models():
        if issubclass(model, (Issue, HangsOnIssue, Mutation)):
            fields = {field.column: field for field in model._meta.concrete_fields if isinstance(field, Field)}
            of_json = [column for column, field in fields.items() if isinstance(field, JSONField)]
            by_issue = "" if model is Mutation else "id" if model is Issue else "issue_id"
            keys = [field.column for field in model._meta.pk_fields]
            found.append(Table(model._meta.db_table, list(fields), keys, of_json, by_issue))
    return found


def snapshot(
    issue_ids: Collection[int] | None = None, *, ignoring: Collection[str] = ()
) -> dict[str, dict[Any, dict[str, Any]]]:
    """Return every row of the issues, all columns, as ``{table: {primary key: {column: value}}}``.

    ``assert snapshot() == before`` says that nothing changed. With ``issue_ids``, only these issues and what hangs on
    them; without, also the mutations. ``ignoring`` leaves out columns, whichever table they are in.
    """
    described = [table for table in _tables_of_issues() if issue_ids is None or table.by_issue]
    ids = {"ids": list(issue_ids or ())}
    wheres = {table.name: "TRUE" if issue_ids is None else f"{table.by_issue} = ANY(%(ids)s)" for table in described}
    tables: dict[str, dict[Any, dict[str, Any]]] = {table.name: {} for table in described}
    with connection.cursor() as cursor:  # by hand: Django would write each of these statements anew, every time
        # Most are empty: to ask that of all at once costs less than to read each.
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{n}'::text WHERE EXISTS (SELECT 1 FROM {n} WHERE {where})" for n, where in wheres.items()
            ),
            ids,
        )
        filled = {name for (name,) in cursor.fetchall()}
        for table in described:
            if table.name not in filled:
                continue
            cursor.execute(
                f"SELECT {', '.join(table.columns)} FROM {table.name} WHERE {wheres[table.name]}"
                f" ORDER BY {', '.join(table.keys)}",
                ids,
            )
            rows = [dict(zip(table.columns, row, strict=True)) for row in cursor.fetchall()]
            for column in table.of_json:
                for row in rows:
                    row[column] = json.loads(row[column]) if isinstance(row[column], str) else row[column]
            tables[table.name] = {
                row[table.keys[0]] if len(table.keys) == 1 else tuple(row[key] for key in table.keys): {
                    column: value for column, value in row.items() if column not in ignoring
                }
                for row in rows
            }
    known = {column for table in described for column in table.columns}
    assert known.issuperset(ignoring), f"no such columns: {sorted(set(ignoring) - known)}"
    return tables


@contextmanager
def decided_by(constraint: str, *, is_allowed: bool) -> Iterator[None]:
    """Assert that the database takes what is written inside, or that it is this constraint that refuses it."""
    if is_allowed:
        yield
        return
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        yield
    cause: Any = refusal.value.__cause__
    # In a divided table, the index of a part refuses.
    # Citus names it in the sentence alone, and after the shard.
    said = cause.diag.constraint_name or re.findall(r'constraint "(\w+)"', str(cause))[0]
    assert re.sub(r"_(p\d+|\d{5,})$", "", said) == constraint


ON_API_ANSWERS = {
    "Content-Language": "en",
    "Vary": "Accept-Language, Cookie",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
    "X-Xss-Protection": "1; mode=block",
}


def is_api_answer(response: Any, *, of_a_route: bool = True) -> None:
    """Assert what holds for every answer of the API; one that is of a route also says which methods there are."""
    what = f"{response.request['REQUEST_METHOD']} {response.request['PATH_INFO']}: {response.status_code}"
    headers = response.headers
    assert response.status_code < 500, what
    assert {name: headers.get(name) for name in ON_API_ANSWERS} == ON_API_ANSWERS, what
    if response.content:
        assert headers["Content-Type"] == "application/json", what
        body = response.json()
        assert response.status_code < 400 or (isinstance(body, dict) and body), what
    elif response.request["REQUEST_METHOD"] != "HEAD":
        assert response.status_code in {202, 204}, what
    assert ("Allow" in headers) == of_a_route, what


def digest() -> dict[str, str]:
    """Return a fingerprint of each table of the database, whatever app it is of: equal ones hold the same rows."""
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        quoted = [connection.ops.quote_name(table) for table in tables]
        counted = (f"(SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {table} AS t)" for table in quoted)
        cursor.execute(f"SELECT {', '.join(counted)}")
        return dict(zip(tables, cursor.fetchone(), strict=True))
