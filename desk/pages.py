"""How a page of the desk is answered: a template in the frame that all of them share (templates/desk/base.html).

And the ways from a page of a list to those beside it (templates/desk/pager.html).
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse

from desk.people import Visitor
from projects.pages import Page, write_cursor

THEME = "theme"  # the cookie in which a browser keeps the choice of light or dark
THEMES = ("light", "dark")


def page(
    request: HttpRequest, visitor: Visitor, template: str, context: dict[str, Any], *, status: int = 200
) -> TemplateResponse:
    """Answer a page: ``template`` extends desk/base.html.

    Its context has ``visitor``, ``at`` (the instant at which all of it counts) and ``theme``, besides what is given;
    ``section`` says which word of the navigation is lit: issues or history.
    """
    chosen = request.COOKIES.get(THEME, "")
    frame = {
        "visitor": visitor,
        "at": visitor.at,
        "theme": chosen if chosen in THEMES else "",
        "section": "issues",
        "here": request.get_full_path(),
    }
    return TemplateResponse(request, template, frame | context, status=status)


def ways_beside(found: Page[Any] | None, address: Callable[[str], str]) -> dict[str, str]:
    """Return the addresses of the ``previous`` and the ``next`` page, where there are some.

    :param address: of the page that begins at a cursor.
    """
    ways: dict[str, str] = {}
    if found is None or not found.keys:
        return ways
    if found.has_previous:
        ways["previous"] = address(write_cursor(found.keys[0], backwards=True))
    if found.has_next:
        ways["next"] = address(write_cursor(found.keys[-1], backwards=False))
    return ways
