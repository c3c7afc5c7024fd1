"""Make somebody a member of an organization."""

from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from projects.forms import MembershipForm
from projects.management import base
from projects.models import Role


class Command(base.Command):
    help = "Make a user a member of an organization, and put them on its teams."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument("--user", required=True, metavar="NAME")
        parser.add_argument("--role", choices=Role.values, default=Role.MEMBER.value, help="(default: %(default)s)")
        parser.add_argument("--team", action="append", default=[], metavar="SLUG", help="repeat for more")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was made.

        :raises CommandError: no such organization, user or team, or they are a member already.
        """
        organization, user = base.organization_called(options["organization"]), base.user_called(options["user"])
        teams = base.teams_called(organization, options["team"])
        said = {"organization": organization.pk, "user": user.pk, "role": options["role"]}
        form = base.checked(MembershipForm, said)
        with transaction.atomic():
            membership = form.save()
            user.teams.add(*teams)
        on = f", on {', '.join(map(str, teams))}" if teams else ""
        self.stdout.write(f"{membership}{on}.")
