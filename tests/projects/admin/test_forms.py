"""Places and people are made and changed in the admin; what the database would refuse is a sentence beside a field."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from projects.models import (
    ClientKey,
    Organization,
    OrganizationMember,
    Project,
    Team,
    User,
)
from projects.serializers import dsn
from tests.projects.admin.pages import NO_ROWS, address

pytestmark = pytest.mark.django_db

HUGE = 10**20


def errors(answer: Any) -> dict[str, list[str]]:
    """Return what the form says is wrong."""
    assert answer.status_code == 200
    found: dict[str, list[str]] = dict(answer.context["adminform"].form.errors)
    return found


def test_lead_from_nothing_to_a_dsn(operator: Client) -> None:
    operator.post(address("organization", "add"), {"slug": "acme", "name": "Acme", "open_membership": "on"})
    organization = Organization.objects.get()
    made = {"organization": organization.pk, "slug": "web", "name": "Web", "platform": "python"}
    shown = operator.post(address("project", "add"), made, follow=True).text
    account = operator.post(
        address("user", "add"),
        {"username": "maria", "email": "m@example.com", "name": "Maria", "is_staff": "on"},
        follow=True,
    ).text
    maria = User.objects.get(username="maria")
    operator.post(
        address("organizationmember", "add"), {"organization": organization.pk, "user": maria.pk, "role": "owner"}
    )

    assert dsn(ClientKey.objects.get(), base_url="http://testserver") in shown
    [password] = re.findall(r"<code>([^<]+)</code>", account)
    assert maria.check_password(password)
    assert (maria.is_staff, maria.is_superuser, maria.is_active) == (True, False, True)
    assert OrganizationMember.objects.values_list("user", "role").get() == (maria.pk, "owner")


def test_change_an_organization(operator: Client, rows: dict[str, int]) -> None:
    operator.post(
        address("organization", "change", rows["organization"]), {"slug": "inner-rim", "name": "Inner Rim"} | NO_ROWS
    )

    assert Organization.objects.values_list("slug", "name", "open_membership").get() == (
        "inner-rim",
        "Inner Rim",
        False,
    )


def test_change_a_project(operator: Client, rows: dict[str, int]) -> None:
    said = {"slug": "valve", "name": "Valve", "platform": "go", "teams": [rows["team"]], "organization": rows["team"]}

    operator.post(address("project", "change", rows["project"]), said | NO_ROWS)

    project = Project.objects.get()
    assert (project.slug, project.name, project.platform) == ("valve", "Valve", "go")
    assert (project.organization_id, list(project.teams.values_list("pk", flat=True))) == (
        rows["organization"],
        [rows["team"]],
    )


def test_make_a_team(operator: Client, rows: dict[str, int]) -> None:
    said = {"organization": rows["organization"], "slug": "new", "name": "New", "members": [rows["user"]]}

    operator.post(address("team", "add"), said)

    assert Team.objects.filter(slug="new").values_list("members__username", "organization").get() == (
        "kit",
        rows["organization"],
    )


def test_change_a_user_and_keep_the_password(operator: Client, rows: dict[str, int]) -> None:
    before = User.objects.get(pk=rows["user"]).password

    shown = operator.post(
        address("user", "change", rows["user"]),
        {"username": "kit", "name": "Kit L.", "email": "k@example.com"} | NO_ROWS,
        follow=True,
    ).text

    kit = User.objects.get(pk=rows["user"])
    assert (kit.name, kit.email, kit.is_active, kit.password) == ("Kit L.", "k@example.com", False, before)
    assert "<code>" not in shown


def test_make_a_new_password_and_show_it_once(operator: Client, rows: dict[str, int]) -> None:
    said = {"username": "kit", "is_active": "on", "new_log_in": "on"}

    shown = operator.post(address("user", "change", rows["user"]), said | NO_ROWS, follow=True).text

    [password] = re.findall(r"<code>([^<]+)</code>", shown)
    assert User.objects.get(pk=rows["user"]).check_password(password)
    assert password not in operator.get(address("user", "change", rows["user"])).text


@pytest.mark.parametrize("name", ["is_active", "is_staff", "is_superuser"])
def test_let_nobody_shut_themselves_out(operator: Client, name: str) -> None:
    me = User.objects.get(username="operator")
    said = {"username": "operator", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    del said[name]

    answer = operator.post(address("user", "change", me.pk), said | NO_ROWS)

    assert list(errors(answer)) == [name]
    assert User.objects.filter(pk=me.pk, is_active=True, is_staff=True, is_superuser=True).exists()


@pytest.mark.parametrize("slug", ["42", "Acme", "a b", "", "x" * 51, "outer-rim", "a\0b", "ä"])
@pytest.mark.parametrize("page", ["add", "change"])
def test_refuse_what_is_no_slug_or_is_taken(operator: Client, rows: dict[str, int], slug: str, page: str) -> None:
    other = Organization.objects.create(slug="other", name="Other")
    where = address("organization", page, *([other.pk] if page == "change" else []))

    answer = operator.post(where, NO_ROWS | {"slug": slug, "name": "Other"})

    assert list(errors(answer)) == ["slug"]
    assert sorted(Organization.objects.values_list("slug", flat=True)) == ["other", "outer-rim"]


@pytest.mark.parametrize("table", ["project", "team"])
@pytest.mark.parametrize("page", ["add", "change"])
def test_refuse_a_slug_that_the_organization_has(operator: Client, rows: dict[str, int], table: str, page: str) -> None:
    model: Any = {"project": Project, "team": Team}[table]
    other = model.objects.create(organization_id=rows["organization"], slug="other", name="Other")
    taken = {"project": "relay", "team": "crew"}[table]
    where = address(table, page, *([other.pk] if page == "change" else []))

    answer = operator.post(where, NO_ROWS | {"organization": rows["organization"], "slug": taken, "name": "Other"})

    assert errors(answer) == {"slug": [f"outer-rim has a {table} {taken} already."]}


def test_take_a_slug_that_another_organization_has(operator: Client, rows: dict[str, int]) -> None:
    other = Organization.objects.create(slug="other", name="Other")

    answer = operator.post(address("project", "add"), {"organization": other.pk, "slug": "relay", "name": "Relay"})

    assert answer.status_code == 302
    assert Project.objects.filter(slug="relay").count() == 2


def test_refuse_teams_and_people_of_others(operator: Client, rows: dict[str, int]) -> None:
    other = Organization.objects.create(slug="other", name="Other")
    team = Team.objects.create(organization=other, slug="strangers", name="Strangers")
    sam = User.objects.create_user("sam")
    project, crew = {"slug": "relay", "name": "Relay", "teams": [team.pk]}, {"slug": "crew", "name": "Crew"}

    of_project = operator.post(address("project", "change", rows["project"]), project | NO_ROWS)
    of_team = operator.post(address("team", "change", rows["team"]), {**crew, "members": [rows["user"], sam.pk]})

    assert errors(of_project) == {"teams": ["#strangers is no team of outer-rim."]}
    assert errors(of_team) == {"members": ["sam is no member of outer-rim: make them one first."]}


def test_let_who_has_left_stay_on_a_team(operator: Client, rows: dict[str, int]) -> None:
    """They see nothing by it; whoever changes its name need not know about them."""
    OrganizationMember.objects.all().delete()

    answer = operator.post(
        address("team", "change", rows["team"]), {"slug": "crew", "name": "The Crew", "members": [rows["user"]]}
    )

    assert answer.status_code == 302
    assert Team.objects.values_list("name", "members__username").get() == ("The Crew", "kit")


def test_refuse_a_second_membership(operator: Client, rows: dict[str, int]) -> None:
    said = {"organization": rows["organization"], "user": rows["user"], "role": "member"}

    answer = operator.post(address("organizationmember", "add"), said)

    assert errors(answer) == {"user": ["kit is a member of outer-rim already: change the role there."]}


@pytest.mark.parametrize(
    ("limit", "wrong"),
    [
        ({"limit_count": "5"}, ["limit_window"]),
        ({"limit_window": "5"}, ["limit_count"]),
        ({"limit_count": "0", "limit_window": "5"}, ["limit_count"]),
        ({"limit_count": "5", "limit_window": str(2**31)}, ["limit_window"]),
        ({"limit_count": "-1", "limit_window": str(HUGE)}, ["limit_count", "limit_window"]),
    ],
)
def test_refuse_half_a_limit(operator: Client, rows: dict[str, int], limit: dict[str, str], wrong: list[str]) -> None:
    answer = operator.post(address("clientkey", "change", rows["clientkey"]), {"name": "x", "is_active": "on", **limit})

    assert sorted(errors(answer)) == wrong
    assert ClientKey.objects.values_list("limit_count", "limit_window").get() == (None, None)


def test_refuse_a_token_that_is_over(operator: Client, rows: dict[str, int]) -> None:
    said = {"user": rows["user"], "scopes": ["event:read"], "expires_at_0": "2001-01-01", "expires_at_1": "00:00"}

    assert list(errors(operator.post(address("apitoken", "add"), said))) == ["expires_at"]


@pytest.mark.parametrize(
    ("table", "name"),
    [
        *(("project", "organization"), ("project", "teams"), ("team", "members"), ("clientkey", "project")),
        *(("organizationmember", "user"), ("apikey", "organization"), ("apitoken", "user")),
    ],
)
@pytest.mark.parametrize(
    ("word", "status"),
    [("0", 400), ("x", 400), ("-1", 400), (str(HUGE), 400), ("9\0", 400), ("٣", 400), ("", 200), (str(2**63 - 1), 200)],
)
def test_refuse_what_is_no_id(
    operator: Client, rows: dict[str, int], table: str, name: str, word: str, status: int
) -> None:
    """No page posts what can't be an id; one that nobody has is said to be none."""
    model = {model._meta.model_name: model for model in admin.site._registry}[table]
    said = {"organization": rows["organization"], "slug": "new", "name": "New", "scopes": ["event:read"], name: word}
    before = model._default_manager.count()

    answer = operator.post(address(table, "add"), said)

    if word or name not in {"teams", "members"}:
        assert answer.status_code == status
        assert model._default_manager.count() == before
    assert status == 400 or answer.status_code == 302 or name in errors(answer)


def test_say_that_somebody_was_faster(operator: Client, rows: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the form's look and the row that it makes, another one was made."""
    monkeypatch.setattr("projects.forms.PlaceForm.clean", lambda form: form.cleaned_data)
    monkeypatch.setattr("projects.models.Project.validate_constraints", lambda *args, **kwargs: None)
    said = {"organization": rows["organization"], "slug": "relay", "name": "Relay"}

    answer = operator.post(address("project", "add"), said, follow=True)

    assert "Somebody changed the same meanwhile. Nothing was saved" in answer.text
    assert (Project.objects.count(), ClientKey.objects.count()) == (1, 1)
