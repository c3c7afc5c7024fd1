"""What a role may do in the settings pages, cell by cell; the table is written from docs/operate.md."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from projects.callers import Caller
from projects.models import Role, User
from projects.roles import ALLOWED, May, standing_of
from tests.access import world
from tests.access.world import Realm
from tests.assertions import digest
from tests.factories import ApiKeyFactory, OrganizationMemberFactory, TeamFactory, UserFactory
from tests.projects.admin.pages import NO_ROWS

pytestmark = pytest.mark.django_db

ALL, NOBODY = set(Role), set[Role]()
ADMINS = {Role.ADMIN, Role.MANAGER, Role.OWNER}
MANAGERS, OWNERS = {Role.MANAGER, Role.OWNER}, {Role.OWNER}


def page(table: str, name: str, *args: int) -> str:
    return reverse(f"admin:projects_{table}_{name}", args=args)


def member(ours: Realm, role: Role = Role.MEMBER) -> int:
    return int(OrganizationMemberFactory(organization=ours.organization, role=role).pk)


def colleague(person: User) -> int:
    """Return somebody whom they know from another organization."""
    elsewhere = OrganizationMemberFactory(user=person).organization
    return int(OrganizationMemberFactory(organization=elsewhere).user_id)


# What is posted where -> who may.
DEEDS: dict[str, tuple[Callable[[Realm, User], tuple[str, dict[str, Any]]], set[Role]]] = {
    "change the organization": (
        lambda ours, me: (page("organization", "change", ours.organization.pk), {"name": "New"}),
        OWNERS,
    ),
    "make an organization": (lambda ours, me: (page("organization", "add"), {"slug": "new", "name": "New"}), NOBODY),
    "make a user": (lambda ours, me: (page("user", "add"), {"username": "new"}), NOBODY),
    "change a user": (
        lambda ours, me: (page("user", "change", me.pk), {"username": "new", "is_superuser": "on"}),
        NOBODY,
    ),
    "make a project": (
        lambda ours, me: (
            page("project", "add"),
            {"organization": ours.organization.pk, "slug": "new", "name": "New"},
        ),
        MANAGERS,
    ),
    "change a project": (
        lambda ours, me: (
            page("project", "change", ours.project.pk),
            {"slug": ours.project.slug, "name": "New", "platform": "go"},
        ),
        ADMINS,
    ),
    "make a team": (
        lambda ours, me: (page("team", "add"), {"organization": ours.organization.pk, "slug": "new", "name": "New"}),
        ADMINS,
    ),
    "change the own team": (
        lambda ours, me: (page("team", "change", ours.team.pk), {"slug": ours.team.slug, "name": "New"}),
        ADMINS,
    ),
    "change another team": (
        lambda ours, me: (
            page("team", "change", TeamFactory(organization=ours.organization).pk),
            {"slug": "new", "name": "New"},
        ),
        MANAGERS,
    ),
    "make a colleague a member": (
        lambda ours, me: (
            page("organizationmember", "add"),
            {"organization": ours.organization.pk, "user": colleague(me), "role": "member"},
        ),
        MANAGERS,
    ),
    "give a role": (
        lambda ours, me: (page("organizationmember", "change", member(ours)), {"role": "admin"}),
        MANAGERS,
    ),
    "give the highest role": (
        lambda ours, me: (page("organizationmember", "change", member(ours)), {"role": "owner"}),
        OWNERS,
    ),
    "take the role of an owner": (
        lambda ours, me: (page("organizationmember", "change", member(ours, Role.OWNER)), {"role": "member"}),
        OWNERS,
    ),
    "remove a member": (
        lambda ours, me: (page("organizationmember", "delete", member(ours)), {"post": "yes"}),
        MANAGERS,
    ),
    "remove an owner": (
        lambda ours, me: (page("organizationmember", "delete", member(ours, Role.OWNER)), {"post": "yes"}),
        OWNERS,
    ),
    "make an API key": (
        lambda ours, me: (
            page("apikey", "add"),
            {"organization": ours.organization.pk, "scopes": ["event:read"]},
        ),
        MANAGERS,
    ),
    "disable an API key": (
        lambda ours, me: (page("apikey", "change", ApiKeyFactory(organization=ours.organization).pk), {"label": "old"}),
        MANAGERS,
    ),
    "make a client key": (
        lambda ours, me: (page("clientkey", "add"), {"project": ours.project.pk, "name": "new"}),
        ALL,
    ),
    "disable a client key": (
        lambda ours, me: (page("clientkey", "change", ours.client_key.pk), {"name": "old"}),
        ALL,
    ),
    "end a client key": (
        lambda ours, me: (page("clientkey", "delete", ours.client_key.pk), {"post": "yes"}),
        ALL,
    ),
    "make an own token": (
        lambda ours, me: (page("apitoken", "add"), {"scopes": ["event:read"], "label": "mine"}),
        ALL,
    ),
    "change a release": (lambda ours, me: (page("release", "change", ours.release.pk), {"version": "new"}), NOBODY),
    "delete a project": (lambda ours, me: (page("project", "delete", ours.project.pk), {"post": "yes"}), NOBODY),
    "delete a team": (lambda ours, me: (page("team", "delete", ours.team.pk), {"post": "yes"}), NOBODY),
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("role", Role)
def test_does_what_the_table_allows_and_nothing_else(deed: str, role: Role) -> None:
    ours = world.build("ours")
    me = world.user(ours, role, is_on_team=True, is_staff=True)
    browser = Client()
    browser.force_login(me)
    ask, allowed = DEEDS[deed]
    where, said = ask(ours, me)
    before = digest()

    status = browser.post(where, said | NO_ROWS).status_code

    assert status in ({302} if role in allowed else {200, 403, 404})
    assert (digest() == before) is (role not in allowed)


@pytest.mark.parametrize("role", Role)
def test_counts_where_one_has_it_and_nowhere_else(role: Role) -> None:
    """An owner of one organization is a member of another, and no more than that there."""
    ours, theirs = world.build("ours"), world.build("theirs")
    me = world.user(ours, role, is_on_team=True, is_staff=True)
    OrganizationMemberFactory(organization=theirs.organization, user=me)
    browser = Client()
    browser.force_login(me)
    before = digest()

    for deed, (ask, allowed) in DEEDS.items():
        if allowed != ALL and "own" not in deed and "user" not in deed:
            where, said = ask(theirs, me)
            kept = digest()
            assert browser.post(where, said | NO_ROWS).status_code in {200, 403, 404}, deed
            assert digest() == kept, deed
    assert before != digest()  # of what was made to be tried on


def test_standing_says_where() -> None:
    ours, theirs = world.build("ours"), world.build("theirs")
    me = world.user(ours, Role.MANAGER)
    OrganizationMemberFactory(organization=theirs.organization, user=me, role=Role.ADMIN)
    standing = standing_of(Caller(user=me))
    here, there = ours.organization.pk, theirs.organization.pk

    assert [standing.may(May.MEMBERS, pk) for pk in (here, there, 0, None)] == [True, False, False, True]
    assert standing.where(May.MEMBERS) == frozenset({here})
    assert standing.where(May.LOOK) == frozenset({here, there})
    assert standing.may_give(here) == (Role.MEMBER, Role.ADMIN, Role.MANAGER)
    assert standing.may_give(there) == ()


def test_superusers_may_everything_everywhere() -> None:
    standing = standing_of(Caller(user=UserFactory(superuser=True)))

    assert {standing.may(what, 7) for what in May} == {True}
    assert standing.where(May.LOOK) is None
    assert standing.may_give(7) == tuple(Role)


def test_nobody_may_nothing() -> None:
    standing = standing_of(Caller())

    assert {standing.may(what) for what in May} == {False}
    assert standing.where(May.LOOK) == frozenset()


def test_a_higher_role_may_what_a_lower_one_may() -> None:
    for lower, higher in zip(list(Role), list(Role)[1:], strict=False):
        assert ALLOWED[lower] < ALLOWED[higher]
    assert ALLOWED[Role.OWNER] == set(May)


def test_the_documents_show_the_table() -> None:
    told = (Path(settings.BASE_DIR) / "docs" / "operate.md").read_text()

    for what in May:
        cells = " | ".join("yes" if what in ALLOWED[role] else "-" for role in Role)
        assert f"| {what.value} | {cells} |" in told
