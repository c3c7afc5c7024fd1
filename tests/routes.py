"""Every address of the site, read from the resolver: one that is added is walked, too."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

API = "api/0/"


def routes(patterns: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the route of every view of the site, and the view."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            assert isinstance(pattern, URLPattern)
            yield route, pattern.callback


def parts_of(route: str) -> list[str]:
    """Return the names of what a route leaves open."""
    return re.findall(r"<(?:\w+:)?(\w+)>", route)


def path_of(route: str, words: Mapping[str, str]) -> str:
    """Return the path in which these words stand for what the route leaves open."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: words.get(part[1], "1"), route)
