"""Make a client key of a project, and say its DSN."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from projects.management import base
from projects.models import ClientKey


class Command(base.Command):
    help = "Make a client key of a project. Its DSN alone, which SDKs are told, goes to standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", required=True, metavar="ORG/SLUG")
        parser.add_argument("--label", default="", help="what it is for")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the DSN on standard output, and what it is on standard error.

        :raises CommandError: no such project, or the label is too long.
        """
        project = base.project_called(options["project"])
        longest = ClientKey._meta.get_field("name").max_length or 0
        if len(options["label"]) > longest:
            raise CommandError(f"The label is longer than {longest} characters.")

        base.print_dsn(self, ClientKey.objects.create(project=project, name=options["label"]))
