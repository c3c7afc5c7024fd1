"""Which scope a method needs (contract 1.2), as a table."""

from collections.abc import Collection, Mapping
from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from projects.callers import Caller
from projects.models import Scope

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


class InsufficientScope(PermissionDenied):
    """The credential is good, but not for this; the header that DRF makes of ``auth_header`` says for what (RFC 6750).

    :param needed: any one of these would do.
    """

    def __init__(self, needed: Collection[str]) -> None:
        super().__init__()
        scopes = " ".join(scope for scope in Scope.values if scope in needed)
        self.auth_header = f'Bearer error="insufficient_scope", scope="{scopes}"'


class HasEventScope(BasePermission):
    """The caller holds a scope that the method needs; without any credential the answer is 401."""

    scopes_for_method: Mapping[str, Collection[str]] = SCOPES_FOR_METHOD

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether there is a credential at all.

        :raises InsufficientScope: it has no scope that the method needs.
        """
        caller = request.auth
        if not isinstance(caller, Caller):
            return False
        needed = self.scopes_for_method.get(request.method or "")
        if needed is not None and set(needed).isdisjoint(caller.scopes):
            raise InsufficientScope(needed)
        return True


class ManagesClientKeys(HasEventScope):
    """The same, where whatever is no reading lets programs in, or shuts them out."""

    scopes_for_method = SCOPES_FOR_METHOD | dict.fromkeys(("POST", "PUT"), SCOPES_FOR_METHOD["DELETE"])
