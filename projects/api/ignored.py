"""What a request said and nothing came of: the keys of a body, the parameters of a query, told in a header."""

from collections.abc import Iterable
from itertools import islice
from urllib.parse import quote

KEYS_HEADER, PARAMETERS_HEADER = "Ignored-Keys", "Ignored-Parameters"
MAX_NAMES = 20
MAX_LENGTH = 1000  # characters: servers and proxies end a request whose answer has longer headers


def ignored_header(header: str, names: Iterable[str]) -> dict[str, str]:
    """Return the header that names what was ignored, as a caller wrote it; no header when that is nothing.

    Each name once, the first twenty, percent-encoded, with commas between, 1,000 characters at most: a longer one ends
    there, but never within an escape.
    """
    first = list(islice(dict.fromkeys(names), MAX_NAMES))
    if not first:
        return {}
    # Of a name nothing is escaped behind what is cut off, so that one of a megabyte costs nothing.
    value = ",".join(quote(name[:MAX_LENGTH], safe="", errors="replace") for name in first)[:MAX_LENGTH]
    begun = value.rfind("%", MAX_LENGTH - 2)
    return {header: value if begun < 0 else value[:begun]}
