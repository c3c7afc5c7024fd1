"""The tables of the domain.

What an issue has *once* stands on its own row, each group of columns held together by named constraints. After waiting
for a lock, a statement sees the locked row anew but every *other* table as it was when the statement began: with a
table for snoozes, "resolve and end the snooze" left behind the snooze that a concurrent request had just written.
Tables of their own are for what an issue has many of, and for text.

Every table carries its project too, and is queried by it: one project is one shard. So every key has the project in it,
as PostgreSQL demands of what is divided by it (docs/decisions/0049): the primary keys, the unique constraints, and the
foreign keys to what is of the project as well. To Django ``id`` is the primary key, and such a foreign key none in the
database (``db_constraint=False``): they are made by migrations (projects/database/keys.py), and looked at by
tests/projects/test_keys.py. The project stands last in a key, so that its index serves whoever knows the id alone.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Upper

from issues import short_ids
from issues.enums import (
    SAYS_URGENCY,
    ActivityKind,
    IssueLevel,
    IssuePriority,
    IssueStatus,
    MutationKind,
    ReopenedAs,
    ResolutionKind,
    SubscriptionReason,
)
from issues.querysets import IssueQuerySet
from issues.walks import HOT, urgency_of
from projects.database.within import ForeignKeyWithinProject, OneToOneFieldWithinProject
from projects.models import ApiKey, Project, Release, Team, User


def reference(
    to: type[models.Model],
    *,
    on_delete: Callable[..., None] = models.SET_NULL,
    db_constraint: bool = True,
) -> "models.ForeignKey[Any, Any]":
    """Return a nullable foreign key without an index, for a column that bulk actions write.

    The rows it points at are deleted rarely and by an operator, who can wait for the scan.
    """
    kind = ForeignKeyWithinProject if to is Release else models.ForeignKey
    return kind(to, on_delete, null=True, blank=True, db_index=False, db_constraint=db_constraint, related_name="+")


UNTITLED = "<unlabeled event>"  # what Sentry calls an event without a title


class Issue(models.Model):
    """One problem of a project: all its events. Sentry's code calls this a *group*.

    Numbers stand here twice: its *own*, which nothing but events changes, and the *totals* that are shown, over itself
    and everything that was merged into it (services/verbs/totals.py computes them whenever the tree changes).
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, db_index=False, related_name="issues")
    short_number = models.BigIntegerField(help_text="Counts within the project; people read it as PUMP-STATION-1A.")

    # what it is
    type = models.CharField(max_length=32, default="error")
    level = models.CharField(max_length=10, choices=IssueLevel.choices, default=IssueLevel.ERROR)
    logger = models.CharField(max_length=64, blank=True)
    platform = models.CharField(max_length=64, blank=True)

    # own numbers
    own_first_seen = models.DateTimeField()
    own_last_seen = models.DateTimeField()
    own_times_seen = models.BigIntegerField(default=0)
    own_users_seen = models.BigIntegerField(default=0)
    own_comment_count = models.BigIntegerField(default=0)
    own_first_release = reference(Release, db_constraint=False)
    own_last_release = reference(Release, db_constraint=False)

    # totals
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    times_seen = models.BigIntegerField(default=0)
    users_seen = models.BigIntegerField(default=0)
    comment_count = models.BigIntegerField(default=0)
    first_release = reference(Release, db_constraint=False)
    last_release = reference(Release, db_constraint=False)

    # status
    status = models.CharField(max_length=10, choices=IssueStatus.choices, default=IssueStatus.UNRESOLVED)
    # Who set it. No constraint in the database: checking the same user again for each of a million rows costs more than
    # writing them.
    status_by = reference(User, db_constraint=False)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution_kind = models.CharField(max_length=15, choices=ResolutionKind.choices, null=True, blank=True)  # noqa: DJ001 - null, not "": absent, as in its neighbours
    resolution_release = reference(Release, on_delete=models.PROTECT, db_constraint=False)

    # snooze: the terms under which it is ignored. Plain terms are stored as the instant or the total at which they end;
    # terms with a window (that many within so many minutes) as they were given.
    snooze_ends_at = models.DateTimeField(null=True, blank=True)
    snooze_ends_at_times_seen = models.BigIntegerField(null=True, blank=True)
    snooze_ends_at_users_seen = models.BigIntegerField(null=True, blank=True)
    snooze_window_count = models.IntegerField(null=True, blank=True)
    snooze_window_minutes = models.IntegerField(null=True, blank=True)
    snooze_window_user_count = models.IntegerField(null=True, blank=True)
    snooze_window_user_minutes = models.IntegerField(null=True, blank=True)
    # Until escalating: more events within an hour than this.
    snooze_escalates_above = models.IntegerField(null=True, blank=True)
    snooze_started_at = models.DateTimeField(null=True, blank=True, help_text="Since when it is ignored.")
    # How an event opened it again, until somebody changes its status.
    reopened_as = models.CharField(max_length=10, choices=ReopenedAs.choices, null=True, blank=True)  # noqa: DJ001 - null, not "": absent, as in its neighbours

    # the rest of what it has once
    priority = models.CharField(max_length=10, choices=IssuePriority.choices, db_default=IssuePriority.MEDIUM)
    assignee_user = reference(User)
    assignee_team = reference(Team)
    share_id = models.UUIDField(null=True, blank=True, help_text="The secret of its public link; null while private.")
    merged_into = ForeignKeyWithinProject(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        db_constraint=False,
        related_name="children",
    )

    # The stamp of the request that changed the row last: a Mutation's id. No constraint and no index, so that a stamp
    # costs nothing.
    mutation_id = models.BigIntegerField(null=True, blank=True, editable=False)

    objects = IssueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="issues_issue_short_number_once_per_project", fields=["project", "short_number"]
            ),
            # Also reads the issue behind a share link.
            models.UniqueConstraint(
                name="issues_issue_share_id_is_unique",
                fields=["share_id", "project"],
                condition=Q(share_id__isnull=False),
            ),
            models.CheckConstraint(name="issues_issue_status_is_known", condition=Q(status__in=IssueStatus.values)),
            models.CheckConstraint(name="issues_issue_level_is_known", condition=Q(level__in=IssueLevel.values)),
            models.CheckConstraint(
                name="issues_issue_priority_is_known", condition=Q(priority__in=IssuePriority.values)
            ),
            models.CheckConstraint(
                name="issues_issue_own_numbers_are_not_negative",
                condition=Q(own_times_seen__gte=0, own_users_seen__gte=0, own_comment_count__gte=0),
            ),
            models.CheckConstraint(
                name="issues_issue_totals_include_own",
                condition=Q(
                    first_seen__lte=F("own_first_seen"),
                    last_seen__gte=F("own_last_seen"),
                    times_seen__gte=F("own_times_seen"),
                    users_seen__gte=F("own_users_seen"),
                    comment_count__gte=F("own_comment_count"),
                ),
            ),
            models.CheckConstraint(
                name="issues_issue_first_seen_is_first", condition=Q(own_first_seen__lte=F("own_last_seen"))
            ),
            models.CheckConstraint(
                name="issues_issue_resolved_at_goes_with_resolved",
                condition=Q(status="resolved", resolved_at__isnull=False)
                | (~Q(status="resolved") & Q(resolved_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="issues_issue_resolution_only_while_resolved",
                condition=Q(resolution_kind__isnull=True) | Q(status="resolved"),
            ),
            models.CheckConstraint(
                name="issues_issue_resolution_release_goes_with_kind",
                # A check passes unless it is false: hence "is not null" wherever a nullable value is compared.
                condition=Q(resolution_kind__isnull=True, resolution_release__isnull=True)
                | Q(resolution_kind__isnull=False, resolution_kind="in_release", resolution_release__isnull=False)
                | Q(resolution_kind__isnull=False, resolution_kind="in_next_release"),
            ),
            models.CheckConstraint(
                name="issues_issue_snooze_only_while_ignored",
                condition=Q(status="ignored")
                | Q(
                    snooze_ends_at__isnull=True,
                    snooze_ends_at_times_seen__isnull=True,
                    snooze_ends_at_users_seen__isnull=True,
                    snooze_window_count__isnull=True,
                    snooze_window_user_count__isnull=True,
                    snooze_escalates_above__isnull=True,
                    snooze_started_at__isnull=True,
                ),
            ),
            models.CheckConstraint(
                name="issues_issue_snooze_escalates_above_a_count",
                condition=Q(snooze_escalates_above__isnull=True) | Q(snooze_escalates_above__gte=0),
            ),
            models.CheckConstraint(
                name="issues_issue_reopened_only_while_unresolved",
                condition=Q(reopened_as__isnull=True)
                | Q(reopened_as__isnull=False, reopened_as__in=ReopenedAs.values, status="unresolved"),
            ),
            models.CheckConstraint(
                name="issues_issue_snooze_window_goes_with_count",
                condition=Q(
                    Q(snooze_window_count__isnull=True, snooze_window_minutes__isnull=True)
                    | Q(
                        snooze_window_count__isnull=False,
                        snooze_window_minutes__isnull=False,
                        snooze_window_count__gte=1,
                        snooze_window_minutes__gte=1,
                    ),
                    Q(snooze_window_user_count__isnull=True, snooze_window_user_minutes__isnull=True)
                    | Q(
                        snooze_window_user_count__isnull=False,
                        snooze_window_user_minutes__isnull=False,
                        snooze_window_user_count__gte=1,
                        snooze_window_user_minutes__gte=1,
                    ),
                ),
            ),
            models.CheckConstraint(
                name="issues_issue_snooze_counts_once",
                condition=Q(
                    Q(snooze_ends_at_times_seen__isnull=True) | Q(snooze_window_count__isnull=True),
                    Q(snooze_ends_at_users_seen__isnull=True) | Q(snooze_window_user_count__isnull=True),
                ),
            ),
            models.CheckConstraint(
                name="issues_issue_one_assignee",
                condition=Q(assignee_user__isnull=True) | Q(assignee_team__isnull=True),
            ),
            models.CheckConstraint(
                name="issues_issue_not_merged_into_itself",
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
            ),
        ]
        indexes = [
            # The lists of each status, newest first, and so the default list; the list of all is the three of them side
            # by side (IssueQuerySet.page). It has `status`, so no status change can be a HOT update; without it, few
            # unresolved among many resolved are found only by reading all. One index for all statuses: with one of the
            # unresolved and one of all, whatever was opened again was written to both (docs/decisions/0039).
            models.Index(
                F("project"),
                F("status"),
                F("last_seen").desc(),
                F("id").desc(),
                name="issues_issue_listed_by_status",
                condition=Q(merged_into__isnull=True),
            ),
            # The default list again: snoozes that time has ended count as unresolved. In the list's order, with the end
            # beside it, so that those that go on are passed over in the index; by the end alone, a project without any
            # was walked to its last issue, since PostgreSQL expects as many in every project.
            models.Index(
                F("project"),
                F("last_seen").desc(),
                F("id").desc(),
                F("snooze_ends_at"),
                name="issues_issue_snoozed_by_time",
                condition=Q(snooze_ends_at__isnull=False, merged_into__isnull=True),
            ),
            # And those that events or users have ended.
            models.Index(
                F("project"),
                F("last_seen").desc(),
                F("id").desc(),
                name="issues_issue_snoozed_count",
                condition=(
                    Q(times_seen__gte=F("snooze_ends_at_times_seen"))
                    | Q(users_seen__gte=F("snooze_ends_at_users_seen"))
                )
                & Q(merged_into__isnull=True),
            ),
            # The list by age (`sort=new`), which is the one that doesn't move while it is walked.
            models.Index(
                F("project"),
                F("first_seen").desc(),
                F("id").desc(),
                name="issues_issue_listed_by_age",
                condition=Q(merged_into__isnull=True),
            ),
            # The lists by events and by users, as far as those go that have many: an index of all would make every
            # change of status dearer, and hardly anybody looks at the others (walks.HOT, docs/decisions/0044).
            models.Index(
                F("project"),
                F("times_seen").desc(),
                F("id").desc(),
                name="issues_issue_hot_by_events",
                condition=Q(times_seen__gte=HOT, merged_into__isnull=True),
            ),
            models.Index(
                F("project"),
                F("users_seen").desc(),
                F("id").desc(),
                name="issues_issue_hot_by_users",
                condition=Q(users_seen__gte=HOT, merged_into__isnull=True),
            ),
            # Searches for whom issues are assigned to (services/ground/narrowing.py): "mine" is what people ask for all
            # day, and is few. By the user, and by the team of what is assigned to none: an issue has one of the two.
            models.Index(
                F("project"),
                F("assignee_user"),
                F("assignee_team"),
                F("last_seen").desc(),
                F("id").desc(),
                name="issues_issue_assigned_to",
                condition=Q(merged_into__isnull=True)
                & (Q(assignee_user__isnull=False) | Q(assignee_team__isnull=False)),
            ),
            # The list by priority, and searches for one: a walk for each word and status. What is medium, and that is
            # nearly all, is found by the lists of each status, and costs nothing here.
            models.Index(
                F("project"),
                F("priority"),
                F("status"),
                F("last_seen").desc(),
                F("id").desc(),
                name="issues_issue_not_medium",
                condition=Q(merged_into__isnull=True, priority__in=[IssuePriority.HIGH, IssuePriority.LOW]),
            ),
            # Searches for a level that few issues have: an error is what nearly all are, and many are warnings, which a
            # walk soon comes across. So a change of status writes nothing more for those (docs/decisions/0076).
            models.Index(
                F("project"),
                F("level"),
                F("status"),
                F("last_seen").desc(),
                F("id").desc(),
                name="issues_issue_rare_level",
                condition=Q(merged_into__isnull=True, level__in=[IssueLevel.FATAL, IssueLevel.INFO, IssueLevel.DEBUG]),
            ),
            # What an event has opened again: few, and by no other index.
            models.Index(
                F("project"),
                F("last_seen").desc(),
                F("id").desc(),
                name="issues_issue_reopened",
                condition=Q(merged_into__isnull=True, reopened_as__isnull=False),
            ),
            # The children of an issue: ground/trees.py walks them by it, and so does the foreign key's check.
            models.Index("merged_into", name="issues_issue_children", condition=Q(merged_into__isnull=False)),
            # Which issues a release has resolved: the check before a release is deleted.
            models.Index(
                "resolution_release", name="issues_issue_resolved_by", condition=Q(resolution_release__isnull=False)
            ),
            # Which issues wait for the next release of a project: the release that comes settles them.
            models.Index(
                "project", "id", name="issues_issue_awaiting_release", condition=Q(resolution_kind="in_next_release")
            ),
        ]

    def __str__(self) -> str:
        return f"issue {self.pk}"

    @property
    def shown_text(self) -> "IssueText":
        """Its text; where that is missing, which nothing here does, one that says so, so that it can be looked at."""
        text: IssueText = getattr(self, "text", None) or IssueText(title=UNTITLED)
        return text

    @property
    def urgency(self) -> datetime:
        """What it is sorted by where the most urgent comes first, as IssueQuerySet.sortable() has it."""
        return urgency_of(getattr(self, SAYS_URGENCY), self.last_seen)

    @property
    def short_id(self) -> str:
        """The name that people use: the project's slug in capitals and the short number in Crockford's base 32."""
        return short_ids.write(self.project.slug, self.short_number)


class HangsOnIssue(models.Model):
    """A row that belongs to an issue. Its project is the issue's: written from it, never from elsewhere.

    Where it points at a user too, there is no index on that: nothing reads marks by user alone, and bulk actions write
    them by the thousand. An operator who deletes a user waits for the scan.

    Activities and subscriptions come along with most changes, for thousands of issues at once. For their issue there is
    no foreign key of any kind: at the commit it would look up each of the issues that this transaction has locked.
    Whoever writes one holds the issue's lock, for which a deletion waits (docs/decisions/0035).
    """

    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="+"
    )

    class Meta:
        abstract = True


