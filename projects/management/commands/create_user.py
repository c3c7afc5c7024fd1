"""Make an account."""

from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from projects.credentials import give_password
from projects.forms import UserForm
from projects.management import base


class Command(base.Command):
    help = "Make a user. The password alone goes to standard output, once; it can be changed after the first log-in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, metavar="NAME")
        parser.add_argument("--name", default="", help="as people call them (default: the user name)")
        parser.add_argument("--email", default="")
        parser.add_argument("--superuser", action="store_true", help="sees and changes everything")
        parser.add_argument("--no-log-in", action="store_true", help="tokens alone: for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the password on standard output, and what it is on standard error.

        :raises CommandError: there is one already, or something is written wrongly.
        """
        said = {
            **{"username": options["user"], "name": options["name"], "email": options["email"], "is_active": True},
            **{"is_superuser": options["superuser"], "is_staff": not options["no_log_in"]},
        }
        user = base.checked(UserForm, said).save(commit=False)
        password = give_password(user)
        if options["no_log_in"]:
            user.set_unusable_password()
        with transaction.atomic():
            user.save()
            if not options["no_log_in"]:
                self.tell(password)
        what = "a superuser" if user.is_superuser else "of no organization yet: add_member says of which"
        how = "Only its tokens work." if options["no_log_in"] else "The password is shown this once."
        self.stderr.write(f"There is a user {user} now, {what}. {how}", style_func=str)  # no error: not in red
