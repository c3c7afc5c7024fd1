"""What Sentry's clients call a *substatus*: a word for how an issue is ignored, or for how new it is (contract 1.8).

The status, its terms and the time say it; only that an event opened an issue again is stored as such a word.
"""

from datetime import datetime, timedelta

from issues.enums import IssueStatus, Substatus

NEW_FOR = timedelta(days=7)  # after it was first seen


def substatus_of(
    status: str,
    *,
    has_terms: bool,
    until_escalating: bool,
    reopened_as: str | None,
    first_seen: datetime,
    at: datetime,
) -> Substatus | None:
    """Return the word for an issue at an instant; None while it is resolved.

    :param status: what it counts as at that instant: a snooze that has run out is unresolved.
    :param has_terms: whether anything ends the status by itself, a time or a count, with a window or not.
    :param until_escalating: whether many events within an hour end it.
    :param reopened_as: how an event opened the issue again, if one did.
    """
    match status:
        case IssueStatus.IGNORED if until_escalating:
            return Substatus.ARCHIVED_UNTIL_ESCALATING
        case IssueStatus.IGNORED:
            return Substatus.ARCHIVED_UNTIL_CONDITION_MET if has_terms else Substatus.ARCHIVED_FOREVER
        case IssueStatus.UNRESOLVED if reopened_as is not None:
            return Substatus(reopened_as)
        case IssueStatus.UNRESOLVED:
            return Substatus.NEW if first_seen >= at - NEW_FOR else Substatus.ONGOING
        case _:
            return None
