"""Whether a copy of the database may answer a read: while it has all that was committed before (docs/decisions/0051).

A request that only reads asks the primary how far its log has come, and the copy whether it has replayed that. So no
caller is shown less than they, or anybody, were answered before, whichever process of whichever host they come to.
Nothing is kept for it. A copy that doesn't answer, is behind, or is none any more costs a request little, and those
that come after it nothing for some seconds.
"""

import logging
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from time import monotonic, sleep
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections
from prometheus_client import Counter

from projects.database.failures import QUERY_CANCELED, READ_ONLY, DatabaseAway, Ended, refusal_of
from projects.database.watching import watched

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 0.5  # within which a copy must say where it is; what is slower is as good as away
CATCH_UP_SECONDS = 0.05  # so long a read waits for a copy that is behind; one beside the primary is a few ms
LOOK_AGAIN_SECONDS = 0.002
LEFT_ALONE_SECONDS = 5.0  # after it failed
LEFT_BEHIND_SECONDS = 1.0  # after it didn't catch up


class Why(StrEnum):
    """Why a request that only reads asked the primary."""

    BEHIND = "behind"
    AWAY = "away"
    NO_COPY = "no copy"
    LEFT_ALONE = "left alone"
    UNKNOWN = "unknown"  # the primary did not say how far it is


SENTENCES = {
    Why.BEHIND: "It has not replayed what was committed.",
    Why.AWAY: "It does not answer.",
    Why.NO_COPY: "It is not, or no longer, a replica of this database.",
}

READS = Counter(
    "issuetracker_reads_total", "Requests that only read, by what answered, and why not the replica.", ["by", "why"]
)
HANDED_OVER = Counter(
    "issuetracker_reads_handed_over_total", "Statements that failed at the replica, by PostgreSQL's code.", ["reason"]
)


def begin_at_zero() -> None:
    """Let the counts be there before there is anything to count."""
    READS.labels("replica", "")
    for why in Why:
        READS.labels("primary", why)


# What is visible at the primary is in its log up to here: a commit is flushed first. Where commits don't wait for the
# disk, what was written counts, too. The first part of a log file's name is the timeline.
POSITION = """
    SELECT CASE current_setting('synchronous_commit')
               WHEN 'off' THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn()
           END::text,
           ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int
"""
# Whom it follows is told to who may read all statistics; to others it is NULL.
STATE = """
    SELECT pg_is_in_recovery()
           AND coalesce((SELECT received_tli FROM pg_stat_get_wal_receiver()), %(timeline)s) = %(timeline)s,
           coalesce(pg_last_wal_replay_lsn() >= %(lsn)s::pg_lsn, false)
"""
# Asked once for each connection: these read a file. A server's number is its copies', and no other server's.
IDENTITY = "SELECT system_identifier, current_database() FROM pg_control_system()"
TIMELINE = "SELECT nullif(min_recovery_end_timeline, 0) FROM pg_control_recovery()"


@dataclass(frozen=True, slots=True)
class Position:
    """How far the primary's log has come: an LSN as PostgreSQL writes it, on this timeline."""

    lsn: str
    timeline: int


# ---------------------------------------------------------------------------------------------------------------------
# Before a read
# ---------------------------------------------------------------------------------------------------------------------


def may_answer(alias: str) -> bool:
    """Return whether this copy has everything that was committed before this call.

    It waits for one that is a moment behind. When the primary can't be asked the answer is no: whoever asks it next
    gets its error.
    """
    why = _why_not(alias)
    READS.labels("primary" if why else "replica", why or "").inc()
    return why is None


def _why_not(alias: str) -> Why | None:
    if not _turn.comes():
        return Why.LEFT_ALONE
    try:
        position = Position(*_of_primary(POSITION))
    except (DatabaseError, InterfaceError):
        return Why.UNKNOWN
    try:
        why = _tried_again(alias, position)
    except (DatabaseError, InterfaceError) as error:
        connections[alias].close()
        _turn.passes(Why.AWAY, error)
        return Why.AWAY
    if why is None:
        _turn.is_here()
    else:
        _turn.passes(why)
    return why


