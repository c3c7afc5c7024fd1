"""What must hold between rows and tables, beyond what constraints can say: each checked by one statement, which reads.

A constraint sees one row, a foreign key two. What spans more is kept by the services, which do all of a change or
nothing of it; whoever doubts that (after a crash, a restore, a repair by hand) asks here. Only what the services
promise is checked. Left out, since it may end without anybody touching the issue: that an assignee still belongs to
the project.
"""

from issues.integrity import events, mutations, parts, places, rows, trees
from issues.integrity.checking import Breach, Invariant, find, one_state

__all__ = ["INVARIANTS", "Breach", "Invariant", "find", "one_state"]

INVARIANTS = (
    rows.TEXTS,
    rows.WORDS_TOLD,
    rows.HASHES,
    rows.HANGING_ROWS,
    rows.NOTES,
    trees.PARENTS,
    trees.CIRCLES,
    trees.TOTALS,
    trees.HOURS,
    trees.RELEASES_SHOWN,
    trees.RELEASES_TOLD,
    events.EVENTS_OF_HOURS,
    events.EVENTS_OF_MINUTES,
    events.EVENTS_OF_ENVIRONMENTS,
    events.USERS,
    events.SEEN,
    events.ENVIRONMENTS,
    mutations.MUTATIONS_OF_ACTIVITIES,
    mutations.STAMPS,
    parts.BEFORE_STATES,
    parts.BEFORE_AND_AFTER,
    mutations.UNDOS,
    mutations.ACTIVITIES,
    mutations.CHANGED,
    mutations.MATCHED,
    mutations.NAMED,
    mutations.MARKS,
    mutations.KEYS,
    *parts.AS_TOLD,
    trees.MERGES,
    *places.PEOPLE,
    places.TEAMS,
    places.RELEASES,
    places.WAITING,
    places.ORDER_OF_RELEASES,
    rows.NEXT_IDS,
    rows.IDS,
    rows.SHARE_IDS,
)
