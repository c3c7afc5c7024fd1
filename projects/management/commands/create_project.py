"""Make a project, and say its DSN."""

from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from projects.forms import ProjectForm
from projects.management import base
from projects.models import ClientKey


class Command(base.Command):
    help = "Make a project with a client key. Its DSN alone, which SDKs are told, goes to standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", required=True, metavar="ORG/SLUG")
        parser.add_argument("--name", default="", help="(default: the slug)")
        parser.add_argument("--platform", default="", help="what its programs are written in: python, for example")
        parser.add_argument(
            "--team", action="append", default=[], metavar="SLUG", help="who works on it; repeat for more"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the DSN on standard output, and what it is on standard error.

        :raises CommandError: there is one already, no such organization or team, or the slug is none.
        """
        organization, slug = base.place(options["project"])
        teams = base.teams_called(organization, options["team"])
        said = {"organization": organization.pk, "slug": slug, "name": options["name"] or slug}
        form = base.checked(
            ProjectForm, {**said, "platform": options["platform"], "teams": [team.pk for team in teams]}
        )
        with transaction.atomic():
            key = ClientKey.objects.create(project=form.save(), name="first")
            base.print_dsn(self, key)
