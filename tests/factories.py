# mypy: allow-untyped-calls
# (factory_boy's declarations have no types; what a factory makes has, see ModelFactory)
"""Rows for tests: each is the least that is valid, a trait puts it into a state, any column can be given by name.

Nothing is random and nothing reads a clock: times are relative to NOW, which tests pass as ``at=``.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.db import models
from factory.declarations import (
    LazyAttribute,
    Maybe,
    RelatedFactory,
    SelfAttribute,
    Sequence,
    SubFactory,
)
from factory.declarations import Trait as UnsetTrait
from factory.django import DjangoModelFactory

from issues.enums import ActivityKind, IssueStatus, MutationKind, ResolutionKind, SubscriptionReason
from issues.models import (
    Activity,
    Issue,
    IssueBookmark,
    IssueHash,
    IssueHour,
    IssueSeen,
    IssueSubscription,
    IssueText,
    Mutation,
    ProjectState,
)
from projects.credentials import hashed
from projects.models import (
    ApiKey,
    ApiToken,
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

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)
# Of a credential's last use: no request has that to write beside what the test is about.
NOTED = datetime(9999, 1, 1, tzinfo=UTC)

Row = TypeVar("Row", bound=models.Model)


class ModelFactory(DjangoModelFactory[Row]):
    """``XFactory(column=..., trait=True)`` makes and returns a row; many-to-many fields take a list of rows."""

    class Meta:
        abstract = True
        skip_postgeneration_save = True

    if TYPE_CHECKING:
        # What the metaclass does, in words that mypy knows: a call returns the row.
        def __new__(cls, **columns: Any) -> Row: ...  # type: ignore[misc] # "must return a subtype of its class"

    @classmethod
    def _create(cls, model_class: type[Row], *args: Any, **columns: Any) -> Row:
        many = {
            field.name: columns.pop(field.name) for field in model_class._meta.many_to_many if field.name in columns
        }
        row: Row = super()._create(model_class, *args, **columns)
        for name, rows in many.items():
            getattr(row, name).set(rows)
        return row


class Trait(UnsetTrait):
    """A trait that says that it is off. Of one that nobody named, factory_boy learns by an AttributeError, and makes a
    message of all declarations for it, dozens of times for each row."""

    def as_declarations(self, field_name: str, declarations: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = super().as_declarations(field_name, declarations)
        return {field_name: declarations.get(field_name, False)} | found


# ---------------------------------------------------------------------------------------------------------------------
# Who and where
# ---------------------------------------------------------------------------------------------------------------------


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


# ---------------------------------------------------------------------------------------------------------------------
# Issues
# ---------------------------------------------------------------------------------------------------------------------


class IssueFactory(ModelFactory[Issue]):
    """An unresolved issue with one event, and its text (``text__title="..."``; ``text=None`` leaves it out).

    Totals equal the own numbers unless they are given. ``merged_into=parent`` sets that column and takes the parent's
    project, nothing else: a parent's totals are given by the test that builds the tree.

    ``resolved_in_release`` makes a release unless ``resolution_release`` is given; ``snoozed`` holds at NOW and for
    half an hour after it; other terms go with ``ignored``: ``IssueFactory(ignored=True, snooze_ends_at_times_seen=5)``.
    ``assigned`` is to a user and ``assigned_to_team`` to a team of the organization; membership is the test's business.
    """

    class Meta:
        model = Issue

    class Params:
        resolved = Trait(status=IssueStatus.RESOLVED, resolved_at=NOW - timedelta(minutes=30))
        resolved_in_release = Trait(
            resolved=True,
            resolution_kind=ResolutionKind.IN_RELEASE,
            resolution_release=SubFactory(
                ReleaseFactory, projects=LazyAttribute(lambda release: [release.factory_parent.project])
            ),
        )
        resolved_in_next_release = Trait(resolved=True, resolution_kind=ResolutionKind.IN_NEXT_RELEASE)
        ignored = Trait(status=IssueStatus.IGNORED)
        snoozed = Trait(ignored=True, snooze_ends_at=NOW + timedelta(minutes=30))
        public = Trait(share_id=Sequence(lambda n: UUID(int=n + 1)))
        assigned = Trait(assignee_user=SubFactory(UserFactory))
        assigned_to_team = Trait(
            assignee_team=SubFactory(TeamFactory, organization=SelfAttribute("..project.organization"))
        )

    merged_into = None
    project = Maybe(
        "merged_into",
        yes_declaration=SelfAttribute("merged_into.project"),
        no_declaration=SubFactory(ProjectFactory),
    )
    short_number = Sequence(lambda n: n + 1)

    own_first_seen = NOW - timedelta(days=2)
    own_last_seen = NOW - timedelta(hours=1)
    own_times_seen = 1
    own_users_seen = 1
    own_comment_count = 0
    own_first_release = None
    own_last_release = None

    first_seen = SelfAttribute("own_first_seen")
    last_seen = SelfAttribute("own_last_seen")
    times_seen = SelfAttribute("own_times_seen")
    users_seen = SelfAttribute("own_users_seen")
    comment_count = SelfAttribute("own_comment_count")
    first_release = SelfAttribute("own_first_release")
    last_release = SelfAttribute("own_last_release")

    text = RelatedFactory("tests.factories.IssueTextFactory", factory_related_name="issue")


class IssueTextFactory(ModelFactory[IssueText]):
    class Meta:
        model = IssueText

    issue = SubFactory(IssueFactory, text=None)
    project = SelfAttribute("issue.project")
    title = Sequence(lambda n: f"Error {n}")


class HangsOnIssueFactory(ModelFactory[Row]):
    """What hangs on an issue has the issue's project."""

    class Meta:
        abstract = True

    issue = SubFactory(IssueFactory)
    project = SelfAttribute("issue.project")


