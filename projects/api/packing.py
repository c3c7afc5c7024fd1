"""Long queries in the links of a list: packed, since a header has no room for them.

Node's fetch refuses an answer whose headers take more than 16 KB, nginx by default one of more than 4. A search of
2,000 letters outside ASCII is 18,000 characters when it is escaped, and there are two links.
"""

import re
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import unquote_to_bytes

LONGEST = 1_500  # characters of a query that stands in a link as it is
MOST = 32_768  # bytes of a query that is packed
_ESCAPED = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")  # what is no ASCII


def pack(query: str) -> str:
    """Return a query, escaped as an address needs, in fewer characters that need no escape."""
    return urlsafe_b64encode(zlib.compress(_unescaped(query).encode(), 9)).decode().rstrip("=")


def unpack(word: str) -> str | None:
    """Return the query that was packed, as WSGI hands one on: bytes as Latin-1; None for what nobody packed."""
    if re.fullmatch(r"[A-Za-z0-9_-]*", word, re.ASCII) is None:
        return None
    unpacking = zlib.decompressobj()
    try:
        query = unpacking.decompress(urlsafe_b64decode(word + "=" * (-len(word) % 4)), MOST)
    except (ValueError, zlib.error):
        return None
    return query.decode("latin-1") if unpacking.eof and not unpacking.unused_data else None


def _unescaped(query: str) -> str:
    """Return a query with its letters outside ASCII as they are; escaped as before, where they are no UTF-8."""
    return _ESCAPED.sub(lambda found: _letters(found[0]), query)


def _letters(escaped: str) -> str:
    try:
        return unquote_to_bytes(escaped).decode()
    except UnicodeDecodeError:
        return escaped
