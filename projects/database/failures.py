"""What PostgreSQL says when it ends a statement, and the refusal that it comes to."""

from django.db import DatabaseError, InterfaceError, InternalError, OperationalError

from projects.refusals import Refusal, TryAgain

# PostgreSQL's codes (https://www.postgresql.org/docs/current/errcodes-appendix.html).
LOCK_NOT_AVAILABLE = "55P03"
DEADLOCK_DETECTED = "40P01"
SERIALIZATION_FAILURE = "40001"
FOREIGN_KEY_VIOLATION = "23503"
QUERY_CANCELED = "57014"
CONNECTION_FAILURE = "08006"  # of Citus, to one of its machines
READ_ONLY = "25006"  # of a server that is a standby by now, or whose disk is nearly full
IDLE_TOO_LONG = "25P03"  # of a transaction, where the server has a limit for that
LASTED_TOO_LONG = "25P04"  # the same, of PostgreSQL 17 and later


class Ended(TryAgain):
    """PostgreSQL ended the statement, and rolled back what was done; the same request may succeed in a moment."""

    def __init__(self, code: str) -> None:
        super().__init__(SENTENCES[code])
        self.code = code

    @property
    def reason(self) -> str:
        return self.code


SENTENCES = {
    LOCK_NOT_AVAILABLE: TryAgain.sentence,
    DEADLOCK_DETECTED: TryAgain.sentence,
    SERIALIZATION_FAILURE: TryAgain.sentence,
    QUERY_CANCELED: "This took too long and was ended. Ask for less, or try again.",
}


class DatabaseAway(TryAgain):
    """The database can't be reached, or failed. If that was at the commit, nobody knows whether it was done."""

    is_certain = False
    sentence = "The database is not available just now. Try again."

    def __init__(self, code: str | None) -> None:
        super().__init__()
        self.code = code

    @property
    def reason(self) -> str:
        return self.code or "none"


class ProjectsAway(DatabaseAway):
    """One of several machines of the database can't be reached: what is on the others is there."""

    sentence = "Some projects are on a machine that can't be reached just now. Ask for others, or try again."


def sqlstate(error: BaseException) -> str | None:
    """Return PostgreSQL's five-letter code of what went wrong; None when it never answered."""
    return getattr(error.__cause__, "pgcode", None)


def refusal_of(error: BaseException) -> Refusal | None:
    """Return what to tell a caller of an error; None for a bug."""
    if isinstance(error, Refusal):
        return error
    if not _is_of_the_database(error):
        return None
    code = sqlstate(error)
    if code in SENTENCES:
        return Ended(code)
    return ProjectsAway(code) if code == CONNECTION_FAILURE or is_failed_commit(error) else DatabaseAway(code)


def is_failed_commit(error: BaseException) -> bool:
    """Return whether Citus could not commit on one of its machines, lost or not. It is an internal error to it."""
    return isinstance(error, InternalError) and str(error).startswith("could not commit transaction for shard")


def _is_of_the_database(error: BaseException) -> bool:
    """Return whether it is the database that failed, not a statement of ours that is wrong.

    A connection that breaks in the middle of an answer is a plain DatabaseError to the driver, with no code. And three
    refusals of a server that goes no further are internal errors to it, as if they were bugs of PostgreSQL.
    """
    if isinstance(error, OperationalError | InterfaceError):
        return True
    if isinstance(error, InternalError):
        return sqlstate(error) in {READ_ONLY, IDLE_TOO_LONG, LASTED_TOO_LONG} or is_failed_commit(error)
    return type(error) is DatabaseError and sqlstate(error) is None
