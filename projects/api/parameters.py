"""The parameters of a GET. A route says which it knows (``known_parameters`` of its view); the others change nothing.

Read from the raw query, and no further than needed: a megabyte of names costs next to nothing, for those who call
without a credential too.
"""

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any
from urllib.parse import quote, unquote_plus

from django.http import HttpRequest
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from projects.api.ignored import MAX_NAMES

MAX_QUERY = 2_000  # characters of a search or of a part of a name
MAX_REPEATED = 32_768  # characters; a search of 2,000 emoji, escaped, is 24,000 of them
# What may stand in a query, less the two that part links from each other: many a client splits the header there.
IN_A_QUERY = "%=&+!$'()*/:?@[]"


def known_parameters(request: Request) -> Collection[str]:
    """Return the names that the route of this request knows."""
    known: Collection[str] = request.parser_context["view"].parameters
    return known


def unknown_parameters(request: HttpRequest | Request, known: Collection[str]) -> list[str]:
    """Return the names in a query that are none of ``known``, each once, as many as a header tells."""
    unknown = (name for name, _ in _parts(request, each_name_once=True) if name and name not in known)
    return list(islice(unknown, MAX_NAMES))


def repeated(request: Request, *, without: str) -> list[str]:
    """Return the parts of the query that the links of a list repeat: what the route knows, but for one parameter.

    What is said twice is repeated once, where it was said last: a client that sends its parameters again with a link
    that has them already, as with ``requests.get(link, params=params)``, would have links that grow from page to page.

    :raises ValidationError: they are too long for a header.
    """
    known = known_parameters(request)
    parts = [part for name, part in _parts(request) if name in known and name != without]
    kept = list(reversed(dict.fromkeys(reversed(parts))))
    if sum(map(len, kept)) > MAX_REPEATED:
        raise ValidationError({"detail": f"The query has more than {MAX_REPEATED} characters; ask for less at once."})
    return kept


def read_text(params: Any, name: str = "query") -> str:
    """Return a part of a name that is looked for, without the blanks around it; nothing when it isn't given.

    :raises ValidationError: it is too long.
    """
    text: str = params.get(name, "")
    if len(text) > MAX_QUERY:
        raise ValidationError({name: [f"This has more than {MAX_QUERY} characters; look for less."]})
    return text.strip()


def _parts(request: HttpRequest | Request, *, each_name_once: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the parts of a query, escaped as an address needs, each with the name in it, decoded."""
    # WSGI hands on bytes as Latin-1; those that a client did not escape are escaped here.
    query = quote(request.META.get("QUERY_STRING", "").encode("latin-1"), safe=IN_A_QUERY)
    seen = set()
    for part in query.split("&"):
        name = part.partition("=")[0]
        if part and name not in seen:
            if each_name_once:
                seen.add(name)
            yield unquote_plus(name), part
