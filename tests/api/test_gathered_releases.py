"""Releases of one version in several projects: an organization's routes show and change them as one (contract 5)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Issue
from projects.models import ApiToken, Deploy, Organization, Project, Release, Team, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import LONG_AGO, NOW, DeployFactory, IssueFactory, ProjectFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

RELEASES = "/api/0/organizations/the-interstellar-jurisdiction/releases/"
IN_USE = {"detail": "This release is referenced by active issues and cannot be removed."}
DAY = timedelta(days=1)


@pytest.fixture
def sees_two(organization: Organization, team: Team, sam: User, other_project: Project) -> User:
    """Sam, who sees pump-station and prime-mover, and not black-box."""
    Organization.objects.filter(pk=organization.pk).update(open_membership=False)
    team.members.add(sam)
    return sam


def post(api: Api, body: object, **how: Any) -> Any:
    return api.request("POST", RELEASES, body, **how)


def rows(**columns: Any) -> list[dict[str, Any]]:
    return list(Release.objects.filter(**columns).order_by("id").values())


def slugs(answer: dict[str, Any]) -> list[str]:
    return [project["slug"] for project in answer["projects"]]


# ---------------------------------------------------------------------------------------------------------------------
# Nothing of a hidden project tells
# ---------------------------------------------------------------------------------------------------------------------


def test_makes_one_of_its_own_where_the_version_is_there_in_a_hidden_project(
    api: Api, project: Project, hidden: Project, sees_two: User
) -> None:
    secret = ReleaseFactory(
        project=hidden, version="secret-9", ref="abc", url="https://example.com/", released_at=NOW, status="archived"
    )
    waits = IssueFactory(project=hidden, resolved_in_next_release=True)
    DeployFactory(release=secret)
    before = rows(project=hidden)

    response = post(
        api,
        {"version": "secret-9", "projects": ["pump-station"], "dateReleased": "2026-02-01T12:00:00Z"},
        auth="sam",
    )

    answer = response.json()
    made = Release.objects.get(project=project)
    assert (response.status_code, answer["id"], slugs(answer)) == (201, made.pk, ["pump-station"])
    assert (answer["ref"], answer["url"], answer["status"], answer["deployCount"]) == (None, None, "open", 0)
    assert answer["dateReleased"] == "2026-02-01T12:00:00Z"
    assert rows(project=hidden) == before
    waits.refresh_from_db()
    assert waits.resolution_kind == "in_next_release"


def test_changes_and_deletes_what_is_seen_alone(api: Api, project: Project, hidden: Project, sees_two: User) -> None:
    """Although the hidden one is older, has deploys, and can't be deleted."""
    unseen = ReleaseFactory(project=hidden, version="1.0.0", created_at=LONG_AGO - DAY, ref="abc")
    seen = ReleaseFactory(project=project, version="1.0.0")
    DeployFactory(release=unseen)
    in_it = IssueFactory(project=hidden, resolved_in_release=True, resolution_release=unseen, own_first_release=unseen)
    before, issues = rows(project=hidden), snapshot()
    ApiToken.objects.filter(user=sees_two).update(scopes=["event:admin"])
    one = f"{RELEASES}1.0.0/"

    answers = [
        api.get(one, auth="sam"),
        api.put(one, {"url": "https://example.com/", "dateReleased": "2026-02-01T12:00:00Z"}, auth="sam"),
        post(api, {"version": "1.0.0", "status": "archived", "projects": []}, auth="sam"),
        api.get(f"{one}deploys/", auth="sam"),
        api.delete(one, auth="sam"),
        api.get(one, auth="sam"),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 208, 200, 204, 404]
    assert [(answer.json()["id"], slugs(answer.json())) for answer in answers[:3]] == [(seen.pk, ["pump-station"])] * 3
    assert all(answer.json()["ref"] is None and answer.json()["deployCount"] == 0 for answer in answers[:3])
    assert answers[3].json() == []
    assert rows() == before
    assert snapshot() == issues
    assert in_it.resolution_release == unseen


@pytest.mark.parametrize("named", [{"projects": []}, {"projects": None}, {}], ids=["empty", "null", "absent"])
def test_of_a_hidden_project_is_none_for_who_names_no_project(
    api: Api, hidden: Project, sees_two: User, named: dict[str, Any]
) -> None:
    ReleaseFactory(project=hidden, version="secret-9")
    before = rows()

    answers = [post(api, {"version": version, **named}, auth="sam") for version in ("secret-9", "nowhere-9")]

    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (400, {"projects": ["A new release needs at least one project."]})
    ] * 2
    assert rows() == before


# ---------------------------------------------------------------------------------------------------------------------
# As one
# ---------------------------------------------------------------------------------------------------------------------


