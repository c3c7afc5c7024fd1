"""What each page may load and run: every Content-Security-Policy of the site stands here, by the page's address.

Whatever gets into a page by an event's text, a name or an address can neither run nor load or send anything.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

HEADER = "Content-Security-Policy"

# Of every page: nothing from elsewhere, in no frame, its forms and relative addresses this site's own.
_ALL = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"

# The desk shows what came from anybody on the internet: nothing runs, and nothing styles, that stands in a page.
DESK = f"{_ALL}; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'"
# django-unfold's pages: Alpine evaluates what stands in attributes, and their colours stand in the page.
SETTINGS = (
    f"{_ALL}; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'"
)
# Swagger UI styles what it draws, and calls the API.
DOCS = (
    f"{_ALL}; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'none'"
)
# For everybody who has the link: no script at all, and nothing is sent.
SHARED = f"{_ALL}; style-src 'unsafe-inline'; form-action 'none'"
# What says that something went wrong.
PLAIN = f"{_ALL}; style-src 'self'; img-src 'self'; form-action 'none'"

# The first that fits counts.
POLICIES = (
    (re.compile("/admin/desk(/|$)"), DESK),
    (re.compile("/admin/"), SETTINGS),
    (re.compile("/api/0/docs/$"), DOCS),
    (re.compile("/share/"), SHARED),
    (re.compile(""), PLAIN),
)


def policy_of(path: str) -> str:
    return next(policy for address, policy in POLICIES if address.match(path))


class PolicyMiddleware:
    """Puts its policy on every page; what is no page is shown by no browser, and has the documented headers alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers[HEADER] = policy_of(request.path_info)
        return response
