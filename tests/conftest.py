"""The cast, which is the seeds' own (contract 4): jane owns and is on the team, sam is a member on no team, kit is a
stranger. None of it is there unless a test names it."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from hypothesis import settings
from pytest_django import DjangoDbBlocker

from projects.models import Organization, Project, Role, Team, User
from tests import citus, contexts, migrating
from tests.api_client import Api, basic, bearer
from tests.database import connected_to, copy_database, of_the_cast, standing, use_a_cluster_for_tests
from tests.factories import (
    NOW,
    ApiKeyFactory,
    ApiTokenFactory,
    OrganizationFactory,
    OrganizationMemberFactory,
    ProjectFactory,
    TeamFactory,
    UserFactory,
)
from tests.statements.watching import watch
from tests.static_files import find_static_files_once
from tests.template import PARTITIONS, template

pytest.register_assert_rewrite("tests.assertions")

# `make test` thinks of the same each time, and has time on a busy machine: what fails there fails again. Chance is for
# `make soak`.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("chance", max_examples=2000, deadline=None)
settings.load_profile("same")


def pytest_configure(config: pytest.Config) -> None:
    use_a_cluster_for_tests()
    if citus.URL:
        citus.make_copies_on_each()
    config.pluginmanager.register(watch, "statements")
    watch.begin()
    find_static_files_once()
    migrating.quickly()
    # A real hash takes a third of a second, to make and to compare. Programs that a test starts have the real ones.
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    contexts.keep_those_of_pages()
    # Some images of Python are set not to keep compiled modules. Each run, and each program that a test starts, would
    # compile the whole project again: half of the time that it takes to collect the tests.
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # A request makes thousands of objects and few cycles; by default the collector looks at them all the time.
    gc.set_threshold(20_000, 10, 10)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Let the workers of a run of all tests import them from different places on.

    In a clean clone pytest compiles each module with its assertions, which takes ten seconds of a core and is kept for
    whoever comes next. Workers that collect all of it in the same order would all compile the same module.
    """
    worker: dict[str, Any] | None = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args != session.config.getini("testpaths"):
        return
    root = session.config.rootpath
    files = sorted((root / "tests").rglob("test_*.py"))
    names = [".".join(file.relative_to(root).with_suffix("").parts) for file in files]
    first = len(names) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for name in names[first:] + names[:first]:
        with suppress(Exception):  # which the collection meets again, and tells of
            import_module(name)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if citus.URL:
        config.hook.pytest_deselected(items=citus.except_some(items))


def pytest_collection_finish() -> None:
    """Let the collector pass over what stays to the end: all the tests, and all that they import."""
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    standing.make_way(item)


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: Any, request: pytest.FixtureRequest) -> None:
    if fixturedef.argname == "_django_db_helper":  # which begins the transaction of a test
        request.getfixturevalue("django_db_setup")
        standing.prepare(request.node, request.getfixturevalue("django_db_blocker"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """Let the database of this process be made as a copy; what migrate then finds to do is little."""
    with django_db_blocker.unblock(), template() as name:
        connection.settings_dict["TEST"]["TEMPLATE"] = name


@pytest.fixture(scope="module")
def undivided(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Tables in one piece, with PARTITIONS=8 too: for what is about such tables alone."""
    with django_db_blocker.unblock():
        if not PARTITIONS:
            yield
            return
        own = f"{connection.settings_dict['NAME']}_undivided"
        with template(parts=0) as name:
            copy_database(name, own)
        with connected_to(own):
            yield


@pytest.fixture
def now() -> datetime:
    """The time of the request: passed as ``at=``, never frozen."""
    return NOW


@of_the_cast
def organization(db: None) -> Organization:
    return OrganizationFactory(slug="the-interstellar-jurisdiction", name="The Interstellar Jurisdiction")


@of_the_cast
def team(organization: Organization) -> Team:
    """On both projects; jane is its one member."""
    return TeamFactory(organization=organization, slug="powerful-abolitionist", name="Powerful Abolitionist")


@of_the_cast
def other_team(organization: Organization) -> Team:
    """Of the organization, but on no project."""
    return TeamFactory(organization=organization, slug="captain-planet", name="Captain Planet")


@of_the_cast
def project(team: Team) -> Project:
    return ProjectFactory(teams=[team], slug="pump-station", name="Pump Station")


@of_the_cast
def other_project(team: Team) -> Project:
    """Another one of the same organization."""
    return ProjectFactory(teams=[team], slug="prime-mover", name="Prime Mover")


@of_the_cast
def stranger_project(db: None) -> Project:
    """Of another organization."""
    outer_rim = OrganizationFactory(slug="outer-rim", name="Outer Rim")
    return ProjectFactory(organization=outer_rim, slug="relay", name="Relay")


@of_the_cast
def jane(organization: Organization, team: Team) -> User:
    """Owner, and on the team."""
    user = UserFactory(username="jane", name="Jane Schmidt")
    OrganizationMemberFactory(organization=organization, user=user, role=Role.OWNER)
    team.members.add(user)
    return user


@of_the_cast
def sam(organization: Organization) -> User:
    """Member, on no team; sees the projects since membership is open."""
    user = UserFactory(username="sam", name="Sam Okafor")
    OrganizationMemberFactory(organization=organization, user=user, role=Role.MEMBER)
    return user


@of_the_cast
def kit(stranger_project: Project) -> User:
    """Owner of the other organization."""
    user = UserFactory(username="kit", name="Kit Lindqvist")
    OrganizationMemberFactory(organization=stranger_project.organization, user=user, role=Role.OWNER)
    return user


@of_the_cast
def api_key(organization: Organization) -> str:
    """The secret of the organization's key."""
    secret = "5" * 32
    ApiKeyFactory(organization=organization, secret=secret)
    return secret


@of_the_cast
def jane_token(jane: User) -> str:
    """The secret of jane's token."""
    secret = "sntryu_" + "a" * 64
    ApiTokenFactory(user=jane, secret=secret)
    return secret


@of_the_cast
def sam_token(sam: User) -> str:
    secret = "sntryu_" + "b" * 64
    ApiTokenFactory(user=sam, secret=secret)
    return secret


@of_the_cast
def kit_token(kit: User) -> str:
    secret = "sntryu_" + "c" * 64
    ApiTokenFactory(user=kit, secret=secret)
    return secret


@pytest.fixture
def api(project: Project, api_key: str, jane_token: str, sam_token: str, kit_token: str) -> Api:
    """Calls the service through HTTP, as any of the cast."""
    return Api(
        issues_url=f"/api/0/projects/{project.organization.slug}/{project.slug}/issues/",
        authorization={
            "key": basic(api_key),
            "jane": bearer(jane_token),
            "sam": bearer(sam_token),
            "kit": bearer(kit_token),
        },
    )
