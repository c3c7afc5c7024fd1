"""Fingerprints, and the issue that an event is made from where none is kept."""

from issues.models import Issue, IssueHash
from issues.services.ground import targets
from projects.database.keyset import Sort
from projects.pages import Page, PageQuery, read_page

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
