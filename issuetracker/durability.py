"""Whether PostgreSQL keeps what it says that it has, and knows capitals: for `check --deploy`."""

from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import connection

from issuetracker import postgres

# With any of these off, what was committed may be gone after a crash, or the whole database.
NEEDED = ("fsync", "full_page_writes", "synchronous_commit")

# What is worse than that is refused, as is another isolation than read committed (projects/database/migrated.py).
WITHOUT_CAPITALS = Warning(
    "To PostgreSQL ü and Ü are two letters: a search in capitals finds, and leaves out, letters of ASCII alone.",
    hint="Make the database anew, with LOCALE 'C.UTF-8', and restore a backup into it.",
    id="issuetracker.W002",
)


def check_durability(**kwargs: Any) -> list[CheckMessage]:
    """Return a warning for each setting by which a 200 is no promise (contract 7.3).

    :raises OperationalError: the database can't be asked.
    """
    if postgres.is_embedded():
        return []  # which has its own
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = 'off'", [list(NEEDED)])
        found = sorted(name for (name,) in cursor.fetchall())
        cursor.execute("SELECT upper('ü') = 'Ü'")
        (has_capitals,) = cursor.fetchone()
    others: list[CheckMessage] = [] if has_capitals else [WITHOUT_CAPITALS]
    return others + [
        Warning(
            f"PostgreSQL has {name} = off: changes and events that were answered with 200 may be lost when it crashes.",
            hint=f"Set it on, for the server, the database and the role: ALTER ROLE ... RESET {name}.",
            id="issuetracker.W001",
        )
        for name in found
    ]
