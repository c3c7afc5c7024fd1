"""Commands by which an empty database comes to its first organization, project, people."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command, get_commands

from projects.forms import UserForm
from projects.models import ApiKey, ApiToken, ClientKey, Organization, OrganizationMember, Project, Team, User
from projects.serializers import dsn

pytestmark = pytest.mark.django_db


def run(*words: str) -> tuple[str, str]:
    """Return what the command printed on standard output, and on standard error."""
    printed, explained = StringIO(), StringIO()
    call_command(*words, stdout=printed, stderr=explained)
    return printed.getvalue(), explained.getvalue()


def refusal(*words: str) -> str:
    before = [list(model._default_manager.values()) for model in (Organization, Project, Team, User, ClientKey)]
    with pytest.raises(CommandError) as raised:
        run(*words)
    after = [list(model._default_manager.values()) for model in (Organization, Project, Team, User, ClientKey)]
    assert before == after
    return str(raised.value)


def test_lead_from_an_empty_database_to_a_dsn(settings: Any) -> None:
    settings.BASE_URL = "https://issues.example.com"

    run("create_organization", "--organization=acme")
    password, _ = run("create_user", "--user=maria", "--email=maria@example.com", "--name=Maria")
    run("add_member", "--organization=acme", "--user=maria", "--role=owner")
    made, _ = run("create_team", "--team=acme/makers", "--user=maria", "--user=maria")
    printed, explained = run("create_project", "--project=acme/web", "--platform=python", "--team=makers")

    assert made == "There is a team #makers in acme now, of 1.\n"
    maria = User.objects.get()
    assert maria.check_password(password.strip())
    assert (maria.name, maria.email, maria.is_staff, maria.is_superuser) == ("Maria", "maria@example.com", True, False)
    organization = Organization.objects.get()
    assert (organization.slug, organization.name, organization.open_membership) == ("acme", "acme", True)
    assert OrganizationMember.objects.values_list("user", "organization__slug", "role").get() == (
        maria.pk,
        "acme",
        "owner",
    )
    project = Project.objects.get()
    assert (project.slug, project.name, project.platform) == ("web", "web", "python")
    assert list(project.teams.values_list("slug", "members__username")) == [("makers", "maria")]
    assert printed == f"{dsn(ClientKey.objects.get(), base_url='https://issues.example.com')}\n"
    assert explained == "Programs that are told this send their errors to web.\n"


def test_make_a_closed_organization_and_whom_only_tokens_let_in() -> None:
    run("create_organization", "--organization=acme", "--name=Acme", "--closed")
    printed, explained = run("create_user", "--user=robot", "--no-log-in")
    run("add_member", "--organization=acme", "--user=robot")

    robot = User.objects.get()
    assert printed == ""
    assert "Only its tokens work" in explained
    assert (robot.is_staff, robot.has_usable_password()) == (False, False)
    assert Organization.objects.values_list("name", "open_membership").get() == ("Acme", False)
    assert OrganizationMember.objects.get().role == "member"


def test_make_a_superuser() -> None:
    _, explained = run("create_user", "--user=root", "--superuser")

    assert User.objects.values_list("is_staff", "is_superuser").get() == (True, True)
    assert "a superuser" in explained


def test_put_a_new_member_on_teams() -> None:
    run("create_organization", "--organization=acme")
    run("create_team", "--team=acme/makers")
    run("create_user", "--user=maria")

    printed, _ = run("add_member", "--organization=acme", "--user=maria", "--team=makers")

    assert printed == "maria in acme as member, on #makers.\n"
    assert list(Team.objects.values_list("members__username", flat=True)) == ["maria"]


@pytest.mark.parametrize("slug", ["42", "Acme", "a b", "", "x" * 51, "acme", "a\0b"])
def test_refuse_what_is_no_slug_of_an_organization_or_is_taken(slug: str) -> None:
    run("create_organization", "--organization=acme")

    assert "slug: " in refusal("create_organization", f"--organization={slug}")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["create_project", "--project=web"], "web is not written as ORG/SLUG."),
        (["create_project", "--project=acme/web/x"], "acme/web/x is not written as ORG/SLUG."),
        (["create_project", "--project=nothing/web"], "There is no organization nothing."),
        (["create_project", "--project=acme/7"], "slug: A slug is small letters"),
        (["create_project", "--project=acme/web"], "slug: acme has a project web already."),
        (["create_project", "--project=acme/new", "--team=nothing"], "There is no team acme/nothing."),
        (["create_team", "--team=acme/makers"], "slug: acme has a team makers already."),
        (["create_team", "--team=acme/new", "--user=nobody"], "There is no user nobody."),
        (["create_team", "--team=acme/new", "--user=kit"], "members: kit is no member of acme"),
        (["create_user", "--user=maria"], "username: A user with that username already exists."),
        (["create_user", "--user=a b"], "username: Enter a valid username."),
        (["create_user", "--user=new", "--email=nothing"], "email: Enter a valid email address."),
        (["add_member", "--organization=nothing", "--user=kit"], "There is no organization nothing."),
        (["add_member", "--organization=acme", "--user=nobody"], "There is no user nobody."),
        (["add_member", "--organization=acme", "--user=kit", "--team=x"], "There is no team acme/x."),
        (["add_member", "--organization=acme", "--user=maria"], "user: maria is a member of acme already"),
    ],
)
def test_refuse_in_a_sentence_and_make_nothing(words: list[str], sentence: str) -> None:
    run("create_organization", "--organization=acme")
    run("create_user", "--user=maria")
    run("create_user", "--user=kit")
    run("add_member", "--organization=acme", "--user=maria")
    run("create_team", "--team=acme/makers")
    run("create_project", "--project=acme/web")

    assert refusal(*words).startswith(sentence)
    assert OrganizationMember.objects.count() == 1


def test_have_one_naming() -> None:
    """What is made is create_*, who joins add_*, what is shown list_*; and each is told what by the same options."""
    ours = {name for name, app in get_commands().items() if app in {"projects", "issues", "events", "issuetracker"}}

    assert {name for name in ours if name.startswith(("create", "add", "list", "revoke", "make", "new"))} == {
        *("create_organization", "create_project", "create_team", "create_user", "add_member"),
        *("create_api_key", "create_client_key", "create_token", "list_credentials", "revoke_credential"),
        "list_routes",
    }


# ---------------------------------------------------------------------------------------------------------------------
# Names, and a standard output that can't be written
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("5", "username: A user name is not of digits alone: they would be an id."),
        ("Me", "username: Me means something else in searches: choose another user name."),
        ("my_teams", "username: my_teams means something else in searches: choose another user name."),
        ("MARIA", "username: There is a user maria already, and names are found in capitals or not."),
    ],
)
def test_refuse_a_name_by_which_nobody_could_be_named(name: str, sentence: str) -> None:
    run("create_user", "--user=maria")

    assert refusal("create_user", f"--user={name}") == sentence


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["create_organization", "--organization=late", "--name=La\nte"], "name"),
        (["create_user", "--user=maria", "--name=Mar\u2028ia"], "name"),
        (["create_project", "--project=acme/web", "--name=W\x1b[2Jeb"], "name"),
        (["create_team", "--team=acme/makers", "--name=a\rb"], "name"),
        (["create_api_key", "--organization=acme", "--label=a\nb"], "label"),
        (["create_client_key", "--project=acme/app", "--label=a\x7fb"], "name"),
    ],
)
def test_refuse_what_is_not_on_one_line(words: list[str], field: str) -> None:
    run("create_organization", "--organization=acme")
    run("create_project", "--project=acme/app")

    assert refusal(*words) == f"{field}: Write it on one line: a line break or another control character is in it."


def test_leave_a_name_alone_that_is_there_already() -> None:
    user = User.objects.create_user("5")
    form = UserForm({"username": "5", "name": "Five", "email": "", "is_active": True}, instance=user)

    assert form.is_valid()


class Full(StringIO):
    def flush(self) -> None:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "words",
    [
        ["create_user", "--user=other"],
        ["create_project", "--project=acme/web"],
        ["create_client_key", "--project=acme/app"],
        ["create_api_key", "--organization=acme"],
        ["create_token", "--user=maria"],
        ["seed_projects"],
    ],
    ids=lambda words: words[0],
)
def test_make_no_secret_that_nobody_could_see(words: list[str]) -> None:
    run("create_organization", "--organization=acme")
    run("create_project", "--project=acme/app")
    run("create_user", "--user=maria")
    tables = (Organization, Project, User, ClientKey, ApiKey, ApiToken)
    before = [table._default_manager.count() for table in tables]

    with pytest.raises(CommandError, match=r"can't be told: .* \(No space left on device\)\.$"):
        call_command(*words, stdout=Full(), stderr=StringIO())

    assert [table._default_manager.count() for table in tables] == before