class IssueText(HangsOnIssue):
    """What people read and search. Beside the issue, since its index would make every status change dearer."""

    issue = OneToOneFieldWithinProject(
        Issue, on_delete=models.PROTECT, primary_key=True, db_constraint=False, related_name="text"
    )
    title = models.TextField()
    culprit = models.TextField(blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    is_unhandled = models.BooleanField(db_default=False, help_text="Its first event has an exception not caught.")
    # Those of the issue's row again, in small letters, as a search compares them (docs/decisions/0082).
    platform_lower = models.TextField(blank=True, editable=False, db_collation="C")
    logger_lower = models.TextField(blank=True, editable=False, db_collation="C")

    class Meta:
        constraints = [
            models.CheckConstraint(name="issues_issuetext_title_is_not_empty", condition=~Q(title="")),
        ]
        indexes = [
            # Words of a search, anywhere in a title or culprit; in capitals, as `icontains` compares.
            GinIndex(
                OpClass(Upper("title"), name="gin_trgm_ops"),
                OpClass(Upper("culprit"), name="gin_trgm_ops"),
                name="issues_issuetext_words",
            ),
            # Which platforms and loggers there are, and whose they are where those are few (services/ground/words.py).
            # Compared byte by byte ("C"), so that LIKE finds what begins with something. Without the issue: what many
            # have takes 7 bytes each in here then. It is counted here, without a look at the rows.
            models.Index("project", "platform_lower", name="issues_issuetext_platform"),
            models.Index("project", "logger_lower", name="issues_issuetext_logger"),
        ]

    def __str__(self) -> str:
        return self.title


class IssueHash(HangsOnIssue):
    """A fingerprint: events that carry it belong to the issue, or, while that is merged, to the root of its tree."""

    issue = ForeignKeyWithinProject(Issue, on_delete=models.PROTECT, db_constraint=False, related_name="hashes")
    hash = models.CharField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="issues_issuehash_once_per_project", fields=["project", "hash"]),
        ]
        verbose_name_plural = "issue hashes"

    def __str__(self) -> str:
        return self.hash


