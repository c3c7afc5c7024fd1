"""Make an organization."""

from typing import Any

from django.core.management.base import CommandParser

from projects.forms import OrganizationForm
from projects.management import base


class Command(base.Command):
    help = "Make an organization. Projects are made in it by create_project; who is in it, by add_member."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--name", default="", help="(default: the slug)")
        parser.add_argument("--closed", action="store_true", help="members see the projects of their teams alone")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was made.

        :raises CommandError: there is one already, or the slug is none.
        """
        slug = options["organization"]
        said = {"slug": slug, "name": options["name"] or slug, "open_membership": not options["closed"]}
        organization = base.checked(OrganizationForm, said).save()
        self.stdout.write(f"There is an organization {organization} now.")
