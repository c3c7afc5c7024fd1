"""Credentials: how their secrets are kept, and when and from where one was used last."""

from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from projects.api.authentication import (
    ApiKeyAuthentication,
    ApiTokenAuthentication,
)
from projects.credentials import NOTED_EVERY, create_api_key, create_token, note_use
from projects.models import ApiKey, ApiToken, Organization, Scope, User
from tests.api_client import basic, bearer
from tests.factories import NOW, ApiKeyFactory, ApiTokenFactory
from tests.projects.requests import refusal_of, request_with

pytestmark = pytest.mark.django_db

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "sntryu_" + "0123456789abcdef" * 4


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
