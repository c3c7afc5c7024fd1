"""Plans on divided tables (``PARTITIONS=8``), told as those of whole ones.

Parts and their indexes are named after what they are parts of, with a number: ``issues_issue_p3``.
"""

import re
from collections import defaultdict

_PART = re.compile(r"\b(issues_\w+?)_p(\d+)\b")
_READ = re.compile(r" on (issues_\w+?)_p(\d+)\b")
# A part without rows: PostgreSQL knows that it has no pages, and asks no index.
_EMPTY = re.compile(r"^.*Seq Scan on issues_\w+_p\d+\b.*\(cost=0\.00\.\.0\.00 .*$", re.MULTILINE)


def as_whole(plan: str) -> str:
    """Return a plan, or a name in one, with the names of whole tables and indexes, and without parts that are empty."""
    return _PART.sub(r"\1", _EMPTY.sub("", plan))


def in_several_parts(plan: str) -> dict[str, set[str]]:
    """Return the tables of which a plan reads more than one part that has rows, with the numbers of these."""
    read: dict[str, set[str]] = defaultdict(set)
    for table, number in _READ.findall(_EMPTY.sub("", plan)):
        read[table].add(number)
    return {table: numbers for table, numbers in read.items() if len(numbers) > 1}
