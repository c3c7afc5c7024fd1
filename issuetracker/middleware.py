"""What every request gets, and every answer: errors and unknown addresses too."""

from collections.abc import Callable
from functools import lru_cache, partial
from inspect import unwrap
from time import perf_counter
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from events.views.plain import Answer
from issuetracker import logs, metrics
from issuetracker.exceptions import unavailable_page
from projects.database.connections import first_look_up_tried_again
from projects.database.failures import DatabaseAway, Ended, refusal_of
from projects.database.reading import PRIMARY, reading

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

ONLY_READ = {"GET", "HEAD", "OPTIONS"}


class RequestMiddleware:
    """Gives a request its id, which its lines in the log and its answer carry, and counts it. Stands above the rest."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = perf_counter()
        method = request.method or ""
        request_id = logs.request_id(request.META.get("HTTP_X_REQUEST_ID", ""))
        context = {"request_id": request_id, "method": method}
        request.META[logs.CONTEXT] = context
        with logs.about(context):
            response = self.get_response(request)
        response.headers["X-Request-Id"] = request_id
        metrics.count(context.get("route", "none"), method, response.status_code, perf_counter() - started)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """Say what the address names. Not the address itself: one with a share link's id would be the link."""
        found = request.resolver_match
        if found is not None:
            logs.add(
                route=metrics.route_name(found.route),
                **{name: kwargs[name] for name in ("organization", "project") if name in kwargs},
            )


class ApiHeadersMiddleware:
    """The documented headers (contract 1.8). Stands above all that could add to them."""

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


class AddressOfSdks(NamedTuple):
    """Where SDKs send."""

    name: str
    view: Callable[[HttpRequest], Answer]
    route: str  # as the log and Prometheus have it


def address_of_sdks(path: str) -> AddressOfSdks | None:
    """Return what a path leads to where SDKs send; None elsewhere."""
    if not path.startswith("/api/") or path.startswith("/api/0/"):
        return None
    return _known_address(path) if len(path) <= LONGEST_KNOWN_ADDRESS else _address(path)


def _address(path: str) -> AddressOfSdks | None:
    try:
        found = resolve(path, "events.urls")
    except Resolver404:
        return None
    name = found.url_name or ""
    return AddressOfSdks(name, partial(unwrap(found.func), **found.kwargs), f"/api/{{project_id}}/{name}/")


LONGEST_KNOWN_ADDRESS = 100
_known_address = lru_cache(maxsize=1024)(_address)  # programs send to few


def answer_to_sdk(request: HttpRequest, address: AddressOfSdks) -> Answer:
    """Return the answer to what an SDK sends; it has an id and the headers of any other, and is counted as any other.

    All of it at once: one after the other, with all that Django does around each, costs as much as to read the event.
    """
    started = perf_counter()
    method = request.method or ""
    request_id = logs.request_id(request.META.get("HTTP_X_REQUEST_ID", ""))
    context = {"request_id": request_id, "method": method, "route": address.route}
    request.META[logs.CONTEXT] = context
    with logs.about(context):
        answer = address.view(request)
    if method == "HEAD":
        answer.body = b""
    answer.headers.update(ON_ANSWERS_TO_SDKS)
    answer.headers["X-Request-Id"] = request_id
    metrics.count(address.route, method, answer.status, perf_counter() - started)
    return answer


ON_ANSWERS_TO_SDKS = ON_EVERY_ANSWER | ON_API_ANSWERS


class EventsMiddleware:
    """Takes what SDKs send past all that pages and the API need: sessions, log-ins, CSRF, messages, static files.

    Every error at night comes this way, and the rest would be half of what it costs. Stands first; issuetracker/wsgi.py
    goes the same way without it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = address_of_sdks(request.path_info)
        return self.get_response(request) if address is None else answer_to_sdk(request, address).as_response()


class ConnectionMiddleware:
    """Has the API's requests find out by their first statement whether the database connection is still there.

    Pages for people begin with other things than a look-up, a log-in with a DELETE. For them Django asks first.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/api/"):
            return self.get_response(request)
        with first_look_up_tried_again():
            return self.get_response(request)


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


class ReadingMiddleware:
    """Chooses which database a request asks, and how long each statement may take: here and nowhere else.

    So no address is without a time-out, be it of the API, of the admin or of a page. A request that may write asks the
    primary, where its transaction has limits of its own (projects/database/transactions.py).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        database = settings.READ_DATABASE if request.method in ONLY_READ else PRIMARY
        with reading(timeout=settings.READ_TIMEOUT_SECONDS, database=database):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Say on a page, too, that it took too long, or that there is no database. The API has answered by itself."""
        refusal = refusal_of(error)
        return unavailable_page(request, refusal, error) if isinstance(refusal, Ended | DatabaseAway) else None
