"""Whose a client key is: look-ups, remembered for a second."""

from dataclasses import dataclass

from django.db import connection

from projects.database.connections import first_look_up_tried_again
from projects.refusals import Refusal
from projects.remembering import Remembered

REMEMBERED_SECONDS = 1.0


class NoSuchSender(Refusal):
    """The key is not there, not active, or of another project: one answer, so that nobody learns which."""

    status = 403
    sentence = "event submission rejected with_reason: ProjectId"


@dataclass(frozen=True, slots=True)
class Sender:
    """A client key that is good.

    :ivar limit: so many events in so many seconds; None where it has none of its own.
    """

    key: str
    project_id: int
    limit: tuple[int, int] | None


class Senders:
    """Finds out whose a key is, at most once a second for each, in the memory of one process.

    That a key is good is asked once more by the statement that stores an event (events/accepting.py): one that was
    disabled stores nothing from then on. Only its limit may be a second old. What is not there is never remembered.
    """

    def __init__(self) -> None:
        self._known = Remembered[Sender](REMEMBERED_SECONDS)

    def find(self, key: str, project_id: int | None, *, lock_timeout: float) -> Sender:
        """Return whose the key is.

        :param project_id: that the address names; None where it names none.
        :param lock_timeout: so many seconds to wait for who has locked the table.
        :raises NoSuchSender: the key is not good for it.
        """
        sender = self._known.get(key)
        if sender is None:
            sender = _look_up(key, lock_timeout)
            if sender is None:
                raise NoSuchSender
            self._known.put(key, sender)
        if project_id not in {None, sender.project_id}:
            raise NoSuchSender
        return sender

    def forget(self, key: str) -> None:
        """Look the key up anew when it comes next."""
        self._known.forget(key)


def _look_up(key: str, lock_timeout: float) -> Sender | None:
    with first_look_up_tried_again(lock_timeout=lock_timeout), connection.cursor() as cursor:
        cursor.execute(
            "SELECT project_id, limit_count, limit_window FROM projects_clientkey WHERE key = %s AND is_active", [key]
        )
        row = cursor.fetchone()
    if row is None:
        return None
    project_id, count, window = row
    return Sender(key, project_id, None if count is None else (count, window))
