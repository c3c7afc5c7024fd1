"""Where a request comes from."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def client_address(request: HttpRequest | Request) -> str | None:
    """Return whom a request comes from; behind a proxy, whom the proxy saw: it writes that last. None if it is none."""
    word = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY:
        word = request.META.get("HTTP_X_FORWARDED_FOR", word).rpartition(",")[2].strip()
    try:
        # Without the interface that an address of IPv6 may name: PostgreSQL takes none.
        return str(ip_address(word.partition("%")[0]))
    except ValueError:
        return None
