from typing import Any

from issuetracker.openapi import routes
from projects.management import base


class Command(base.Command):
    help = "Print docs/routes.md: every route of the API, with the scope that it needs and what it does."
    requires_migrations_checks = False
    requires_system_checks = ()
    fits_any_database = True  # none is asked

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        self.stdout.write(routes.page(), ending="")
