"""What a browser blocked because a page's content security policy forbids it."""

import re
from typing import Any
from urllib.parse import urlsplit

from events.meaning.fields import Errors, read_object, read_text
from events.meaning.shapes import Csp
from events.meaning.texts import MOST

# Reports come with hyphens, those of the Reporting API in camel case; kept are Sentry's names.
_HUMP = re.compile("(?<=[a-z])(?=[A-Z])")
NAMES = {"blocked_url": "blocked_uri", "document_url": "document_uri", "sample": "script_sample"}
TEXTS = ("effective_directive", "violated_directive", "blocked_uri", "document_uri", "script_sample")
SELF = {"", "self", "'self'"}
WITH_A_HOST = {"http", "https", "ws", "wss"}
KEYWORDS = {"inline", "eval", "wasm-eval", "data", "blob"}


def read_csp(event: dict[str, Any], errors: Errors) -> tuple[dict[str, Any], Csp | None]:
    """Return a report, as it is kept and as it is looked at; an event without one: nothing and None."""
    report = read_object(event, "csp", errors)
    if not report:
        return {}, None
    kept: dict[str, Any] = {}
    for key, value in report.items():
        name = _HUMP.sub("_", key).replace("-", "_").lower()
        kept[NAMES.get(name, name)] = value
    found = Errors()
    texts = {name: read_text(kept, name, MOST, found) for name in TEXTS}
    for name in found.names():
        del kept[name]
        errors.add(f"csp.{name}")
    directive = texts["effective_directive"] or texts["violated_directive"].partition(" ")[0]
    return kept, Csp(
        directive=directive,
        blocked=blocked(texts["blocked_uri"], texts["document_uri"]),
        uri=texts["blocked_uri"],
        document=texts["document_uri"],
        sample=texts["script_sample"],
    )


def blocked(uri: str, document: str) -> str:
    """Return what was blocked, without what differs each time: a host, ``self``, ``inline``, ``eval``, or a scheme."""
    if uri in SELF:
        return "self"
    if uri in KEYWORDS:
        return uri
    scheme, host = _parts(uri)
    if scheme in WITH_A_HOST:
        return "self" if host and host == _parts(document)[1] else host or scheme
    return scheme or uri.partition("/")[0].partition(":")[0]


def _parts(uri: str) -> tuple[str, str]:
    """Return the scheme and the host of an address; "" for what it lacks."""
    try:
        parts = urlsplit(uri)
        return parts.scheme, parts.hostname or ""
    except ValueError:  # [ and no ]
        return "", ""
