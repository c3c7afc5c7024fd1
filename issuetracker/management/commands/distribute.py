from time import monotonic
from typing import Any

from django.core.management.base import CommandError
from django.db import connection

from projects.database import citus
from projects.management import base


class Command(base.Command):
    help = (
        "Spread the tables of projects over the workers of a Citus cluster, each project on one of them. "
        "All or nothing, and only its settings where it is done already; stop the service first."
    )

    def handle(self, **options: Any) -> None:
        """Distribute; say each table as it is done, and how long it took.

        :raises CommandError: no Citus, or no workers; nothing was changed.
        """
        begun = monotonic()
        try:
            for table, what in citus.distribute(connection):
                if options["verbosity"]:
                    self.stdout.write(f"{table}: {what}, after {monotonic() - begun:.1f} s")
                    self.stdout.flush()
            if to_send := citus.limit_connections(connection):
                self.stdout.write(
                    "A machine whose network is gone is waited for as long as Linux tries. Limit that: as a superuser, "
                    f"send to the coordinator: {to_send}"
                )
        except citus.NoCitus as error:
            raise CommandError(str(error)) from error
