"""Commands that make and end credentials: a secret is shown once, and what was given can be taken back."""

import re
from datetime import timedelta
from hashlib import sha256
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from projects.credentials import create_api_key, create_token
from projects.models import ApiKey, ApiToken, ClientKey, Organization, Project, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def outer_rim() -> Organization:
    return Organization.objects.create(slug="outer-rim", name="Outer Rim")


@pytest.fixture
def kit() -> User:
    return User.objects.create_user("kit", "kit@example.com")


def run(*words: str) -> tuple[str, str]:
    """Return what the command printed on standard output, and on standard error."""
    printed, explained = StringIO(), StringIO()
    call_command(*words, stdout=printed, stderr=explained)
    return printed.getvalue(), explained.getvalue()


def refusal(*words: str) -> str:
    with pytest.raises(CommandError) as raised:
        run(*words)
    return str(raised.value)


def hashed(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


# create_api_key


def test_prints_the_key_alone_on_standard_output(outer_rim: Organization) -> None:
    printed, explained = run("create_api_key", "--organization", "outer-rim")

    key = ApiKey.objects.get()
    assert re.fullmatch(r"[0-9a-f]{32}\n", printed)
    assert key.secret_hash == hashed(printed.rstrip("\n"))
    assert explained == (
        f"key:{key.pk} …{printed[-5:-1]} of outer-rim may event:read, event:write, event:admin. "
        "It is shown this once; only its hash is kept.\n"
    )
    assert (key.organization, key.label, key.scopes, key.is_active) == (
        outer_rim,
        "",
        ["event:read", "event:write", "event:admin"],
        True,
    )


def test_gives_the_key_its_label_and_scopes(outer_rim: Organization) -> None:
    scopes = ("--scope", "event:write", "--scope", "event:read", "--scope", "event:write")

    run("create_api_key", "--organization", "outer-rim", "--label", "nightly import", *scopes)

    key = ApiKey.objects.get()
    assert (key.label, key.scopes) == ("nightly import", ["event:write", "event:read"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--organization", "inner-rim"], "There is no organization inner-rim."),
        (
            ["--organization", "outer-rim", "--label", "x" * 65],
            "label: Ensure this value has at most 64 characters (it has 65).",
        ),
        (
            ["--organization", "outer-rim", "--scope", "org:admin"],
            "Error: argument --scope: invalid choice: 'org:admin' "
            "(choose from 'event:read', 'event:write', 'event:admin')",
        ),
        ([], "Error: the following arguments are required: --organization"),
    ],
)
@pytest.mark.usefixtures("outer_rim")
def test_refuses_to_make_a_key(words: list[str], sentence: str) -> None:
    assert refusal("create_api_key", *words) == sentence
    assert not ApiKey.objects.exists()


# create_token


def test_prints_the_token_alone_on_standard_output(kit: User) -> None:
    printed, explained = run("create_token", "--user", "kit")

    token = ApiToken.objects.get()
    assert re.fullmatch(r"sntryu_[0-9a-f]{64}\n", printed)
    assert token.secret_hash == hashed(printed.rstrip("\n"))
    assert explained == (
        f"token:{token.pk} …{printed[-5:-1]} of kit may event:read, event:write, event:admin, for good. "
        "It is shown this once; only its hash is kept.\n"
    )
    assert (token.user, token.scopes, token.expires_at) == (kit, ["event:read", "event:write", "event:admin"], None)


@pytest.mark.usefixtures("kit")
def test_gives_the_token_its_scopes_and_its_end() -> None:
    before = timezone.now()

    _, explained = run("create_token", "--user", "kit", "--scope", "event:read", "--expires-in", "30")

    token = ApiToken.objects.get()
    assert token.expires_at is not None
    assert before + timedelta(days=30) <= token.expires_at <= timezone.now() + timedelta(days=30)
    assert token.scopes == ["event:read"]
    assert f"of kit may event:read, until {token.expires_at:%Y-%m-%d %H:%M} UTC." in explained


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "week", "36501", "٣"])
@pytest.mark.usefixtures("kit")
def test_refuses_a_lifetime_that_is_none(days: str) -> None:
    sentence = f"Error: argument --expires-in: {days!r} is no whole number of days from 1 to 36500."

    assert refusal("create_token", "--user", "kit", "--expires-in", days) == sentence
    assert not ApiToken.objects.exists()


@pytest.mark.usefixtures("kit")
def test_refuses_a_token_of_nobody() -> None:
    assert refusal("create_token", "--user", "KIT") == "There is no user KIT."
    assert not ApiToken.objects.exists()


def test_refuses_a_token_that_would_not_work(kit: User) -> None:
    kit.is_active = False
    kit.save()

    assert refusal("create_token", "--user", "kit") == "kit is not active: the token would not work."
    assert not ApiToken.objects.exists()


# list_credentials and revoke_credential


