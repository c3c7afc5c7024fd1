"""What more than one test wants to assert."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import Field

from issues.models import Issue, Mutation

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


def snapshot(
    issue_ids: Collection[int] | None = None, *, ignoring: Collection[str] = ()
) -> dict[str, dict[Any, dict[str, Any]]]:
    """Return every row of the issues, all columns, as ``{table: {primary key: {column: value}}}``.

    ``assert snapshot() == before`` says that nothing changed. With ``issue_ids``, only these issues and what hangs on
    them; without, also the mutations. ``ignoring`` leaves out columns, whichever table they are in.
    """
    tables: dict[str, dict[Any, dict[str, Any]]] = {}
    known: set[str] = set()
    for model in apps.get_app_config("issues").get_models():
        if issue_ids is not None and model is Mutation:
            continue
        rows = model._default_manager.order_by("pk")
        if issue_ids is not None:
            rows = rows.filter(**{"pk__in" if model is Issue else "issue__in": issue_ids})
        columns = [field.attname for field in model._meta.concrete_fields if isinstance(field, Field)]
        key = model._meta.pk.attname
        known.update(columns)
        tables[model._meta.db_table] = {
            row[key]: {column: row[column] for column in columns if column not in ignoring}
            for row in rows.values(*columns)
        }
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
    assert cause.diag.constraint_name == constraint
