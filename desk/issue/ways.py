"""Where one came from: the query string of a list travels along with its issues, as ``from``."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from desk.asking import read_asked
from desk.people import Visitor
from desk.ways import FROM
from issues.models import Issue
from issues.reading.neighbours import Neighbours, read_neighbours

LONGEST = 4_000  # characters


@dataclass(frozen=True, slots=True)
class Origin:
    """The list that somebody reads through; None when they came from elsewhere.

    :ivar kept: what addresses of issues carry along: "" or ``?from=...``.
    """

    list: str | None

    @property
    def kept(self) -> str:
        return "" if self.list is None else f"?{urlencode({FROM: self.list})}"

    @property
    def address(self) -> str:
        """The address of the list; of that of all issues, where none was left."""
        home = reverse("desk:list")
        return f"{home}?{self.list}" if self.list else home

    def of(self, name: str, *args: object, **more: str) -> str:
        """Return the address of a page about an issue, from which one comes back to the same list."""
        carried = more if self.list is None else {**more, FROM: self.list}
        return reverse(name, args=args) + (f"?{urlencode(carried)}" if carried else "")


def origin_of(request: HttpRequest) -> Origin:
    """Return the list that a request says one came from."""
    word = request.GET.get(FROM)
    return Origin(None if word is None else word[:LONGEST])


def neighbours_of(origin: Origin, issue: Issue, visitor: Visitor) -> Neighbours:
    """Return what stands beside an issue in the list that one came from; nothing, when that isn't understood."""
    if origin.list is None:
        return Neighbours()
    asked = read_asked(QueryDict(origin.list), visitor)
    if asked.query is None:
        return Neighbours()
    return read_neighbours(asked.query, issue, asked.projects, at=visitor.at)
