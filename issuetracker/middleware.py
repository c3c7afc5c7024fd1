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
# What Django's SecurityMiddleware says about documents: JSON is none, and the published answer has no such headers.
ON_PAGES_ONLY = {
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
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
        is_api = request.path_info.startswith("/api/")
        for name, value in ON_PAGES_ONLY.items():
            if is_api and response.headers.get(name) == value:
                del response.headers[name]
        for name, value in (ON_EVERY_ANSWER | (ON_API_ANSWERS if is_api else {})).items():
            response.headers[name] = value
        return response
