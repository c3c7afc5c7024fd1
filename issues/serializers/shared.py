"""An issue as strangers see it who have its share link: no names of people, nothing about who does what with it."""

from typing import Any

from issues import answers
from issues.serializers.events import describe_event
from projects.serializers import iso


def describe_shared(issue: Any, *, permalink: str) -> answers.SharedIssue:
    """Return the issue, with its latest event.

    :param issue: public, with ``status_shown``, its text, its organization and its last release at hand.
    """
    project = issue.project
    return {
        "id": str(issue.pk),
        "shortId": issue.short_id,
        "shareId": issue.share_id.hex,
        "isPublic": True,
        "permalink": permalink,
        "title": issue.shown_text.title,
        "culprit": issue.shown_text.culprit,
        "level": issue.level,
        "logger": issue.logger or None,
        "platform": issue.platform or None,
        "type": issue.type,
        "metadata": issue.shown_text.metadata,
        "status": issue.status_shown,
        "count": str(issue.times_seen),
        "userCount": issue.users_seen,
        "firstSeen": iso(issue.first_seen),
        "lastSeen": iso(issue.last_seen),
        "project": {
            "name": project.name,
            "slug": project.slug,
            "organization": {"name": project.organization.name, "slug": project.organization.slug},
        },
        "latestEvent": describe_event(issue),
    }
