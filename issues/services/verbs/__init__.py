"""What a body can ask for: a verb is one room, with its inverse beside it."""

from typing import TypedDict

from issues.services.ground.marks import Mark
from issues.services.ground.parts import Part
from issues.services.verbs import assignment, bookmarks, priority, seen, sharing, status, subscriptions

# The parts of an issue's own row, in the order in which a body changes them, and an undo puts them back.
PARTS: tuple[Part, ...] = (status.PART, priority.PART, assignment.PART, sharing.PART)
# A user's own marks, likewise.
MARKS: tuple[Mark, ...] = (seen.MARK, bookmarks.MARK, subscriptions.MARK)


class Shown(status.Shown, priority.Shown, assignment.Shown, sharing.Shown):
    """What answers show of an issue: the keys of all parts."""


class Answered(status.Answered, priority.Shown, assignment.Shown, sharing.Shown):
    """What an answer to a body may say of the parts that it asked for."""


class Marked(TypedDict):
    """What a user says of an issue for themselves: the keys of all marks."""

    hasSeen: bool
    isBookmarked: bool
    isSubscribed: bool
