"""Marks: what a user says of an issue for themselves. They are rows of their own, and write no activity.

A mutation keeps in itself to what it set a mark of its caller, and of which issues it thereby changed that: an undo
puts it back there, where it is as it was left, for that user alone (contract section 6).
"""

from collections.abc import Callable
from dataclasses import dataclass

from projects.json_schema import Schema


@dataclass(frozen=True, slots=True)
class Mark:
    """One kind of mark, and all that others must know of it.

    :ivar key: in bodies and answers.
    :ivar asked: how the API's document describes that in a body.
    :ivar wish: the field of ``IssueMutation`` that asks for it, and the column of ``Mutation`` that keeps it.
    :ivar ids: the column of ``Mutation`` that keeps the issues.
    :ivar change: set it for a user; from targets, value, user and time, the issues where that made a difference.
    :ivar restore: put it back; from targets, ids, value, user and both times, the issues where that was possible.
    """

    key: str
    asked: Schema
    wish: str
    ids: str
    change: Callable[..., list[int]]
    restore: Callable[..., list[int]]