class IssueHour(HangsOnIssue):
    """Events of one hour: the issue's own, and the total with what was merged into it."""

    issue = ForeignKeyWithinProject(
        Issue, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="hours"
    )
    hour = models.DateTimeField()
    own_count = models.IntegerField(default=0)
    total_count = models.IntegerField(default=0)

    class Meta:
        constraints = [
            # By issue first, for the foreign key's own check. The list reads `stats` by it.
            models.UniqueConstraint(name="issues_issuehour_once_per_issue", fields=["issue", "hour", "project"]),
            models.CheckConstraint(
                name="issues_issuehour_total_includes_own",
                condition=Q(own_count__gte=0, total_count__gte=F("own_count")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}h: {self.total_count}"


class IssueMinute(HangsOnIssue):
    """Events of one minute of the issue's own, kept only while terms with a window need them (contract 7.9)."""

    pk = models.CompositePrimaryKey("issue_id", "minute", "project_id")
    issue = ForeignKeyWithinProject(
        Issue, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="minutes"
    )
    minute = models.DateTimeField()
    own_count = models.IntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="issues_issueminute_counts_events", condition=Q(own_count__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M}: {self.own_count}"


class IssueUser(HangsOnIssue):
    """Somebody whom events of the issue's own were about: never who, only 64 bits of a keyed hash (contract 7.6)."""

    pk = models.CompositePrimaryKey("issue_id", "user_hash", "project_id")
    issue = ForeignKeyWithinProject(
        Issue, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="users"
    )
    user_hash = models.BigIntegerField()
    last_seen = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_hash:x}"


class Environment(models.Model):
    """A name that events of a project brought: production, staging."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, db_index=False, related_name="+")
    name = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="issues_environment_once_per_project", fields=["project", "name"]),
            models.CheckConstraint(name="issues_environment_name_is_not_empty", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name


class IssueEnvironment(HangsOnIssue):
    """Where events of the issue's own were seen."""

    pk = models.CompositePrimaryKey("issue_id", "environment_id", "project_id")
    issue = ForeignKeyWithinProject(
        Issue, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="environments"
    )
    environment = ForeignKeyWithinProject(
        Environment, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="+"
    )
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    times_seen = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="issues_issueenvironment_first_seen_is_first",
                condition=Q(first_seen__lte=F("last_seen"), times_seen__gte=1),
            ),
        ]
        indexes = [
            # Lists of what was seen in an environment, where that is few (services/ground/narrowing.py). Written once
            # for each issue and environment: what comes later changes none of its columns.
            models.Index("project", "environment", "issue", name="issues_issueenvironment_where"),
        ]

    def __str__(self) -> str:
        return f"{self.environment_id}: {self.times_seen}"


