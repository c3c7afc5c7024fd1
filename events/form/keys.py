"""Which key a request has: checks 1 and 2 of contract 7.3."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from events.form.refusals import BadKey, MissingKey, UnreadableKey, UnsupportedVersion

# Of the protocol, 2 to 7; the clients of version 2, and raven-erlang to this day, write "2.0".
_A_VERSION = re.compile(r"0?[2-7](?:\.[0-9]{1,9})?", re.ASCII)
_A_KEY = re.compile(r"[0-9a-fA-F]{32}")
_SCHEME = re.compile(r"\s*sentry(?:\s+|$)", re.IGNORECASE)


def read_key(
    *, x_sentry_auth: str, query: Mapping[str, str], authorization: str, dsn: Callable[[], object] = lambda: None
) -> str:
    """Return the key, 32 hex digits in small letters, of the first of these that has one.

    ``dsn`` says what the envelope's header has for it. It is called only if there is no other, and may refuse.

    :raises MissingKey: there is none.
    :raises UnreadableKey: there is none, but a header that should have one.
    :raises BadKey: it is no key.
    :raises UnsupportedVersion: of the protocol, said beside the key.
    """
    in_header, in_authorization = words_of(x_sentry_auth), words_of(authorization)
    for words in (in_header, query, in_authorization):
        if words and words.get("sentry_key"):
            return _checked(words["sentry_key"], words.get("sentry_version", ""))
    key = key_of_dsn(dsn())
    if key:
        return _checked(key, query.get("sentry_version", ""))
    raise UnreadableKey if x_sentry_auth.strip() or in_authorization is not None else MissingKey


def words_of(header: str) -> dict[str, str] | None:
    """Return what ``Sentry sentry_key=..., sentry_version=7`` says; None if it is of another scheme."""
    scheme = _SCHEME.match(header)
    if scheme is None:
        return None
    pairs = (pair.partition("=") for pair in header[scheme.end() :].split(","))
    return {name.strip(): value.strip() for name, _, value in pairs}


def key_of_dsn(dsn: object) -> str:
    """Return the key in ``https://KEY@host/1``; nothing if it has none."""
    if not isinstance(dsn, str):
        return ""
    try:
        return urlsplit(dsn).username or ""
    except ValueError:
        return ""


def _checked(key: str, version: str) -> str:
    if not _A_KEY.fullmatch(key):
        raise BadKey
    if version and not _A_VERSION.fullmatch(version):
        raise UnsupportedVersion(version)
    return key.lower()
