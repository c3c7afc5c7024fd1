"""A request with a header, and what becomes of it."""

import pytest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory


def request_with(authorization: str | bytes | None) -> Request:
    """Return a request with this header, as WSGI hands it over: bytes are read as Latin-1."""
    request = APIRequestFactory().get("/")
    if authorization is not None:
        text = authorization.decode("latin-1") if isinstance(authorization, bytes) else authorization
        request.META["HTTP_AUTHORIZATION"] = text
    return Request(request)


def refusal_of(authentication: BaseAuthentication, authorization: str | bytes) -> str:
    with pytest.raises(AuthenticationFailed) as refusal:
        authentication.authenticate(request_with(authorization))
    return str(refusal.value.detail)
