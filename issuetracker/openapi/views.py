"""The document, for programs and for people. It names no data: nobody is asked who they are."""

from typing import Any

from django.http import HttpResponse
from django.template.response import TemplateResponse
from rest_framework.request import Request
from rest_framework.response import Response

from issuetracker.openapi.schema import document
from projects.api.viewsets import RouteViewSet

# The page gets everything from here: there is no address in it, and none would be asked.
FROM_HERE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}


class SchemaViewSet(RouteViewSet):
    """For programs."""

    authentication_classes = ()
    permission_classes = ()

    def retrieve(self, request: Request) -> Response:
        """Answer the OpenAPI document."""
        return Response(document())


class DocsViewSet(RouteViewSet):
    """For people: the same, in Swagger UI. What it refuses is JSON, as everywhere."""

    authentication_classes = ()
    permission_classes = ()

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Take whoever comes: the page is no JSON, and who asks for a page accepts none."""
        return super().perform_content_negotiation(request, force=True)

    def retrieve(self, request: Request) -> HttpResponse:
        """Answer the page."""
        return TemplateResponse(request._request, "issuetracker/docs.html", headers=FROM_HERE)
