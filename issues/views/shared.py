"""What a share link shows to anybody who has it: the issue, and no names of people."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from rest_framework.request import Request
from rest_framework.response import Response

from issues.models import Issue
from issues.reading.named import find_shared
from issues.serializers.shared import describe_shared
from issues.views.links import share_link
from projects.api.viewsets import RouteViewSet

NOT_FOR_ROBOTS = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


class SharedIssueViewSet(RouteViewSet):
    """For programs. No credentials are asked for, or looked at."""

    authentication_classes = ()
    permission_classes = ()

    def retrieve(self, request: Request, share_id: str) -> Response:
        """Answer the issue; 404 once it is private, deleted, or merged into another."""
        issue = _find(share_id)
        return Response(describe_shared(issue, permalink=share_link(request, issue)), headers=NOT_FOR_ROBOTS)


@require_safe
def shared_page(request: HttpRequest, share_id: str) -> HttpResponse:
    """Answer the same as a page for people."""
    try:
        issue = _find(share_id)
    except Http404:
        return TemplateResponse(request, "issues/not_shared.html", status=404, headers=NOT_FOR_ROBOTS)
    shared = describe_shared(issue, permalink=share_link(request, issue))
    context = {"shared": shared, "first_seen": issue.first_seen, "last_seen": issue.last_seen}
    return TemplateResponse(request, "issues/shared.html", context, headers=NOT_FOR_ROBOTS)


def _find(word: str) -> Issue:
    """Return the visible issue behind a share link.

    :raises Http404: there is none.
    """
    try:
        share_id = UUID(hex=word)
    except ValueError as error:
        raise Http404 from error
    issue = find_shared(share_id, at=timezone.now())
    if issue is None:
        raise Http404
    return issue
