# mypy: allow-untyped-calls
# (factory_boy's declarations have no types; what a factory makes has, see ModelFactory)
"""Issues, and what hangs on them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from factory.declarations import (
    LazyAttribute,
    Maybe,
    RelatedFactory,
    SelfAttribute,
    Sequence,
    SubFactory,
)

from issues.enums import ActivityKind, IssueStatus, MutationKind, ResolutionKind, SubscriptionReason
from issues.models import (
    Activity,
    Issue,
    IssueBookmark,
    IssueHash,
    IssueHour,
    IssueRelease,
    IssueSeen,
    IssueSubscription,
    IssueText,
    Mutation,
)
from tests.factories.base import NOW, ModelFactory, Row, Trait
from tests.factories.places import ProjectFactory, ReleaseFactory, TeamFactory, UserFactory


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

    @classmethod
    def _create(cls, model_class: type[Issue], *args: Any, **columns: Any) -> Issue:
        """Make the issue, and let the index of releases know it, as whoever counts events does."""
        issue: Issue = super()._create(model_class, *args, **columns)
        seen_in = {pk for pk in (issue.own_first_release_id, issue.own_last_release_id) if pk is not None}
        IssueRelease.objects.bulk_create(
            IssueRelease(project_id=issue.project_id, issue_id=issue.pk, release_id=pk) for pk in seen_in
        )
        return issue


class IssueTextFactory(ModelFactory[IssueText]):
    class Meta:
        model = IssueText

    issue = SubFactory(IssueFactory, text=None)
    project = SelfAttribute("issue.project")
    title = Sequence(lambda n: f"Error {n}")
    platform_lower = LazyAttribute(lambda text: text.issue.platform.lower())
    logger_lower = LazyAttribute(lambda text: text.issue.logger.lower())


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
