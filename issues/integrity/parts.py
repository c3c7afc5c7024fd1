"""What the history says of the parts of an issue (services/verbs): each says what must hold between it and that."""

from collections.abc import Mapping

from issues.enums import ActivityKind
from issues.integrity.checking import Invariant
from issues.integrity.mutations import BY_EVENT, first_kept
from issues.models import BEFORE_STATE
from issues.services.ground.parts import Part
from issues.services.verbs import PARTS


def _is_of(part: Part) -> str:
    """Return the condition that an activity tells of the part."""
    return f"kind IN ({part.kinds_in_sql})"


def _cases(conditions: Mapping[ActivityKind, str]) -> str:
    return " ".join(f"WHEN '{kind.value}' THEN {condition}" for kind, condition in conditions.items())


_KINDS = ", ".join(part.kinds_in_sql for part in PARTS)
_LACKS = " OR ".join(f"({_is_of(part)} AND {part.checked.lacks})" for part in PARTS)
_OF_OTHERS = " OR ".join(
    f"NOT {_is_of(part)} AND num_nonnulls({', '.join(f'before_{column}' for column in part.columns)}) > 0"
    for part in PARTS
)

_KEEPS_ANY = f"num_nonnulls({', '.join(BEFORE_STATE)}) > 0"

# A merge overwrites nothing of the parent, nor does an unmerge; an assignee and a link may have been none. What an
# event overwrote was once forgotten by age, but while a mutation is kept that an undo of would look at it.
BEFORE_STATES = Invariant(
    "before-states",
    "what a mutation overwrote is known as long as the mutation is, by the activity that tells of it",
    "activities",
    f"""
    SELECT id
    FROM issues_activity AS told
    WHERE CASE WHEN mutation_id >= {first_kept("told")}
        THEN {_LACKS}
          OR {_OF_OTHERS}
          OR kind = 'unmerge' AND data ? 'parent' AND before_merged_into_id IS NULL
          OR kind <> 'unmerge' AND before_merged_into_id IS NOT NULL
        WHEN {BY_EVENT} AND NOT ({_KEEPS_ANY}) THEN EXISTS (
            SELECT FROM issues_activity AS kept
            WHERE kept.issue_id = told.issue_id AND kept.id < told.id AND kept.mutation_id >= {first_kept("told")}
        )
        WHEN {BY_EVENT} THEN {_LACKS} OR {_OF_OTHERS}
        WHEN kind = 'note' THEN {_KEEPS_ANY}
        ELSE {_OF_OTHERS}
        END
    """,
)

_TOLD_BEFORE = _cases({kind: condition for part in PARTS for kind, condition in part.checked.overwrote.items()})
# Only those that are looked at: a million rows are sorted.
_LOOKED_AT = ", ".join(column for column in BEFORE_STATE if column in _TOLD_BEFORE)
_NUMBERS = " ".join(f"WHEN {_is_of(part)} THEN {number}" for number, part in enumerate(PARTS))

# What a mutation overwrote of an issue is what the one before left there, as its activity tells it. Users, teams and
# links may have gone since, without an activity: then nobody or none was overwritten. Where the one before is not kept,
# or there was none, nothing tells.
BEFORE_AND_AFTER = Invariant(
    "before and after",
    "what a mutation overwrote of a part is what the activity before told of it",
    "activities",
    f"""
    WITH told AS (
        SELECT id, project_id, mutation_id, kind, {_LOOKED_AT}, {_KEEPS_ANY} AS keeps_any,
               lag(mutation_id) OVER one_part AS mutation_before,
               lag(kind) OVER one_part AS kind_before, lag(data) OVER one_part AS data_before
        FROM issues_activity
        WHERE kind IN ({_KINDS})
        WINDOW one_part AS (PARTITION BY issue_id, CASE {_NUMBERS} END ORDER BY id)
    )
    SELECT id
    FROM told
    WHERE (mutation_id >= {first_kept("told")} OR {BY_EVENT} AND keeps_any)
      AND NOT coalesce(CASE kind_before {_TOLD_BEFORE} END, true)
    """,
)

AS_TOLD = tuple(
    Invariant(
        part.checked.name,
        part.checked.holds,
        "issues",
        f"""
        WITH newest AS (
            SELECT DISTINCT ON (issue_id) issue_id, kind, data, mutation_id
            FROM issues_activity
            WHERE {_is_of(part)}
            ORDER BY issue_id, id DESC
        )
        SELECT issue.id
        FROM newest
        JOIN issues_issue AS issue ON issue.id = newest.issue_id
        {part.checked.tables}
        WHERE NOT CASE newest.kind {_cases(part.checked.left)} END
        """,
    )
    for part in PARTS
)
