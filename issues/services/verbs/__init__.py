"""What a body can ask for: a verb is one room, with its inverse beside it."""

from issues.services.ground.marks import Mark
from issues.services.ground.parts import Part
from issues.services.verbs import assignment, bookmarks, priority, seen, sharing, status, subscriptions

# The parts of an issue's own row, in the order in which a body changes them, and an undo puts them back.
PARTS: tuple[Part, ...] = (status.PART, priority.PART, assignment.PART, sharing.PART)
# A user's own marks, likewise.
MARKS: tuple[Mark, ...] = (seen.MARK, bookmarks.MARK, subscriptions.MARK)
