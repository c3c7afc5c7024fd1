"""A fingerprint of an issue as answers show it."""

from events import answers
from issues.models import IssueHash


def describe_hash(row: IssueHash, latest: answers.Event) -> answers.Hash:
    """Return a fingerprint, with the issue that it belongs to and its latest event."""
    issue = row.issue
    return {
        "id": row.hash,
        "issue": {
            "id": str(issue.pk),
            "shortId": issue.short_id,
            "title": issue.shown_text.title,
            "mergedInto": None if issue.merged_into_id is None else str(issue.merged_into_id),
        },
        "latestEvent": latest,
    }
