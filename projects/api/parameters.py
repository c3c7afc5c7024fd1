"""The parameters of a GET. A route says which it knows (``known_parameters`` of its view); the others change nothing.

Read from the raw query, and no further than needed: a megabyte of names costs little, for those who call without a
credential too.
"""

from collections.abc import Collection, Iterable
from urllib.parse import quote, unquote_plus

from django.http import HttpRequest, QueryDict
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from projects.api.ignored import MAX_NAMES
from projects.api.packing import unpack

PACKED = "packed"  # the parameter of a link that has the others in it
SAY_ONCE = "Say query once; put all terms into it."
MAX_QUERY = 2_000  # characters of a search or of a part of a name
MAX_REPEATED = 32_768  # characters; a search of 2,000 emoji, escaped, is 24,000 of them
# What may stand in a query, less the two that part links from each other: many a client splits the header there.
IN_A_QUERY = "%=&+!$'()*/:?@[]"


def known_parameters(request: Request) -> Collection[str]:
    """Return the names that the route of this request knows."""
    known: Collection[str] = request.parser_context["view"].parameters
    return known


def leave_known(request: HttpRequest | Request, known: Collection[str]) -> list[str]:
    """Take out of the query of a GET what its route doesn't know, and unpack what a link packed, before it is read.

    :return: the names of what was taken out, each once, as many as a header tells.
    """
    kept: list[str] = []
    taken: dict[str, None] = {}
    names: dict[str, str] = {}  # by how they are written: what is repeated a hundred thousand times is decoded once
    packs = "cursor" in known
    for part in _parts(request):
        written, _, value = part.partition("=")
        name = names.get(written)
        if name is None:
            name = names[written] = unquote_plus(written)
        if name in known:
            kept.append(part)
        elif name == PACKED and packs:
            unpacked = unpack(value)
            kept.append(part if unpacked is None else unpacked)
        elif name and len(taken) < MAX_NAMES:
            taken[name] = None
    request.META["QUERY_STRING"] = "&".join(kept)
    return list(taken)


def repeated(request: Request, *, without: str) -> list[str]:
    """Return the parts of the query that the links of a list repeat: what the route knows, but for one parameter.

    What is said twice is repeated once, where it was said last: a client that sends its parameters again with a link
    that has them already, as with ``requests.get(link, params=params)``, would have links that grow from page to page.

    :raises ValidationError: they are too long for a header; or what a link should have packed is none of that.
    """
    known = known_parameters(request)
    parts = []
    for part in _parts(request):
        name = unquote_plus(part.partition("=")[0])
        if name == PACKED:
            raise ValidationError({PACKED: ["This is of no link of ours; take one from the Link header of an answer."]})
        if name in known and name != without:
            parts.append(part)
    kept = list(reversed(dict.fromkeys(reversed(parts))))
    if sum(map(len, kept)) > MAX_REPEATED:
        raise ValidationError({"detail": f"The query has more than {MAX_REPEATED} characters; ask for less at once."})
    return kept


def refuse_parameters(request: Request) -> None:
    """Refuse whatever the query of a change says, where the path alone says what is changed.

    :raises ValidationError: it says something, which the caller may take for a condition.
    """
    for part in _parts(request):
        name = unquote_plus(part.partition("=")[0])
        raise ValidationError({"detail": unknown_parameter(name)})


def unknown_parameter(name: str) -> str:
    """Return the sentence that refuses a parameter of a change."""
    return f'Unknown query parameter "{name[:40]}". Nothing was changed.'


def read_query_once(params: QueryDict) -> str | None:
    """Return what a list is searched for, as it stands; None when it isn't given.

    The same twice is one: a client that follows a link and sends its parameters again has it so.

    :raises ValidationError: there are several, of which one alone would be looked for.
    """
    queries = set(params.getlist("query"))
    if len(queries) > 1:
        raise ValidationError({"query": [SAY_ONCE]})
    return next(iter(queries), None)


def read_text(params: QueryDict) -> str:
    """Return a part of a name that is looked for, without the blanks around it; nothing when it isn't given.

    :raises ValidationError: there are several, or it is too long.
    """
    text = read_query_once(params) or ""
    if len(text) > MAX_QUERY:
        raise ValidationError({"query": [f"This has more than {MAX_QUERY} characters; look for less."]})
    return text.strip()


def _parts(request: HttpRequest | Request) -> Iterable[str]:
    """Return the parts of a query, escaped as an address needs."""
    # WSGI hands on bytes as Latin-1; those that a client did not escape are escaped here.
    return filter(None, quote(request.META.get("QUERY_STRING", "").encode("latin-1"), safe=IN_A_QUERY).split("&"))
