"""What can be done to issues.

A module is the noun that is changed, a function is a verb: ``sharing.publish(targets, by=caller, at=now)``. A verb is
set-based, returns what it changed, and has no transaction, clock, request or settings of its own. The way in is
``bulk.mutate``; ``deletion.delete`` and ``undo.undo`` are others, and so are notes, releases and deploys, which change
little of an issue or nothing, and pruning, which forgets. No other code writes to the tables of this app, seeds
excepted.
"""
