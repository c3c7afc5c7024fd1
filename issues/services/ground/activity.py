"""Changing the issues' own rows, with the history of it, in one statement.

Whatever an issue has once is changed here. A verb says what it wants of a part of the row, as a :class:`Change`; all
that one body wants is written in one statement, which writes each row once, stamps it, and records one activity for
each change that an issue was due for, with what it overwrote. Nobody can change a row and forget to record it, and a
million issues never become a list in Python.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL
from psycopg2.extras import Json

from issues.enums import ActivityKind
from issues.querysets import IssueQuerySet
from issues.services.ground.targets import AllTargets, NamedTargets, Targets
from projects.acting import Act
from projects.database import citus
from projects.database.steps import read_and_write


@dataclass(frozen=True, slots=True)
class _Entry:
    """One activity for each row of the target that is due: what it says, and which columns it keeps."""

    due: str
    kind: ActivityKind
    data: str
    value: Any = None
    columns: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What a verb wants of its part of an issue's row.

    :ivar where: which issues it is due for.
    :ivar columns: every column of the part, each with a value, or with SQL that PostgreSQL computes for each issue.
        Activity keeps what stood there before in its column of that name with ``before_`` in front.
    :ivar kind: of the activity that is recorded for each issue that it is due for.
    """

    where: RawSQL
    columns: Mapping[str, Any]
    kind: ActivityKind
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def new(self) -> Mapping[str, tuple[str, Sequence[Any]]]:
        """The SQL for each column, with its parameters."""
        return {
            name: (value.sql, value.params) if isinstance(value, RawSQL) else ("%s", (value,))
            for name, value in self.columns.items()
        }

    def entry(self, due: str) -> _Entry:
        """Return what is recorded of it where it is due."""
        return _Entry(due, self.kind, "%s::jsonb", Json(dict(self.data)), tuple(self.columns))


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What a rewrite did.

    :ivar ids: the issues that each change was due for, change by change, ascending.
    :ivar parent: if they were merged.
    :ivar any_assigned: whether one of them was assigned to somebody before, if they were merged.
    """

    ids: Sequence[list[int]]
    parent: int | None = None
    any_assigned: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of "all" there were, and how many of them were changed."""

    matched: int
    changed: int


def rewrite(targets: NamedTargets, changes: Sequence[Change], act: Act, *, merge: bool = False) -> Rewritten:
    """Make the changes, each where it is due, and record them in this order.

    The targets are locked by this transaction already: nobody changes them between what is read and what is written.
    Each change has a condition of its own, which is asked of the row as it was; where it is not due, its columns stay
    as they are.

    :param merge: whether to put the targets under the one of them that was seen first, too, and record that last.
    """
    if not changes and not merge:
        return Rewritten([])
    reads, writes = _steps(targets, targets.id_array, changes, act, merge=merge)
    due = "".join(f", array_agg(id ORDER BY id) FILTER (WHERE due_{number})" for number in range(len(changes)))
    merged = f"(SELECT id FROM parent), bool_or({_IS_ASSIGNED})" if merge else "NULL, false"
    ((parent, any_assigned, *found),) = read_and_write(reads, writes, RawSQL(f"SELECT {merged} {due} FROM target", ()))
    return Rewritten([ids or [] for ids in found], parent, any_assigned)


def _steps(
    targets: Targets, id_array: str, changes: Sequence[Change], act: Act, *, merge: bool = False
) -> tuple[list[RawSQL], list[RawSQL]]:
    """Return what is read of these targets, and what is then written: what is recorded, and the rows themselves."""
    numbered = list(enumerate(changes))
    columns = ["id", "first_seen", *(name for change in changes for name in change.columns)]
    if merge:
        columns += ASSIGNEE
    new = [
        (f"{name} = CASE WHEN target.due_{number} THEN {sql} ELSE issues_issue.{name} END", params)
        for number, change in numbered
        for name, (sql, params) in change.new.items()
    ]
    entries = [change.entry(f"due_{number}") for number, change in numbered]
    written = [f"target.due_{number}" for number, _ in numbered]
    target = f"""
        target AS MATERIALIZED (
            SELECT {", ".join(dict.fromkeys(columns))}
                   {"".join(f", ({change.where.sql}) AS due_{number}" for number, change in numbered)}
            FROM issues_issue
            WHERE project_id = %s AND id = ANY((SELECT %s::bigint[])::bigint[])
            ORDER BY id
        )
    """
    asked = [param for change in changes for param in change.where.params]
    reads = [RawSQL(target, [*asked, targets.project_id, id_array])]
    if merge:
        reads.append(RawSQL("parent AS MATERIALIZED (SELECT id FROM target ORDER BY first_seen, id LIMIT 1)", ()))
        new.append(("merged_into_id = nullif(parent.id, issues_issue.id)", ()))
        entries.append(_Entry("id = (SELECT id FROM parent)", ActivityKind.MERGE, CHILDREN))
        written.append("target.id <> parent.id")
    source = f"FROM target{', parent' if merge else ''}"
    due = RawSQL(f"issues_issue.id = target.id AND ({' OR '.join(written)})", ())
    if len(entries) == 1 and changes:  # no join, and nothing to choose between
        new = [(f"{name} = {sql}", params) for name, (sql, params) in changes[0].new.items()]
        source, where = "", changes[0].where
        due = RawSQL(f"id = ANY((SELECT %s::bigint[])::bigint[]) AND ({where.sql})", (id_array, *where.params))
    changed = f"""
        UPDATE issues_issue
        SET {", ".join(sql for sql, _ in new)}, mutation_id = %s
        {source}
        WHERE issues_issue.project_id = %s AND {due.sql}
    """
    values = [param for _, params in new for param in params]
    rows = RawSQL(changed, [*values, targets.mutation_id, targets.project_id, *due.params])
    return reads, [_recorded(targets, entries, act), rows]