class IssueRelease(HangsOnIssue):
    """That events of the issue's own were first or last seen in a release: the two releases of the issue's row again.

    Beside it, since an index of those would be written by every change of status (docs/decisions/0078). Whoever writes
    ``own_first_release`` or ``own_last_release`` writes this (services/occurrences/places.py): a search for a release
    is narrowed to what is told here. What is told beyond that does no harm.
    """

    pk = models.CompositePrimaryKey("issue_id", "release_id", "project_id")
    issue = ForeignKeyWithinProject(
        Issue, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="releases"
    )
    release = ForeignKeyWithinProject(
        Release, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="+"
    )

    class Meta:
        indexes = [
            # Lists of what was first or last seen in a release, where that is few (services/ground/narrowing.py). The
            # issue is read of the row: without it, what a release has many of takes 7 bytes each in here, not 40.
            models.Index("project", "release", name="issues_issuerelease_where"),
        ]

    def __str__(self) -> str:
        return f"{self.release_id}"


class ProjectState(models.Model):
    """What is one of each project, and changes: apart from the project, which many rows point at.

    Whoever makes an issue or changes the releases holds it, before any release and any issue
    (services/ground/project_state.py makes it where it is missing).
    """

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True, related_name="+")
    # Numbers of issues that were deleted are never given again: links to them would show another issue.
    next_short_number = models.BigIntegerField(default=1)
    # By it users are counted, and nobody can guess them; without it, all are strangers from then on.
    user_secret = models.BinaryField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="issues_projectstate_short_numbers_start_at_one", condition=Q(next_short_number__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"state of project {self.project_id}"


class ForgottenHash(models.Model):
    """A fingerprint whose issue was deleted, and when: what came before belongs to nothing any more (contract 7.11).

    Written by the deletion. Events look here, and their rows are taken away in the background.
    """

    pk = models.CompositePrimaryKey("project_id", "hash")
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, db_index=False, db_constraint=False, related_name="+"
    )
    hash = models.UUIDField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.hash} until {self.at}"


