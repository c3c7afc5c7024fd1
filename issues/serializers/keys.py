"""Keys of a body that are no keys here: which of them are wishes that must not be left out, and which mean ids."""

import re
from collections.abc import Container, Iterable
from itertools import islice

# Of a wish how long, or in which release, nothing may be left out: "for an hour" would be "for ever", "in the next
# release" would be "now". In whatever way the key is written, ignore_duration and in_next_release too.
_WISH = re.compile(r"\s*(?:(?i:ignore|snooze|status)|[iI]n[A-Z_-])")
UNKNOWN_WISH = "Unknown key. Nothing was changed: without it, the rest would mean something else."
SHOWN = 20  # in one error: a body of a megabyte has room for a hundred thousand

# Of what is left of a name in small letters: id, ids[0], issueIds, issue_id__in, GROUPS, selectedIssues, short_ids ...
_IDS = re.compile(
    r"(?:all|target|selected)?"
    r"(?:(?:issue|group|short|numeric)*(?:id|pk)s?|(?:issue|group)s?)"
    r"(?:list|set|array|in)?"
)


def is_unknown_wish(key: str, known: Container[str]) -> bool:
    """Return whether a key says, to whoever reads it, how long or in which release, and is none that is known."""
    return key not in known and _WISH.match(key) is not None


def refuse(keys: Iterable[str]) -> dict[str, list[str]]:
    """Return what is wrong with unknown keys: the first of them."""
    return {key: [UNKNOWN_WISH] for key in islice(keys, SHOWN)}


def means_ids(name: str) -> bool:
    """Return whether a name is one of those by which clients mean the ids of issues, however it is written."""
    head = name.lstrip("[").partition("[")[0]
    return _IDS.fullmatch(re.sub(r"[^a-z]", "", head.casefold())) is not None