def test_shows_what_the_one_made_first_says_and_the_issues_and_deploys_of_all(
    api: Api, project: Project, other_project: Project
) -> None:
    later = ReleaseFactory(project=project, version="1.0.0", created_at=NOW, ref="later", released_at=NOW)
    first = ReleaseFactory(project=other_project, version="1.0.0", ref="first", started_at=LONG_AGO)
    for release, count in ((later, 2), (first, 1)):
        IssueFactory.create_batch(count, project=release.project, own_first_release=release)
    DeployFactory(release=later, finished_at=NOW, environment="production")
    DeployFactory(release=first, finished_at=NOW - DAY, environment="qa")

    answer = api.get(f"{RELEASES}1.0.0/").json()

    assert (answer["id"], answer["ref"], answer["dateReleased"]) == (first.pk, "first", None)
    assert (answer["dateCreated"], answer["dateStarted"]) == ("2026-01-30T12:00:00Z", "2026-01-30T12:00:00Z")
    assert (answer["newGroups"], answer["deployCount"]) == (3, 2)
    assert answer["lastDeploy"]["environment"] == "production"
    assert [(shown["id"], shown["slug"], shown["newGroups"]) for shown in answer["projects"]] == [
        (other_project.pk, "prime-mover", 1),
        (project.pk, "pump-station", 2),
    ]
    assert api.get(RELEASES).json() == [answer]
    of_project = api.get(f"{RELEASES.replace('organizations', 'projects')[:-9]}pump-station/releases/1.0.0/").json()
    assert (of_project["id"], of_project["ref"], slugs(of_project)) == (later.pk, "later", ["pump-station"])


def test_is_made_in_each_project_and_changed_in_all(api: Api, project: Project, other_project: Project) -> None:
    made = post(api, {"version": "1.0.0", "projects": ["pump-station", "prime-mover"], "ref": "abc"})
    changed = api.put(f"{RELEASES}1.0.0/", {"dateReleased": "2026-02-01T12:00:00Z", "projects": []})

    assert (made.status_code, slugs(made.json())) == (201, ["prime-mover", "pump-station"])
    assert changed.json() == {**made.json(), "dateReleased": "2026-02-01T12:00:00Z"}
    assert [(row["project_id"], row["ref"], row["released_at"].isoformat()) for row in rows()] == [
        (project.pk, "abc", "2026-02-01T12:00:00+00:00"),
        (other_project.pk, "abc", "2026-02-01T12:00:00+00:00"),
    ]


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_is_made_in_a_project_that_is_added_and_settles_there(
    api: Api, project: Project, other_project: Project, method: str
) -> None:
    release = ReleaseFactory(project=project, version="1.0.0", ref="abc")
    waits = IssueFactory(project=other_project, resolved_in_next_release=True)

    path = f"{RELEASES}1.0.0/" if method == "PUT" else RELEASES
    response = api.request(method, path, {"version": "1.0.0", "projects": ["prime-mover"]})

    assert response.status_code == (200 if method == "PUT" else 208)
    assert (response.json()["id"], slugs(response.json())) == (release.pk, ["prime-mover", "pump-station"])
    added = Release.objects.get(project=other_project)
    assert added.ref == "abc"
    waits.refresh_from_db()
    assert waits.resolution_release == added


def test_is_deleted_in_all_that_are_seen_or_in_none(api: Api, project: Project, other_project: Project) -> None:
    ReleaseFactory(projects=[project, other_project], version="1.0.0")
    there = Release.objects.get(project=other_project)
    issue = IssueFactory(project=other_project, resolved_in_release=True, resolution_release=there)

    refused = api.delete(f"{RELEASES}1.0.0/")
    assert (refused.status_code, refused.json()) == (400, IN_USE)
    assert len(rows()) == 2

    Issue.objects.filter(pk=issue.pk).update(resolution_kind=None, resolution_release=None)
    assert api.delete(f"{RELEASES}1.0.0/").status_code == 204
    assert rows() == []


def test_records_a_deploy_in_all_and_lists_it_once(
    api: Api, project: Project, other_project: Project, hidden: Project, sees_two: User
) -> None:
    ReleaseFactory(projects=[project, other_project, hidden], version="1.0.0")
    deploys = f"{RELEASES}1.0.0/deploys/"

    by_key = api.request("POST", deploys, {"environment": "production"})
    by_sam = api.request("POST", deploys, {"environment": "qa"}, auth="sam")

    assert [by_key.status_code, by_sam.status_code] == [201, 201]
    assert Deploy.objects.count() == 5
    for who in ("key", "sam"):
        assert api.get(deploys, auth=who).json() == [by_sam.json(), by_key.json()]
        answer = api.get(f"{RELEASES}1.0.0/", auth=who).json()
        assert (answer["deployCount"], answer["lastDeploy"]) == (2, by_sam.json())
    first = api.get(deploys, raw_query="per_page=1")
    query = re.findall(r'[?]([^>]+)>; rel="next"; results="true"', first.headers["Link"])[0]
    assert [first.json(), api.get(deploys, raw_query=query).json()] == [[by_sam.json()], [by_key.json()]]


# ---------------------------------------------------------------------------------------------------------------------
# Page by page
# ---------------------------------------------------------------------------------------------------------------------


