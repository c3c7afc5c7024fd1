"""Absolute addresses of pages for people."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from rest_framework.request import Request


def permalink(request: HttpRequest | Request) -> Callable[[int], str]:
    """Return what makes an issue's id the address of its page in the admin, under BASE_URL or the request's host."""

    def link(pk: int) -> str:
        path = reverse("admin:issues_issue_change", args=[pk])
        return f"{settings.BASE_URL}{path}" if settings.BASE_URL else request.build_absolute_uri(path)

    return link
