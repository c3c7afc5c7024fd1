"""Make an API key of an organization."""

from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from projects.credentials import create_api_key
from projects.forms import ApiKeyForm
from projects.management import base
from projects.models import Scope


class Command(base.Command):
    help = "Make an API key of an organization. The key alone goes to standard output, once; it can't be read again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="SLUG")
        parser.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            help="what it may do; repeat for more (default: everything)",
        )
        parser.add_argument("--label", default="", help="what it is for")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the key on standard output, and what it is on standard error.

        :raises CommandError: no such organization, or the label is none.
        """
        organization = base.organization_called(options["organization"])
        scopes = list(dict.fromkeys(options["scope"] or Scope.values))
        label = options["label"]
        base.checked(ApiKeyForm, {"organization": organization.pk, "label": label, "scopes": scopes})
        with transaction.atomic():
            key, secret = create_api_key(organization, scopes=scopes, label=label)
            self.tell(secret)
        explanation = f"{key} of {organization} may {', '.join(scopes)}. It is shown this once; only its hash is kept."
        self.stderr.write(explanation, style_func=str)  # no error: not in red
