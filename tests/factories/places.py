# mypy: allow-untyped-calls
# (factory_boy's declarations have no types; what a factory makes has, see ModelFactory)
"""Who and where."""

from typing import Any

from factory.declarations import (
    LazyAttribute,
    Maybe,
    SelfAttribute,
    Sequence,
    SubFactory,
)

from issues.models import (
    ProjectState,
)
from projects.credentials import hashed
from projects.models import (
    ApiKey,
    ApiToken,
    ClientKey,
    Deploy,
    Organization,
    OrganizationMember,
    Project,
    Release,
    Role,
    Team,
    User,
)
from projects.release_order import carry
from projects.versions import numbered
from tests.factories.base import LONG_AGO, NOTED, NOW, ModelFactory, Trait


class UserFactory(ModelFactory[User]):
    class Meta:
        model = User

    class Params:
        superuser = Trait(is_superuser=True, is_staff=True)
        inactive = Trait(is_active=False)

    username = Sequence(lambda n: f"user-{n}")
    email = LazyAttribute(lambda user: f"{user.username}@example.com")
    date_joined = LONG_AGO


class OrganizationFactory(ModelFactory[Organization]):
    class Meta:
        model = Organization

    slug = Sequence(lambda n: f"organization-{n}")
    name = SelfAttribute("slug")
    created_at = LONG_AGO


class OrganizationMemberFactory(ModelFactory[OrganizationMember]):
    class Meta:
        model = OrganizationMember

    organization = SubFactory(OrganizationFactory)
    user = SubFactory(UserFactory)
    role = Role.MEMBER
    created_at = LONG_AGO


class TeamFactory(ModelFactory[Team]):
    """``members=[user, ...]``"""

    class Meta:
        model = Team

    organization = SubFactory(OrganizationFactory)
    slug = Sequence(lambda n: f"team-{n}")
    name = SelfAttribute("slug")
    created_at = LONG_AGO


class ProjectFactory(ModelFactory[Project]):
    """``teams=[team, ...]``, whose organization it joins."""

    class Meta:
        model = Project

    teams = ()
    organization = Maybe(
        "teams",
        yes_declaration=LazyAttribute(lambda project: project.teams[0].organization),
        no_declaration=SubFactory(OrganizationFactory),
    )
    slug = Sequence(lambda n: f"project-{n}")
    name = SelfAttribute("slug")
    created_at = LONG_AGO

    @classmethod
    def _create(cls, model_class: type[Project], *args: Any, **columns: Any) -> Project:
        made = super()._create(model_class, *args, **columns)
        # What the first request that needs it would make, and a test could not hold until then.
        ProjectState.objects.create(project=made)
        return made


class ReleaseFactory(ModelFactory[Release]):
    """Of a project; ``projects=[project, ...]`` makes one in each, and returns that of the first.

    Of two with the same times, the later made is newer.
    """

    class Meta:
        model = Release

    projects = ()
    project = Maybe(
        "projects",
        yes_declaration=LazyAttribute(lambda release: release.projects[0]),
        no_declaration=SubFactory(ProjectFactory),
    )
    version = Sequence(lambda n: f"1.0.{n}")
    created_at = LONG_AGO

    @classmethod
    def _create(cls, model_class: type[Release], *args: Any, **columns: Any) -> Release:
        projects = columns.pop("projects")
        columns |= numbered(columns["version"])._asdict()
        made = super()._create(model_class, *args, **columns)
        for project in projects[1:]:
            super()._create(model_class, *args, **columns | {"project": project})
        carry([project.pk for project in projects] or [made.project_id], numbered(made.version))
        made.refresh_from_db(fields=["carried_at", "carried_by_id", "ordered_at", "ordered_by_id", "dated_at"])
        return made


class DeployFactory(ModelFactory[Deploy]):
    class Meta:
        model = Deploy

    release = SubFactory(ReleaseFactory)
    project = SelfAttribute("release.project")
    environment = "production"
    finished_at = NOW


class ApiKeyFactory(ModelFactory[ApiKey]):
    """``secret="..."`` is what a caller sends; only its hash is stored."""

    class Meta:
        model = ApiKey

    class Params:
        secret = Sequence(lambda n: f"{n:032x}")
        disabled = Trait(is_active=False)

    organization = SubFactory(OrganizationFactory)
    secret_hash = LazyAttribute(lambda key: hashed(key.secret))
    hint = LazyAttribute(lambda key: key.secret[-4:])
    created_at = LONG_AGO
    last_used_at = NOTED


class ApiTokenFactory(ModelFactory[ApiToken]):
    """``secret="..."`` is what a caller sends; only its hash is stored."""

    class Meta:
        model = ApiToken

    class Params:
        secret = Sequence(lambda n: f"sntryu_{n:064x}")

    user = SubFactory(UserFactory)
    secret_hash = LazyAttribute(lambda token: hashed(token.secret))
    hint = LazyAttribute(lambda token: token.secret[-4:])
    created_at = LONG_AGO
    last_used_at = NOTED


class ClientKeyFactory(ModelFactory[ClientKey]):
    class Meta:
        model = ClientKey

    class Params:
        limited = Trait(limit_count=10, limit_window=60)

    project = SubFactory(ProjectFactory)
    key = Sequence(lambda n: f"{n:032x}")
    created_at = LONG_AGO
