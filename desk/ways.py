"""Ways back: to where a form was posted from, and to how things were."""

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

FROM = "from"  # the list from which one came to an issue: its query string, in the address of the issue
UNDO = "undo:"  # in a message's tags: what follows are the mutations that the page offers to take back


def way_back(word: str) -> str:
    """Return the address, if it is one of the desk's own; else that of the list.

    A form says where to go on to. Who could make somebody send one must not be able to lead them elsewhere.
    """
    home = reverse("desk:list")
    is_ours = word.startswith(home) and "\\" not in word and word.isprintable()
    return word if is_ours and url_has_allowed_host_and_scheme(word, allowed_hosts=None) else home