def rewrite_all(targets: AllTargets, change: Change, act: Act) -> Counted:
    """Lock all that are in scope, make the change where it is due, and record it.

    All are locked, not only those that are due: whether a row is due is decided, and all are counted, after whoever has
    it has let it go.
    """
    rows = targets.issues(at=act.at).annotate(is_due=change.where).locked(wait=targets.waits)
    if citus.is_spread():
        return _rewrite_all_by_steps(targets, rows, change, act)
    read, read_params = rows.values_list("id", "is_due", *change.columns).query.sql_with_params()
    recorded = _recorded(targets, [change.entry("is_due")], act)
    # As an array: PostgreSQL reads the whole target first, so that every lock comes before the first write, then walks
    # the primary key in order. A join with the target took up to a quarter longer.
    sql = f"""
        WITH target AS MATERIALIZED ({read}),
        changed AS (
            UPDATE issues_issue
            SET {", ".join(f"{name} = {sql}" for name, (sql, _) in change.new.items())}, mutation_id = %s
            WHERE project_id = %s AND id = ANY(ARRAY(SELECT id FROM target WHERE is_due))
            RETURNING id
        ),
        recorded AS ({recorded.sql})
        SELECT (SELECT count(*) FROM target), count(*) FROM changed
    """
    params = [
        *read_params,
        *(param for _, params in change.new.values() for param in params),
        targets.mutation_id,
        targets.project_id,
        *recorded.params,
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return Counted(*cursor.fetchone())


def _rewrite_all_by_steps(targets: AllTargets, rows: IssueQuerySet, change: Change, act: Act) -> Counted:
    """Lock all that are in scope, then write those that are due, by their ids: others may come into scope meanwhile.

    The ids come here and go back as one text, which is never read: there can be millions.
    """
    read, params = rows.values_list("id", "is_due").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*), count(*) FILTER (WHERE is_due), (array_agg(id) FILTER (WHERE is_due))::text
            FROM ({read}) AS target (id, is_due)
            """,
            params,
        )
        matched, changed, ids = cursor.fetchone()
    if changed:
        read_and_write(*_steps(targets, ids, [change], act))
    return Counted(matched, changed)


# Of a merge it is also asked whether its parent may inherit from a child: most are nobody's, and nothing is looked for.
ASSIGNEE = ("assignee_user_id", "assignee_team_id")
_IS_ASSIGNED = f"num_nonnulls({', '.join(ASSIGNEE)}) > 0"

# What the activity of a merge says: everybody but the parent.
CHILDREN = """(
    SELECT jsonb_build_object('issues', jsonb_agg(jsonb_build_object('id', id::text) ORDER BY id))
    FROM target
    WHERE id <> (SELECT id FROM parent)
)"""


def _recorded(targets: Targets, entries: Sequence[_Entry], act: Act) -> RawSQL:
    """Return the statement that records, entry by entry, what is done to the target."""
    columns = [name for entry in entries for name in entry.columns]
    values = [entry.value for entry in entries if entry.value is not None]
    if len(entries) == 1:  # what "all" is: nothing is sorted that is in order already
        (entry,) = entries
        kind, data, before = f"'{entry.kind.value}'", entry.data, columns
        source = f"target WHERE {entry.due}"
    else:
        kind, data = "entry.kind", "entry.data"
        before = [
            f"CASE WHEN entry.number = {number} THEN {name} END"
            for number, entry in enumerate(entries)
            for name in entry.columns
        ]
        rows = ", ".join(f"({number}, '{entry.kind.value}', {entry.data})" for number, entry in enumerate(entries))
        due = " ".join(f"WHEN {number} THEN {entry.due}" for number, entry in enumerate(entries))
        source = f"""
            (VALUES {rows}) AS entry (number, kind, data)
            JOIN target ON CASE entry.number {due} END
            ORDER BY entry.number, id
        """
    sql = f"""
        INSERT INTO issues_activity
            ({", ".join(("project_id", "issue_id", "kind", "data", "user_id", "created_at", "mutation_id"))}
             {"".join(f", before_{name}" for name in columns)})
        SELECT %s, id, {kind}, {data}, %s, %s, %s {"".join(f", {name}" for name in before)}
        FROM {source}
    """
    stamp = (act.user_id, act.at, targets.mutation_id)
    # The data stands before the rest of the row in the one form, after it in the other.
    params = [targets.project_id, *values, *stamp] if len(entries) == 1 else [targets.project_id, *stamp, *values]
    return RawSQL(sql, params)
