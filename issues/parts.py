"""The parts of an issue's own row that a mutation changes, and an undo puts back, as a whole.

What a mutation *left* in a part is what the next change of it overwrote; after the last change, it is what stands
there. It still is there when a reader of the issue sees the same (contract section 6, docs/decisions/0026): each part
says in SQL what that means.

A *state* of a part is a prefix of its columns in SQL: ``issue.`` is what stands there now, ``activity.before_`` what a
mutation overwrote, ``later.before_`` what the next change overwrote, ``back.`` what an undo would put there. The
statements that use them have ``issue``, and ``%(at)s`` for the time at which somebody looks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from issues.enums import ActivityKind
from projects.release_order import NEXT


@dataclass(frozen=True, slots=True)
class Part:
    """Columns that go together, and all that an undo and the history must know of them.

    :ivar kinds: of the activities that keep what they overwrote of it.
    :ivar same: from two states, the condition that a reader sees the same in both; never NULL.
    :ivar comes_as_another: in SQL, whether ``back`` becomes another thing by coming back, though it is the ``same``.
    :ivar kind: in SQL, the kind of the activity that tells of ``back``, as the change itself would have told it.
    :ivar data: likewise.
    :ivar allowed: in SQL, whether a PUT would take ``back`` today.
    :ivar back: column -> in SQL, what to put there, where that is not simply what the mutation overwrote.
    :ivar tables: joins that these ask.
    """

    name: str
    columns: tuple[str, ...]
    kinds: tuple[ActivityKind, ...]
    same: Callable[[str, str], str]
    kind: str
    data: str
    allowed: str
    back: Mapping[str, str] = field(default_factory=dict)
    comes_as_another: str = "false"
    tables: str = ""

    @property
    def next_change(self) -> str:
        """A join that adds, as ``later``, the next change of this part of the ``issue`` after an ``activity``, if any.

        An issue that still carries the stamp of the activity's mutation has no later one: nothing is looked up for it.
        """
        kinds = ", ".join(f"'{kind.value}'" for kind in self.kinds)
        return f"""
            LEFT JOIN LATERAL (
                SELECT next.id, {", ".join(f"next.before_{column}" for column in self.columns)}
                FROM issues_activity AS next
                WHERE issue.mutation_id IS DISTINCT FROM activity.mutation_id
                  AND next.issue_id = activity.issue_id AND next.id > activity.id AND next.kind IN ({kinds})
                ORDER BY next.id
                LIMIT 1
            ) AS later ON true
        """

    @property
    def put_back(self) -> str:
        """A join that adds, as ``back``, the state that an undo of the ``activity`` would make."""
        columns = (f"{self.back.get(name, f'activity.before_{name}')} AS {name}" for name in self.columns)
        return f"CROSS JOIN LATERAL (SELECT {', '.join(columns)}) AS back"


def _equal(columns: tuple[str, ...]) -> Callable[[str, str], str]:
    """Return the condition that two states have the same in these columns."""

    def same(one: str, other: str) -> str:
        return f"({_row(columns, one)} IS NOT DISTINCT FROM {_row(columns, other)})"

    return same


def _row(columns: tuple[str, ...], state: str) -> str:
    return f"ROW({', '.join(f'{state}{name}' for name in columns)})"


# ---------------------------------------------------------------------------------------------------------------------
# Status, with terms or resolution
# ---------------------------------------------------------------------------------------------------------------------

_TERMS = (
    *("snooze_ends_at", "snooze_ends_at_times_seen", "snooze_ends_at_users_seen"),
    *("snooze_window_count", "snooze_window_minutes", "snooze_window_user_count", "snooze_window_user_minutes"),
)
_RESOLUTION = ("resolution_kind", "resolution_release_id")
_COLUMNS = ("status", "status_by_id", "resolved_at", *_RESOLUTION, *_TERMS)


def _is_over(state: str) -> str:
    """Return the condition that a snooze has run out: it counts as unresolved (contract 1.5).

    Ends by count are compared with what the issue shows now: merges move them with it, those of activities too.
    """
    return (
        f"({state}status = 'ignored' AND coalesce({state}snooze_ends_at <= %(at)s"
        f" OR {state}snooze_ends_at_times_seen <= issue.times_seen"
        f" OR {state}snooze_ends_at_users_seen <= issue.users_seen, false))"
    )


def _has_same_actor(one: str, other: str) -> str:
    """Return the condition that both were set by the same person; who is gone is nobody."""

    def person(state: str) -> str:
        return f"(SELECT person.id FROM projects_user AS person WHERE person.id = {state}status_by_id)"

    same = f"{one}status_by_id IS NOT DISTINCT FROM {other}status_by_id"  # which most are, and nobody is looked up
    return f"({same} OR {person(one)} IS NOT DISTINCT FROM {person(other)})"


def _is_same_status(one: str, other: str) -> str:
    """Return the condition that a reader sees the same status and the same ``statusDetails``, whose actor they name.

    What waits for the next release is the same whichever release it was based on; and a release that settled it since
    changes nothing: the time of the resolve says that it is the same one.
    """

    def shown(state: str) -> str:
        return f"CASE WHEN {_is_over(state)} THEN 'unresolved' ELSE {state}status END"

    kinds = f"{one}resolution_kind, {other}resolution_kind"
    shows_no_actor = f"num_nonnulls({', '.join(f'{one}{name}' for name in ('resolution_kind', *_TERMS))}) = 0"
    return f"""CASE
        WHEN {shown(one)} <> {shown(other)} THEN false
        WHEN {shown(one)} = 'unresolved' THEN true
        ELSE CASE
            WHEN {one}status = 'ignored' THEN {_row(_TERMS, one)} IS NOT DISTINCT FROM {_row(_TERMS, other)}
            WHEN num_nonnulls({kinds}) < 2 THEN num_nonnulls({kinds}) = 0
            WHEN {one}resolution_kind <> {other}resolution_kind THEN {one}resolved_at = {other}resolved_at
            WHEN {one}resolution_kind = 'in_release' THEN {one}resolution_release_id = {other}resolution_release_id
            ELSE true
            END AND ({shows_no_actor} OR {_has_same_actor(one, other)})
        END"""


# A snooze that has run out comes back as what it counts as: nobody is told that it is ignored until yesterday.
_BACK = {name: f"CASE WHEN NOT snooze.is_over THEN activity.before_{name} END" for name in _COLUMNS} | {
    "status": "CASE WHEN snooze.is_over THEN 'unresolved' ELSE activity.before_status END",
    "status_by_id": "CASE WHEN NOT snooze.is_over THEN person.id END",
}


def _next(state: str) -> str:
    return NEXT.format(project="issue.project_id", base=f"{state}resolution_release_id", at="%(at)s")


# Both wait, but what one of them waits for time alone has brought, and nobody has settled it yet.
_WAITED_FOR_ANOTHER = f"""CASE
    WHEN issue.resolution_kind = 'in_next_release' AND back.resolution_kind = 'in_next_release'
        AND issue.resolution_release_id IS DISTINCT FROM back.resolution_release_id
    THEN ({_next("issue.")}) IS DISTINCT FROM ({_next("back.")})
    ELSE false
    END"""

STATUS = Part(
    name="status",
    columns=_COLUMNS,
    kinds=(
        ActivityKind.SET_RESOLVED,
        ActivityKind.SET_RESOLVED_IN_RELEASE,
        ActivityKind.SET_UNRESOLVED,
        ActivityKind.SET_IGNORED,
    ),
    same=_is_same_status,
    kind="""
        CASE WHEN back.resolution_kind IS NOT NULL THEN 'set_resolved_in_release' ELSE 'set_' || back.status END
    """,
    # As status.py and snoozes.describe write it; counts are what is left of them.
    data="""
        CASE
            WHEN back.resolution_kind = 'in_release' THEN jsonb_build_object('version', release.version)
            WHEN back.resolution_kind IS NOT NULL THEN jsonb_build_object('version', '')
            WHEN back.status = 'ignored' THEN jsonb_strip_nulls(jsonb_build_object(
                'ignoreCount', coalesce(back.snooze_window_count, back.snooze_ends_at_times_seen - issue.times_seen),
                'ignoreUntil', replace(
                    to_char(back.snooze_ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000', ''
                ),
                'ignoreUserCount', coalesce(
                    back.snooze_window_user_count, back.snooze_ends_at_users_seen - issue.users_seen
                ),
                'ignoreUserWindow', back.snooze_window_user_minutes,
                'ignoreWindow', back.snooze_window_minutes
            ))
            ELSE '{}'
        END
    """,
    allowed="(back.resolution_release_id IS NULL OR release.id IS NOT NULL)",
    back=_BACK,
    comes_as_another=_WAITED_FOR_ANOTHER,
    tables=f"""
        LEFT JOIN projects_release AS release ON release.id = activity.before_resolution_release_id
        LEFT JOIN projects_user AS person ON person.id = activity.before_status_by_id
        CROSS JOIN LATERAL (SELECT {_is_over("activity.before_")} AS is_over) AS snooze
    """,
)

# ---------------------------------------------------------------------------------------------------------------------
# Assignee, share
# ---------------------------------------------------------------------------------------------------------------------

ASSIGNEE = Part(
    name="assignee",
    columns=("assignee_user_id", "assignee_team_id"),
    kinds=(ActivityKind.ASSIGNED, ActivityKind.UNASSIGNED),
    same=_equal(("assignee_user_id", "assignee_team_id")),
    kind="""
        CASE WHEN num_nonnulls(back.assignee_user_id, back.assignee_team_id) = 0 THEN 'unassigned' ELSE 'assigned' END
    """,
    data="""
        CASE
            WHEN back.assignee_user_id IS NOT NULL THEN
                jsonb_build_object('assignee', back.assignee_user_id::text, 'assigneeType', 'user')
            WHEN back.assignee_team_id IS NOT NULL THEN
                jsonb_build_object('assignee', back.assignee_team_id::text, 'assigneeType', 'team')
            ELSE '{}'
        END
    """,
    # Looked up and held before (lookups.hold_former_assignees): who has left, or can't see the project any more, can't
    # take care of its issues.
    allowed="""
        (back.assignee_user_id IS NULL OR back.assignee_user_id = ANY(%(user_ids)s::bigint[]))
        AND (back.assignee_team_id IS NULL OR back.assignee_team_id = ANY(%(team_ids)s::bigint[]))
    """,
)

SHARE = Part(
    name="share",
    columns=("share_id",),
    kinds=(ActivityKind.SET_PUBLIC, ActivityKind.SET_PRIVATE),
    same=_equal(("share_id",)),
    kind="CASE WHEN back.share_id IS NULL THEN 'set_private' ELSE 'set_public' END",
    data="'{}'::jsonb",
    # A link is random and only ever comes back to the issue that it was of: no other can have it.
    allowed="true",
)

PARTS = (STATUS, ASSIGNEE, SHARE)  # in the order in which they are put back
