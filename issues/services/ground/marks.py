"""Marks: what a user says of an issue for themselves. They are rows of their own, and write no activity.

A mutation keeps in itself to what it set a mark of its caller, and of which issues it thereby changed that: an undo
puts it back there, where it is as it was left, for that user alone (contract section 6).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from issues.services.ground.targets import NamedTargets
from projects.json_schema import Schema


class Change(Protocol):
    """Sets a mark of the targets for a user, or takes it away; returns the issues where that made a difference."""

    def __call__(self, targets: NamedTargets, value: bool, /, *, user_id: int, at: datetime) -> list[int]: ...


class Restore(Protocol):
    """Puts a mark back that was set to ``was_set_to`` at ``set_at``; returns the issues where it was as it was left."""

    def __call__(
        self,
        targets: NamedTargets,
        ids: Sequence[int],
        /,
        *,
        was_set_to: bool,
        user_id: int,
        set_at: datetime,
        at: datetime,
    ) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class Mark:
    """One kind of mark, and all that others must know of it.

    :ivar key: in bodies and answers.
    :ivar asked: how the API's document describes that in a body.
    :ivar wish: the field of ``IssueMutation`` that asks for it, and the column of ``Mutation`` that keeps it.
    :ivar ids: the column of ``Mutation`` that keeps the issues.
    """

    key: str
    asked: Schema
    wish: str
    ids: str
    change: Change
    restore: Restore
