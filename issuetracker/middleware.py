"""The documented headers (contract 1.8), on whatever is answered: errors and unknown addresses too."""

from collections.abc import Callable

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
