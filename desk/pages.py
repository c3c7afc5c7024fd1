"""How a page of the desk is answered: a template in the frame that all of them share (templates/desk/base.html)."""

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse

from desk.people import Visitor

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
