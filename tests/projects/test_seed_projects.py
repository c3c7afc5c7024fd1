"""seed_projects: the cast is complete, doing it again is fine, and secrets are shown once."""

import json
from hashlib import sha256
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import models

from projects.models import (
    ApiKey,
    ApiToken,
    ClientKey,
    Organization,
    OrganizationMember,
    Project,
    Release,
    Scope,
    Team,
    User,
)

pytestmark = pytest.mark.django_db

TABLES: tuple[type[models.Model], ...] = (
    *(Organization, OrganizationMember, Project, Release, Team, User, ApiKey, ApiToken),
    *(Team.members.through, Team.projects.through),
)


def seed(*words: str) -> str:
    printed = StringIO()
    call_command("seed_projects", *words, stdout=printed)
    return printed.getvalue()


def seed_json(*words: str) -> Any:
    return json.loads(seed("--json", *words))


def everything() -> dict[str, list[dict[str, Any]]]:
    return {table._meta.label: list(table._default_manager.order_by("pk").values()) for table in TABLES}


def hashed(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def test_makes_the_organizations_with_their_projects() -> None:
    seed()

    assert list(Project.objects.order_by("pk").values_list("organization__slug", "slug")) == [
        ("the-interstellar-jurisdiction", "pump-station"),
        ("the-interstellar-jurisdiction", "prime-mover"),
        ("outer-rim", "relay"),
    ]
    assert Organization.objects.count() == 2


def test_makes_the_releases_of_the_pump_station_in_their_order() -> None:
    seed()

    pump_station = Project.objects.get(slug="pump-station")
    newest_first = Release.objects.of_project(pump_station.pk).newest_first()
    assert list(newest_first.values_list("version", flat=True)) == ["1.1.0", "1.0.0"]
    assert Release.objects.count() == 2


def test_makes_the_teams_with_their_projects_and_members() -> None:
    seed()

    found = {
        team.slug: (
            team.organization.slug,
            sorted(team.projects.values_list("slug", flat=True)),
            sorted(team.members.values_list("username", flat=True)),
        )
        for team in Team.objects.select_related("organization")
    }
    assert found == {
        "powerful-abolitionist": ("the-interstellar-jurisdiction", ["prime-mover", "pump-station"], ["jane"]),
        "captain-planet": ("the-interstellar-jurisdiction", [], []),
    }


def test_makes_users_who_cannot_log_in() -> None:
    seed()

    assert list(
        OrganizationMember.objects.order_by("pk").values_list(
            "organization__slug", "user__username", "user__email", "role"
        )
    ) == [
        ("the-interstellar-jurisdiction", "jane", "jane@example.com", "owner"),
        ("the-interstellar-jurisdiction", "sam", "sam@example.com", "member"),
        ("outer-rim", "kit", "kit@example.com", "owner"),
    ]
    assert [user.has_usable_password() for user in User.objects.all()] == [False, False, False]
    assert not User.objects.filter(is_staff=True).exists()


def test_prints_exactly_one_json_object() -> None:
    printed = seed("--json")

    organizations = {organization.slug: organization for organization in Organization.objects.all()}
    teams = {team.slug: str(team.pk) for team in Team.objects.all()}
    projects = {project.slug: str(project.pk) for project in Project.objects.all()}
    users = {user.username: str(user.pk) for user in User.objects.all()}
    answer = json.loads(printed)
    first, second = answer["organizations"]
    dsns = {
        key.project.slug: f"http://{key.key}@127.0.0.1:8000/{key.project_id}"
        for key in ClientKey.objects.select_related("project")
    }
    tokens = [user["token"] for organization in answer["organizations"] for user in organization["users"]]
    expected = {
        "organizations": [
            {
                "id": str(organizations["the-interstellar-jurisdiction"].pk),
                "slug": "the-interstellar-jurisdiction",
                "apiKey": first["apiKey"],
                "teams": [
                    {"id": teams["powerful-abolitionist"], "slug": "powerful-abolitionist"},
                    {"id": teams["captain-planet"], "slug": "captain-planet"},
                ],
                "projects": [
                    {"id": projects["pump-station"], "slug": "pump-station", "dsn": dsns["pump-station"]},
                    {"id": projects["prime-mover"], "slug": "prime-mover", "dsn": dsns["prime-mover"]},
                ],
                "users": [
                    {"id": users["jane"], "username": "jane", "email": "jane@example.com", "token": tokens[0]},
                    {"id": users["sam"], "username": "sam", "email": "sam@example.com", "token": tokens[1]},
                ],
            },
            {
                "id": str(organizations["outer-rim"].pk),
                "slug": "outer-rim",
                "apiKey": second["apiKey"],
                "teams": [],
                "projects": [{"id": projects["relay"], "slug": "relay", "dsn": dsns["relay"]}],
                "users": [{"id": users["kit"], "username": "kit", "email": "kit@example.com", "token": tokens[2]}],
            },
        ]
    }
    assert printed == json.dumps(expected) + "\n"  # the keys in this order, too


def test_keeps_only_hashes_of_the_secrets() -> None:
    first, second = seed_json()["organizations"]

    keys = {key.organization.slug: key for key in ApiKey.objects.select_related("organization")}
    tokens = {token.user.username: token for token in ApiToken.objects.select_related("user")}
    assert {slug: key.secret_hash for slug, key in keys.items()} == {
        "the-interstellar-jurisdiction": hashed(first["apiKey"]),
        "outer-rim": hashed(second["apiKey"]),
    }
    assert {name: token.secret_hash for name, token in tokens.items()} == {
        "jane": hashed(first["users"][0]["token"]),
        "sam": hashed(first["users"][1]["token"]),
        "kit": hashed(second["users"][0]["token"]),
    }
    everywhere = repr(everything())
    for secret in (first["apiKey"], second["apiKey"], *(user["token"] for user in first["users"] + second["users"])):
        assert secret not in everywhere


def test_gives_every_credential_all_event_scopes() -> None:
    seed()

    assert [key.scopes for key in ApiKey.objects.all()] == [Scope.values] * 2
    assert [token.scopes for token in ApiToken.objects.all()] == [Scope.values] * 3


def test_makes_nothing_twice() -> None:
    seed()
    before = everything()

    again = seed()

    assert everything() == before
    assert again.splitlines()[0] == "Made nothing: everything is there."


def test_makes_again_what_is_missing() -> None:
    seed()
    Team.objects.get(slug="captain-planet").delete()
    ApiToken.objects.filter(user__username="sam").delete()

    again = seed()

    assert Team.objects.filter(slug="captain-planet").exists()
    assert ApiToken.objects.filter(user__username="sam").count() == 1
    assert again.splitlines()[0] == "Made 1 team, 1 API token."


def test_does_not_know_the_secrets_the_second_time() -> None:
    first_time = seed_json()

    second_time = seed_json()

    for organization in first_time["organizations"]:
        organization["apiKey"] = None
        for user in organization["users"]:
            user["token"] = None
    assert second_time == first_time


def test_prints_the_secrets_as_a_shell_takes_them() -> None:
    printed = seed("--api-key", "k'ey", "--token", "t:oken")

    lines = printed.splitlines()
    assert lines[0] == (
        "Made 2 organizations, 3 projects, 2 releases, 3 users, 2 teams, 2 API keys, 3 API tokens, 3 client keys."
    )
    assert sum(line.startswith("PUMP_STATION_DSN=http://") for line in lines) == 1
    assert """THE_INTERSTELLAR_JURISDICTION_API_KEY='k'"'"'ey'""" in lines
    assert "JANE_TOKEN=t:oken" in lines
    assert sum(line.startswith("SAM_TOKEN=sntryu_") for line in lines) == 1


def test_says_in_the_text_that_a_secret_is_not_known_any_more() -> None:
    seed()

    lines = seed().splitlines()

    assert (
        "# OUTER_RIM_API_KEY: made earlier, not known any more. "
        "Another: manage.py create_api_key --organization outer-rim"
    ) in lines
    assert "# JANE_TOKEN: made earlier, not known any more. Another: manage.py create_token --user jane" in lines


def test_sets_the_secrets_that_are_given() -> None:
    answer = seed_json("--api-key", "key-of-the-first", "--token", "token-of-jane")

    assert answer["organizations"][0]["apiKey"] == "key-of-the-first"
    assert answer["organizations"][0]["users"][0]["token"] == "token-of-jane"
    key = ApiKey.objects.get(organization__slug="the-interstellar-jurisdiction")
    assert (key.secret_hash, key.hint) == (hashed("key-of-the-first"), "irst")
    token = ApiToken.objects.get(user__username="jane")
    assert (token.secret_hash, token.hint) == (hashed("token-of-jane"), "jane")


def test_changes_nothing_when_the_same_secrets_are_given_twice() -> None:
    first_time = seed_json("--api-key", "key-of-the-first", "--token", "token-of-jane")
    before = everything()

    second_time = seed_json("--api-key", "key-of-the-first", "--token", "token-of-jane")

    assert everything() == before
    assert second_time["organizations"][0]["apiKey"] == first_time["organizations"][0]["apiKey"]
    assert second_time["organizations"][0]["users"][0]["token"] == "token-of-jane"


def test_replaces_the_secrets_when_others_are_given() -> None:
    seed()
    before = everything()
    key = ApiKey.objects.get(organization__slug="the-interstellar-jurisdiction")
    token = ApiToken.objects.get(user__username="jane")

    printed = seed("--api-key", "another-key", "--token", "another-token")

    assert printed.splitlines()[1] == (
        f"Replaced the secret of key:{key.pk} …-key and token:{token.pk} …oken: the one before is of no use now."
    )
    after = everything()
    for table, pk, secret in (
        ("projects.ApiKey", key.pk, "another-key"),
        ("projects.ApiToken", token.pk, "another-token"),
    ):
        row = next(row for row in before[table] if row["id"] == pk)
        row |= {"secret_hash": hashed(secret), "hint": secret[-4:]}
    assert after == before


@pytest.mark.parametrize("secret", ["", "two words", "tab\tbed", "line\n", "schlüssel", "nul\0", "a:b"])
def test_refuses_a_key_that_no_header_can_carry(secret: str) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("seed_projects", api_key=secret)

    assert str(refusal.value) == "--api-key must be printable ASCII without spaces and colons, at least one character."
    assert not Organization.objects.exists()


@pytest.mark.parametrize("secret", ["", "two words", "tab\tbed", "line\n", "schlüssel", "nul\0"])
def test_refuses_a_token_that_no_header_can_carry(secret: str) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("seed_projects", token=secret)

    assert str(refusal.value) == "--token must be printable ASCII without spaces, at least one character."
    assert not Organization.objects.exists()


def test_refuses_a_key_of_another_organization() -> None:
    of_outer_rim = seed_json()["organizations"][1]["apiKey"]
    before = everything()

    with pytest.raises(CommandError) as refusal:
        seed("--api-key", of_outer_rim, "--token", "a-new-token")

    key = ApiKey.objects.get(organization__slug="outer-rim")
    assert str(refusal.value) == f"The API key is taken: it is key:{key.pk} …{key.hint} of outer-rim. Give another."
    assert everything() == before


def test_refuses_a_token_of_another_user() -> None:
    of_sam = seed_json()["organizations"][0]["users"][1]["token"]
    before = everything()

    with pytest.raises(CommandError) as refusal:
        seed("--api-key", "a-new-key", "--token", of_sam)

    token = ApiToken.objects.get(user__username="sam")
    assert str(refusal.value) == f"The token is taken: it is token:{token.pk} …{token.hint} of sam. Give another."
    assert everything() == before


def test_leaves_a_disabled_key_disabled_and_makes_another() -> None:
    seed("--api-key", "leaked-key")
    disabled = ApiKey.objects.get(organization__slug="the-interstellar-jurisdiction")
    call_command("revoke_credential", f"key:{disabled.pk}", stdout=StringIO())

    answer = seed_json()

    disabled.refresh_from_db()
    assert (disabled.is_active, disabled.secret_hash) == (False, hashed("leaked-key"))
    active = ApiKey.objects.get(organization__slug="the-interstellar-jurisdiction", is_active=True)
    assert active.secret_hash == hashed(answer["organizations"][0]["apiKey"])


def test_refuses_a_key_that_was_disabled() -> None:
    seed("--api-key", "leaked-key")
    disabled = ApiKey.objects.get(organization__slug="the-interstellar-jurisdiction")
    call_command("revoke_credential", f"key:{disabled.pk}", stdout=StringIO())
    before = everything()

    with pytest.raises(CommandError) as refusal:
        seed("--api-key", "leaked-key")

    assert str(refusal.value) == (
        f"The API key is taken: it is key:{disabled.pk} …-key of the-interstellar-jurisdiction, disabled. Give another."
    )
    assert everything() == before
