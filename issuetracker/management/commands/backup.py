from pathlib import Path
from typing import Any

from django.core.management import CommandError, CommandParser
from django.db import connection

from issuetracker import postgres
from projects.management import base


class Command(base.Command):
    """`manage.py backup`; docs/backup.md tells the rest."""

    help = (
        "Write the whole database to a new file, while the service runs or not. It holds everything but the secrets in "
        "the data folder (secrets.json); `manage.py restore` reads it."
    )
    fits_any_database = True  # pg_dump knows what there is

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="where to; it must not be there yet")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Write the file, or none.

        :raises CommandError: it can't be written.
        """
        try:
            postgres.write_dump(connection, file)
        except OSError as error:
            raise CommandError(f"{file} can't be written ({error.strerror}): name another file.") from error
        except postgres.DumpFailed as error:
            raise CommandError(f"The database can't be dumped: {error}") from error
        self.stdout.write(f"Wrote {file} ({file.stat().st_size:,} bytes).")
