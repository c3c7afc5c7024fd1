"""What is the same status, with its terms or its resolution, and how it comes back."""

from datetime import datetime

from issues.services.ground.parts import Part, row
from issues.services.ground.targets import Targets
from issues.services.verbs.status import changing, resolutions, words
from issues.services.verbs.status.checking import CHECKED
from projects.release_order import NEXT

_TERMS = (
    *("snooze_ends_at", "snooze_ends_at_times_seen", "snooze_ends_at_users_seen"),
    *("snooze_window_count", "snooze_window_minutes", "snooze_window_user_count", "snooze_window_user_minutes"),
    "snooze_escalates_above",
)
_RESOLUTION = ("resolution_kind", "resolution_release_id")
_COLUMNS = ("status", "status_by_id", "resolved_at", *_RESOLUTION, *_TERMS, "snooze_started_at", "reopened_as")


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


def _has_same_terms(one: str, other: str) -> str:
    """Return the condition that a reader sees the same terms: above how many events it escalates nobody is told."""
    shown = tuple(name for name in _TERMS if name != "snooze_escalates_above")
    until_escalating = " = ".join(f"({state}snooze_escalates_above IS NULL)" for state in (one, other))
    return f"({row(shown, one)} IS NOT DISTINCT FROM {row(shown, other)} AND {until_escalating})"


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
        WHEN {shown(one)} = 'unresolved' THEN {one}reopened_as IS NOT DISTINCT FROM {other}reopened_as
        ELSE CASE
            WHEN {one}status = 'ignored' THEN {_has_same_terms(one, other)}
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
    return NEXT.format(project="%(project_id)s", base=f"{state}resolution_release_id", at="%(at)s")


# Both wait, but what one of them waits for time alone has brought, and nobody has settled it yet.
_WAITED_FOR_ANOTHER = f"""CASE
    WHEN issue.resolution_kind = 'in_next_release' AND back.resolution_kind = 'in_next_release'
        AND issue.resolution_release_id IS DISTINCT FROM back.resolution_release_id
    THEN ({_next("issue.")}) IS DISTINCT FROM ({_next("back.")})
    ELSE false
    END"""


def _settle(targets: Targets, at: datetime) -> None:
    """Settle "in the next release" at once where that has come meanwhile, as its coming would have done."""
    resolutions.settle([targets.project_id], at=at, mutation_id=targets.mutation_id)


PART = Part(
    name="status",
    columns=_COLUMNS,
    wish="status",
    change=changing.change,
    and_then=changing.follow,
    asked=words.ASKED,
    answered=words.answered,
    shown=words.shown,
    names={"status_by_id": "people", "resolution_release_id": "releases"},
    counted=words.counted,
    told=words.TOLD,
    checked=CHECKED,
    same=_is_same_status,
    kind="""
        CASE WHEN back.resolution_kind IS NOT NULL THEN 'set_resolved_in_release' ELSE 'set_' || back.status END
    """,
    # As changing.py and snoozes.describe write it; counts are what is left of them.
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
                'ignoreWindow', back.snooze_window_minutes,
                'ignoreUntilEscalating', CASE WHEN back.snooze_escalates_above IS NOT NULL THEN true END
            ))
            ELSE '{}'
        END
    """,
    allowed="(back.resolution_release_id IS NULL OR release.id IS NOT NULL)",
    back=_BACK,
    comes_as_another=_WAITED_FOR_ANOTHER,
    # LIMIT keeps the look-up of a release by itself: joined, all releases of the project were read for each issue, also
    # for those that no release resolved.
    tables=f"""
        LEFT JOIN LATERAL (
            SELECT there.id, there.version
            FROM projects_release AS there
            WHERE activity.before_resolution_release_id IS NOT NULL
              AND there.project_id = %(project_id)s AND there.id = activity.before_resolution_release_id
            LIMIT 1
        ) AS release ON true
        LEFT JOIN projects_user AS person ON person.id = activity.before_status_by_id
        CROSS JOIN LATERAL (SELECT {_is_over("activity.before_")} AS is_over) AS snooze
    """,
    afterwards=_settle,
)
