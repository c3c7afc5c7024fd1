"""The event that clients ask for, made from the issue: no events are kept (contract section 5)."""

from issues import answers
from issues.models import Issue, IssueHash
from projects.serializers import iso


def event_id(issue: Issue) -> str:
    """Return 32 hex digits that stand for the issue."""
    return f"{issue.pk:032x}"


def describe_event(issue: Issue) -> answers.Event:
    """Return the latest event of an issue, as far as the issue tells: no stack trace, no request, its tags.

    :param issue: with its text, and its last release at hand.
    """
    tags = {
        "level": issue.level,
        "logger": issue.logger,
        "platform": issue.platform,
        "release": issue.last_release.version if issue.last_release else "",
    }
    return {
        "id": event_id(issue),
        "eventID": event_id(issue),
        "groupID": str(issue.pk),
        "projectID": str(issue.project_id),
        "title": issue.shown_text.title,
        "message": issue.shown_text.title,
        "culprit": issue.shown_text.culprit,
        "type": issue.type,
        "platform": issue.platform or None,
        "metadata": issue.shown_text.metadata,
        "dateCreated": iso(issue.last_seen),
        "dateReceived": iso(issue.last_seen),
        "user": None,
        "entries": [],
        "contexts": {},
        "context": {},
        "tags": [{"key": key, "value": value} for key, value in tags.items() if value],
        "errors": [],
        "previousEventID": None,
        "nextEventID": None,
    }


def describe_hash(row: IssueHash) -> answers.Hash:
    """Return a fingerprint, with the issue that it belongs to and that issue's event."""
    issue = row.issue
    return {
        "id": row.hash,
        "issue": {
            "id": str(issue.pk),
            "shortId": issue.short_id,
            "title": issue.shown_text.title,
            "mergedInto": None if issue.merged_into_id is None else str(issue.merged_into_id),
        },
        "latestEvent": describe_event(issue),
    }
