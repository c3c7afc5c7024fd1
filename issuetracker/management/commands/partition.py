from time import monotonic
from typing import Any

from django.core.management import CommandError, CommandParser
from django.db import connection

from projects.database import dividing, migrated, shards
from projects.management import base

MOST = 1024
# A project's, and few: of what it has, or of what waits to be counted. And events go by weeks already.
WHOLE = {
    *("projects_release", "projects_deploy"),
    *("issues_environment", "issues_projectstate", "issues_forgottenhash"),
    *("events_event", "events_eventid", "events_arrival", "events_loss"),
}


class Command(base.Command):
    """`manage.py partition`; docs/scale.md tells the rest."""

    help = (
        "Divide the tables that grow into hash partitions by project. It takes one table after the other, each in one "
        "transaction; what was interrupted is done to its end by running it again. Nothing may serve meanwhile."
    )
    requires_migrations_checks = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--parts",
            type=base.whole_number(2, MOST, "number of parts"),
            required=True,
            help=f"into how many, 2 to {MOST}; it can't be changed afterwards",
        )

    def handle(self, *args: Any, parts: int, **options: Any) -> None:
        """Divide what is not divided yet, and say of each table how many rows it has and how long that took.

        :raises CommandError: somebody is connected, or a table is divided into another number; nothing was changed.
        """
        tables = dividing.look_at(connection, [table for table in shards.of_projects() if table not in WHOLE])
        for table in tables:
            if table.parts not in {0, parts}:
                raise CommandError(f"{table.name} is divided into {table.parts} parts already, not {parts}.")
        if others := dividing.count_others(connection):
            raise CommandError(
                f"{others} other connections are open to this database: stop what serves, counts or looks at it first."
            )
        due = [table for table in tables if not table.parts]
        began, left = monotonic(), sum(table.size for table in due)
        done = 0
        for number, table in enumerate(due):
            later = [other.name for other in due[number + 1 :]]
            rows = dividing.divide(connection, table.name, parts, later=later, lock=migrated.MIGRATIONS)
            done, left = done + table.size, left - table.size
            seconds = monotonic() - began
            rest = f"; the rest takes about {seconds * left / done:,.0f} s" if left else ""
            self.stdout.write(f"{table.name}: {rows:,} rows, {seconds:,.0f} s by now{rest}")
            self.stdout.flush()
        with connection.cursor() as cursor:
            for table in due:
                cursor.execute(f"ANALYZE {table.name}")
        self.stdout.write(f"{len(tables)} tables are divided into {parts} parts each, {len(due)} of them now.")
