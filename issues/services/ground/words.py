"""Platforms and loggers: which of them issues have, and which issues have them, where those are few.

By the texts beside the issues, which know both in small letters: they never change, and an index of the issues
themselves would be written by every change of status (docs/decisions/0082).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from issues.conditions import like
from issues.search.conditions import NamesWord
from projects.database import citus
from projects.database.arrays import as_array
from projects.database.statements import Statement

# So many different ones are looked through for what a pattern fits, each by one look into the index.
DIFFERENT = 1_000


def known(words: Collection[NamesWord], project_ids: Collection[int]) -> set[NamesWord]:
    """Return which of these platforms and loggers an issue of the projects has."""
    there: set[NamesWord] = set()
    for group in citus.together(project_ids):
        missing = [word for word in words if word not in there]
        if missing and group:  # else nobody asks for a project
            fitting = _fitting([f"{name.column}_lower" for name in missing])
            any_of_each = " UNION ALL ".join(f"({_texts(str(n), fits, 1, group)})" for n, fits in enumerate(fitting))
            there.update(missing[number] for (number,) in _rows(any_of_each, group, _patterns(missing)))
    return there


def few(names: Sequence[NamesWord], project_ids: Sequence[int], limit: int, *, negated: bool) -> list[int] | None:
    """Return the issues of these projects, merged ones too, that have one of these, or none of them; None, where more
    than ``limit`` do, or where that can't be told soon.

    :param names: platforms, or loggers.
    """
    column = f"{names[0].column}_lower"
    values: dict[str, Any] = _patterns(names)
    if len(names) == 1 and not negated and not values["pattern_0"].startswith("%"):  # one part of the index
        (condition,) = _fitting([column])
    else:
        there = _there(column, names, project_ids)
        if there is None:
            return None
        condition = f"{column} = ANY(%(words)s::text[])"
        values = {"words": [word for word, is_one_of_these in there if is_one_of_these is not negated]}
    # Counted in the index first: the rows of what many have lie far apart.
    sql = f"""
        WITH number AS MATERIALIZED (
            SELECT count(*) AS of_texts FROM ({_texts("1", condition, limit + 1, project_ids)}) AS text
        )
        SELECT CASE WHEN of_texts <= {limit:d} THEN ARRAY({_texts("issue_id", condition, limit, project_ids)}) END
        FROM number
    """
    ids: list[int] | None
    ((ids,),) = _rows(sql, project_ids, values)
    return ids


def _there(column: str, names: Sequence[NamesWord], project_ids: Sequence[int]) -> list[tuple[str, bool]] | None:
    """Return all that these projects have in this column, and whether it is one of these; None, where that is much.

    From each on to the next one by one look into the index: not by all that have it.
    """
    least = f"SELECT min({column}) FROM issues_issuetext WHERE project_id ="
    first, next_ = ("%(project_id)s", "%(project_id)s") if len(project_ids) == 1 else ("scope.id", "there.project_id")
    sql = f"""
        WITH RECURSIVE there AS (
            SELECT scope.id AS project_id, ({least} {first}) AS word
            FROM unnest(%(project_ids)s::bigint[]) AS scope (id)
            UNION ALL
            SELECT there.project_id, ({least} {next_} AND {column} > there.word)
            FROM there WHERE there.word IS NOT NULL
        )
        SELECT word, {" OR ".join(_fitting(["word"] * len(names)))} FROM there LIMIT {DIFFERENT:d}
    """
    rows = _rows(sql, project_ids, _patterns(names))
    return None if len(rows) == DIFFERENT else [row for row in rows if row[0] is not None]


def _fitting(columns: Iterable[str]) -> list[str]:
    """Return for each column the condition that it fits the pattern of this number."""
    return [f"{column} LIKE lower(%(pattern_{number})s)" for number, column in enumerate(columns)]


def _patterns(names: Sequence[NamesWord]) -> dict[str, str]:
    return {f"pattern_{number}": like(name.word) for number, name in enumerate(names)}


def _texts(column: str, condition: str, limit: int, project_ids: Sequence[int]) -> str:
    """Return a query of a column of up to ``limit`` texts."""
    # One project by its value: where projects are spread over machines, it says which of them to ask.
    of = "= %(project_id)s" if len(project_ids) == 1 else "= ANY(%(project_ids)s::bigint[])"
    return f"SELECT {column} FROM issues_issuetext WHERE project_id {of} AND {condition} LIMIT {limit:d}"


def _rows(sql: str, project_ids: Sequence[int], values: Mapping[str, Any]) -> list[Any]:
    statement = Statement(sql, {}).by_index(joins_all=True).alone()
    return statement.rows(project_id=project_ids[0], project_ids=as_array(project_ids), **values)
