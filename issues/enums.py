"""The words of the API, stored as they are: one vocabulary in code, database, admin and psql."""

from collections.abc import Mapping

from django.db.models import TextChoices


class IssueStatus(TextChoices):
    UNRESOLVED = "unresolved"
    RESOLVED = "resolved"
    IGNORED = "ignored"  # for good, or until its snooze runs out: then it counts as unresolved


class Substatus(TextChoices):
    """Words of Sentry's clients beside the status; issues/substatus.py says when an answer holds which of them."""

    # of ignored
    ARCHIVED_UNTIL_ESCALATING = "archived_until_escalating"
    ARCHIVED_UNTIL_CONDITION_MET = "archived_until_condition_met"
    ARCHIVED_FOREVER = "archived_forever"
    # of unresolved
    NEW = "new"
    ONGOING = "ongoing"
    REGRESSED = "regressed"
    ESCALATING = "escalating"


class ReopenedAs(TextChoices):
    """How an event opened an issue again: the two words of :class:`Substatus` that are stored."""

    REGRESSED = "regressed"  # it was resolved
    ESCALATING = "escalating"  # it was ignored


class ResolutionKind(TextChoices):
    """A resolved issue may be resolved by a release; one that is simply resolved has no kind."""

    IN_RELEASE = "in_release"  # `Issue.resolution_release` is that release
    IN_NEXT_RELEASE = "in_next_release"  # it is the newest release at that time, or none: the first one to come


class IssueLevel(TextChoices):
    """How bad, least first."""

    SAMPLE = "sample"
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    FATAL = "fatal"


class IssuePriority(TextChoices):
    HIGH = "high"
    MEDIUM = "medium"  # from the start
    LOW = "low"


# The column that says how urgent an issue is, and how many steps each word is above the least.
SAYS_URGENCY = "priority"
STEPS_OF_URGENCY: Mapping[str, int] = {IssuePriority.HIGH: 2, IssuePriority.MEDIUM: 1, IssuePriority.LOW: 0}


class ActivityKind(TextChoices):
    SET_RESOLVED = "set_resolved"
    SET_RESOLVED_IN_RELEASE = "set_resolved_in_release"  # data: version, empty for "the next one"
    SET_UNRESOLVED = "set_unresolved"  # by a request; by an event, which ended the terms: data: those
    SET_REGRESSION = "set_regression"  # by an event; data: version, event_id
    SET_IGNORED = "set_ignored"  # data: the terms of the snooze
    SET_PRIORITY = "set_priority"  # data: priority
    ASSIGNED = "assigned"  # data: assignee, assigneeType
    UNASSIGNED = "unassigned"
    SET_PUBLIC = "set_public"
    SET_PRIVATE = "set_private"
    MERGE = "merge"  # on the parent; data: the issues that became its children
    UNMERGE = "unmerge"  # on both sides; data: the issues that left, or the parent that was left
    NOTE = "note"  # what somebody wrote; data: text. The only kind that can be edited and deleted


class SubscriptionReason(TextChoices):
    """Why somebody follows an issue. A side effect never changes a reason that exists."""

    UNKNOWN = "unknown"  # asked for by isSubscribed
    ASSIGNED = "assigned"
    BOOKMARK = "bookmark"  # goes with the bookmark
    STATUS_CHANGE = "status_change"


class MutationKind(TextChoices):
    """Which request made a change."""

    UPDATE = "update"  # PUT
    DELETE = "delete"  # DELETE; can't be undone
    UNDO = "undo"  # takes back an update, or an undo