def test_lists_every_credential(outer_rim: Organization, kit: User) -> None:
    now = timezone.now()
    past, future = now - timedelta(days=1), now + timedelta(days=1)
    active, _ = create_api_key(outer_rim, secret="active-ab12", label="nightly import")
    disabled, _ = create_api_key(outer_rim, secret="disabled-cd34", scopes=["event:read"])
    ApiKey.objects.filter(pk=disabled.pk).update(is_active=False)
    lasting, _ = create_token(kit, secret="lasting-ef56")
    ending, _ = create_token(kit, secret="ending-ab78", expires_at=future, label="laptop")
    ended, _ = create_token(kit, secret="ended-cd90", expires_at=past)
    relay = Project.objects.create(organization=outer_rim, slug="relay", name="Relay")
    program = ClientKey.objects.create(project=relay, name="workers")
    closed = ClientKey.objects.create(project=relay, is_active=False)

    printed, _ = run("list_credentials")

    every = "event:read,event:write,event:admin"
    assert printed.splitlines() == [
        f"key:{active.pk} …ab12  outer-rim  nightly import  {every}  active",
        f"key:{disabled.pk} …cd34  outer-rim  -  event:read  disabled",
        f"token:{lasting.pk} …ef56  kit  -  {every}  never expires",
        f"token:{ending.pk} …ab78  kit  laptop  {every}  expires {future:%Y-%m-%d %H:%M} UTC",
        f"token:{ended.pk} …cd90  kit  -  {every}  expired {past:%Y-%m-%d %H:%M} UTC",
        f"client_key:{program.pk} {program.key}  outer-rim/relay  workers  events in  active",
        f"client_key:{closed.pk} {closed.key}  outer-rim/relay  -  events in  disabled",
    ]


def test_says_when_there_is_nothing_to_list() -> None:
    assert run("list_credentials") == ("There are no credentials.\n", "")


def test_disables_a_key_and_keeps_it(outer_rim: Organization) -> None:
    key, _ = create_api_key(outer_rim, secret="leaked-ab12")
    neighbour, _ = create_api_key(outer_rim)

    printed, _ = run("revoke_credential", f"key:{key.pk}")

    assert printed == f"key:{key.pk} …ab12 of outer-rim is disabled.\n"
    assert dict(ApiKey.objects.values_list("pk", "is_active")) == {key.pk: False, neighbour.pk: True}


def test_leaves_a_disabled_key_disabled(outer_rim: Organization) -> None:
    key, _ = create_api_key(outer_rim)
    first_time, _ = run("revoke_credential", f"key:{key.pk}")

    second_time, _ = run("revoke_credential", f"key:{key.pk}")

    assert second_time == first_time
    assert not ApiKey.objects.get().is_active


def test_deletes_a_token(kit: User) -> None:
    token, _ = create_token(kit, secret="leaked-cd34")
    neighbour, _ = create_token(kit)

    printed, _ = run("revoke_credential", f"token:{token.pk}")

    assert printed == f"token:{token.pk} …cd34 of kit is deleted.\n"
    assert list(ApiToken.objects.values_list("pk", flat=True)) == [neighbour.pk]


def test_disables_a_client_key(project: Project) -> None:
    key, neighbour = ClientKey.objects.create(project=project), ClientKey.objects.create(project=project)

    printed, _ = run("revoke_credential", f"client_key:{key.pk}")

    assert printed.startswith(f"client_key:{key.pk} of the-interstellar-jurisdiction/pump-station is disabled")
    assert dict(ClientKey.objects.values_list("pk", "is_active")) == {key.pk: False, neighbour.pk: True}


def test_revokes_nothing_without_being_told_what(outer_rim: Organization) -> None:
    create_api_key(outer_rim)

    assert "credential" in refusal("revoke_credential")
    assert ApiKey.objects.get().is_active


@pytest.mark.parametrize(
    "word",
    [
        "client_key:1",
        "key:0",
        "token:0",
        "key",
        "key:",
        "0",
        "user:1",
        "key:x",
        "key:٣",
        "token:-1",
        "key:9999999999999999999",
        "",
    ],
)
def test_refuses_what_no_listing_shows(word: str, outer_rim: Organization, kit: User) -> None:
    create_api_key(outer_rim)
    create_token(kit)

    sentence = f"There is no credential {word}. list_credentials shows them, as key:3 or token:5."
    assert refusal("revoke_credential", word) == sentence
    assert ApiKey.objects.get().is_active
    assert ApiToken.objects.count() == 1


# create_client_key


def test_create_client_key_prints_the_dsn_alone(project: Project, settings: Any) -> None:
    settings.BASE_URL = "https://issues.example.com"

    printed, explained = run(
        "create_client_key", "--project=the-interstellar-jurisdiction/pump-station", "--label=workers"
    )

    key = ClientKey.objects.get()
    assert printed == f"https://{key.key}@issues.example.com/{project.pk}\n"
    assert (key.project, key.name) == (project, "workers")
    assert explained == "Programs that are told this send their errors to pump-station.\n"


def test_create_client_key_says_when_it_guesses_the_address(project: Project, settings: Any) -> None:
    settings.BASE_URL, settings.PORT = "", 8123

    printed, explained = run("create_client_key", "--project=the-interstellar-jurisdiction/pump-station")

    assert "@127.0.0.1:8123/" in printed
    assert "BASE_URL is not set" in explained


@pytest.mark.parametrize("path", ["the-interstellar-jurisdiction/nothing", "nothing/pump-station", "pump-station", "/"])
def test_create_client_key_needs_a_project(project: Project, path: str) -> None:
    assert refusal("create_client_key", f"--project={path}") == f"There is no project {path}."
    assert not ClientKey.objects.exists()


def test_create_client_key_refuses_a_long_label(project: Project) -> None:
    words = ["create_client_key", "--project=the-interstellar-jurisdiction/pump-station", f"--label={'x' * 65}"]

    assert refusal(*words) == "name: Ensure this value has at most 64 characters (it has 65)."
