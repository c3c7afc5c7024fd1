"""``statusDetails``: resolved in a release, in the latest or in the next one (contract 1.4, 1.5)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from issues.models import Activity
from projects.models import Project
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import LONG_AGO, IssueFactory, ProjectFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

UNKNOWN_RELEASE = "Unable to find a release with the given version."

Json = dict[str, Any]


@pytest.fixture
def release(project: Project) -> object:
    return ReleaseFactory(projects=[project], version="1.0.0")


# ---------------------------------------------------------------------------------------------------------------------
# Releases
# ---------------------------------------------------------------------------------------------------------------------


def test_resolves_in_a_named_release(api: Api, project: Project) -> None:
    release = ReleaseFactory(projects=[project], version="1.0.0")
    ReleaseFactory(projects=[project], version="1.1.0")
    issue = IssueFactory(project=project)

    response = api.put(
        api.issues_url, {"status": "resolved", "statusDetails": {"inRelease": " 1.0.0 "}}, ids=[issue.pk]
    )

    assert response.status_code == 200
    assert response.json() == {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}}
    issue.refresh_from_db()
    assert (issue.resolution_kind, issue.resolution_release_id) == ("in_release", release.pk)
    assert list(Activity.objects.values_list("kind", "data")) == [("set_resolved_in_release", {"version": "1.0.0"})]


def day(number: int) -> datetime:
    return LONG_AGO + timedelta(days=number)


# versions and times, oldest made first -> the newest
LATEST: dict[str, tuple[list[Json], str]] = {
    "made last": ([{"version": "a", "created_at": day(1)}, {"version": "b", "created_at": day(2)}], "b"),
    "created last though made first": (
        [{"version": "a", "created_at": day(2)}, {"version": "b", "created_at": day(1)}],
        "a",
    ),
    "released last though created first": (
        [{"version": "a", "created_at": day(1), "released_at": day(5)}, {"version": "b", "created_at": day(2)}],
        "a",
    ),
    "released before another was created": (
        [{"version": "a", "created_at": day(4), "released_at": day(1)}, {"version": "b", "created_at": day(2)}],
        "b",
    ),
    "of one time, the larger id": (
        [{"version": "b", "created_at": day(1)}, {"version": "a", "created_at": day(1)}],
        "a",
    ),
}


@pytest.mark.parametrize(("releases", "newest"), LATEST.values(), ids=LATEST)
def test_resolves_in_the_latest_release(api: Api, project: Project, releases: list[Json], newest: str) -> None:
    for columns in releases:
        ReleaseFactory(projects=[project], **columns)
    issue = IssueFactory(project=project)

    response = api.put(api.issues_url, {"status": "resolved", "statusDetails": {"inRelease": "latest"}}, ids=[issue.pk])

    assert response.status_code == 200
    assert response.json() == {"status": "resolved", "statusDetails": {"inRelease": newest}}


@pytest.mark.parametrize("version", ["1.0.0", "latest"])
def test_resolves_in_a_release_of_its_own_project(
    api: Api, project: Project, other_project: Project, version: str
) -> None:
    ReleaseFactory(project=other_project, version="1.0.0", created_at=day(1))
    own = ReleaseFactory(project=project, version="1.0.0", created_at=day(2))
    ReleaseFactory(project=other_project, version="2.0.0", created_at=day(3))
    issue = IssueFactory(project=project)

    response = api.put(api.issues_url, {"status": "resolved", "statusDetails": {"inRelease": version}}, ids=[issue.pk])

    assert response.json() == {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}}
    issue.refresh_from_db()
    assert issue.resolution_release_id == own.pk


NO_RELEASE: dict[str, Callable[[Project, Project], object]] = {
    "a project without any": lambda project, stranger: None,
    "another project's": lambda project, stranger: ReleaseFactory(
        project=ProjectFactory(organization=project.organization), version="1.0.0"
    ),
    "another organization's": lambda project, stranger: ReleaseFactory(projects=[stranger], version="1.0.0"),
}


@pytest.mark.parametrize("version", ["1.0.0", "latest"])
@pytest.mark.parametrize("make", NO_RELEASE.values(), ids=NO_RELEASE)
def test_does_not_know_a_release(
    api: Api,
    project: Project,
    stranger_project: Project,
    make: Callable[[Project, Project], object],
    version: str,
) -> None:
    make(project, stranger_project)
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, {"status": "resolved", "statusDetails": {"inRelease": version}}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (400, {"statusDetails": {"inRelease": [UNKNOWN_RELEASE]}})
    assert snapshot() == before


@pytest.mark.parametrize("version", ["1.0", "1.0.00", "1.0.0 beta", "V1.0.0"])
def test_takes_a_version_as_it_is(api: Api, project: Project, release: object, version: str) -> None:
    ReleaseFactory(projects=[project], version="v1.0.0")
    issue = IssueFactory(project=project)
    before = snapshot()

    response = api.put(api.issues_url, {"status": "resolved", "statusDetails": {"inRelease": version}}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (400, {"statusDetails": {"inRelease": [UNKNOWN_RELEASE]}})
    assert snapshot() == before


@pytest.mark.parametrize(
    "body",
    [
        {"status": "resolvedInNextRelease"},
        {"status": "resolved", "statusDetails": {"inNextRelease": True}},
        {"status": "resolved", "statusDetails": {"inNextRelease": "true"}},
    ],
    ids=str,
)
@pytest.mark.parametrize("has_release", [True, False], ids=["with a release", "without"])
def test_resolves_in_the_next_release(api: Api, project: Project, body: Json, has_release: bool) -> None:
    newest = ReleaseFactory(projects=[project]) if has_release else None
    issue = IssueFactory(project=project)

    response = api.put(api.issues_url, body, ids=[issue.pk])

    assert response.status_code == 200
    assert response.json() == {"status": "resolved", "statusDetails": {"inNextRelease": True}}
    issue.refresh_from_db()
    assert (issue.status, issue.resolution_kind) == ("resolved", "in_next_release")
    assert issue.resolution_release_id == (None if newest is None else newest.pk)
    assert list(Activity.objects.values_list("kind", "data")) == [("set_resolved_in_release", {"version": ""})]


@pytest.mark.parametrize("number", ["1.10", "1e1", "1.0"])
def test_a_version_as_a_number_with_a_point_is_refused(api: Api, project: Project, number: str) -> None:
    """JSON's 1.10 is 1.1, which is another release."""
    for version in ("1.1", "10.0", "1.0"):
        ReleaseFactory(projects=[project], version=version)
    issue = IssueFactory(project=project)
    before = snapshot()
    sentence = ['Say a version in quotes: "1.10" and "1.1" are two, and one number.']

    resolved = api.put(
        api.issues_url, f'{{"status": "resolved", "statusDetails": {{"inRelease": {number}}}}}', ids=[issue.pk]
    )
    made = api.request("POST", api.issues_url.replace("issues", "releases"), f'{{"version": {number}}}')

    assert (resolved.status_code, resolved.json()) == (400, {"statusDetails": {"inRelease": sentence}})
    assert (made.status_code, made.json()) == (400, {"version": sentence})
    assert snapshot() == before
