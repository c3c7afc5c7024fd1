"""What the verbs stand on: the set that a request is about, its history, what it names.

**The order of locks**, which keeps requests, counters and an undo from deadlocks:

1. An undo: its mutation (``undo.py``).
2. What a body or a search names, and the state of each project (``lookups.py``, ``names.py``,
   ``project_state.py``). Of one project, the state comes before its releases.
3. Issues last, project by project, in the order of ids (``targets.py``; for events ``occurrences/locking.py``).

What hangs on an issue is written by whoever has the issue. Who locks something out of that order waits for nobody: an
"update all" the issues that came meanwhile (``bulk.py``), a merge whom its parent inherits (``verbs/assignment.py``).
Pruning passes over what is locked.
"""
