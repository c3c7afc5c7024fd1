"""Make a team."""

from typing import Any

from django.core.management.base import CommandParser

from projects.forms import TeamForm
from projects.management import base


class Command(base.Command):
    help = "Make a team of an organization. What it works on, create_project says, or the settings pages."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--team", required=True, metavar="ORG/SLUG")
        parser.add_argument("--name", default="", help="(default: the slug)")
        parser.add_argument("--user", action="append", default=[], metavar="NAME", help="who is on it; repeat for more")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was made.

        :raises CommandError: there is one already, no such organization or user, or somebody is no member of it.
        """
        organization, slug = base.place(options["team"])
        people = {base.user_called(name).pk for name in options["user"]}  # whoever is named twice is one
        said = {"organization": organization.pk, "slug": slug, "name": options["name"] or slug, "members": list(people)}
        team = base.checked(TeamForm, said).save()
        self.stdout.write(f"There is a team {team} in {organization} now, of {len(people)}.")
