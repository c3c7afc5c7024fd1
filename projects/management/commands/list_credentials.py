"""List the credentials."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone

from projects.management import base
from projects.models import ApiKey, ApiToken, ClientKey


class Command(base.Command):
    help = "List what programs come in with: keys, tokens and client keys, as revoke_credential takes them."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each."""
        self.stdout.write("\n".join(listing(timezone.now())) or "There are no credentials.")


def listing(now: datetime) -> Iterator[str]:
    """Yield a line for each key, then for each token and each client key, oldest first."""
    for key in ApiKey.objects.select_related("organization").order_by("pk"):
        yield f"{key}  {described(key, key.organization)}  {'active' if key.is_active else 'disabled'}"
    for token in ApiToken.objects.select_related("user").order_by("pk"):
        if token.expires_at is None:
            state = "never expires"
        else:
            state = f"{'expired' if token.expires_at <= now else 'expires'} {token.expires_at:%Y-%m-%d %H:%M} UTC"
        yield f"{token}  {described(token, token.user)}  {state}"
    for client_key in ClientKey.objects.select_related("project__organization").order_by("pk"):
        place = f"{client_key.project.organization}/{client_key.project}"
        state = "active" if client_key.is_active else "disabled"
        yield f"client_key:{client_key.pk} {client_key.key}  {place}  {client_key.name or '-'}  events in  {state}"


def described(credential: ApiKey | ApiToken, owner: object) -> str:
    return f"{owner}  {credential.label or '-'}  {','.join(credential.scopes)}"
