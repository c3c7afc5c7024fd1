"""A release that is dated in the future is not released yet (contract section 5)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from issues.models import Issue
from projects.models import Project, Release
from tests.api_client import Api
from tests.factories import NOW, IssueFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
PROJECT = "/api/0/projects/the-interstellar-jurisdiction/pump-station/"


@pytest.fixture
def out(project: Project) -> Release:
    return ReleaseFactory(project=project, version="out")


@pytest.fixture
def to_come(project: Project, out: Release) -> Release:
    return ReleaseFactory(project=project, version="to come", released_at=timezone.now() + HOUR)


@pytest.fixture
def issue(project: Project, out: Release, to_come: Release) -> Issue:
    return IssueFactory(project=project, own_first_release=out, own_last_release=out)


def let_it_come(release: Release) -> None:
    """As time alone would: nobody has changed the release, so nothing is settled."""
    Release.objects.filter(pk=release.pk).update(released_at=NOW, created_at=NOW - HOUR)


def resolve(api: Api, issue: Issue, **details: Any) -> Any:
    return api.put(api.issues_url, {"status": "resolved", "statusDetails": details}, ids=[issue.pk])


def told(api: Api, issue: Issue) -> list[Any]:
    """Return what a list and a single look say about how it is resolved."""
    (item,) = api.get(api.issues_url, raw_query="query=").json()
    return [item["statusDetails"], api.get(f"/api/0/issues/{issue.pk}/", auth="jane").json()["statusDetails"]]


def test_is_not_the_latest(api: Api, project: Project, issue: Issue) -> None:
    assert resolve(api, issue, inRelease="latest").json()["statusDetails"] == {"inRelease": "out"}
    assert len(api.get(api.issues_url, raw_query="query=release:latest").json()) == 1
    assert (
        api.put(api.issues_url, {}, ids=[issue.pk], raw_query="query=release:latest").headers["Issues-Matched"] == "1"
    )
    assert api.get(PROJECT).json()["latestRelease"] == {"version": "out"}


def test_is_the_latest_once_its_time_has_come(api: Api, issue: Issue, to_come: Release) -> None:
    let_it_come(to_come)

    assert resolve(api, issue, inRelease="latest").json()["statusDetails"] == {"inRelease": "to come"}
    assert api.get(api.issues_url, raw_query="query=release:latest").json() == []
    assert api.get(PROJECT).json()["latestRelease"] == {"version": "to come"}


def test_can_be_named_and_is_listed_as_the_newest(api: Api, issue: Issue) -> None:
    """Who knows of it may say that it has the fix."""
    assert resolve(api, issue, inRelease="to come").json()["statusDetails"] == {"inRelease": "to come"}
    assert [release["version"] for release in api.get(f"{PROJECT}releases/").json()] == ["to come", "out"]


def test_is_the_next_one_once_its_time_has_come(api: Api, issue: Issue, to_come: Release) -> None:
    assert resolve(api, issue, inNextRelease=True).headers["Issues-Changed"] == "1"
    assert told(api, issue) == [{"inNextRelease": True}] * 2

    let_it_come(to_come)

    assert told(api, issue) == [{"inRelease": "to come"}] * 2
    again = resolve(api, issue, inRelease="to come")
    assert (again.status_code, again.headers["Issues-Changed"]) == (200, "0")


def test_comes_back_as_what_it_was_before_the_next_one_was_asked_for_again(
    api: Api, issue: Issue, to_come: Release
) -> None:
    """Both times the issue waits, as its row has it; but the first release has come, and only nobody settled it."""
    resolve(api, issue, inNextRelease=True)
    let_it_come(to_come)
    again = resolve(api, issue, inNextRelease=True)
    assert told(api, issue) == [{"inNextRelease": True}] * 2

    undone = api.undo(again.headers["Mutation-Id"]).json()

    assert (undone["restored"], undone["skipped"]) == (1, 0)
    assert told(api, issue) == [{"inRelease": "to come"}] * 2
    issue.refresh_from_db()
    assert issue.resolution_release == to_come


def test_stays_the_next_one_when_another_is_made_after_it_came(api: Api, issue: Issue, to_come: Release) -> None:
    resolve(api, issue, inNextRelease=True)
    let_it_come(to_come)

    assert api.request("POST", f"{PROJECT}releases/", {"version": "later"}).status_code == 201

    assert told(api, issue) == [{"inRelease": "to come"}] * 2
    issue.refresh_from_db()
    assert issue.resolution_release == to_come
