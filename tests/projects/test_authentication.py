"""Who calls: what each class answers to a header, and the 401 that a refusal becomes."""

from base64 import b64encode
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from projects.api.authentication import (
    ApiKeyAuthentication,
    ApiTokenAuthentication,
    NoOtherScheme,
    SessionAuthentication,
)
from projects.api.permissions import HasEventScope
from projects.callers import Caller
from projects.models import Organization, User
from tests.api_client import basic, bearer
from tests.factories import NOW, ApiKeyFactory, ApiTokenFactory, UserFactory
from tests.projects.requests import refusal_of, request_with

pytestmark = pytest.mark.django_db

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "sntryu_" + "0123456789abcdef" * 4
ALL_SCOPES = frozenset({"event:read", "event:write", "event:admin"})

OTHER_SCHEME = (
    'Authorization is "Basic" with an organization\'s API key as user name and no password, or "Bearer" with a user\'s '
    "token; this is neither."
)


class Door(APIView):
    """The least that authenticates as the service does."""

    authentication_classes = [ApiKeyAuthentication, ApiTokenAuthentication, NoOtherScheme, SessionAuthentication]
    permission_classes = [HasEventScope]

    def get(self, request: Request) -> Response:
        caller = request.auth
        assert isinstance(caller, Caller)
        return Response({"scopes": sorted(caller.scopes)})


# ---------------------------------------------------------------------------------------------------------------------
# An organization's key
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_a_key_calls_without_a_user_and_with_its_own_scopes(organization: Organization, scheme: str) -> None:
    key = ApiKeyFactory(organization=organization, secret=KEY, scopes=["event:read"])

    found = ApiKeyAuthentication().authenticate(request_with(basic(KEY).replace("Basic", scheme)))

    assert found == (AnonymousUser(), Caller(api_key=key, scopes=frozenset({"event:read"})))


@pytest.mark.parametrize("blanks", [" ", "  ", "\t "])
def test_blanks_around_a_credential_do_not_count(organization: Organization, blanks: str) -> None:
    key = ApiKeyFactory(organization=organization, secret=KEY)
    token = ApiTokenFactory(secret=TOKEN)

    with_key = ApiKeyAuthentication().authenticate(request_with(basic(KEY).replace(" ", " " + blanks) + blanks))
    with_token = ApiTokenAuthentication().authenticate(request_with(f"Bearer {blanks}{TOKEN}{blanks}"))

    assert with_key is not None
    assert with_key[1].api_key == key
    assert with_token is not None
    assert with_token[1].user == token.user


@pytest.mark.parametrize(
    "authorization",
    [
        basic("f" * 32),
        basic(KEY, password="secret"),
        basic(KEY, password=" "),
        basic(KEY, password=":"),
        basic(KEY.upper()),
        basic(KEY[:-1]),
        basic(" " + KEY),
        basic(""),
        basic("", password=KEY),
        "Basic",
        "Basic ",
        "Basic " + KEY + ":",  # not encoded
        "Basic !!!!",
        "Basic a",  # no length that base64 has
        "Basic " + basic(KEY).removeprefix("Basic ")[:-1],  # half of the padding
        basic(KEY) + " " + basic(KEY),
        "Basic " + b64encode(b"\xff\xfe:").decode(),  # no UTF-8
        "Basic " + b64encode("schlüssel\0:".encode()).decode(),
        b"Basic \xe9\xff",
        "Basic käse".encode(),
    ],
)
def test_what_is_no_key_is_not_valid(authorization: str | bytes) -> None:
    ApiKeyFactory(secret=KEY)

    assert refusal_of(ApiKeyAuthentication(), authorization) == "API key is not valid"


def test_a_disabled_key_is_refused() -> None:
    ApiKeyFactory(secret=KEY, disabled=True)

    assert refusal_of(ApiKeyAuthentication(), basic(KEY)) == "Key is disabled"


def test_that_a_key_is_disabled_is_told_to_its_holder_only() -> None:
    ApiKeyFactory(secret=KEY, disabled=True)

    assert refusal_of(ApiKeyAuthentication(), basic(KEY, password="secret")) == "API key is not valid"


def test_a_token_is_no_key_and_a_key_is_no_token() -> None:
    ApiKeyFactory(secret=KEY)
    ApiTokenFactory(secret=TOKEN)

    assert refusal_of(ApiKeyAuthentication(), basic(TOKEN)) == "API key is not valid"
    assert refusal_of(ApiTokenAuthentication(), bearer(KEY)) == "Invalid token"


# ---------------------------------------------------------------------------------------------------------------------
# A user's token
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_calls_as_its_user_with_its_own_scopes(jane: User, scheme: str) -> None:
    token = ApiTokenFactory(user=jane, secret=TOKEN, scopes=["event:write"])

    found = ApiTokenAuthentication().authenticate(request_with(f"{scheme} {TOKEN}"))

    assert found == (jane, Caller(user=jane, scopes=frozenset({"event:write"}), token_id=token.pk))