class IssueSeen(HangsOnIssue):
    """Who has looked at the issue, and when last. It counts as seen while no event is newer than that."""

    issue = ForeignKeyWithinProject(
        Issue, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="seen_marks"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, db_index=False, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="issues_issueseen_once_per_user", fields=["issue", "user", "project"])
        ]
        verbose_name_plural = "issue seen marks"

    def __str__(self) -> str:
        return f"{self.user_id} at {self.seen_at}"


class IssueBookmark(HangsOnIssue):
    issue = ForeignKeyWithinProject(
        Issue, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="bookmarks"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, db_index=False, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="issues_issuebookmark_once_per_user", fields=["issue", "user", "project"])
        ]

    def __str__(self) -> str:
        return f"{self.user_id}"


class IssueSubscription(HangsOnIssue):
    """Who follows the issue, and why. One that the user ended stays as inactive, so that no side effect revives it."""

    issue = ForeignKeyWithinProject(
        Issue, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="subscriptions"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, db_index=False, related_name="+")
    is_active = models.BooleanField(default=True)
    reason = models.CharField(max_length=20, choices=SubscriptionReason.choices)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="issues_issuesubscription_once_per_user", fields=["issue", "user", "project"]),
            models.CheckConstraint(
                name="issues_issuesubscription_reason_is_known", condition=Q(reason__in=SubscriptionReason.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.reason}"


class Activity(HangsOnIssue):
    """One thing that happened to an issue, with what it overwrote. Order is by id, never by time.

    The ``before_*`` columns are written by the statement that overwrites, and are what an undo reads. They are plain
    values, without foreign keys: they tell what was, and that may be gone.
    """

    issue = ForeignKeyWithinProject(
        Issue, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="activities"
    )
    kind = models.CharField(max_length=30, choices=ActivityKind.choices)
    data = models.JSONField(default=dict, blank=True)
    user = models.ForeignKey(  # no constraint in the database, as with Issue.status_by
        User, on_delete=models.SET_NULL, null=True, db_index=False, db_constraint=False, related_name="+"
    )
    created_at = models.DateTimeField()
    mutation_id = models.BigIntegerField(null=True)  # of the request that made it; a note is none

    before_status = models.CharField(max_length=10, null=True)  # noqa: DJ001 - null, not "": this kind overwrites none
    before_status_by_id = models.BigIntegerField(null=True)
    before_resolved_at = models.DateTimeField(null=True)
    before_resolution_kind = models.CharField(max_length=15, null=True)  # noqa: DJ001 - as before_status
    before_resolution_release_id = models.BigIntegerField(null=True)
    before_snooze_ends_at = models.DateTimeField(null=True)
    before_snooze_ends_at_times_seen = models.BigIntegerField(null=True)
    before_snooze_ends_at_users_seen = models.BigIntegerField(null=True)
    before_snooze_window_count = models.IntegerField(null=True)
    before_snooze_window_minutes = models.IntegerField(null=True)
    before_snooze_window_user_count = models.IntegerField(null=True)
    before_snooze_window_user_minutes = models.IntegerField(null=True)
    before_snooze_escalates_above = models.IntegerField(null=True)
    before_snooze_started_at = models.DateTimeField(null=True)
    before_reopened_as = models.CharField(max_length=10, null=True)  # noqa: DJ001 - as before_status
    before_priority = models.CharField(max_length=10, null=True)  # noqa: DJ001 - as before_status
    before_assignee_user_id = models.BigIntegerField(null=True)
    before_assignee_team_id = models.BigIntegerField(null=True)
    before_share_id = models.UUIDField(null=True)
    before_merged_into_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="issues_activity_kind_is_known", condition=Q(kind__in=ActivityKind.values)),
            models.CheckConstraint(
                # An event opens an issue again without a request: a regression, or the end of its terms.
                name="issues_activity_is_of_a_mutation_or_a_note_or_an_event",
                condition=Q(kind__in=("note", "set_regression"), mutation_id__isnull=True)
                | Q(kind="set_unresolved")
                | (~Q(kind__in=("note", "set_regression")) & Q(mutation_id__isnull=False)),
            ),
            models.CheckConstraint(
                name="issues_activity_before_reopened_as_is_known",
                condition=Q(before_reopened_as__isnull=True) | Q(before_reopened_as__in=ReopenedAs.values),
            ),
            models.CheckConstraint(
                name="issues_activity_note_is_not_empty",
                condition=RawSQL("kind <> 'note' OR coalesce(data ->> 'text', '') <> ''", (), models.BooleanField()),
            ),
            models.CheckConstraint(
                name="issues_activity_before_status_is_known",
                condition=Q(before_status__isnull=True) | Q(before_status__in=IssueStatus.values),
            ),
            models.CheckConstraint(
                name="issues_activity_before_priority_is_known",
                condition=Q(before_priority__isnull=True) | Q(before_priority__in=IssuePriority.values),
            ),
        ]
        indexes = [
            # The history of each issue of a tree, newest first; and what goes with an issue that is deleted.
            models.Index(F("issue"), F("id").desc(), name="issues_activity_of_issue"),
            # The notes of each issue of a tree, newest first, however many activities there are between them.
            models.Index(F("issue"), F("id").desc(), name="issues_activity_notes", condition=Q(kind="note")),
            # What a mutation did: its undo, and the page of its issues in the history.
            models.Index(
                fields=["mutation_id", "issue"],
                name="issues_activity_of_mutation",
                condition=Q(mutation_id__isnull=False),
            ),
        ]
        verbose_name_plural = "activities"

    def __str__(self) -> str:
        return self.kind


