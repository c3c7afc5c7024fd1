"""Make a client key of a project, and say its DSN."""

from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from projects.forms import ClientKeyForm
from projects.management import base


class Command(base.Command):
    help = "Make a client key of a project. Its DSN alone, which SDKs are told, goes to standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", required=True, metavar="ORG/SLUG")
        parser.add_argument("--label", default="", help="what it is for")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the DSN on standard output, and what it is on standard error.

        :raises CommandError: no such project, or the label is none.
        """
        project = base.project_called(options["project"])
        form = base.checked(ClientKeyForm, {"project": project.pk, "name": options["label"], "is_active": True})
        with transaction.atomic():
            base.print_dsn(self, form.save())
