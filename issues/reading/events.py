"""Fingerprints, and the issue that an event is made from where none is kept."""

from collections.abc import Callable, Sequence
from uuid import UUID

from issues.models import Issue, IssueHash
from issues.services.ground import targets
from projects.database.keyset import Sort
from projects.pages import Page, PageQuery, read_page

Finder = Callable[[Sequence[int], UUID], int | None]  # from projects, and the id of an event, to an issue of theirs

# Who keeps events registers what finds theirs (events/apps.py): issues know of none.
_finders: list[Finder] = []

OLDEST_FIRST = Sort("id", descending=False)


def read_hashes(issue: Issue, asked: PageQuery) -> Page[IssueHash]:
    """Return a page of the fingerprints whose events count for an issue, by ``OLDEST_FIRST``; each with its issue.

    :raises ForeignCursor: the cursor is of another list.
    """
    tree = [issue.pk, *targets.descendants(issue.project_id, [issue.pk])]
    rows = IssueHash.objects.filter(project=issue.project_id, issue__id__any_of=tree)
    return read_page(rows.select_related("issue__text", "issue__project", "issue__last_release"), asked)


def read_issue_of_event(project_id: int, issue_id: int) -> Issue | None:
    """Return the issue that an event is made from, with its text and last release; None if it is gone."""
    found = Issue.objects.with_ids(project_id, [issue_id]).select_related("text", "last_release")
    return next(iter(found), None)


def register(finder: Finder) -> None:
    """Let this be asked, too, whose an event is."""
    if finder not in _finders:
        _finders.append(finder)


def find_issue_of_event(project_ids: Sequence[int], event_id: UUID) -> Issue | None:
    """Return the issue of these projects that shows the event of this id; None if there is none."""
    for finder in _finders:
        issue_id = finder(project_ids, event_id)
        if issue_id is not None:
            return next(iter(Issue.objects.of_projects(project_ids).visible().filter(pk=issue_id)), None)
    return None
