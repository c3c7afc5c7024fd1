"""Where a request comes from, and where its answers lead to."""

from functools import lru_cache
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def base_url(request: HttpRequest | Request) -> str:
    """Return what absolute addresses begin with: the setting, else the host that the request named."""
    return settings.BASE_URL or request.build_absolute_uri("/").rstrip("/")


def client_address(request: HttpRequest | Request) -> str | None:
    """Return whom a request comes from; behind a proxy, whom the proxy saw: it writes that last. None if it is none."""
    word = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY:
        word = request.META.get("HTTP_X_FORWARDED_FOR", word).rpartition(",")[2].strip()
    return _address(word[:LONGEST_ADDRESS])


LONGEST_ADDRESS = 100  # characters, with the name of an interface; no address is longer


@lru_cache(maxsize=1024)
def _address(word: str) -> str | None:
    try:
        # Without the interface that an address of IPv6 may name: PostgreSQL takes none.
        found = ip_address(word.partition("%")[0])
    except ValueError:
        return None
    # As a socket for both kinds says one of IPv4 (::ffff:192.0.2.1): it is the same client.
    return str(getattr(found, "ipv4_mapped", None) or found)
