"""What Sentry's clients call a *substatus*: a word for how an issue is ignored, or for how new it is (contract 1.8).

It is never stored: the status, its terms and the time say it.
"""

from datetime import datetime, timedelta

from issues.enums import IssueStatus, Substatus

NEW_FOR = timedelta(days=7)  # after it was first seen


def substatus_of(status: str, *, has_terms: bool, first_seen: datetime, at: datetime) -> Substatus | None:
    """Return the word for an issue at an instant; None while it is resolved.

    :param status: what it counts as at that instant: a snooze that has run out is unresolved.
    :param has_terms: whether anything ends the status by itself, a time or a count, with a window or not.
    """
    match status:
        case IssueStatus.IGNORED:
            return Substatus.ARCHIVED_UNTIL_CONDITION_MET if has_terms else Substatus.ARCHIVED_FOREVER
        case IssueStatus.UNRESOLVED:
            return Substatus.NEW if first_seen >= at - NEW_FOR else Substatus.ONGOING
        case _:
            return None
