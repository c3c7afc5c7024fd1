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
from datetime import datetime

from issues.enums import ActivityKind
from issues.services.ground.targets import Targets


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
    :ivar afterwards: what else is due where it was put back.
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
    afterwards: Callable[[Targets, datetime], object] | None = None

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


def equal(columns: tuple[str, ...]) -> Callable[[str, str], str]:
    """Return the condition that two states have the same in these columns."""

    def same(one: str, other: str) -> str:
        return f"({row(columns, one)} IS NOT DISTINCT FROM {row(columns, other)})"

    return same


def row(columns: tuple[str, ...], state: str) -> str:
    return f"ROW({', '.join(f'{state}{name}' for name in columns)})"
