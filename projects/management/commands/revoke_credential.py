"""Take a credential back."""

import re
from typing import Any

from django.core.management.base import CommandError, CommandParser

from projects.management import base
from projects.models import ApiKey, ApiToken, ClientKey
from projects.querysets import is_id


class Command(base.Command):
    help = "Take a credential back: a key, of an organization or for events, is disabled, a token is deleted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("credential", help="as list_credentials shows it: key:3, token:5 or client_key:7")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was taken back. A key that is disabled already stays so.

        :raises CommandError: there is no such credential.
        """
        self.stdout.write(take_back(options["credential"]))


def take_back(word: str) -> str:
    """Take back the credential that the word names; return a sentence that says so.

    :raises CommandError: there is none.
    """
    named = re.fullmatch(r"(key|token|client_key):([0-9]+)", word)
    done = TAKING_BACK[named[1]](int(named[2])) if named is not None and is_id(named[2]) else None
    if done is None:
        raise CommandError(f"There is no credential {word}. list_credentials shows them, as key:3 or token:5.")
    return done


def _disable_key(pk: int) -> str | None:
    key = ApiKey.objects.select_related("organization").filter(pk=pk).first()
    if key is None:
        return None
    # Disabled and never deleted: the history of mutations names it.
    key.is_active = False
    key.save(update_fields=["is_active"])
    return f"{key} of {key.organization} is disabled."


def _delete_token(pk: int) -> str | None:
    token = ApiToken.objects.select_related("user").filter(pk=pk).first()
    if token is None:
        return None
    sentence = f"{token} of {token.user} is deleted."
    token.delete()
    return sentence


def _disable_client_key(pk: int) -> str | None:
    key = ClientKey.objects.select_related("project__organization").filter(pk=pk).first()
    if key is None:
        return None
    key.is_active = False
    key.save(update_fields=["is_active"])
    return f"client_key:{key.pk} of {key.project.organization}/{key.project} is disabled: it takes no more events."


TAKING_BACK = {"key": _disable_key, "token": _delete_token, "client_key": _disable_client_key}
