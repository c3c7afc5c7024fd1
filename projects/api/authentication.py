"""Who calls: an organization's key, a user's token, or a session of the admin (contract 1.2).

Each class returns ``(user, Caller)``, so that a view finds the :class:`~projects.callers.Caller` in ``request.auth``.
"""

import base64
import binascii
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from projects.api.addresses import client_address
from projects.callers import Caller
from projects.credentials import hashed, note_use
from projects.models import ApiKey, ApiToken, User, all_scopes

REALM = 'realm="api"'
OTHER_SCHEME = (
    'Authorization is "Basic" with an organization\'s API key as user name and no password, or "Bearer" with a user\'s '
    "token; this is neither."
)


def _credentials(request: Request, scheme: bytes) -> bytes | None:
    """Return what follows the scheme in the Authorization header; None if it is absent or of another scheme."""
    first, _, rest = authentication.get_authorization_header(request).partition(b" ")
    return rest.strip() if first.lower() == scheme else None


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """``Authorization: Basic base64("<key>:")``: the key as user name, an empty password."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Caller] | None:
        """Return the key's caller, which has no user context; None when the request isn't Basic.

        :raises AuthenticationFailed: the key is unknown or disabled, or came with a password.
        """
        credentials = _credentials(request, b"basic")
        if credentials is None:
            return None
        try:
            secret, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise AuthenticationFailed("API key is not valid") from error
        secret_hash = hashed(secret)
        key = ApiKey.objects.with_secret(secret_hash)
        if key is None or password or not constant_time_compare(key.secret_hash, secret_hash):
            raise AuthenticationFailed("API key is not valid")
        if not key.is_active:
            raise AuthenticationFailed("Key is disabled")
        note_use(key, address=client_address(request), at=timezone.now())
        return AnonymousUser(), Caller(api_key=key, scopes=frozenset(key.scopes))

    def authenticate_header(self, request: Request) -> str:
        return f"Basic {REALM}"


class ApiTokenAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer <token>``."""

    def authenticate(self, request: Request) -> tuple[User, Caller] | None:
        """Return the token's user; None when the request isn't Bearer.

        :raises AuthenticationFailed: the token is unknown or expired, or its user is not active.
        """
        credentials = _credentials(request, b"bearer")
        if credentials is None:
            return None
        secret_hash = hashed(credentials.decode("latin-1"))
        token = ApiToken.objects.with_secret(secret_hash)
        if token is None or not constant_time_compare(token.secret_hash, secret_hash):
            raise AuthenticationFailed("Invalid token")
        if token.expires_at is not None and token.expires_at <= timezone.now():
            raise AuthenticationFailed("Token expired")
        if not token.user.is_active:
            raise AuthenticationFailed("User inactive or deleted")
        note_use(token, address=client_address(request), at=timezone.now())
        return token.user, Caller(user=token.user, scopes=frozenset(token.scopes), token_id=token.pk)

    def authenticate_header(self, request: Request) -> str:
        return f"Bearer {REALM}"


class NoOtherScheme(authentication.BaseAuthentication):
    """Whatever else the Authorization header says: no scheme, or one that there isn't here. Stands before the cookie,
    so that whoever says who they are is never taken for somebody else."""

    def authenticate(self, request: Request) -> None:
        """Return None when there is no such header.

        :raises AuthenticationFailed: there is one; it says which two schemes there are, and not a word of the header,
            which may be a secret.
        """
        if authentication.get_authorization_header(request).strip():
            raise AuthenticationFailed(OTHER_SCHEME)


class SessionAuthentication(authentication.SessionAuthentication):
    """The cookie of someone who is logged in to the admin; CSRF is enforced, also for PUT and DELETE."""

    def authenticate(self, request: Request) -> Any:
        """Return the session's user with every event scope; None without a session.

        :raises PermissionDenied: the CSRF token is missing or wrong.
        """
        found = super().authenticate(request)
        if found is None:
            return None
        user = found[0]
        return user, Caller(user=user, scopes=frozenset(all_scopes()))
