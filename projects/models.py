"""Who and where: users, organizations, teams, projects, releases and credentials."""

import secrets
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from projects.database.within import ForeignKeyWithinProject
from projects.querysets import (
    ApiKeyQuerySet,
    ApiTokenQuerySet,
    DeployQuerySet,
    MembershipQuerySet,
    OrganizationQuerySet,
    ProjectQuerySet,
    ReleaseQuerySet,
    TeamQuerySet,
)

SLUG_PATTERN = r"^[a-z0-9_-]*[a-z_-][a-z0-9_-]*$"  # at least one character that is no digit: digits alone are an id


class Role(models.TextChoices):
    """What a member is in an organization."""

    MEMBER = "member"
    ADMIN = "admin"
    MANAGER = "manager"  # sees every project of the organization
    OWNER = "owner"  # sees every project of the organization


class Scope(models.TextChoices):
    """What a credential may do; the words of Sentry's API."""

    EVENT_READ = "event:read"
    EVENT_WRITE = "event:write"
    EVENT_ADMIN = "event:admin"


def all_scopes() -> list[str]:
    return list(Scope.values)


def new_client_key() -> str:
    """Return 32 hex digits that nobody can guess."""
    return secrets.token_hex(16)


class ReleaseStatus(models.TextChoices):
    OPEN = "open"
    ARCHIVED = "archived"  # out of the way in lists that ask for open ones; it resolves issues as any other


class User(AbstractUser):
    """A person. Known to the API as ``{"id", "name", "username", "email"}``."""

    first_name = None  # type: ignore[assignment] # one `name` stands for both; Django's documented way to drop a field
    last_name = None  # type: ignore[assignment] # see first_name
    name = models.CharField(max_length=200, blank=True)

    def get_full_name(self) -> str:
        return self.name or self.username

    def get_short_name(self) -> str:
        return self.name or self.username


class Organization(models.Model):
    slug = models.CharField(max_length=50, unique=True)
    name = models.CharField(max_length=200)
    open_membership = models.BooleanField(default=True, help_text="Members see every project, not only their teams'.")
    created_at = models.DateTimeField(db_default=Now())

    members: "models.ManyToManyField[Any, Any]" = models.ManyToManyField(
        User, through="OrganizationMember", related_name="organizations"
    )

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="projects_organization_slug_is_a_slug", condition=Q(slug__regex=SLUG_PATTERN)),
        ]

    def __str__(self) -> str:
        return self.slug


class OrganizationMember(models.Model):
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(db_default=Now())

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="projects_organizationmember_once_per_user", fields=["organization", "user"]),
            models.CheckConstraint(name="projects_organizationmember_role_is_known", condition=Q(role__in=Role.values)),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization} as {self.role}"


class Team(models.Model):
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="teams")
    slug = models.CharField(max_length=50)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())

    members = models.ManyToManyField(User, related_name="teams", blank=True)

    objects = TeamQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="projects_team_slug_once_per_organization", fields=["organization", "slug"]),
            models.CheckConstraint(name="projects_team_slug_is_a_slug", condition=Q(slug__regex=SLUG_PATTERN)),
        ]

    def __str__(self) -> str:
        return f"#{self.slug}"


class Project(models.Model):
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="projects")
    slug = models.CharField(max_length=50)
    name = models.CharField(max_length=200)
    platform = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    teams = models.ManyToManyField(Team, related_name="projects", blank=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="projects_project_slug_once_per_organization", fields=["organization", "slug"]
            ),
            models.CheckConstraint(name="projects_project_slug_is_a_slug", condition=Q(slug__regex=SLUG_PATTERN)),
        ]

    def __str__(self) -> str:
        return self.slug


