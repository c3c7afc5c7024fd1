"""What tests of several routes have in common."""

import pytest

from projects.models import Project, User
from tests.factories import ActivityFactory, IssueFactory, MutationFactory, ReleaseFactory


@pytest.fixture
def words(project: Project, jane: User) -> dict[str, str]:
    """What stands for each part of a route, all of which exist."""
    issue = IssueFactory(project=project, short_number=42, public=True, own_comment_count=1)
    assert issue.share_id is not None
    return {
        "organization": project.organization.slug,
        "project": project.slug,
        "team": project.teams.get().slug,
        "issue": str(issue.pk),
        "note": str(ActivityFactory(issue=issue, user=jane, note=True).pk),
        "event": f"{issue.pk:032x}",
        "key": "level",
        "mutation": str(MutationFactory(project=project).pk),
        "share_id": issue.share_id.hex,
        "version": ReleaseFactory(projects=[project]).version,
    }
