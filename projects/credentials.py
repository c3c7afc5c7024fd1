"""Secrets: made at random, handed out once, kept as a hash."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from string import ascii_letters, digits
from typing import Any

from django.db import transaction
from django.db.models import Q

from projects.models import ApiKey, ApiToken, Organization, User, all_scopes

NOTED_EVERY = timedelta(minutes=1)
TOKEN_PREFIX = "sntryu_"  # with 64 hex digits, the form that Sentry's clients take without a warning


def hashed(secret: str) -> str:
    """Return what is stored of a secret: SHA-256 in hex.

    A slow hash guards secrets that people choose; ours are 128 random bits and more, and are checked on every request.
    """
    return sha256(secret.encode()).hexdigest()


def new_api_key() -> str:
    return secrets.token_hex(16)


def new_token() -> str:
    return TOKEN_PREFIX + secrets.token_hex(32)


def give_password(user: User) -> str:
    """Give a user a new password, of 95 random bits; return it, for it can't be read again. The row is not saved."""
    password = "".join(secrets.choice(ascii_letters + digits) for _ in range(16))
    user.set_password(password)
    return password


def note_use(credential: ApiKey | ApiToken, *, address: str | None, at: datetime) -> None:
    """Write down that it was used, when and from where.

    Once a minute at most, so that hardly a request has this to write; who asks wants to know whether a credential is in
    use, and by which machine.
    """
    before = at - NOTED_EVERY
    if credential.last_used_at is None or credential.last_used_at <= before:
        credentials: Any = type(credential)._default_manager
        # The condition again, and past who has the row: of all that come at once one writes, and none waits.
        due = credentials.filter(Q(last_used_at=None) | Q(last_used_at__lte=before), pk=credential.pk)
        free = due.select_for_update(skip_locked=True, no_key=True)
        with transaction.atomic():  # in which alone a row can be locked
            credentials.filter(pk__in=free.values("pk")).update(last_used_at=at, last_used_from=address)


def create_api_key(
    organization: Organization, *, secret: str | None = None, scopes: Sequence[str] | None = None, label: str = ""
) -> tuple[ApiKey, str]:
    """Make a key of the organization; return it with its secret, which can't be read again."""
    secret = secret or new_api_key()
    key = ApiKey.objects.create(
        organization=organization,
        label=label,
        secret_hash=hashed(secret),
        hint=secret[-4:],
        scopes=all_scopes() if scopes is None else list(scopes),
    )
    return key, secret


def create_token(
    user: User,
    *,
    secret: str | None = None,
    scopes: Sequence[str] | None = None,
    label: str = "",
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """Make a token of the user; return it with its secret, which can't be read again."""
    secret = secret or new_token()
    token = ApiToken.objects.create(
        user=user,
        label=label,
        secret_hash=hashed(secret),
        hint=secret[-4:],
        scopes=all_scopes() if scopes is None else list(scopes),
        expires_at=expires_at,
    )
    return token, secret
