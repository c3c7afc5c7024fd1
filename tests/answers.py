"""Reading answers: what more than one test wants to know of them."""

import re
from datetime import datetime
from typing import Any

# As clients read it: both rels, in this order, separated by exactly ", " and "; ".
LINK = re.compile(
    r'<(?P<previous_url>[^>]+)>; rel="previous"; results="(?P<previous>true|false)"; '
    r'cursor="(?P<previous_cursor>-?\d+:\d+:1)", '
    r'<(?P<next_url>[^>]+)>; rel="next"; results="(?P<next>true|false)"; cursor="(?P<next_cursor>-?\d+:\d+:0)"'
)


def links_of(response: Any) -> dict[str, str]:
    """Return the parts of the Link header."""
    found = LINK.fullmatch(response.headers["Link"])
    assert found is not None, response.headers["Link"]
    return found.groupdict()


def headers_of(response: Any) -> dict[str, str]:
    """Return the headers, but for the request's id, which is there and another one each time."""
    headers = dict(response.headers)
    assert headers.pop("X-Request-Id")
    return headers


def iso(moment: datetime) -> str:
    """Return a time in UTC as answers have it."""
    return moment.isoformat().replace("+00:00", "Z")
