"""Ways back: to where a form was posted from, and to how things were."""

from urllib.parse import parse_qs, urlencode, urlsplit

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

FROM = "from"  # the list from which one came to an issue: its query string, in the address of the issue
UNDO = "undo:"  # in a message's tags: what follows are the mutations that the page offers to undo
NOTED = "noted:"  # likewise: the draft of a note that was written


def way_back(word: str) -> str:
    """Return the address, if it is one of the desk's own; else that of the list.

    A form says where to go on to. Who could make somebody send one must not be able to lead them elsewhere.
    """
    home = reverse("desk:list")
    is_ours = word.startswith(home) and "\\" not in word and word.isprintable()
    return word if is_ours and url_has_allowed_host_and_scheme(word, allowed_hosts=None) else home


def address_of_issue(pk: int, seen_at: str) -> str:
    """Return the address of an issue that is named at this address of the desk: from it one comes back to the list
    that stands there, or from which one came there."""
    address, parts = reverse("desk:issue", args=[pk]), urlsplit(seen_at)
    kept = parts.query if parts.path == reverse("desk:list") else parse_qs(parts.query).get(FROM, [""])[0]
    return f"{address}?{urlencode({FROM: kept})}" if kept else address
