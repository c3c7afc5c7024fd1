"""Make a client key of a project, and say its DSN."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from projects.management import base
from projects.models import ClientKey, Project
from projects.serializers import dsn


class Command(base.Command):
    help = "Make a client key of a project. Its DSN alone, which SDKs are told, goes to standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", required=True, metavar="ORG/SLUG")
        parser.add_argument("--label", default="", help="what it is for")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the DSN on standard output, and what it is on standard error.

        :raises CommandError: no such project, or the label is too long.
        """
        organization, _, slug = options["project"].partition("/")
        project = Project.objects.named(organization, slug).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']}.")
        longest = ClientKey._meta.get_field("name").max_length or 0
        if len(options["label"]) > longest:
            raise CommandError(f"The label is longer than {longest} characters.")

        key = ClientKey.objects.create(project=project, name=options["label"])

        self.stdout.write(dsn(key, base_url=settings.BASE_URL or f"http://127.0.0.1:{settings.PORT}"))
        hint = (
            "" if settings.BASE_URL else " BASE_URL is not set: put the address of the server there, if it is another."
        )
        self.stderr.write(f"Programs that are told this send their errors to {project}.{hint}", style_func=str)
