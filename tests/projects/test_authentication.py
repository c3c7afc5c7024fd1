"""Who calls: what each class answers to a header, and the 401 that a refusal becomes."""

from base64 import b64encode
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
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
from projects.credentials import NOTED_EVERY, create_api_key, create_token, note_use
from projects.models import ApiKey, ApiToken, Organization, Scope, User
from tests.api_client import basic, bearer
from tests.factories import NOW, ApiKeyFactory, ApiTokenFactory, UserFactory

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


# ---------------------------------------------------------------------------------------------------------------------
# Secrets
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [None, "chosen-by-hand"])
def test_of_a_secret_a_hash_and_four_characters_are_stored(
    organization: Organization, jane: User, given: str | None
) -> None:
    key, key_secret = create_api_key(organization, secret=given, label="ci")
    token, token_secret = create_token(jane, secret=given, label="laptop")

    for row, secret in ((key, key_secret), (token, token_secret)):
        row.refresh_from_db()
        columns = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
        assert given in (None, secret)
        assert not any(secret in str(value) for value in columns.values())
        assert len(columns["secret_hash"]) == 64
        assert columns["hint"] == secret[-4:]
        assert columns["scopes"] == Scope.values


def test_each_secret_is_another_one_of_the_documented_form(organization: Organization, jane: User) -> None:
    keys = [create_api_key(organization)[1] for _ in range(2)]
    tokens = [create_token(jane)[1] for _ in range(2)]

    assert keys[0] != keys[1]
    assert tokens[0] != tokens[1]
    for secret in keys:
        assert len(bytes.fromhex(secret)) == 16
    for secret in tokens:
        assert secret.startswith("sntryu_")
        assert len(bytes.fromhex(secret.removeprefix("sntryu_"))) == 32


# ---------------------------------------------------------------------------------------------------------------------
# When and from where it was used last
# ---------------------------------------------------------------------------------------------------------------------


def use(credential: ApiKey | ApiToken, *, address: str | None = "192.0.2.1", at: datetime = NOW) -> tuple[Any, Any]:
    """Note a use, and return what stands in the row then."""
    credential.refresh_from_db()
    note_use(credential, address=address, at=at)
    credential.refresh_from_db()
    return credential.last_used_at, credential.last_used_from


@pytest.fixture(params=[ApiKeyFactory, ApiTokenFactory])
def unused(request: pytest.FixtureRequest, db: None) -> ApiKey | ApiToken:
    credential: ApiKey | ApiToken = request.param(last_used_at=None)
    return credential


def test_a_use_is_noted_once_a_minute(unused: ApiKey | ApiToken) -> None:
    almost, later = NOW + timedelta(seconds=59), NOW + timedelta(seconds=60)

    assert use(unused) == (NOW, "192.0.2.1")
    assert use(unused, address="192.0.2.2", at=almost) == (NOW, "192.0.2.1")
    assert use(unused, address="2001:db8::1", at=later) == (later, "2001:db8::1")
    assert use(unused, address=None, at=later + NOTED_EVERY) == (later + NOTED_EVERY, None)


def test_most_uses_cost_no_statement(
    unused: ApiKey | ApiToken, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    use(unused)

    with django_assert_num_queries(0):
        note_use(unused, address="192.0.2.1", at=NOW + timedelta(seconds=59))


def test_of_uses_that_come_at_once_the_first_is_noted(unused: ApiKey | ApiToken) -> None:
    late = type(unused).objects.get(pk=unused.pk)
    note_use(unused, address="192.0.2.1", at=NOW)

    note_use(late, address="192.0.2.2", at=NOW + timedelta(seconds=1))

    late.refresh_from_db()
    assert (late.last_used_at, late.last_used_from) == (NOW, "192.0.2.1")


def test_every_request_that_is_let_in_is_a_use(organization: Organization) -> None:
    key = ApiKeyFactory(secret=KEY, organization=organization, last_used_at=None)
    token = ApiTokenFactory(secret=TOKEN, last_used_at=None)

    ApiKeyAuthentication().authenticate(request_with(basic(KEY)))
    ApiTokenAuthentication().authenticate(request_with(bearer(TOKEN)))

    for credential in (key, token):
        credential.refresh_from_db()
        assert credential.last_used_from == "127.0.0.1"
        assert credential.last_used_at is not None
        assert abs(timezone.now() - credential.last_used_at) < timedelta(minutes=1)


def test_a_request_that_is_refused_is_none(organization: Organization) -> None:
    key = ApiKeyFactory(secret=KEY, organization=organization, disabled=True, last_used_at=None)
    token = ApiTokenFactory(secret=TOKEN, expires_at=NOW, last_used_at=None)

    refusal_of(ApiKeyAuthentication(), basic(KEY))
    refusal_of(ApiTokenAuthentication(), bearer(TOKEN))

    key.refresh_from_db()
    token.refresh_from_db()
    assert (key.last_used_at, token.last_used_at) == (None, None)


@pytest.mark.django_db(transaction=True)
def test_a_use_waits_for_nobody() -> None:
    """Not in a transaction, as every request begins; and somebody has the row, to take the token back perhaps."""
    token = ApiTokenFactory(last_used_at=None)
    with closing(psycopg2.connect(**connection.get_connection_params())) as other, other.cursor() as cursor:
        cursor.execute("SELECT id FROM projects_apitoken WHERE id = %s FOR UPDATE", [token.pk])

        assert use(token) == (None, None)

        other.rollback()

    assert use(token) == (NOW, "192.0.2.1")
