"""Opening an issue marks it as seen, for a person who looks."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from issues.models import Activity, Issue, IssueSeen, Mutation
from projects.models import Project, User
from tests.desk.issue.opening import address, opened
from tests.desk.reading import LIST
from tests.factories import IssueFactory, IssueSeenFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue(project: Project) -> Issue:
    return IssueFactory(project=project)


def is_seen_in_list(client: Client) -> bool:
    (row,) = client.get(LIST, {"query": ""}).context["rows"]
    return bool(row.is_seen)


def test_who_opens_an_issue_has_seen_it_and_nobody_else(as_jane: Client, as_sam: Client, issue: Issue) -> None:
    assert not is_seen_in_list(as_jane)

    opened(as_jane, issue)

    assert is_seen_in_list(as_jane)
    assert not is_seen_in_list(as_sam)


def test_is_no_mutation_and_no_activity(as_jane: Client, issue: Issue) -> None:
    opened(as_jane, issue)

    assert not Mutation.objects.exists()
    assert not Activity.objects.exists()


def test_an_event_since_makes_it_unseen_until_it_is_opened_again(as_jane: Client, issue: Issue) -> None:
    opened(as_jane, issue)
    later = timezone.now() - timedelta(microseconds=1)
    Issue.objects.filter(pk=issue.pk).update(last_seen=later, own_last_seen=later)
    assert not is_seen_in_list(as_jane)

    opened(as_jane, issue)

    assert is_seen_in_list(as_jane)


def test_a_mark_that_is_there_is_left_as_it_is(as_jane: Client, jane: User, issue: Issue) -> None:
    mark = IssueSeenFactory(issue=issue, user=jane, seen_at=issue.last_seen)

    opened(as_jane, issue)

    assert IssueSeen.objects.get().seen_at == mark.seen_at


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-purpose": "prefetch;prerender"},
        {"sec-purpose": "prefetch"},
        {"purpose": "prefetch"},
        {"x-moz": "prefetch"},
        {"sec-fetch-dest": "image"},
        {"sec-fetch-dest": "empty"},
    ],
)
def test_a_browser_that_fetches_ahead_has_seen_nothing(as_jane: Client, issue: Issue, headers: dict[str, str]) -> None:
    assert as_jane.get(address(issue), headers=headers).status_code == 200

    assert not IssueSeen.objects.exists()


def test_neither_has_who_asks_for_the_headers_alone(as_jane: Client, issue: Issue) -> None:
    assert as_jane.head(address(issue)).status_code == 200

    assert not IssueSeen.objects.exists()


def test_the_page_comes_when_the_mark_can_not_be_written(
    as_jane: Client, issue: Issue, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("no lock")

    monkeypatch.setattr("issues.services.looking.look_at", fail)

    opened(as_jane, issue)

    assert "could not be marked as seen" in caplog.text


def test_a_bug_is_not_kept_quiet(as_jane: Client, issue: Issue, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise LookupError("bug")

    monkeypatch.setattr("issues.services.looking.look_at", fail)

    with pytest.raises(LookupError):
        as_jane.get(address(issue))
