"""An operator, and an issue with everything."""

from uuid import UUID

import pytest
from django.test import Client

from issues.enums import SubscriptionReason
from issues.models import (
    Issue,
    IssueBookmark,
    IssueHash,
    IssueHour,
    IssueSeen,
    IssueSubscription,
)
from projects.models import Project, Team, User
from tests.factories import UserFactory
from tests.issues.admin.pages import THEN, make_activity, make_issue, make_mutation


@pytest.fixture
def operator(client: Client) -> Client:
    """A superuser's browser; without a password, whose hash would cost more than the test."""
    client.force_login(UserFactory(username="operator", superuser=True))
    return client


@pytest.fixture
def full_issue(project: Project, jane: User) -> Issue:
    """An issue with a row in every table that hangs on it."""
    mutation = make_mutation(project, user=jane, ids=[1], body={"status": "unresolved"})
    team = Team.objects.create(organization=project.organization, slug="crew", name="Crew")
    share_id = UUID("00000000-0000-4000-8000-000000000001")
    issue = make_issue(project, assignee_team=team, share_id=share_id, mutation_id=mutation.pk, status_by=jane)
    make_issue(project, merged_into=issue)
    make_activity(issue, mutation, user=jane, data={"version": "1.0.0"}, before_status="ignored")
    IssueSeen.objects.create(issue=issue, project=project, user=jane, seen_at=THEN)
    IssueBookmark.objects.create(issue=issue, project=project, user=jane, created_at=THEN)
    IssueSubscription.objects.create(
        issue=issue, project=project, user=jane, reason=SubscriptionReason.BOOKMARK, created_at=THEN
    )
    IssueHash.objects.create(issue=issue, project=project, hash="c4a4d06bc314205bb3b6bdb612dde7f1")
    IssueHour.objects.create(issue=issue, project=project, hour=THEN, own_count=1, total_count=2)
    return issue