# What an activity keeps of what it overwrote.
BEFORE_STATE = tuple(
    field.column for field in Activity._meta.concrete_fields if field.column and field.column.startswith("before_")
)


class Mutation(models.Model):
    """One request that changed something: who asked for what, on which issues, and how many it changed.

    What it did to each issue stands in the activity rows that carry its id, and, for marks, in the arrays here.

    An undo keeps neither scope nor body: it shows the scope of what it takes back, and of ``ids`` keeps only whether
    they were all (null) or named (none). What it has to put back when it is undone stands in its own activities.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, db_index=False, related_name="+")
    kind = models.CharField(max_length=10, choices=MutationKind.choices)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, db_index=False, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    created_at = models.DateTimeField()

    # the scope as asked; null: that filter was not given
    ids = ArrayField(models.BigIntegerField(), null=True)
    statuses = ArrayField(models.CharField(max_length=10), null=True)
    query = models.TextField(null=True)  # noqa: DJ001 - null, not "": an empty search was given, and is none
    body = models.JSONField(default=dict)

    matched = models.BigIntegerField()
    changed = models.BigIntegerField()

    # An undo: the mutation that it took back, which may be pruned by now; and whether it took the steps of the body
    # from the last to the first, which the undo of an undo does not.
    undoes = models.BigIntegerField(null=True)
    scope_of = models.BigIntegerField(null=True)  # the first of them, whose scope an undo shows
    is_reversed = models.BooleanField(db_default=False)

    # Whose marks were set, if any were: the caller's. To what, and of which issues they changed.
    marks_of = reference(User, db_constraint=False)
    has_seen = models.BooleanField(null=True)
    is_bookmarked = models.BooleanField(null=True)
    is_subscribed = models.BooleanField(null=True)
    seen_ids = ArrayField(models.BigIntegerField(), default=list)
    bookmark_ids = ArrayField(models.BigIntegerField(), default=list)
    subscription_ids = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(name="issues_mutation_kind_is_known", condition=Q(kind__in=MutationKind.values)),
            models.CheckConstraint(name="issues_mutation_changed_something", condition=Q(changed__gt=0)),
            models.CheckConstraint(
                name="issues_mutation_undoes_goes_with_undo",
                condition=Q(kind="undo", undoes__isnull=False) | (~Q(kind="undo") & Q(undoes__isnull=True)),
            ),
            models.CheckConstraint(
                name="issues_mutation_asked_by_user_or_key", condition=Q(user__isnull=True) | Q(api_key__isnull=True)
            ),
            models.CheckConstraint(name="issues_mutation_matched_is_not_negative", condition=Q(matched__gte=0)),
            models.CheckConstraint(
                name="issues_mutation_ids_are_ids",
                condition=RawSQL(
                    "coalesce(0 < ALL (coalesce(ids, '{}') || seen_ids || bookmark_ids || subscription_ids), false)",
                    (),
                    models.BooleanField(),
                ),
            ),
        ]
        indexes = [
            # The history of a project, newest first.
            models.Index(F("project"), F("id").desc(), name="issues_mutation_of_project"),
            # By what the mutations of a page of the history were undone.
            models.Index(fields=["undoes"], name="issues_mutation_undone_by", condition=Q(undoes__isnull=False)),
            # The history by who asked; and whose mutations a user's end leaves nobody's.
            *(
                models.Index(
                    F(who),
                    F("project"),
                    F("id").desc(),
                    name=f"issues_mutation_by_{who}",
                    condition=Q(**{f"{who}__isnull": False}),
                )
                for who in ("user", "api_key")
            ),
            # The history by what was asked (issues/reading/mutation_walks.py): few mutations are in more than one.
            models.Index(
                F("project"),
                F("kind"),
                F("id").desc(),
                name="issues_mutation_by_kind",
                condition=~Q(kind=MutationKind.UPDATE),
            ),
            models.Index(
                F("project"),
                KeyTextTransform("status", "body"),
                F("id").desc(),
                name="issues_mutation_by_status",
                condition=Q(body__has_key="status"),
            ),
            *(
                models.Index(
                    F("project"),
                    F("id").desc(),
                    name=f"issues_mutation_of_{what}",
                    condition=Q(body__has_key=key),
                )
                for what, key in (
                    ("assignees", "assignedTo"),
                    ("priority", "priority"),
                    ("merges", "merge"),
                    ("shares", "isPublic"),
                )
            ),
        ]

    def __str__(self) -> str:
        return f"mutation {self.pk}"
