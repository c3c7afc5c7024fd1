"""What the database allows and what it refuses: ``test_<name>`` is about the constraint ``projects_<name>``."""

import re
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import CheckConstraint, Model

from projects.models import Release, ReleaseStatus, Role, Scope
from tests.assertions import decided_by
from tests.factories import (
    NOW,
    ApiKeyFactory,
    ApiTokenFactory,
    ClientKeyFactory,
    DeployFactory,
    ModelFactory,
    OrganizationFactory,
    OrganizationMemberFactory,
    ProjectFactory,
    ReleaseFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

# ---------------------------------------------------------------------------------------------------------------------
# Slugs: a word that can't be taken for an id
# ---------------------------------------------------------------------------------------------------------------------

SLUGS = pytest.mark.parametrize(
    ("slug", "is_allowed"),
    [
        *((slug, True) for slug in ["a", "pump-station", "pump_station", "2nd", "no-1", "1-1", "-", "_", "x" * 50]),
        *((slug, False) for slug in ["", "1", "007", "1" * 50]),
        *((slug, False) for slug in ["Pump", "pump station", " pump", "pump\n", "pump/1", "pümp", "pump.1", "#pump"]),
    ],
)


@SLUGS
def test_organization_slug_is_a_slug(slug: str, is_allowed: bool) -> None:
    with decided_by("projects_organization_slug_is_a_slug", is_allowed=is_allowed):
        OrganizationFactory(slug=slug)


@SLUGS
def test_team_slug_is_a_slug(slug: str, is_allowed: bool) -> None:
    with decided_by("projects_team_slug_is_a_slug", is_allowed=is_allowed):
        TeamFactory(slug=slug)


@SLUGS
def test_project_slug_is_a_slug(slug: str, is_allowed: bool) -> None:
    with decided_by("projects_project_slug_is_a_slug", is_allowed=is_allowed):
        ProjectFactory(slug=slug)


# ---------------------------------------------------------------------------------------------------------------------
# Once
# ---------------------------------------------------------------------------------------------------------------------

ONCE_PER_ORGANIZATION = pytest.mark.parametrize(
    ("is_same_organization", "is_same_word", "is_allowed"),
    [(True, True, False), (True, False, True), (False, True, True), (False, False, True)],
)


@ONCE_PER_ORGANIZATION
def test_team_slug_once_per_organization(is_same_organization: bool, is_same_word: bool, is_allowed: bool) -> None:
    taken = TeamFactory(slug="abolitionist")
    organization = taken.organization if is_same_organization else OrganizationFactory()

    with decided_by("projects_team_slug_once_per_organization", is_allowed=is_allowed):
        TeamFactory(organization=organization, slug="abolitionist" if is_same_word else "planet")


@ONCE_PER_ORGANIZATION
def test_project_slug_once_per_organization(is_same_organization: bool, is_same_word: bool, is_allowed: bool) -> None:
    taken = ProjectFactory(slug="relay")
    organization = taken.organization if is_same_organization else OrganizationFactory()

    with decided_by("projects_project_slug_once_per_organization", is_allowed=is_allowed):
        ProjectFactory(organization=organization, slug="relay" if is_same_word else "pump")


@pytest.mark.parametrize(
    ("is_same_project", "is_same_word", "is_allowed"),
    [(True, True, False), (True, False, True), (False, True, True), (False, False, True)],
)
def test_release_version_once_per_project(is_same_project: bool, is_same_word: bool, is_allowed: bool) -> None:
    taken = ReleaseFactory(version="1.0.0")
    project = taken.project if is_same_project else ProjectFactory(organization=taken.project.organization)

    with decided_by("projects_release_version_once_per_project", is_allowed=is_allowed):
        ReleaseFactory(project=project, version="1.0.0" if is_same_word else "1.0.0-rc1")


@pytest.mark.parametrize(
    ("package", "number", "is_allowed"),
    [("", "", True), ("web", "0011", True), ("web", "", False), ("", "0011", False)],
)
def test_release_number_is_of_a_package(package: str, number: str, is_allowed: bool) -> None:
    release = ReleaseFactory()

    with decided_by("projects_release_number_is_of_a_package", is_allowed=is_allowed):
        Release.objects.filter(pk=release.pk).update(package=package, number=number)


@pytest.mark.parametrize(
    ("version", "carried_at", "carried_by_id", "is_allowed"),
    [
        ("web@1.0", None, None, True),
        ("web@1.0", NOW, 7, True),
        ("web@1.0", NOW, None, False),
        ("web@1.0", None, 7, False),
        ("1.0", NOW, 7, False),
        ("1.0", None, None, True),
    ],
)
def test_release_carried_within_a_package(
    version: str, carried_at: datetime | None, carried_by_id: int | None, is_allowed: bool
) -> None:
    release = ReleaseFactory(version=version)

    with decided_by("projects_release_carried_within_a_package", is_allowed=is_allowed):
        Release.objects.filter(pk=release.pk).update(carried_at=carried_at, carried_by_id=carried_by_id)


@pytest.mark.parametrize(
    ("is_same_organization", "is_same_user", "is_allowed"),
    [(True, True, False), (True, False, True), (False, True, True), (False, False, True)],
)
def test_organizationmember_once_per_user(is_same_organization: bool, is_same_user: bool, is_allowed: bool) -> None:
    member = OrganizationMemberFactory(role=Role.MEMBER)
    organization = member.organization if is_same_organization else OrganizationFactory()
    user = member.user if is_same_user else UserFactory()

    with decided_by("projects_organizationmember_once_per_user", is_allowed=is_allowed):
        OrganizationMemberFactory(organization=organization, user=user, role=Role.OWNER)


@pytest.mark.parametrize(
    ("factory", "column", "constraint"),
    [
        (UserFactory, "username", "projects_user_username_key"),
        (OrganizationFactory, "slug", "projects_organization_slug_key"),
        (ApiKeyFactory, "secret", "projects_apikey_secret_hash_key"),
        (ApiTokenFactory, "secret", "projects_apitoken_secret_hash_key"),
    ],
)
@pytest.mark.parametrize(("word", "is_allowed"), [("jane", False), ("sam", True)])
def test_the_columns_that_are_unique_by_themselves(
    factory: type[ModelFactory[Model]], column: str, constraint: str, word: str, is_allowed: bool
) -> None:
    factory.create(**{column: "jane"})

    with decided_by(constraint, is_allowed=is_allowed):
        factory.create(**{column: word})


# ---------------------------------------------------------------------------------------------------------------------
# Known words
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "is_allowed"),
    [*((role, True) for role in Role.values), *((role, False) for role in ["", "Owner", "admins", "superuser"])],
)
def test_organizationmember_role_is_known(role: str, is_allowed: bool) -> None:
    with decided_by("projects_organizationmember_role_is_known", is_allowed=is_allowed):
        OrganizationMemberFactory(role=role)


