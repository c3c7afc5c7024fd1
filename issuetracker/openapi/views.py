"""The document, for programs and for people. It names no data, so nobody must say who they are."""

from typing import Any

from django.contrib.auth import get_user
from django.http import HttpResponse
from django.template.response import TemplateResponse
from rest_framework.request import Request
from rest_framework.response import Response

from issuetracker.openapi.schema import document
from projects.api.viewsets import RouteViewSet


class SchemaViewSet(RouteViewSet):
    """For programs."""

    authentication_classes = ()
    permission_classes = ()

    def retrieve(self, request: Request) -> Response:
        """Answer the OpenAPI document."""
        return Response(document())


class DocsViewSet(RouteViewSet):
    """For people: the same, in Swagger UI, which calls as who is logged in. What it refuses is JSON, as everywhere."""

    authentication_classes = ()
    permission_classes = ()

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Take whoever comes: the page is no JSON, and who asks for a page accepts none."""
        return super().perform_content_negotiation(request, force=True)

    def retrieve(self, request: Request) -> HttpResponse:
        """Answer the page; it says who is logged in, whom the view itself need not know."""
        return TemplateResponse(request._request, "issuetracker/docs.html", {"person": get_user(request._request)})