@pytest.mark.parametrize(
    "authorization",
    [
        bearer("sntryu_" + "f" * 64),
        bearer(TOKEN.upper()),
        bearer(TOKEN[:-1]),
        bearer(TOKEN + "0"),
        bearer(TOKEN.removeprefix("sntryu_")),
        bearer(f"{TOKEN} {TOKEN}"),
        bearer(f'"{TOKEN}"'),
        "Bearer",
        "Bearer ",
        b"Bearer \xe9\xff\x00",
        "Bearer käse".encode(),
    ],
)
def test_what_is_no_token_is_invalid(authorization: str | bytes) -> None:
    ApiTokenFactory(secret=TOKEN)

    assert refusal_of(ApiTokenAuthentication(), authorization) == "Invalid token"


@pytest.mark.parametrize(
    ("expires_in", "is_expired"),
    [
        (None, False),
        (timedelta(microseconds=1), False),
        (timedelta(0), True),
        (timedelta(microseconds=-1), True),
    ],
)
def test_a_token_is_expired_from_the_very_instant(
    expires_in: timedelta | None, is_expired: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    ApiTokenFactory(secret=TOKEN, expires_at=None if expires_in is None else NOW + expires_in)

    if is_expired:
        assert refusal_of(ApiTokenAuthentication(), bearer(TOKEN)) == "Token expired"
    else:
        assert ApiTokenAuthentication().authenticate(request_with(bearer(TOKEN))) is not None


def test_the_token_of_an_inactive_user_is_refused() -> None:
    ApiTokenFactory(secret=TOKEN, user__inactive=True)

    assert refusal_of(ApiTokenAuthentication(), bearer(TOKEN)) == "User inactive or deleted"


# ---------------------------------------------------------------------------------------------------------------------
# A session of the admin
# ---------------------------------------------------------------------------------------------------------------------


def test_a_session_calls_as_its_user_with_every_scope(jane: User) -> None:
    request = request_with(None)
    request._request.user = jane

    found = SessionAuthentication().authenticate(request)

    assert found == (jane, Caller(user=jane, scopes=ALL_SCOPES))


@pytest.mark.parametrize("method", ["put", "delete", "post"])
def test_a_session_can_not_write_without_the_csrf_token(jane: User, method: str) -> None:
    request = Request(APIRequestFactory(enforce_csrf_checks=True).generic(method.upper(), "/"))
    request._request.user = jane

    with pytest.raises(PermissionDenied) as refusal:
        SessionAuthentication().authenticate(request)

    assert refusal.value.detail == "CSRF Failed: CSRF cookie not set."


def test_nobody_and_who_is_inactive_have_no_session() -> None:
    for user in (AnonymousUser(), UserFactory(inactive=True)):
        request = request_with(None)
        request._request.user = user

        assert SessionAuthentication().authenticate(request) is None


# ---------------------------------------------------------------------------------------------------------------------
# All of them, as a caller sees it
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization",
    [None, "", "   ", "Negotiate abc", "Token " + TOKEN, "DSN abc", TOKEN, f"Bearer{TOKEN}", f"Bearer\t{TOKEN}"],
)
def test_a_header_of_another_scheme_is_for_others_to_judge(authorization: str | None) -> None:
    ApiTokenFactory(secret=TOKEN)

    assert ApiKeyAuthentication().authenticate(request_with(authorization)) is None
    assert ApiTokenAuthentication().authenticate(request_with(authorization)) is None


@pytest.mark.parametrize("authorization", [None, "", "   "])
def test_no_header_is_no_other_scheme(authorization: str | None) -> None:
    NoOtherScheme().authenticate(request_with(authorization))


@pytest.mark.parametrize(
    ("authorization", "detail"),
    [
        (None, "Authentication credentials were not provided."),
        ("Negotiate abc", OTHER_SCHEME),
        ("Token " + TOKEN, OTHER_SCHEME),
        (TOKEN, OTHER_SCHEME),
        (KEY, OTHER_SCHEME),
        (f"Bearer{TOKEN}", OTHER_SCHEME),
        (f"Bearer\t{TOKEN}", OTHER_SCHEME),
        ("Bearer", "Invalid token"),
        ("Basic", "API key is not valid"),
        (basic("f" * 32), "API key is not valid"),
        (basic(KEY, password="secret"), "API key is not valid"),
        (basic("disabled"), "Key is disabled"),
        (bearer("sntryu_" + "f" * 64), "Invalid token"),
        (bearer("expired"), "Token expired"),
        (bearer("inactive"), "User inactive or deleted"),
    ],
)
def test_a_refusal_is_a_401_that_says_why_and_how_to_call(authorization: str | None, detail: str) -> None:
    ApiKeyFactory(secret=KEY)
    ApiKeyFactory(secret="disabled", disabled=True)
    ApiTokenFactory(secret="expired", expires_at=NOW - timedelta(days=365))
    ApiTokenFactory(secret="inactive", user__inactive=True)

    response = Door.as_view()(request_with(authorization)._request)

    assert response.status_code == 401
    assert response.data == {"detail": detail}
    assert response.headers["WWW-Authenticate"] == 'Basic realm="api"'


@pytest.mark.parametrize("authorization", [basic(KEY), bearer(TOKEN)])
def test_who_is_known_comes_in(authorization: str) -> None:
    ApiKeyFactory(secret=KEY)
    ApiTokenFactory(secret=TOKEN)

    response = Door.as_view()(request_with(authorization)._request)

    assert response.status_code == 200
    assert response.data == {"scopes": sorted(ALL_SCOPES)}