SCOPES = pytest.mark.parametrize(
    ("scopes", "is_allowed"),
    [
        *(([scope], True) for scope in Scope.values),
        (["event:admin", "event:read"], True),
        (Scope.values, True),
        ([], False),
        ([""], False),
        (["event"], False),
        (["project:read"], False),
        (["event:read", "project:read"], False),
        (["event:read", None], False),
    ],
    ids=str,
)


@SCOPES
def test_apikey_scopes_are_known(scopes: list[str], is_allowed: bool) -> None:
    with decided_by("projects_apikey_scopes_are_known", is_allowed=is_allowed):
        ApiKeyFactory(scopes=scopes)


@SCOPES
def test_apitoken_scopes_are_known(scopes: list[str], is_allowed: bool) -> None:
    with decided_by("projects_apitoken_scopes_are_known", is_allowed=is_allowed):
        ApiTokenFactory(scopes=scopes)


@pytest.mark.parametrize(("version", "is_allowed"), [("1.0.0", True), ("0", True), ("x" * 250, True), ("", False)])
def test_release_version_is_not_empty(version: str, is_allowed: bool) -> None:
    with decided_by("projects_release_version_is_not_empty", is_allowed=is_allowed):
        ReleaseFactory(version=version)


@pytest.mark.parametrize(
    ("status", "is_allowed"),
    [*((status, True) for status in ReleaseStatus.values), *((status, False) for status in ["", "Open", "closed"])],
)
def test_release_status_is_known(status: str, is_allowed: bool) -> None:
    with decided_by("projects_release_status_is_known", is_allowed=is_allowed):
        ReleaseFactory(status=status)


