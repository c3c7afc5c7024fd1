"""The event that an issue is shown by when none is kept of it: made from the issue (contract 7.10)."""

from collections.abc import Iterable
from uuid import UUID

from events.reading.kept import Span
from events.reading.shapes import Entries, EventShown
from events.reading.trees import Tree
from issues.models import Issue
from issues.reading.events import read_issue_of_event
from issues.services.ground import trees


def id_of(issue_id: int) -> UUID:
    """Return the id of the event that is made from an issue."""
    return UUID(int=issue_id)


def read_made(project_id: int, issue_id: int) -> EventShown | None:
    """Return the event that is made from an issue of this project, merged or not; None where there is no such issue."""
    issue = read_issue_of_event(project_id, issue_id)
    shown = None if issue is None else trees.shown_for(issue)
    return None if issue is None or shown is None else made_from(issue, shown_by=shown.pk)


def read_made_of_projects(project_ids: Iterable[int], event_id: UUID) -> EventShown | None:
    """Return the event that is made from the issue of these projects for which its id stands, unless there are events
    of it."""
    number = event_id.int
    if number >= 2**63:
        return None
    made = next(filter(None, (read_made(pk, number) for pk in project_ids)), None)
    if made is None:
        return None
    return None if Tree(made.project_id, number).read(Span(), 1) else made


def find_issue_of_made(project_ids: Iterable[int], event_id: UUID) -> int | None:
    """Return the issue, among these projects', that shows what is made of the issue for which its id stands."""
    made = read_made_of_projects(project_ids, event_id)
    return None if made is None else made.issue_id


def made_from(issue: Issue, *, shown_by: int) -> EventShown:
    """Return the latest event of an issue, as far as the issue tells: no parts, no user, its tags.

    :param issue: with its text, and its last release at hand.
    :param shown_by: the issue at the top of its tree.
    """
    release = issue.last_release.version if issue.last_release else ""
    tags = {"level": issue.level, "logger": issue.logger, "platform": issue.platform, "release": release}
    return EventShown(
        id=id_of(issue.pk),
        project_id=issue.project_id,
        fingerprint=None,
        issue_id=shown_by,
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
