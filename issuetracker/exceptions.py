"""The one place where a refusal becomes an HTTP response: JSON, always (contract 1.9)."""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import Resolver404, resolve
from rest_framework import status
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.response import Response
from rest_framework.views import exception_handler

from issuetracker import metrics
from projects.database.failures import refusal_of
from projects.refusals import RETRY_SECONDS, Refusal

logger = logging.getLogger(__name__)

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
    if not refusal.is_certain:
        logger.error("The database failed (%s).", refusal.reason, exc_info=error)
    if refusal.status == status.HTTP_503_SERVICE_UNAVAILABLE:
        metrics.UNAVAILABLE.labels(refusal.reason).inc()
        return Response(refusal.body, status=refusal.status, headers=RETRY_AFTER)
    return Response(refusal.body, status=refusal.status)


def unavailable_page(refusal: Refusal) -> HttpResponse:
    """Answer the same to people. As text: a page of the admin would ask the database again."""
    metrics.UNAVAILABLE.labels(refusal.reason).inc()
    return HttpResponse(
        refusal.sentence, status=refusal.status, headers=RETRY_AFTER, content_type="text/plain; charset=utf-8"
    )


# Django's own handlers, named in issuetracker/urls.py: for what never reaches a view.


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer a request that Django refuses, a Host header that is not ours for example."""
    sentence = str(exception) if isinstance(exception, SuspiciousOperation) else "This request can't be understood."
    return JsonResponse({"detail": sentence}, status=400)


def forbidden(request: HttpRequest, exception: Exception) -> JsonResponse:
    return JsonResponse({"detail": "You do not have permission to perform this action."}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer an unknown address; when only the slash at its end is missing, say so."""
    detail = "There is nothing at this address."
    if not request.path_info.endswith("/"):
        try:
            resolve(f"{request.path_info}/")
        except Resolver404:
            pass
        else:
            detail = "There is nothing at this address: it lacks the slash at its end."
    return JsonResponse({"detail": detail}, status=404)


def server_error(request: HttpRequest) -> JsonResponse:
    """Answer after a bug. Django has logged it; nothing was changed, since a mutation is one transaction."""
    return JsonResponse({"detail": "Internal server error. Nothing was changed."}, status=500)
