"""The latest event of an issue as strangers see it who have its share link: made from the issue alone."""

from issues import answers
from issues.models import Issue
from projects.serializers import iso


def event_id(issue: Issue) -> str:
    """Return 32 hex digits that stand for the issue."""
    return f"{issue.pk:032x}"


def describe_event(issue: Issue) -> answers.SharedEvent:
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