def links_of(response: Any) -> dict[str, tuple[str, str]]:
    found = re.findall(r'<http://testserver[^?]+\?([^>]+)>; rel="(\w+)"; results="(\w+)"', response.headers["Link"])
    return {rel: (query, results) for query, rel, results in found}


def walk(api: Api, query: str, rel: str = "next") -> list[list[str]]:
    """Return the versions of each page from there on."""
    pages = []
    while True:
        response = api.get(RELEASES, raw_query=query)
        assert response.status_code == 200, response.content
        pages.append([release["version"] for release in response.json()])
        assert len(pages) < 50, "It goes round in a circle."
        query, results = links_of(response)[rel]
        if results == "false":
            return pages


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_walks_all_versions_once_there_and_back(api: Api, project: Project, other_project: Project, size: int) -> None:
    """Some are in both projects, made first in either; of a package, out of their order, which share their date."""
    third = ProjectFactory(organization=project.organization)
    for number in range(12):
        places = [[project], [other_project, project], [third, project, other_project]][number % 3]
        ReleaseFactory(projects=places, version=f"v{number}", created_at=NOW - number % 4 * DAY)
    for days, word in enumerate(["1.0", "2.0-rc.1", "2.0", "1.10", "3.0"]):
        for place in (project, other_project):
            ReleaseFactory(project=place, version=f"p@{word}", created_at=NOW - days * DAY)
    whole = [release["version"] for release in api.get(RELEASES).json()]

    there = walk(api, f"per_page={size}")
    assert len(whole) == len(set(whole)) == 17
    assert [version for page in there for version in page] == whole
    assert [len(page) for page in there[:-1]] == [size] * (len(there) - 1)

    last = api.get(RELEASES, raw_query=f"per_page={size}&cursor={cursor_of_page(api, len(there) - 1, size)}")
    query, _ = links_of(last)["previous"]
    back = walk(api, query, "previous")
    assert [version for page in reversed(back) for version in page] == whole[: -len(there[-1])]


def cursor_of_page(api: Api, number: int, size: int) -> str:
    query = f"per_page={size}"
    for _ in range(number):
        query, _ = links_of(api.get(RELEASES, raw_query=query))["next"]
    return query.rpartition("cursor=")[2]


def test_goes_on_where_it_was_when_the_release_that_it_had_come_to_is_gone(api: Api, project: Project) -> None:
    for days, word in enumerate(["1.0", "2.0", "3.0", "4.0"]):  # all of them dated by 1.0
        ReleaseFactory(project=project, version=f"p@{word}", created_at=NOW - days * DAY)

    query, _ = links_of(api.get(RELEASES, raw_query="per_page=2"))["next"]
    Release.objects.get(version="p@3.0").delete()

    assert walk(api, query) == [["p@2.0", "p@1.0"]]


@pytest.mark.parametrize(
    "cursor",
    [
        "1:2:0:",
        "1:2:0:x",
        "1:2:0:3:4",
        "1:2:0:3:4:5:6",
        "1:2:0:3:4:'",
        "1:2:0:9999999999999999999:4:0011",
        "1:2:0:3:9999999999999999999:0011",
        f"1:2:0:3:4:{'9' * 1001}",
        "9" * 5000,
    ],
)
def test_refuses_a_cursor_that_no_answer_held(api: Api, project: Project, cursor: str) -> None:
    response = api.get(RELEASES, raw_query=f"cursor={cursor}")

    sentence = f'"{cursor[:40]}" is no cursor; take one from the Link header of an answer.'
    assert (response.status_code, response.json()) == (400, {"cursor": [sentence]})


def test_narrows_to_named_projects_and_by_the_status_of_what_is_shown(
    api: Api, project: Project, other_project: Project
) -> None:
    first = ReleaseFactory(project=project, version="1.0.0", status="archived")
    later = ReleaseFactory(project=other_project, version="1.0.0", created_at=NOW)

    (of_other,) = api.get(RELEASES, raw_query=f"project={other_project.pk}").json()

    assert (of_other["id"], slugs(of_other)) == (later.pk, ["prime-mover"])
    assert [release["id"] for release in api.get(RELEASES, raw_query="project=-1").json()] == [first.pk]
    assert [release["id"] for release in api.get(RELEASES, raw_query="status=archived").json()] == [first.pk]
    assert api.get(RELEASES, raw_query="status=open").json() == []


def test_passes_over_thousands_that_are_part_of_others(api: Api, project: Project, other_project: Project) -> None:
    """All of one project are newer, and shown as part of the other's; a page takes few statements all the same."""
    for place, created_at in ((project, LONG_AGO), (other_project, NOW)):
        Release.objects.bulk_create(
            Release(project=place, version=f"v{number}", created_at=created_at + timedelta(seconds=number))
            for number in range(2_000)
        )

    with CaptureQueriesContext(connection) as queries:
        response = api.get(RELEASES, raw_query="per_page=3")

    assert [release["version"] for release in response.json()] == ["v1999", "v1998", "v1997"]
    assert len(queries) < 30
