"""The admin of people, places and credentials: what is changed there."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from projects.credentials import hashed
from projects.models import (
    ApiKey,
    ApiToken,
    Organization,
    OrganizationMember,
    Team,
    User,
)
from tests.projects.admin.pages import address

pytestmark = pytest.mark.django_db


def secrets_in(page: str) -> list[str]:
    return re.findall(r"<code>([0-9a-z_]+)</code>", page)


# memberships


def test_makes_a_membership(operator: Client, rows: dict[str, int]) -> None:
    sam = User.objects.create_user("sam")

    answer = operator.post(
        address("organizationmember", "add"), {"organization": rows["organization"], "user": sam.pk, "role": "member"}
    )

    assert answer.status_code == 302
    assert sam.memberships.values_list("organization", "role").get() == (rows["organization"], "member")


def test_makes_no_second_membership_of_one_user(operator: Client, rows: dict[str, int]) -> None:
    answer = operator.post(
        address("organizationmember", "add"),
        {"organization": rows["organization"], "user": rows["user"], "role": "member"},
    )

    assert answer.status_code == 200
    assert OrganizationMember.objects.values_list("role").get() == ("owner",)


def test_changes_the_role_of_a_membership_and_nothing_else(operator: Client, rows: dict[str, int]) -> None:
    sam = User.objects.create_user("sam")

    answer = operator.post(
        address("organizationmember", "change", rows["organizationmember"]), {"user": sam.pk, "role": "admin"}
    )

    assert answer.status_code == 302
    assert OrganizationMember.objects.values_list("user", "role").get() == (rows["user"], "admin")


def test_removes_a_membership(operator: Client, rows: dict[str, int]) -> None:
    operator.post(address("organizationmember", "delete", rows["organizationmember"]), {"post": "yes"})

    assert not OrganizationMember.objects.exists()


def test_puts_users_on_a_team_and_takes_them_off(operator: Client, rows: dict[str, int]) -> None:
    sam = User.objects.create_user("sam")
    OrganizationMember.objects.create(organization_id=rows["organization"], user=sam)

    answer = operator.post(
        address("team", "change", rows["team"]), {"members": [sam.pk], "slug": "crew-2", "name": "Crew"}
    )

    assert answer.status_code == 302
    team = Team.objects.get()
    assert (list(team.members.all()), team.slug) == ([sam], "crew-2")


def test_offers_people_and_organizations_by_name(operator: Client, rows: dict[str, int]) -> None:
    def offered(model: str, field: str, word: str) -> list[str]:
        asked = {"app_label": "projects", "model_name": model, "field_name": field, "term": word}
        answer = operator.get(reverse("admin:autocomplete"), asked).json()
        return [result["text"] for result in answer["results"]]

    assert offered("organizationmember", "user", "kit") == ["kit"]
    assert offered("apikey", "organization", "rim") == ["outer-rim"]


def test_offers_what_the_form_takes(client: Client, rows: dict[str, int]) -> None:
    """A member of one organization and a manager of another makes keys in the other."""
    person = User.objects.create(username="sam", is_staff=True)
    OrganizationMember.objects.create(organization_id=rows["organization"], user=person)
    inner = Organization.objects.create(slug="inner-rim", name="Inner Rim")
    OrganizationMember.objects.create(organization=inner, user=person, role="manager")
    client.force_login(person)
    asked = {"app_label": "projects", "model_name": "apikey", "field_name": "organization", "term": "rim"}

    answer = client.get(reverse("admin:autocomplete"), asked).json()

    assert [result["text"] for result in answer["results"]] == ["inner-rim"]


# credentials


def test_makes_a_key_and_shows_its_secret_once(operator: Client, rows: dict[str, int]) -> None:
    asked = {"organization": rows["organization"], "label": "new", "scopes": ["event:read"]}

    shown = operator.post(address("apikey", "add"), asked, follow=True).content.decode()

    key = ApiKey.objects.get(label="new")
    [secret] = secrets_in(shown)
    assert (key.secret_hash, key.hint, key.scopes, key.is_active) == (hashed(secret), secret[-4:], ["event:read"], True)
    later = [address("apikey", "changelist"), *(address("apikey", page, key.pk) for page in ("change", "history"))]
    assert [page for page in later if secret in operator.get(page).content.decode()] == []


def test_offers_every_scope_at_first(operator: Client) -> None:
    page = operator.get(address("apikey", "add")).content.decode()

    assert re.findall(r'value="(event:[a-z]+)"[^>]* checked', page) == ["event:read", "event:write", "event:admin"]


@pytest.mark.parametrize("scopes", [[], ["event:fly"]])
def test_makes_no_key_without_a_known_scope(operator: Client, rows: dict[str, int], scopes: list[str]) -> None:
    asked = {"organization": rows["organization"], "label": "new", "scopes": scopes}

    answer = operator.post(address("apikey", "add"), asked)

    assert answer.status_code == 200
    assert secrets_in(answer.content.decode()) == []
    assert not ApiKey.objects.filter(label="new").exists()


def test_disables_a_key_and_changes_nothing_else(operator: Client, rows: dict[str, int]) -> None:
    before = ApiKey.objects.values().get()
    stranger = Organization.objects.create(slug="other", name="Other")
    asked = {"label": "old", "organization": stranger.pk, "scopes": ["event:read"], "secret_hash": "0", "hint": "0"}

    answer = operator.post(address("apikey", "change", rows["apikey"]), asked, follow=True)

    assert ApiKey.objects.values().get() == before | {"label": "old", "is_active": False}
    assert secrets_in(answer.content.decode()) == []


@pytest.mark.parametrize("table", ["apikey", "apitoken"])
@pytest.mark.parametrize(
    ("address_", "words"),
    [("192.0.2.1", "2026-03-01 12:00</time> from 192.0.2.1"), (None, "2026-03-01 12:00</time> from somewhere")],
)
def test_says_when_and_from_where_a_credential_was_used_last(
    operator: Client, rows: dict[str, int], table: str, address_: str | None, words: str
) -> None:
    pages = [address(table, "changelist"), address(table, "change", rows[table])]
    assert ["never" in operator.get(page).content.decode() for page in pages] == [True, True]

    for model in (ApiKey, ApiToken):
        model.objects.update(last_used_at=datetime(2026, 3, 1, 12, tzinfo=UTC), last_used_from=address_)

    assert [words in operator.get(page).content.decode() for page in pages] == [True, True]


def test_refuses_to_delete_a_key(operator: Client, rows: dict[str, int]) -> None:
    assert operator.post(address("apikey", "delete", rows["apikey"]), {"post": "yes"}).status_code == 403
    assert ApiKey.objects.exists()


def test_makes_a_token_and_shows_its_secret_once(operator: Client, rows: dict[str, int]) -> None:
    asked = {
        "user": rows["user"],
        "label": "new",
        "scopes": ["event:read", "event:write"],
        "expires_at_0": "2030-01-31",
        "expires_at_1": "12:00",
    }

    shown = operator.post(address("apitoken", "add"), asked, follow=True).content.decode()

    token = ApiToken.objects.get(label="new")
    [secret] = secrets_in(shown)
    assert re.fullmatch("sntryu_[0-9a-f]{64}", secret)
    assert (token.secret_hash, token.hint) == (hashed(secret), secret[-4:])
    assert token.expires_at == datetime(2030, 1, 31, 12, tzinfo=UTC)
    assert secret not in operator.get(address("apitoken", "change", token.pk)).content.decode()


def test_refuses_to_change_a_token(operator: Client, rows: dict[str, int]) -> None:
    before = ApiToken.objects.values().get()

    answer = operator.post(address("apitoken", "change", rows["apitoken"]), {"label": "other"})

    assert answer.status_code == 403
    assert ApiToken.objects.values().get() == before


def test_revokes_a_token(operator: Client, rows: dict[str, int]) -> None:
    operator.post(address("apitoken", "delete", rows["apitoken"]), {"post": "yes"})

    assert not ApiToken.objects.exists()
