"""Looking at an issue: a mark, and nothing else."""

from datetime import timedelta

import pytest

from issues.models import Issue, IssueSeen
from issues.services import looking
from projects.acting import Act
from projects.callers import Caller
from projects.models import ApiKey, Project, User
from tests.factories import NOW, ApiKeyFactory, IssueFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue(project: Project) -> Issue:
    return IssueFactory(project=project)


def look(issue: Issue, by: Caller, **ago: float) -> bool:
    return looking.look_at(issue, Act(by=by, at=NOW + timedelta(**ago), lock_timeout=5))


def test_marks_it_for_who_looks(issue: Issue, jane: User) -> None:
    assert look(issue, Caller(user=jane)) is True

    assert list(IssueSeen.objects.values_list("user_id", "issue_id", "seen_at")) == [(jane.pk, issue.pk, NOW)]


def test_once_is_enough(issue: Issue, jane: User) -> None:
    look(issue, Caller(user=jane))

    assert look(issue, Caller(user=jane), hours=1) is False
    assert IssueSeen.objects.get().seen_at == NOW


def test_a_key_is_nobody_who_looks(issue: Issue, organization: object) -> None:
    key: ApiKey = ApiKeyFactory(organization=issue.project.organization)

    assert look(issue, Caller(api_key=key)) is False
    assert not IssueSeen.objects.exists()


def test_the_stamp_of_the_issue_stays(issue: Issue, jane: User) -> None:
    Issue.objects.filter(pk=issue.pk).update(mutation_id=7)

    look(issue, Caller(user=jane))

    assert Issue.objects.get(pk=issue.pk).mutation_id == 7
