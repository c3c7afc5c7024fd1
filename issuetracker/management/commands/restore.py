from pathlib import Path
from typing import Any

from django.core.management import CommandError, CommandParser
from django.db import connection

from issuetracker import postgres
from projects.database import migrated
from projects.management import base


class Command(base.Command):
    """`manage.py restore`; docs/backup.md tells the rest."""

    help = "Fill an empty database from a file that `manage.py backup` wrote. It never replaces or deletes anything."
    requires_migrations_checks = False
    fits_any_database = True  # it must be empty

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="what to read")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Restore all of it, or nothing.

        :raises CommandError: the file is no backup, or the database isn't empty, or has other letters.
        """
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        if connection.introspection.table_names():
            raise CommandError(
                "This database has tables already, and restore replaces nothing: "
                "set DATA_DIR to a new folder, or DATABASE_URL to an empty database."
            )
        try:
            migrated.check_letters(connection)
        except migrated.Unfit as error:
            raise CommandError(str(error)) from error
        try:
            postgres.read_dump(connection, file)
        except postgres.DumpFailed as error:
            raise CommandError(f"{file} can't be restored, and nothing was: {error}") from error
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # the planner's statistics are not in the file
        self.stdout.write(f"Restored {file}. Next: manage.py migrate, then manage.py check_integrity")
