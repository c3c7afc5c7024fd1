from typing import Any

from django.core.management import CommandError

from projects.management import base


class Command(base.Command):
    """Stands before the command of REST framework, which ends in a traceback: the document is drf-spectacular's."""

    help = "Say which command writes the document of the API: `manage.py spectacular`."
    fits_any_database = True  # none is asked

    def handle(self, *args: Any, **options: Any) -> None:
        """Say it.

        :raises CommandError: always.
        """
        raise CommandError("The document of the API is written by another command: manage.py spectacular")
