"""Make a token of a user."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from projects.credentials import create_token
from projects.management import base
from projects.models import Scope


class Command(base.Command):
    help = "Make a token of a user. The token alone goes to standard output, once; it can't be read again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, metavar="NAME")
        parser.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            help="what it may do; repeat for more (default: everything)",
        )
        parser.add_argument("--expires-in", type=base.days, metavar="DAYS", help="(default: never)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the token on standard output, and what it is on standard error.

        :raises CommandError: no such user, or not an active one.
        """
        user = base.user_called(options["user"])
        if not user.is_active:
            raise CommandError(f"{user} is not active: the token would not work.")

        scopes = list(dict.fromkeys(options["scope"] or Scope.values))
        lifetime = options["expires_in"]
        expires_at = None if lifetime is None else timezone.now() + timedelta(days=lifetime)
        with transaction.atomic():
            token, secret = create_token(user, scopes=scopes, expires_at=expires_at)
            self.tell(secret)
        until = "for good" if expires_at is None else f"until {expires_at:%Y-%m-%d %H:%M} UTC"
        explanation = (
            f"{token} of {user} may {', '.join(scopes)}, {until}. It is shown this once; only its hash is kept."
        )
        self.stderr.write(explanation, style_func=str)  # no error: not in red
