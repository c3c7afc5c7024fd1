"""The documented headers (contract 1.8), on whatever is answered; and cookies that can be none of ours."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

ON_EVERY_ANSWER = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
    "X-Xss-Protection": "1; mode=block",
}
ON_API_ANSWERS = {
    "Content-Language": "en",
    "Vary": "Accept-Language, Cookie",
}


class ApiHeadersMiddleware:
    """Stands first, so that nothing below can add to them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "HEAD" and not response.streaming:
            # Its length is told, in a header that stays; a body would be cut off by the server, with a warning.
            response.content = b""
        headers = ON_EVERY_ANSWER | (ON_API_ANSWERS if request.path_info.startswith("/api/") else {})
        for name, value in headers.items():
            response.headers[name] = value
        return response


class SessionCookieMiddleware:
    """Stands before sessions: a cookie that names none is no cookie.

    Quoted as cookies may be, it can hold NUL, which PostgreSQL takes in no text: to look for it would be a crash.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = settings.SESSION_COOKIE_NAME
        if not request.COOKIES.get(name, "a").isalnum():  # a session's key is letters and digits
            del request.COOKIES[name]
        return self.get_response(request)
