"""Who looks at a page."""

from typing import Any

from django.http import HttpRequest

from projects.callers import Caller
from projects.models import User
from projects.roles import Standing, standing_of


def caller_of(request: HttpRequest) -> Caller:
    """Return who looks at a page; who isn't logged in is nobody, and sees nothing."""
    return Caller(user=request.user if isinstance(request.user, User) else None)


def standing_in(request: HttpRequest) -> Standing:
    """Return what who looks is where; asked once for each request."""
    kept: Any = request
    if not hasattr(kept, "standing"):
        kept.standing = standing_of(caller_of(request))
    standing: Standing = kept.standing
    return standing
