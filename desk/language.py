"""How to search: a page of what can stand in the box. It says the same as docs/search.md, to people."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from desk.pages import page
from desk.people import visitor_of
from desk.ways import FROM


@require_safe
def language_page(request: HttpRequest) -> HttpResponse:
    """Answer the page; it leads back to the list from which one came."""
    view = request.GET.get(FROM, "")
    back = reverse("desk:list") + (f"?{view}" if view else "")
    return page(request, visitor_of(request), "desk/language.html", {"back": back})
