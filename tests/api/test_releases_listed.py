"""Releases: what is told of one, and the list (contract sections 1.2 and 5)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects.models import Organization, Project, User
from tests.api.releases import NOT_FOUND, OF_PROJECT, RELEASES, ROUTES, address, body_of, project_in
from tests.api_client import Api
from tests.factories import (
    LONG_AGO,
    NOW,
    DeployFactory,
    IssueFactory,
    ProjectFactory,
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db


# ---------------------------------------------------------------------------------------------------------------------
# What is told of it
# ---------------------------------------------------------------------------------------------------------------------


@ROUTES
def test_answers_a_release_whole(api: Api, project: Project, releases: str) -> None:
    Project.objects.filter(pk=project.pk).update(platform="python")
    release = ReleaseFactory(
        project=project,
        version="1.0.0",
        ref="6ba09a7",
        url="https://example.com/1.0.0",
        status="archived",
        started_at=NOW - timedelta(days=2),
        released_at=NOW - timedelta(days=1),
    )
    other = ReleaseFactory(projects=[project])
    last = DeployFactory(release=release, environment="production", finished_at=NOW)
    DeployFactory(release=release, environment="qa", finished_at=NOW - timedelta(days=1))
    DeployFactory(release=other)
    for first_release in (release, release, other):
        IssueFactory(project=project, own_first_release=first_release)
    IssueFactory(merged_into=IssueFactory(project=project), own_first_release=release)

    response = api.get(address(releases, "1.0.0"))

    assert response.status_code == 200
    assert response.json() == body_of(
        release,
        status="archived",
        ref="6ba09a7",
        url="https://example.com/1.0.0",
        dateStarted="2026-02-27T12:00:00Z",
        dateReleased="2026-02-28T12:00:00Z",
        newGroups=2,
        deployCount=2,
        lastDeploy={
            "id": str(last.pk),
            "environment": "production",
            "name": None,
            "url": None,
            "dateStarted": None,
            "dateFinished": "2026-03-01T12:00:00Z",
        },
        projects=[project_in(project, newGroups=2, platform="python", platforms=["python"])],
    )
    assert response.headers["Allow"] == "GET, PUT, DELETE, HEAD, OPTIONS"


def test_shows_no_project_that_the_caller_does_not_see(
    api: Api, sam_on_the_team: User, project: Project, hidden: Project
) -> None:
    unseen = ReleaseFactory(project=hidden, version="1.0.0", ref="secret", created_at=LONG_AGO - timedelta(days=9))
    release = ReleaseFactory(project=project, version="1.0.0")
    DeployFactory(release=unseen)
    for place in (unseen, release):
        IssueFactory(project=place.project, own_first_release=place)

    for path in (RELEASES, OF_PROJECT):
        response = api.get(address(path, release.version), auth="sam")

        assert response.json() == body_of(release, newGroups=1, projects=[project_in(project, newGroups=1)])


def test_counts_new_issues_among_the_newest(api: Api, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("issues.reading.releases.NEWEST_ISSUES", 3)
    old, new = (ReleaseFactory(project=project, version=version) for version in ("1.0.0", "2.0.0"))
    for day, release in enumerate((old, old, new, None, new)):
        IssueFactory(project=project, own_first_release=release, own_first_seen=LONG_AGO + timedelta(days=day))

    shown = [api.get(address(RELEASES, release.version)).json() for release in (old, new)]

    assert [each["newGroups"] for each in shown] == [0, 2]


SHA = "6ba09a7c53235ee8a8fa5ee4c1ca8ca886e7fdbb"


@pytest.mark.parametrize(
    ("version", "short", "package", "raw", "description", "build_hash"),
    [
        ("2.0rc2", "2.0rc2", None, "2.0rc2", "2.0rc2", None),
        ("control@abc123", "control@abc123", "control", "abc123", "abc123", "abc123"),
        ("foo@1.0+2", "foo@1.0+2", "foo", "1.0+2", "1.0 (2)", None),
        ("@scope/web@1.2.3", "@scope/web@1.2.3", "@scope/web", "1.2.3", "1.2.3", None),
        (SHA, "6ba09a7", None, SHA, "6ba09a7", SHA),
        (f"web@{SHA}", f"web@{SHA}", "web", SHA, "6ba09a7", SHA),
        ("20260301", "20260301", None, "20260301", "20260301", None),
        ("web@", "web@", None, "web@", "web@", None),
        ("1.0+", "1.0+", None, "1.0+", "1.0+", None),
    ],
)
def test_tells_the_parts_of_a_version(
    api: Api,
    project: Project,
    version: str,
    short: str,
    package: str | None,
    raw: str,
    description: str,
    build_hash: str | None,
) -> None:
    ReleaseFactory(projects=[project], version=version)

    told = api.get(address(RELEASES, version)).json()

    assert told["shortVersion"] == short
    assert told["versionInfo"] == {
        "package": package,
        "version": {"raw": raw},
        "description": description,
        "buildHash": build_hash,
    }


# ---------------------------------------------------------------------------------------------------------------------
# The list
# ---------------------------------------------------------------------------------------------------------------------


def versions(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [release["version"] for release in response.json()]


@ROUTES
def test_lists_the_newest_first(api: Api, project: Project, other_project: Project, releases: str) -> None:
    made_last = ReleaseFactory(projects=[project, other_project], version="b", created_at=NOW)
    out_last = ReleaseFactory(projects=[project], version="a", released_at=NOW + timedelta(days=1))
    shown = (other_project, project) if releases == RELEASES else (project,)
    oldest = ReleaseFactory(projects=[project], version="c")
    ReleaseFactory(projects=[ProjectFactory()], version="d")

    response = api.get(releases)

    assert response.status_code == 200
    assert response.json() == [
        body_of(out_last, project, dateReleased="2026-03-02T12:00:00Z"),
        body_of(made_last, *shown, dateCreated="2026-03-01T12:00:00Z"),
        body_of(oldest, project),
    ]
    links = re.findall(
        r'<http://testserver(\S+)>; rel="(\w+)"; results="(\w+)"; cursor="(\S+)"', response.headers["Link"]
    )
    assert [(rel, results) for _, rel, results, _ in links] == [("previous", "false"), ("next", "false")]


def test_lists_what_the_caller_sees_alone(
    api: Api,
    sam_on_the_team: User,
    project: Project,
    other_project: Project,
    hidden: Project,
    stranger_project: Project,
) -> None:
    for place in (project, other_project, hidden, stranger_project):
        ReleaseFactory(projects=[place], version=place.slug)
    ReleaseFactory(projects=[project, hidden], version="both")

    assert set(versions(api.get(RELEASES, auth="sam"))) == {"pump-station", "prime-mover", "both"}
    assert set(versions(api.get(OF_PROJECT, auth="sam"))) == {"pump-station", "both"}
    assert len(versions(api.get(RELEASES, auth="jane"))) == len(versions(api.get(RELEASES))) == 4
    assert api.get(RELEASES, auth="kit").status_code == 404


def test_lists_nothing_to_who_sees_no_project(api: Api, closed: Organization, project: Project) -> None:
    release = ReleaseFactory(projects=[project])

    assert versions(api.get(RELEASES, auth="sam")) == []
    assert api.get(OF_PROJECT, auth="sam").json() == NOT_FOUND
    assert api.get(address(RELEASES, release.version), auth="sam").json() == NOT_FOUND


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "abcde"),
        (
            "per_page=100&sort=date&health=1&statsPeriod=90d&referrer=x&cursor=&query=&status=",
            "abcde",
        ),
        ("query=web@", "ab"),
        ("query=WEB%401", "a"),
        ("query=web%25", ""),
        ("query=%00", ""),
        ("status=open", "acde"),
        ("status=archived", "b"),
        ("status=archived&query=zzz", ""),
    ],
)
def test_lists_what_the_parameters_leave(
    api: Api, project: Project, other_project: Project, stranger_project: Project, query: str, found: str
) -> None:
    for number, (version, place, columns) in enumerate(
        [
            ("web@1", project, {}),
            ("web@2", project, {"status": "archived"}),
            ("api@1", project, {}),
            ("feature/x", project, {}),
            ("mover", other_project, {}),
        ]
    ):
        ReleaseFactory(projects=[place], version=version, created_at=NOW - timedelta(days=number), **columns)
    names = dict(zip(["web@1", "web@2", "api@1", "feature/x", "mover"], "abcde", strict=True))

    assert "".join(names[version] for version in versions(api.get(RELEASES, raw_query=query))) == found


def test_narrows_by_the_ids_of_projects(api: Api, project: Project, other_project: Project) -> None:
    for place in (project, other_project):
        ReleaseFactory(projects=[place], version=place.slug)

    assert versions(api.get(RELEASES, raw_query=f"project={project.pk}")) == ["pump-station"]
    both = f"project={other_project.pk}&project={project.pk}"
    assert set(versions(api.get(RELEASES, raw_query=both))) == {"pump-station", "prime-mover"}


@pytest.mark.parametrize("word", ["hidden", "stranger", str(2**63 - 1)])
def test_refuses_to_narrow_by_a_project_that_is_not_seen(
    api: Api, sam_on_the_team: User, hidden: Project, stranger_project: Project, word: str
) -> None:
    pk = {"hidden": hidden.pk, "stranger": stranger_project.pk}.get(word, word)

    response = api.get(RELEASES, raw_query=f"project={pk}", auth="sam")

    assert (response.status_code, response.json()) == (400, {"project": [f"There is no project {pk} here."]})


def test_refuses_to_narrow_by_what_is_no_id(api: Api, project: Project) -> None:
    response = api.get(RELEASES, raw_query="project=-2")

    assert response.status_code == 400
    assert response.json() == {"project": ['"-2" is not an id; ids are whole numbers from 1 to 9223372036854775807.']}


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("status=closed", {"status": ['"closed" is not a status; say one of open, archived.']}),
        ("per_page=0", {"per_page": ['"0" is no page size; say a whole number from 1 to 100.']}),
        ("cursor=x", {"cursor": ['"x" is no cursor; take one from the Link header of an answer.']}),
    ],
)
@ROUTES
def test_refuses_a_parameter_that_is_wrong(api: Api, releases: str, query: str, refusal: dict[str, Any]) -> None:
    response = api.get(releases, raw_query=query)

    assert (response.status_code, response.json()) == (400, refusal)


@ROUTES
def test_leads_from_page_to_page(api: Api, project: Project, releases: str) -> None:
    made = [ReleaseFactory(projects=[project], created_at=LONG_AGO, version=f"{number}") for number in range(5)]
    newest_first = [release.version for release in reversed(made)]

    walked, query = [], "per_page=2"
    for _ in range(3):
        response = api.get(releases, raw_query=query)
        walked.append(versions(response))
        links = re.findall(r'<http://testserver[^?]+\?([^>]+)>; rel="next"; results="(\w+)"', response.headers["Link"])
        query, results = links[0]
        assert results == ("true" if len(walked) < 3 else "false")

    assert walked == [newest_first[:2], newest_first[2:4], newest_first[4:]]


def test_asks_as_often_for_many_releases_as_for_one(api: Api, project: Project, other_project: Project) -> None:
    counts = []
    for number in (1, 30):
        for _ in range(number):
            release = ReleaseFactory(projects=[project, other_project])
            DeployFactory(release=release)
            IssueFactory(project=project, own_first_release=release)
        with CaptureQueriesContext(connection) as queries:
            assert len(versions(api.get(RELEASES, auth="jane"))) == number + (number > 1)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 12