def _tried_again(alias: str, position: Position) -> Why | None:
    """Look at the copy; once more on a new connection, if the one that was kept is lost."""
    connection = connections[alias]
    ends_at = monotonic() + ANSWER_SECONDS
    if connection.connection is not None:
        try:
            return _look(connection, position)
        except (DatabaseError, InterfaceError):
            if monotonic() >= ends_at:
                raise
            connection.close()
    return _look(connection, position)


def _look(connection: Any, position: Position) -> Why | None:
    if connection.connection is None:
        connection.ensure_connection()
        if not _is_of_this_server(connection, position):
            connection.close()
            return Why.NO_COPY
    ends_at = monotonic() + CATCH_UP_SECONDS
    while True:
        with watched(connection.connection, ANSWER_SECONDS):
            is_copy, has_all = _of_copy(connection, STATE, lsn=position.lsn, timeline=position.timeline)
        if not is_copy:
            return Why.NO_COPY
        if has_all:
            return None
        if monotonic() >= ends_at:
            return Why.BEHIND
        sleep(LOOK_AGAIN_SECONDS)


def _is_of_this_server(connection: Any, position: Position) -> bool:
    """Return whether it is the same database of the same server, and not one that has gone another way since."""
    with watched(connection.connection, ANSWER_SECONDS):
        identity = _of_copy(connection, IDENTITY)
        (timeline,) = _of_copy(connection, TIMELINE)
    return identity == _of_primary(IDENTITY) and timeline in {None, position.timeline}


def _of_primary(sql: str) -> Any:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()


def _of_copy(connection: Any, sql: str, **values: Any) -> Any:
    """Ask by the driver's own cursor: what is asked by Django's would be handed over to the primary."""
    with connection.wrap_database_errors, connection.create_cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()


# ---------------------------------------------------------------------------------------------------------------------
# Within one
# ---------------------------------------------------------------------------------------------------------------------


def hands_over(error: Exception, alias: str) -> bool:
    """Return whether the primary is to answer a statement that failed at the copy.

    Yes when it was cancelled for what the copy had to replay, or the copy is lost. No when it took too long, which it
    would there, and for what is wrong with the statement itself: one that writes, for example.
    """
    refusal = refusal_of(error)
    if isinstance(refusal, Ended):
        if refusal.code == QUERY_CANCELED:
            return False
    elif isinstance(refusal, DatabaseAway) and refusal.code != READ_ONLY:
        connections[alias].close()
        _turn.passes(Why.AWAY, error)
    else:
        return False
    HANDED_OVER.labels(refusal.reason).inc()
    return True


# ---------------------------------------------------------------------------------------------------------------------
# After it failed
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Turn:
    """When this process asks the copy next, and what it was found to be last."""

    comes_at: float = 0.0
    why: Why | None = None
    lock: Lock = field(default_factory=Lock)

    def comes(self) -> bool:
        """Return whether it may be asked. After it failed one request tries, and the others pass by meanwhile."""
        if self.why is None:
            return True
        with self.lock:
            if monotonic() < self.comes_at:
                return False
            self.comes_at = monotonic() + LEFT_ALONE_SECONDS
            return True

    def passes(self, why: Why, error: Exception | None = None) -> None:
        """Leave it alone for a while."""
        with self.lock:
            is_news = self.why != why and why != Why.BEHIND
            self.why = why
            self.comes_at = monotonic() + (LEFT_BEHIND_SECONDS if why == Why.BEHIND else LEFT_ALONE_SECONDS)
        if is_news:
            said = " ".join(str(error or "").split())
            logger.warning("The replica is not read from. %s %s", SENTENCES[why], said)

    def is_here(self) -> None:
        """It answers again."""
        if self.why is None:
            return
        with self.lock:
            was, self.why = self.why, None
        if was not in {None, Why.BEHIND}:
            logger.warning("The replica is read from again.")


_turn = _Turn()