@pytest.mark.parametrize(
    ("environment", "is_allowed"), [("production", True), ("0", True), ("x" * 64, True), ("", False)]
)
def test_deploy_environment_is_not_empty(environment: str, is_allowed: bool) -> None:
    with decided_by("projects_deploy_environment_is_not_empty", is_allowed=is_allowed):
        DeployFactory(environment=environment)


# ---------------------------------------------------------------------------------------------------------------------
# All of them
# ---------------------------------------------------------------------------------------------------------------------


def test_no_constraint_is_without_a_test() -> None:
    declared = [c.name for model in apps.get_app_config("projects").get_models() for c in model._meta.constraints]

    untested = [name for name in declared if f"test_{name.removeprefix('projects_')}" not in globals()]

    assert declared
    assert untested == []


def test_the_database_has_each_check_and_enforces_it() -> None:
    declared = {
        constraint.name
        for model in apps.get_app_config("projects").get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint)
    }

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'c' AND convalidated AND conname LIKE 'projects\\_%'"
        )
        # On a cluster there are those of shards, too, with their numbers.
        enforced = {re.sub(r"_\d{5,}$", "", name) for (name,) in cursor.fetchall()}

    assert enforced == declared


# ---------------------------------------------------------------------------------------------------------------------
# The order of releases
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("released_at", "created_at", "ordered_at"),
    [
        (None, NOW, NOW),
        (NOW, NOW - timedelta(days=1), NOW),
        (NOW, NOW + timedelta(days=1), NOW),
    ],
    ids=["never released", "released after it was made", "released before it was made"],
)
def test_a_release_is_ordered_by_the_date_released_else_created(
    released_at: datetime | None, created_at: datetime, ordered_at: datetime
) -> None:
    release = ReleaseFactory(released_at=released_at, created_at=created_at)

    release.refresh_from_db()

    assert release.ordered_at == ordered_at


def test_the_order_follows_when_the_date_released_changes() -> None:
    release = ReleaseFactory(released_at=None, created_at=NOW)

    Release.objects.update(released_at=NOW + timedelta(hours=1))

    release.refresh_from_db()
    assert release.ordered_at == NOW + timedelta(hours=1)


def test_newest_first_orders_by_that_time_and_ties_by_id() -> None:
    tied, tied_later = ReleaseFactory.create_batch(2, created_at=NOW)
    released_last = ReleaseFactory(created_at=NOW - timedelta(days=9), released_at=NOW + timedelta(days=1))
    released_first = ReleaseFactory(created_at=NOW, released_at=NOW - timedelta(days=1))

    newest_first = Release.objects.newest_first()

    assert list(newest_first) == [released_last, tied_later, tied, released_first]


# ---------------------------------------------------------------------------------------------------------------------
# Client keys
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "is_allowed"),
    [("0123456789abcdef" * 2, True), *((key, False) for key in ["", "a" * 31, "A" * 32, "g" * 32, "a" * 31 + "\n"])],
)
def test_clientkey_is_32_hex_digits(key: str, is_allowed: bool) -> None:
    with decided_by("projects_clientkey_is_32_hex_digits", is_allowed=is_allowed):
        ClientKeyFactory(key=key)


@pytest.mark.parametrize(
    ("count", "window", "is_allowed"),
    [(None, None, True), (1, 1, True), (1, None, False), (None, 1, False), (0, 1, False), (1, 0, False)],
)
def test_clientkey_limit_is_whole(count: int | None, window: int | None, is_allowed: bool) -> None:
    with decided_by("projects_clientkey_limit_is_whole", is_allowed=is_allowed):
        ClientKeyFactory(limit_count=count, limit_window=window)
