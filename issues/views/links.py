"""Absolute addresses of pages for people, under BASE_URL or the request's host."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from issues.models import Issue
from projects.api.addresses import base_url


def permalink(request: HttpRequest | Request) -> Callable[[int], str]:
    """Return what makes an issue's id the address of its page at the desk."""
    # Worked out once for a whole list: 0 stands where the id goes.
    before, _, after = reverse("desk:issue", args=[0]).partition("0")
    before = base_url(request) + before
    return lambda pk: f"{before}{pk}{after}"


def share_link(request: HttpRequest | Request, issue: Issue) -> str:
    """Return the address of the page that everybody may see who knows it."""
    assert issue.share_id is not None
    return base_url(request) + reverse("shared-issue", args=[issue.share_id.hex])


@require_safe
def issue_page(request: HttpRequest, organization: str, issue: str) -> HttpResponseRedirect:
    """Lead to the page at the desk of what an id or a short id names.

    Clients print this address without asking for one. Nothing is looked up here: strangers learn nothing from it.
    """
    return HttpResponseRedirect(reverse("desk:issue", args=[issue]))
