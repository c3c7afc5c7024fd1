"""Light or dark: what a browser was told is kept in a cookie of its own, so that a page comes as it is to look."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from desk.pages import THEME, THEMES
from desk.ways import way_back

A_YEAR = 365 * 24 * 60 * 60  # seconds


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme that is asked for; any other word forgets it, and the browser's own wish counts."""
    answer = HttpResponseRedirect(way_back(request.POST.get("back", "")))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        answer.set_cookie(THEME, chosen, max_age=A_YEAR, samesite="Lax", secure=request.is_secure())
    else:
        answer.delete_cookie(THEME)
    return answer