class IssueHashFactory(HangsOnIssueFactory[IssueHash]):
    class Meta:
        model = IssueHash

    hash = Sequence(lambda n: f"{n:032x}")


class IssueHourFactory(HangsOnIssueFactory[IssueHour]):
    class Meta:
        model = IssueHour

    hour = NOW
    own_count = 1
    total_count = SelfAttribute("own_count")


class IssueSeenFactory(HangsOnIssueFactory[IssueSeen]):
    """Seen at NOW, which is after the issue's last event."""

    class Meta:
        model = IssueSeen

    user = SubFactory(UserFactory)
    seen_at = NOW


class IssueBookmarkFactory(HangsOnIssueFactory[IssueBookmark]):
    class Meta:
        model = IssueBookmark

    user = SubFactory(UserFactory)
    created_at = NOW


class IssueSubscriptionFactory(HangsOnIssueFactory[IssueSubscription]):
    """``ended=True``: the user ended it, so no side effect may revive it."""

    class Meta:
        model = IssueSubscription

    class Params:
        ended = Trait(is_active=False)

    user = SubFactory(UserFactory)
    reason = SubscriptionReason.UNKNOWN
    created_at = NOW


class ActivityFactory(HangsOnIssueFactory[Activity]):
    class Meta:
        model = Activity

    class Params:
        note = Trait(
            kind=ActivityKind.NOTE,
            mutation_id=None,
            user=SubFactory(UserFactory),
            data={"text": "Looks like the pump."},
        )

    kind = ActivityKind.SET_RESOLVED
    data = LazyAttribute(lambda activity: {"text": "Looks like the pump."} if activity.kind == "note" else {})
    created_at = NOW
    mutation_id = Sequence(lambda n: n + 1)


class MutationFactory(ModelFactory[Mutation]):
    class Meta:
        model = Mutation

    project = SubFactory(ProjectFactory)
    kind = MutationKind.UPDATE
    created_at = NOW
    matched = 1
    changed = 1
