"""Where a refusal becomes an HTTP response: JSON (contract 1.9), a page for people with a browser.

Two others answer by themselves, since Django has no part in it: events/views/taking.py what SDKs send, with the headers
that these read, and issuetracker/server/refusals.py what is no request.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve, reverse
from rest_framework import status
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.response import Response
from rest_framework.views import exception_handler

from issuetracker import logs, metrics
from projects.database import outages
from projects.database.failures import refusal_of
from projects.refusals import RETRY_SECONDS, Refusal

RETRY_AFTER = {"Retry-After": str(RETRY_SECONDS)}


def to_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the answer to what a view raised; None for a bug, which Django logs and :func:`server_error` answers."""
    refusal = refusal_of(error)
    if refusal is not None:
        return _refuse(refusal, error)
    if isinstance(error, UnsupportedMediaType):
        error.detail = f"{error.detail} Send application/json."  # type: ignore[assignment] # a str is rendered as well
    return exception_handler(error, dict(context))


def _refuse(refusal: Refusal, error: Exception) -> Response:
    if refusal.status == status.HTTP_503_SERVICE_UNAVAILABLE:
        metrics.UNAVAILABLE.labels(refusal.reason).inc()
        return said(refusal, error, Response(refusal.body, status=refusal.status, headers=RETRY_AFTER))
    return Response(refusal.body, status=refusal.status)


AnyResponse = TypeVar("AnyResponse", bound=HttpResponse)


def said(refusal: Refusal, error: BaseException, response: AnyResponse) -> AnyResponse:
    """Say in the log that the database failed, if it did, and return the answer."""
    if outages.say(refusal, error):
        response._has_been_logged = True  # type: ignore[attr-defined]  # Django's own mark: it would say less
    return response


# ---------------------------------------------------------------------------------------------------------------------
# For people
# ---------------------------------------------------------------------------------------------------------------------


def is_for_people(request: HttpRequest) -> bool:
    """Return whether a browser asks for a page; what stands under /api/ is for programs, whatever they accept."""
    return not request.path_info.startswith("/api/") and "text/html" in request.headers.get("Accept", "")


def page(request: HttpRequest, status: int, title: str, *sentences: str, log_in: bool = False) -> HttpResponse:
    """Answer a page that says what went wrong.

    It asks the database nothing, who is logged in neither: what went wrong may be just that.

    :param log_in: whether to offer the log-in, and then the same address again.
    """
    context = {
        "title": title,
        "sentences": sentences,
        "request_id": request.META.get(logs.CONTEXT, {}).get("request_id", ""),
        "log_in": reverse("admin:login", query={"next": request.get_full_path()}) if log_in else "",
    }
    return HttpResponse(render_to_string("issuetracker/refused.html", context), status=status)


def unavailable_page(request: HttpRequest, refusal: Refusal, error: BaseException) -> HttpResponse:
    """Answer the same to people; as text where no page is asked for."""
    metrics.UNAVAILABLE.labels(refusal.reason).inc()
    if is_for_people(request):
        response = page(request, refusal.status, "Not just now", refusal.sentence)
    else:
        response = HttpResponse(refusal.sentence, status=refusal.status, content_type="text/plain; charset=utf-8")
    for name, value in RETRY_AFTER.items():
        response.headers[name] = value
    return said(refusal, error, response)


# Django's own handlers, named in issuetracker/urls.py: for what never reaches a view.


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django refuses, a Host header that is not ours for example."""
    sentence = str(exception) if isinstance(exception, SuspiciousOperation) else "This request can't be understood."
    if is_for_people(request):
        return page(
            request, 400, "This can't be understood", "The address or the form has something in it that no page asks."
        )
    return JsonResponse({"detail": sentence}, status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer who is known, and may not."""
    if is_for_people(request):
        return page(
            request,
            403,
            "You may not do this",
            "Your role doesn't allow it, here or at all. Nothing was changed.",
            "An owner of the organization can change your role.",
        )
    return JsonResponse({"detail": "You do not have permission to perform this action."}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an unknown address; when only the slash at its end is missing, say so.

    A page says the same of what isn't there, and of what somebody may not see.
    """
    lacks_slash = not request.path_info.endswith("/") and _resolves(f"{request.path_info}/")
    if is_for_people(request):
        hint = "The address lacks the slash at its end." if lacks_slash else "It may be gone, or not be yours to see."
        return page(request, 404, "There is nothing here", hint, log_in=request.path_info.startswith("/admin/"))
    missing = ": it lacks the slash at its end." if lacks_slash else "."
    return JsonResponse({"detail": f"There is nothing at this address{missing}"}, status=404)


def _resolves(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that is not known to be ours: most often it was opened before its person logged in."""
    if is_for_people(request):
        return page(
            request,
            403,
            "This form is out of date",
            "It was opened before you logged in, or in another browser, or cookies are off. Nothing was changed.",
            "Go back, load the page again, and send it once more.",
            log_in=True,
        )
    return JsonResponse({"detail": f"CSRF Failed: {reason}"}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after a bug. Django has logged it; nothing was changed, since a mutation is one transaction."""
    if is_for_people(request):
        return page(request, 500, "Something is broken here", "It was written down. Nothing was changed.")
    return JsonResponse({"detail": "Internal server error. Nothing was changed."}, status=500)
