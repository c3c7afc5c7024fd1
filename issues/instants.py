"""Instants as they are written: ISO 8601, a date or a date with a time; and as people read them."""

import re
from datetime import datetime, timedelta

_ISO = re.compile(r"[0-9W-]+([Tt ][0-9:.,]+ ?(Z|[+-][0-9:.]+)?)?", re.ASCII)

# So far may the clocks of two machines be apart.
APART = timedelta(minutes=1)


def is_ahead(at: datetime, *, now: datetime) -> bool:
    """Return whether what has happened is said to happen yet: the clock that said so was set back since, or is wrong.

    What comes in now would else pass for older, until all clocks have come so far.
    """
    return at > now + APART


def may_be_iso(word: str) -> bool:
    """Return whether a word may be an instant. Asked before Python reads it.

    Which takes any sign between the date and the time: ``2026-01-01+10:00`` would be ten o'clock, and not a date in
    another zone; ``2026-01-01*10:00`` would be an instant, too.
    """
    return _ISO.fullmatch(word) is not None


def in_words(at: datetime) -> str:
    """Return an instant, which is in UTC, as pages say it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
