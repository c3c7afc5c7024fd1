"""List the credentials, or take one back."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from projects.management import base
from projects.models import ApiKey, ApiToken
from projects.querysets import MAX_ID


class Command(base.Command):
    help = "Take a credential back: a key is disabled, a token is deleted. Without an argument, list them all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("credential", nargs="?", help="as the list shows it: key:3 or token:5")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the list, or what was taken back. A key that is disabled already stays so.

        :raises CommandError: there is no such credential.
        """
        word = options["credential"]
        if word is None:
            self.stdout.write("\n".join(listing(timezone.now())) or "There are no credentials.")
        else:
            self.stdout.write(take_back(word))


def listing(now: datetime) -> Iterator[str]:
    """Yield a line for each key, then for each token, oldest first."""
    for key in ApiKey.objects.select_related("organization").order_by("pk"):
        yield f"{key}  {described(key)}  {'active' if key.is_active else 'disabled'}"
    for token in ApiToken.objects.select_related("user").order_by("pk"):
        if token.expires_at is None:
            state = "never expires"
        else:
            state = f"{'expired' if token.expires_at <= now else 'expires'} {token.expires_at:%Y-%m-%d %H:%M} UTC"
        yield f"{token}  {described(token)}  {state}"


def described(credential: ApiKey | ApiToken) -> str:
    owner = credential.organization if isinstance(credential, ApiKey) else credential.user
    return f"{owner}  {credential.label or '-'}  {','.join(credential.scopes)}"


def take_back(word: str) -> str:
    """Take back the credential that the word names; return a sentence that says so.

    :raises CommandError: there is none.
    """
    unknown = CommandError(
        f"There is no credential {word}. Without an argument, the command lists them as key:3 or token:5."
    )
    named = re.fullmatch(r"(key|token):([0-9]{1,19})", word)
    if named is None or int(named[2]) > MAX_ID:
        raise unknown
    if named[1] == "key":
        key = ApiKey.objects.select_related("organization").filter(pk=int(named[2])).first()
        if key is None:
            raise unknown
        # Disabled and never deleted: the history of mutations names it.
        key.is_active = False
        key.save(update_fields=["is_active"])
        return f"{key} of {key.organization} is disabled."
    token = ApiToken.objects.select_related("user").filter(pk=int(named[2])).first()
    if token is None:
        raise unknown
    sentence = f"{token} of {token.user} is deleted."
    token.delete()
    return sentence
