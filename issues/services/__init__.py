"""What can be done to issues.

A verb (``verbs/``) is about a set of issues, and has no transaction, clock, request or settings of its own. One on the
issues' own rows returns a :class:`~issues.services.ground.activity.Change`, which says what it wants; all that one body
wants is written at once. One on other rows, as marks are, writes them, and returns the issues where that made a
difference.

The way in is ``bulk.mutate_each``; ``deletion.delete_each`` and ``undo.undo`` are others, and so are notes, releases
and deploys, which change little of an issue or nothing; ``occurrences``, by which events become issues; and pruning,
which forgets. No other code writes to the tables of this app, seeds excepted.
"""
