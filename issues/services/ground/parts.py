"""The parts of an issue's own row that a mutation changes, and an undo puts back, as a whole.

What a mutation *left* in a part is what the next change of it overwrote; after the last change, it is what stands
there. It still is there when a reader of the issue sees the same (contract section 6, docs/decisions/0026): each part
says in SQL what that means.

A *state* of a part is a prefix of its columns in SQL: ``issue.`` is what stands there now, ``activity.before_`` what a
mutation overwrote, ``later.before_`` what the next change overwrote, ``back.`` what an undo would put there. The
statements that use them have ``issue``, its ``%(project_id)s``, and ``%(at)s`` for the time at which somebody looks.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from issues.enums import ActivityKind
from issues.named import Named, Names
from issues.services.ground.activity import Change
from issues.services.ground.targets import NamedTargets, Targets
from projects.acting import Act
from projects.json_schema import Schema

Words = Mapping[str, object]  # of the API, with their values: a TypedDict of the part
State = Any  # its columns as attributes: an item of a list, or a state that the history tells
Data = Mapping[str, Any]  # of an activity
People = Mapping[tuple[str, str], str]  # names of users and teams, by type and id


def unchanged(state: State, at: datetime) -> State:
    """Return a state as it counted at an instant, where time changes nothing."""
    return state


@dataclass(frozen=True, slots=True)
class Told:
    """How the desk tells one kind of activity: a sign, and a sentence that follows the name of who did it."""

    icon: str
    words: str | Callable[[Data, People], str]

    def sentence(self, data: Data, people: People) -> str:
        return self.words if isinstance(self.words, str) else self.words(data, people)


@dataclass(frozen=True, slots=True)
class Checked:
    """What must hold between a part and its activities, for issues/integrity; all of it in SQL.

    :ivar name: of the invariant that an issue is as its newest activity tells, which ``holds`` says as a sentence.
    :ivar left: by the kind of an activity, here ``newest``, the condition that the ``issue`` is as it tells. An event
        has no mutation.
    :ivar tables: joins that this asks.
    :ivar overwrote: by the kind of the activity before, whose data is ``data_before`` and whose mutation
        ``mutation_before``, the condition that what the next one overwrote is as that told; NULL where nothing tells.
    :ivar lacks: the condition that an activity doesn't keep what it overwrote.
    """

    name: str
    holds: str
    left: Mapping[ActivityKind, str]
    overwrote: Mapping[ActivityKind, str]
    lacks: str
    tables: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Columns that go together, and all that others must know of them.

    :ivar wish: the field of :class:`IssueMutation` that asks for a change of it.
    :ivar change: from a project, such a wish and who asks, what is changed.
    :ivar and_then: what else such a wish means for named issues that it changed, but for users who are spoken for.
    :ivar asked: how the API's document describes its keys in a body.
    :ivar answered: what an answer says of such a wish, by the keys of the body.
    :ivar shown: what an answer says of a state.
    :ivar names: what its columns name by an id.
    :ivar counted: a state that the history tells, as it counted at an instant.
    :ivar told: each kind of activity that keeps what it overwrote of it, and how the desk tells it.
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
    wish: str
    change: Callable[[int, Any, Act], Change]
    asked: Mapping[str, Schema]
    answered: Callable[[Any], Words]
    shown: Callable[[State, Names], Words]
    told: Mapping[ActivityKind, Told]
    checked: Checked
    same: Callable[[str, str], str]
    kind: str
    data: str
    allowed: str
    and_then: Callable[[NamedTargets, Any, list[int], Act, Collection[int]], None] | None = None
    names: Mapping[str, Named] = field(default_factory=dict)
    counted: Callable[[State, datetime], State] = unchanged
    back: Mapping[str, str] = field(default_factory=dict)
    comes_as_another: str = "false"
    tables: str = ""
    afterwards: Callable[[Targets, datetime], object] | None = None

    @property
    def kinds(self) -> tuple[ActivityKind, ...]:
        """The kinds of activities that tell of it."""
        return tuple(self.told)

    @property
    def kinds_in_sql(self) -> str:
        """The same as a list in SQL, without its brackets."""
        return ", ".join(f"'{kind.value}'" for kind in self.kinds)

    @property
    def next_change(self) -> str:
        """A join that adds, as ``later``, the next change of this part of the ``issue`` after an ``activity``, if any.

        An issue that still carries the stamp of the activity's mutation has no later one: nothing is looked up for it.
        """
        return f"""
            LEFT JOIN LATERAL (
                SELECT next.id, {", ".join(f"next.before_{column}" for column in self.columns)}
                FROM issues_activity AS next
                WHERE issue.mutation_id IS DISTINCT FROM activity.mutation_id
                  AND next.project_id = %(project_id)s AND next.issue_id = activity.issue_id
                  AND next.id > activity.id AND next.kind IN ({self.kinds_in_sql})
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