class Release(models.Model):
    """A version of one project's software. The same version in another project is another release.

    ``package`` and ``number`` follow from the version (:func:`projects.versions.numbered`): whoever makes a row by hand
    writes them, and calls :func:`projects.release_order.carry`.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False, related_name="releases")
    version = models.CharField(max_length=250)
    ref = models.CharField(max_length=250, blank=True, help_text="The commit it was made from.")
    url = models.CharField(max_length=2000, blank=True)
    status = models.CharField(max_length=10, choices=ReleaseStatus.choices, default=ReleaseStatus.OPEN)
    started_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    # What it sorts by (contract section 5, decision 24): `ReleaseQuerySet.newest_first`.
    package = models.CharField(max_length=250, blank=True, editable=False)
    number = models.TextField(blank=True, editable=False, db_collation="C")
    # A later release of its package with a lower number, or the same one, as which it counts as dated.
    carried_at = models.DateTimeField(null=True, blank=True, editable=False)
    carried_by_id = models.BigIntegerField(null=True, blank=True, editable=False)
    dated_at = models.GeneratedField(
        expression=Coalesce("released_at", "created_at"), output_field=models.DateTimeField(), db_persist=True
    )
    ordered_at = models.GeneratedField(
        expression=Coalesce("carried_at", "released_at", "created_at"),
        output_field=models.DateTimeField(),
        db_persist=True,
    )
    ordered_by_id = models.GeneratedField(
        expression=Coalesce("carried_by_id", "id"), output_field=models.BigIntegerField(), db_persist=True
    )

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also finds a version in a project.
            models.UniqueConstraint(name="projects_release_version_once_per_project", fields=["project", "version"]),
            models.CheckConstraint(name="projects_release_version_is_not_empty", condition=~Q(version="")),
            models.CheckConstraint(
                name="projects_release_status_is_known", condition=Q(status__in=ReleaseStatus.values)
            ),
            models.CheckConstraint(
                name="projects_release_number_is_of_a_package",
                condition=Q(package="", number="") | (~Q(package="") & ~Q(number="")),
            ),
            models.CheckConstraint(
                name="projects_release_carried_within_a_package",
                condition=Q(carried_at__isnull=True, carried_by_id__isnull=True)
                | Q(~Q(package=""), carried_at__isnull=False, carried_by_id__isnull=False),
            ),
        ]
        indexes = [
            # The list of a project's releases, its newest one, and the first one after another; and the foreign key's
            # own check.
            models.Index(
                *("project", "ordered_at", "ordered_by_id", "number", "dated_at", "id"),
                name="projects_release_in_order",
            ),
            # The releases of a package from a number on, which are carried when that one changes.
            models.Index(
                *("project", "package", "number"), name="projects_release_by_number", condition=~Q(package="")
            ),
        ]

    def __str__(self) -> str:
        return self.version


class Deploy(models.Model):
    """A project's release went live in an environment.

    One that was told of the same version in several projects is a row in each, all with the ``told_as_id`` of the
    first: what gathers them shows it once.
    """

    # The release's, from which it is written.
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, db_index=False, db_constraint=False, related_name="+"
    )
    release = ForeignKeyWithinProject(
        Release, on_delete=models.CASCADE, db_index=False, db_constraint=False, related_name="deploys"
    )
    environment = models.CharField(max_length=64)
    name = models.CharField(max_length=64, blank=True)
    url = models.CharField(max_length=2000, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField()
    told_as_id = models.BigIntegerField(null=True, blank=True, editable=False)  # null: it was told of one project alone

    objects = DeployQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="projects_deploy_environment_is_not_empty", condition=~Q(environment="")),
        ]
        indexes = [
            # The deploys of a release, newest first, and its last one; and the foreign key's own check.
            models.Index(F("release"), F("finished_at").desc(), F("id").desc(), name="projects_deploy_of_release"),
        ]

    def __str__(self) -> str:
        return f"{self.release_id} to {self.environment}"


class ApiKey(models.Model):
    """An organization's key, sent as the user name of HTTP Basic. Only a hash of it is kept (projects/credentials.py).

    Never deleted, since the history of mutations names it; disabled instead.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="api_keys")
    label = models.CharField(max_length=64, blank=True)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=4, editable=False, help_text="The last characters of the key.")
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices), default=all_scopes)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())
    # Once a minute at most (projects/credentials.py).
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_from = models.GenericIPAddressField(null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="projects_apikey_scopes_are_known",
                condition=Q(scopes__contained_by=Scope.values) & Q(scopes__len__gt=0),
            ),
        ]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"key:{self.pk} …{self.hint}"


class ApiToken(models.Model):
    """A user's token, sent as HTTP Bearer. Only a hash of it is kept (projects/credentials.py)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    label = models.CharField(max_length=64, blank=True)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=4, editable=False, help_text="The last characters of the token.")
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices), default=all_scopes)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    # Once a minute at most (projects/credentials.py).
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_from = models.GenericIPAddressField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="projects_apitoken_scopes_are_known",
                condition=Q(scopes__contained_by=Scope.values) & Q(scopes__len__gt=0),
            ),
        ]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"token:{self.pk} …{self.hint}"


MAX_LIMIT = 2**31 - 1  # of a client key: events, and seconds


class ClientKey(models.Model):
    """What a program sends its errors with: the key in a DSN (contract 7.1). Public by nature, so kept as it is.

    It gives access to nothing but taking events in, for its project alone.
    """

    key = models.CharField(max_length=32, unique=True, default=new_client_key, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="client_keys")
    name = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)
    # At most so many events in so many seconds; both or neither.
    limit_count = models.IntegerField(null=True, blank=True)
    limit_window = models.IntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="projects_clientkey_is_32_hex_digits", condition=Q(key__regex="^[0-9a-f]{32}$")
            ),
            models.CheckConstraint(
                name="projects_clientkey_limit_is_whole",
                condition=Q(limit_count__isnull=True, limit_window__isnull=True)
                | Q(limit_count__isnull=False, limit_window__isnull=False, limit_count__gte=1, limit_window__gte=1),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.key
