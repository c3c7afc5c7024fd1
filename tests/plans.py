"""What EXPLAIN says of each statement; of divided tables (``PARTITIONS=8``) as if they were whole.

Parts and their indexes are named after what they are parts of, with a number: ``issues_issue_p3``.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

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


class Plans:
    """The plan of each statement of a reader; of divided tables, with the names of the whole ones.

    ``in_several_parts`` says of which tables a statement reads more than one part.
    """

    def __init__(self) -> None:
        self.text = ""
        self.in_several_parts: dict[str, set[str]] = {}

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        with context["connection"].connection.cursor() as cursor:
            settings, end, statement = sql.rpartition(";\n")
            cursor.execute(f"{settings}{end}EXPLAIN {statement}", params)
            plan = "\n".join(line for (line,) in cursor.fetchall()) + "\n"
        self.text += as_whole(plan)
        self.in_several_parts |= in_several_parts(plan)
        return execute(sql, params, many, context)


@contextmanager
def explained() -> Iterator[Plans]:
    plans = Plans()
    with connection.execute_wrapper(plans):
        yield plans
