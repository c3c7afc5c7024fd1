"""The one place where a refusal becomes an HTTP response: JSON, always (contract 1.9)."""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, JsonResponse
from django.urls import Resolver404, resolve
from rest_framework import status
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.response import Response
from rest_framework.views import exception_handler

from issues.services.ground.precautions import UnexpectedNumber
from issues.services.releases import ProjectsRequired
from issuetracker import metrics
from projects.refusals import MutationRefused, TryAgain, UnknownActor, UnknownRelease, sqlstate

logger = logging.getLogger(__name__)

RETRY_AFTER = {"Retry-After": "5"}

# What PostgreSQL says when the same request may succeed in a moment, by the letters of its code
# (https://www.postgresql.org/docs/current/errcodes-appendix.html); None is a server that did not answer.
BUSY = {
    "55P03": "These issues are being changed by another request. Try again.",
    "40P01": "These issues are being changed by another request. Try again.",
    "40001": "These issues are being changed by another request. Try again.",
    "57014": "This took too long and was ended. Ask for less, or try again.",
}
DATABASE_AWAY = "The database is not available just now. Try again."


def to_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the answer to what a view raised; None for a bug, which Django logs and :func:`server_error` answers."""
    match error:
        case UnknownActor():
            return Response({"assignedTo": [str(error)]}, status=status.HTTP_400_BAD_REQUEST)
        case UnknownRelease():
            return Response({"statusDetails": {"inRelease": [str(error)]}}, status=status.HTTP_400_BAD_REQUEST)
        case ProjectsRequired():
            return Response({"projects": [str(error)]}, status=status.HTTP_400_BAD_REQUEST)
        case UnexpectedNumber():
            return Response({"detail": str(error)}, status=status.HTTP_412_PRECONDITION_FAILED)
        case MutationRefused():
            return Response({"detail": str(error)}, status=status.HTTP_400_BAD_REQUEST)
        case TryAgain():
            return _unavailable(str(error), type(error).__name__)
        case DatabaseError() | InterfaceError() if _is_of_the_database(error):
            code = sqlstate(error)
            if code not in BUSY:
                logger.error("The database failed (%s).", code, exc_info=error)
            return _unavailable(BUSY.get(code or "", DATABASE_AWAY), code or "none")
        case UnsupportedMediaType():
            error.detail = f"{error.detail} Send application/json."  # type: ignore[assignment] # a str is rendered as well
    return exception_handler(error, dict(context))


def _is_of_the_database(error: Exception) -> bool:
    """Return whether it is the database that failed, not a statement of ours that is wrong.

    A connection that breaks in the middle of an answer is a plain DatabaseError to the driver, with no code.
    """
    if isinstance(error, OperationalError | InterfaceError):
        return True
    return type(error) is DatabaseError and sqlstate(error) is None


def _unavailable(detail: str, reason: str) -> Response:
    metrics.UNAVAILABLE.labels(reason).inc()
    return Response({"detail": detail}, status=status.HTTP_503_SERVICE_UNAVAILABLE, headers=RETRY_AFTER)


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
