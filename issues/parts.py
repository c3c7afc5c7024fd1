"""The parts of an issue's own row that a mutation changes, and an undo puts back, as a whole.

What a mutation *left* in a part is what the next change of it overwrote; after the last change, it is what stands
there, so that a resolution which a release has settled since counts as left.
"""

from dataclasses import dataclass

from issues.enums import ActivityKind


@dataclass(frozen=True, slots=True)
class Part:
    """Columns that go together, and the kinds of activity that keep what they overwrote of them."""

    columns: tuple[str, ...]
    kinds: tuple[ActivityKind, ...]

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


STATUS = Part(
    columns=(
        *("status", "status_by_id", "resolved_at", "resolution_kind", "resolution_release_id"),
        *("snooze_ends_at", "snooze_ends_at_times_seen", "snooze_ends_at_users_seen"),
        *("snooze_window_count", "snooze_window_minutes", "snooze_window_user_count", "snooze_window_user_minutes"),
    ),
    kinds=(
        ActivityKind.SET_RESOLVED,
        ActivityKind.SET_RESOLVED_IN_RELEASE,
        ActivityKind.SET_UNRESOLVED,
        ActivityKind.SET_IGNORED,
    ),
)
ASSIGNEE = Part(
    columns=("assignee_user_id", "assignee_team_id"), kinds=(ActivityKind.ASSIGNED, ActivityKind.UNASSIGNED)
)
SHARE = Part(columns=("share_id",), kinds=(ActivityKind.SET_PUBLIC, ActivityKind.SET_PRIVATE))
