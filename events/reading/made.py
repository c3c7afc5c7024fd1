"""The event that an issue is shown by when none is kept of it: made from the issue (contract 7.10)."""

from uuid import UUID

from events.reading.shapes import Entries, EventShown
from issues.models import Issue
from issues.reading.events import read_issue_of_event


def id_of(issue_id: int) -> UUID:
    """Return the id of the event that is made from an issue."""
    return UUID(int=issue_id)


def read_made(project_id: int, event_id: int | UUID) -> EventShown | None:
    """Return the event that is made from the issue for which its id stands; None where there is no such issue."""
    number = event_id if isinstance(event_id, int) else event_id.int
    issue = read_issue_of_event(project_id, number) if number < 2**63 else None
    return None if issue is None else made_from(issue)


def made_from(issue: Issue) -> EventShown:
    """Return the latest event of an issue, as far as the issue tells: no parts, no user, its tags.

    :param issue: with its text, and its last release at hand.
    """
    release = issue.last_release.version if issue.last_release else ""
    tags = {"level": issue.level, "logger": issue.logger, "platform": issue.platform, "release": release}
    return EventShown(
        id=id_of(issue.pk),
        project_id=issue.project_id,
        fingerprint=None,
        issue_id=issue.pk,
        seen_at=issue.last_seen,
        received_at=issue.last_seen,
        type=issue.type,
        title=issue.shown_text.title,
        culprit=issue.shown_text.culprit,
        location="",
        level=issue.level,
        platform=issue.platform,
        logger=issue.logger,
        environment="",
        server_name="",
        transaction="",
        release=release,
        dist="",
        message="",
        metadata=issue.shown_text.metadata,
        tags=tuple((key, value) for key, value in tags.items() if value),
        user={},
        sdk={},
        contexts={},
        extra={},
        packages={},
        words=(),
        errors=(),
        size=0,
        entries=Entries(),
    )
