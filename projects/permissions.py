"""Which scope a method needs (contract 1.2), as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from projects.callers import Caller
from projects.models import Scope

if TYPE_CHECKING:  # at run time a circle: the views read the settings, which name this module
    from rest_framework.views import APIView

ANY_EVENT_SCOPE = frozenset({Scope.EVENT_READ.value, Scope.EVENT_WRITE.value, Scope.EVENT_ADMIN.value})
WRITING = frozenset({Scope.EVENT_WRITE.value, Scope.EVENT_ADMIN.value})

# Any one of them is enough. A method that is not named needs a credential only: OPTIONS, and what will be a 405.
SCOPES_FOR_METHOD = {
    "GET": ANY_EVENT_SCOPE,
    "HEAD": ANY_EVENT_SCOPE,
    "POST": WRITING,
    "PUT": WRITING,
    "DELETE": frozenset({Scope.EVENT_ADMIN.value}),
}


class HasEventScope(BasePermission):
    """The caller holds a scope that the method needs; without any credential the answer is 401."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        caller = request.auth
        if not isinstance(caller, Caller):
            return False
        needed = SCOPES_FOR_METHOD.get(request.method or "")
        return needed is None or not needed.isdisjoint(caller.scopes)
