"""Attempts to log in to the admin, which django-axes counts and stops (issuetracker/settings.py says after how many).

Only passwords are guessed at: a key or a token is 128 random bits and more. No request of the API comes this way.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse


def locked_out(request: HttpRequest, answer: HttpResponse, credentials: Any) -> HttpResponse:
    """Answer whoever has guessed too often, in place of what the log-in page would have said."""
    pause: timedelta = settings.AXES_COOLOFF_TIME
    sentence = (
        f"Too many attempts to log in under this name. Wait {pause // timedelta(minutes=1)} minutes before the next."
    )
    return TemplateResponse(
        request,
        "issuetracker/locked_out.html",
        {**admin.site.each_context(request), "title": "Log in", "sentence": sentence},
        status=429,
        headers={"Retry-After": str(int(pause.total_seconds()))},
    ).render()
