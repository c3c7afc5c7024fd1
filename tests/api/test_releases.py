"""Releases: list, make, change, delete; of an organization and of a project (contract sections 1.2 and 5)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Activity, Issue
from projects.models import ApiToken, Organization, Project, Release, Team, User
from tests.api_client import Api, Who
from tests.assertions import snapshot
from tests.factories import (
    LONG_AGO,
    NOW,
    DeployFactory,
    IssueFactory,
    ProjectFactory,
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db

RELEASES = "/api/0/organizations/the-interstellar-jurisdiction/releases/"
OF_PROJECT = "/api/0/projects/the-interstellar-jurisdiction/pump-station/releases/"
ROUTES = pytest.mark.parametrize("releases", [RELEASES, OF_PROJECT], ids=["organization", "project"])

NOT_FOUND = {"detail": "Not found."}
IN_USE = {"detail": "This release is referenced by active issues and cannot be removed."}


def post(api: Api, path: str, body: object, **how: Any) -> Any:
    return api.request("POST", path, body, **how)


def address(releases: str, version: str) -> str:
    return f"{releases}{quote(version, safe='')}/"


def everything() -> dict[str, Any]:
    return {
        "releases": list(Release.objects.order_by("id").values()),
        "issues": snapshot(),
    }


def project_in(project: Project, **shown: Any) -> dict[str, Any]:
    return {
        "id": project.pk,
        "slug": project.slug,
        "name": project.name,
        "newGroups": 0,
        "platform": None,
        "platforms": [],
        "hasHealthData": False,
        **shown,
    }


def body_of(release: Release, *projects: Project, **shown: Any) -> dict[str, Any]:
    """Return the whole answer about a release, of which only what is given differs from the least there can be."""
    return {
        "id": release.pk,
        "version": release.version,
        "status": "open",
        "shortVersion": release.version,
        "versionInfo": {
            "package": None,
            "version": {"raw": release.version},
            "description": release.version,
            "buildHash": None,
        },
        "ref": None,
        "url": None,
        "dateCreated": "2026-01-30T12:00:00Z",  # LONG_AGO
        "dateStarted": None,
        "dateReleased": None,
        "data": {},
        "newGroups": 0,
        "owner": None,
        "commitCount": 0,
        "lastCommit": None,
        "deployCount": 0,
        "lastDeploy": None,
        "authors": [],
        "projects": [project_in(project) for project in projects],
        "firstEvent": None,
        "lastEvent": None,
        **shown,
    }


@pytest.fixture
def closed(organization: Organization, sam: User) -> Organization:
    """Members see their teams' projects only: sam none."""
    Organization.objects.filter(pk=organization.pk).update(open_membership=False)
    return organization


@pytest.fixture
def hidden(organization: Organization) -> Project:
    """A project of no team."""
    return ProjectFactory(organization=organization, slug="black-box", name="Black Box")


@pytest.fixture
def sam_on_the_team(closed: Organization, team: Team, sam: User) -> User:
    """Sam, on the team now: sees its projects, and not the hidden one."""
    team.members.add(sam)
    return sam


# ---------------------------------------------------------------------------------------------------------------------
# Made
# ---------------------------------------------------------------------------------------------------------------------


def test_makes_a_release_of_what_sentry_cli_sends(api: Api, project: Project) -> None:
    before = datetime.now(UTC)

    response = post(
        api,
        RELEASES,
        {
            "version": "web@1.2.3+456",
            "projects": ["pump-station"],
            "url": "https://example.com/web/1.2.3",
            "dateStarted": "2026-03-01T11:59:59.123456789Z",
            "dateReleased": "2026-03-01T12:00:00.987654321Z",
        },
    )

    release = Release.objects.get()
    assert before <= release.created_at <= datetime.now(UTC)
    assert response.status_code == 201
    assert response.json() == body_of(
        release,
        project,
        url="https://example.com/web/1.2.3",
        versionInfo={
            "package": "web",
            "version": {"raw": "1.2.3+456"},
            "description": "1.2.3 (456)",
            "buildHash": None,
        },
        dateStarted="2026-03-01T11:59:59.123456Z",
        dateReleased="2026-03-01T12:00:00.987654Z",
        dateCreated=release.created_at.isoformat().replace("+00:00", "Z"),
    )
    assert response.headers["Allow"] == "GET, POST, HEAD, OPTIONS"
    assert release.project == project


def test_makes_a_release_of_the_project_that_the_path_names(api: Api, project: Project, other_project: Project) -> None:
    response = post(api, OF_PROJECT, {"version": "1.0.0", "projects": ["prime-mover", "nowhere", 3]})

    release = Release.objects.get()
    assert response.status_code == 201
    assert response.json()["projects"] == [project_in(project)]
    assert release.project == project


@pytest.mark.parametrize(
    "nothing",
    [
        {},
        dict.fromkeys(["ref", "url", "status", "dateStarted", "dateReleased", "refs", "commits", "owner"]),
        {"refs": [{"repository": "a/b", "commit": "c"}], "commits": [{"id": "c"}], "headCommits": 5},
        {"ref": "", "url": ""},
    ],
    ids=["absent", "null", "ignored", "empty"],
)
def test_takes_what_is_not_given_as_not_given(api: Api, project: Project, nothing: dict[str, Any]) -> None:
    response = post(api, RELEASES, {"version": "1.0.0", "projects": ["pump-station"], **nothing})

    release = Release.objects.get()
    assert response.status_code == 201
    created = release.created_at.isoformat().replace("+00:00", "Z")
    assert response.json() == body_of(release, project, dateCreated=created)


def test_names_projects_by_slug_and_by_id_as_a_number_or_a_word(
    api: Api, project: Project, other_project: Project, hidden: Project
) -> None:
    words = ["pump-station", other_project.pk, f"00{hidden.pk}", project.pk]

    response = post(api, RELEASES, {"version": "1.0.0", "projects": words})

    assert response.status_code == 201
    assert {release.project for release in Release.objects.all()} == {project, other_project, hidden}


def test_changes_the_release_that_is_there(api: Api, project: Project, other_project: Project) -> None:
    release = ReleaseFactory(projects=[project], version="1.0.0", ref="abc", url="https://example.com/", created_at=NOW)
    later = {"created_at__gt": NOW, "ref": "abc", "url": "", "status": "archived"}

    response = post(api, RELEASES, {"version": " 1.0.0 ", "projects": ["prime-mover"], "url": "", "status": "archived"})

    assert response.status_code == 208
    assert response.json() == body_of(
        release, other_project, project, ref="abc", status="archived", dateCreated="2026-03-01T12:00:00Z"
    )
    assert Release.objects.filter(project=other_project, **later).count() == 1


@pytest.mark.parametrize("named", [{"projects": []}, {"projects": None}, {}], ids=["empty", "null", "absent"])
@pytest.mark.parametrize("status", ["archived", "open"])
def test_archives_and_restores_without_naming_a_project(
    api: Api, project: Project, named: dict[str, Any], status: str
) -> None:
    release = ReleaseFactory(projects=[project], status="open" if status == "archived" else "archived")

    response = post(api, RELEASES, {"version": release.version, "status": status, **named})

    assert response.status_code == 208
    assert response.json() == body_of(release, project, status=status)


def test_answers_again_as_before_when_nothing_is_new(api: Api, project: Project) -> None:
    body = {"version": "1.0.0", "projects": ["pump-station"], "dateReleased": "2026-03-01T12:00:00Z"}

    made, again = post(api, RELEASES, body), post(api, RELEASES, body)

    assert [made.status_code, again.status_code] == [201, 208]
    assert again.json() == made.json()


REQUIRED, BLANK = "This field is required.", "This field may not be blank."
NO_CONTROL = "A version has no line breaks, tabs or other control characters, and no backslashes."
NO_PARTS = 'A version, or a part of it between slashes, can\'t be empty, "." or "..".'
NO_NULL = "This field may not be null."
NO_DATE = (
    "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)

WRONG: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no version": ({"version": ...}, {"version": [REQUIRED]}),
    "null version": ({"version": None}, {"version": [NO_NULL]}),
    "empty version": ({"version": ""}, {"version": [BLANK]}),
    "blank version": ({"version": " \t\n"}, {"version": [BLANK]}),
    "version of 251": ({"version": "x" * 251}, {"version": ["Ensure this field has no more than 250 characters."]}),
    "list as version": ({"version": ["1.0"]}, {"version": ["Not a valid string."]}),
    "latest": ({"version": "latest"}, {"version": ['"latest" can\'t be a version: it means the newest release.']}),
    "line break": ({"version": "1\n0"}, {"version": [NO_CONTROL]}),
    "tab": ({"version": "1\t0"}, {"version": [NO_CONTROL]}),
    "backslash": ({"version": "1\\0"}, {"version": [NO_CONTROL]}),
    "dot": ({"version": "."}, {"version": [NO_PARTS]}),
    "dots": ({"version": ".."}, {"version": [NO_PARTS]}),
    "slash": ({"version": "/"}, {"version": [NO_PARTS]}),
    "leading slash": ({"version": "/1.0"}, {"version": [NO_PARTS]}),
    "trailing slash": ({"version": "1.0/"}, {"version": [NO_PARTS]}),
    "two slashes": ({"version": "1//0"}, {"version": [NO_PARTS]}),
    "dots between": ({"version": "1/../0"}, {"version": [NO_PARTS]}),
    "address of deploys": (
        {"version": "1.0/deploys"},
        {"version": ['A version can\'t end in "/deploys": that is another address.']},
    ),
    "no projects": ({"projects": ...}, {"projects": ["A new release needs at least one project."]}),
    "empty projects": ({"projects": []}, {"projects": ["A new release needs at least one project."]}),
    "projects as a word": (
        {"projects": "pump-station"},
        {"projects": ['Expected a list of items but got type "str".']},
    ),
    "unknown projects": (
        {"projects": ["pump-station", "nowhere", 2**63, "x" * 60, "", True]},
        {"projects": {"4": [BLANK], "5": ["Not a valid string."]}},
    ),
    "unknown project": (
        {"projects": ["pump-station", "nowhere", 2**63, "x" * 60, -1]},
        {
            "projects": [
                'There is no project "nowhere" here.',
                'There is no project "9223372036854775808" here.',
                f'There is no project "{"x" * 50}" here.',
                'There is no project "-1" here.',
            ]
        },
    ),
    "stranger's project": ({"projects": ["relay"]}, {"projects": ['There is no project "relay" here.']}),
    "no url": ({"url": "javascript:alert(1)"}, {"url": ["Enter a valid URL."]}),
    "ref of 251": ({"ref": "x" * 251}, {"ref": ["Ensure this field has no more than 250 characters."]}),
    "unknown status": ({"status": "closed"}, {"status": ['"closed" is not a valid choice.']}),
    "no dates": (
        {"dateReleased": "yesterday", "dateStarted": 1772366400},
        {"dateReleased": [NO_DATE], "dateStarted": [NO_DATE]},
    ),
    "all at once": (
        {"version": "latest", "projects": ["nowhere"], "status": 1, "url": 1},
        {
            "version": ['"latest" can\'t be a version: it means the newest release.'],
            "projects": ['There is no project "nowhere" here.'],
            "status": ['"1" is not a valid choice.'],
            "url": ["Enter a valid URL."],
        },
    ),
}


@pytest.mark.parametrize(("said", "refusal"), WRONG.values(), ids=WRONG)
def test_refuses_a_release_that_is_wrong(
    api: Api, stranger_project: Project, said: dict[str, Any], refusal: dict[str, Any]
) -> None:
    body = {"version": "1.0.0", "projects": ["pump-station"], **said}
    before = everything()

    response = post(api, RELEASES, {key: value for key, value in body.items() if value is not ...})

    assert (response.status_code, response.json()) == (400, refusal)
    assert everything() == before


def test_refuses_a_project_that_the_caller_does_not_see_as_it_does_one_that_is_not_there(
    api: Api, sam_on_the_team: User, hidden: Project
) -> None:
    for word in ("black-box", hidden.pk, "nowhere"):
        response = post(api, RELEASES, {"version": "1.0.0", "projects": ["pump-station", word]}, auth="sam")

        assert (response.status_code, response.json()) == (
            400,
            {"projects": [f'There is no project "{word}" here.']},
        )
    assert not Release.objects.exists()


def test_takes_a_release_of_hidden_projects_for_none_until_a_project_is_named(
    api: Api, sam_on_the_team: User, project: Project, hidden: Project
) -> None:
    release = ReleaseFactory(projects=[hidden], version="1.0.0")

    refused = post(api, RELEASES, {"version": "1.0.0", "projects": [], "status": "archived"}, auth="sam")
    taken = post(api, RELEASES, {"version": "1.0.0", "projects": ["pump-station"]}, auth="sam")

    assert refused.status_code == 400
    assert refused.json() == {"projects": ["A new release needs at least one project."]}
    made = Release.objects.get(project=project)
    assert taken.status_code == 201
    assert taken.json() == body_of(made, project, dateCreated=made.created_at.isoformat().replace("+00:00", "Z"))
    assert set(Release.objects.exclude(pk=made.pk)) == {release}


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"version": "1", "version": "2"}', b"\xff"])
def test_refuses_a_body_that_is_no_release(api: Api, project: Project, content: str | bytes) -> None:
    response = post(api, RELEASES, content)

    assert response.status_code == 400
    assert not Release.objects.exists()


# ---------------------------------------------------------------------------------------------------------------------
# Its version in the address
# ---------------------------------------------------------------------------------------------------------------------

VERSIONS = [
    "1.0",
    "web@1.2.3+456",
    "feature/x@1",
    "a/b/c",
    "50%",
    "%2F",
    "two words",
    "ünï→日本",
    "deploys",
    "a?b#c;d",
    "7",
]


@ROUTES
@pytest.mark.parametrize("version", VERSIONS)
def test_finds_a_release_by_whatever_its_version_is(api: Api, project: Project, releases: str, version: str) -> None:
    assert post(api, releases, {"version": version, "projects": ["pump-station"]}).status_code == 201
    decoy = ReleaseFactory(projects=[project], version="decoy")
    path = address(releases, version)

    got, changed = api.get(path), api.put(path, {"ref": "abc"})
    deleted, gone = api.delete(path), api.get(path)

    assert (got.status_code, got.json()["version"]) == (200, version)
    assert (changed.status_code, changed.json()) == (200, got.json() | {"ref": "abc"})
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (gone.status_code, gone.json()) == (404, NOT_FOUND)
    assert Release.objects.get() == decoy


@pytest.mark.parametrize("below", ["deploys", "commits", "previous-with-commits"])
@pytest.mark.parametrize("version", VERSIONS)
def test_finds_what_is_below_a_release_too(api: Api, project: Project, version: str, below: str) -> None:
    ReleaseFactory(projects=[project], version=version)

    assert api.get(f"{address(RELEASES, version)}{below}/").status_code == 200
    assert api.get(f"{address(RELEASES, 'x' + version)}{below}/").status_code == 404


@ROUTES
@pytest.mark.parametrize(
    ("behind", "detail"),
    [
        ("1.0", "There is nothing at this address: it lacks the slash at its end."),
        ("feature%2Fx@1", "There is nothing at this address: it lacks the slash at its end."),
        ("1.0/deploys", "There is nothing at this address: it lacks the slash at its end."),
        ("/", "There is nothing at this address."),
        ("1%0A0/", "There is nothing at this address."),
        ("1.0//", "Not found."),
        ("2.0/", "Not found."),
        ("1.0%20/", "Not found."),
        ("1.0%00/", "Not found."),
        ("1.0/nothing/", "Not found."),
        ("1.0/deploys/1/", "Not found."),
        ("x" * 300 + "/", "Not found."),
    ],
)
def test_finds_nothing_elsewhere(api: Api, project: Project, releases: str, behind: str, detail: str) -> None:
    ReleaseFactory(projects=[project], version="1.0")

    response = api.get(f"{releases}{behind}")

    assert (response.status_code, response.json()) == (404, {"detail": detail})


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


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("project=-2", {"project": ['"-2" is not an id; ids are whole numbers from 1 to 9223372036854775807.']}),
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


# ---------------------------------------------------------------------------------------------------------------------
# Changed
# ---------------------------------------------------------------------------------------------------------------------


def test_finalizes_as_sentry_cli_does(api: Api, project: Project, other_project: Project) -> None:
    release = ReleaseFactory(projects=[other_project], version="1.0.0", started_at=NOW)

    response = api.put(
        address(RELEASES, "1.0.0"),
        {"projects": ["pump-station"], "dateReleased": "2026-03-01T13:00:00.123456789+01:00"},
    )

    assert response.status_code == 200
    assert response.json() == body_of(
        release,
        other_project,
        project,
        dateStarted="2026-03-01T12:00:00Z",
        dateReleased="2026-03-01T12:00:00.123456Z",
    )


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"version": "2.0.0"},
        {"projects": [], "commits": [{"id": "c"}], "refs": []},
        dict.fromkeys(["version", "projects", "ref", "url", "status", "dateStarted", "dateReleased"]),
    ],
    ids=["nothing", "version", "ignored", "nulls"],
)
@ROUTES
def test_changes_nothing_when_nothing_is_said(api: Api, project: Project, releases: str, said: dict[str, Any]) -> None:
    release = ReleaseFactory(projects=[project], version="1.0.0", released_at=NOW, url="https://example.com/")
    before = everything()

    response = api.put(address(releases, "1.0.0"), said)

    assert response.status_code == 200
    assert response.json() == body_of(release, project, dateReleased="2026-03-01T12:00:00Z", url="https://example.com/")
    assert everything() == before


def test_takes_no_body_at_all_as_nothing_said(api: Api, project: Project) -> None:
    release = ReleaseFactory(projects=[project])

    assert api.put(address(RELEASES, release.version)).json() == body_of(release, project)


def test_adds_no_other_project_by_the_route_of_one(api: Api, project: Project, other_project: Project) -> None:
    release = ReleaseFactory(projects=[project])

    response = api.put(address(OF_PROJECT, release.version), {"projects": ["prime-mover", "nowhere"], "ref": "abc"})

    assert response.json() == body_of(release, project, ref="abc")
    assert Release.objects.get() == release


@ROUTES
@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"dateReleased": "soon"}, {"dateReleased": [NO_DATE]}),
        ({"status": "closed"}, {"status": ['"closed" is not a valid choice.']}),
        ({"url": "nowhere"}, {"url": ["Enter a valid URL."]}),
        ({"dateStarted": "0001-01-01T00:00:00+14:00"}, {"dateStarted": ["Datetime value out of range."]}),
    ],
)
def test_refuses_a_change_that_is_wrong(
    api: Api, project: Project, releases: str, said: dict[str, Any], refusal: dict[str, Any]
) -> None:
    release = ReleaseFactory(projects=[project])
    before = everything()

    response = api.put(address(releases, release.version), said)

    assert (response.status_code, response.json()) == (400, refusal)
    assert everything() == before


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_knows_no_release_that_is_out_of_reach(
    api: Api,
    sam_on_the_team: User,
    project: Project,
    other_project: Project,
    hidden: Project,
    stranger_project: Project,
    method: str,
) -> None:
    ReleaseFactory(projects=[hidden], version="hidden")
    ReleaseFactory(projects=[stranger_project], version="stranger's")
    ReleaseFactory(projects=[other_project], version="of the other project")
    before = everything()

    for path in [
        address(RELEASES, "hidden"),
        address(RELEASES, "stranger's"),
        address(OF_PROJECT, "of the other project"),
        address(RELEASES.replace("the-interstellar-jurisdiction", "outer-rim"), "stranger's"),
    ]:
        who: Who = "sam"
        ApiToken.objects.filter(user__username="sam").update(scopes=["event:admin"])
        response = api.request(method, path, {"status": "nonsense"}, auth=who)

        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert everything() == before


# ---------------------------------------------------------------------------------------------------------------------
# Deleted
# ---------------------------------------------------------------------------------------------------------------------


@ROUTES
def test_deletes_a_release(api: Api, project: Project, releases: str) -> None:
    release, other = (ReleaseFactory(projects=[project]) for _ in range(2))
    DeployFactory(release=release)
    issue = IssueFactory(project=project, own_first_release=release, own_last_release=other)

    response = api.delete(address(releases, release.version))

    assert (response.status_code, response.content) == (204, b"")
    assert Release.objects.get() == other
    issue.refresh_from_db()
    assert (issue.first_release, issue.last_release) == (None, other)


@ROUTES
@pytest.mark.parametrize("trait", ["resolved_in_release", "resolved_in_next_release"])
def test_refuses_to_delete_a_release_that_resolves(api: Api, project: Project, releases: str, trait: str) -> None:
    release = ReleaseFactory(projects=[project])
    IssueFactory(project=project, **{trait: True}, resolution_release=release, own_first_release=release)
    before = everything()

    response = api.delete(address(releases, release.version))

    assert (response.status_code, response.json()) == (400, IN_USE)
    assert everything() == before


# ---------------------------------------------------------------------------------------------------------------------
# Who may
# ---------------------------------------------------------------------------------------------------------------------


@ROUTES
@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("event:read", {"GET": 200, "POST": 403, "PUT": 403, "DELETE": 403}),
        ("event:write", {"GET": 200, "POST": 208, "PUT": 200, "DELETE": 403}),
        ("event:admin", {"GET": 200, "POST": 208, "PUT": 200, "DELETE": 204}),
    ],
)
def test_needs_a_scope_for_each_method(
    api: Api, project: Project, jane: User, releases: str, scope: str, allowed: dict[str, int]
) -> None:
    ReleaseFactory(projects=[project], version="1.0.0")
    ApiToken.objects.filter(user=jane).update(scopes=[scope])

    answers = {
        "GET": api.get(releases, auth="jane"),
        "POST": post(api, releases, {"version": "1.0.0"}, auth="jane"),
        "PUT": api.put(address(releases, "1.0.0"), {}, auth="jane"),
        "DELETE": api.delete(address(releases, "1.0.0"), auth="jane"),
    }

    assert {method: response.status_code for method, response in answers.items()} == allowed
    refused = {"detail": "You do not have permission to perform this action."}
    assert all(response.json() == refused for response in answers.values() if response.status_code == 403)


@ROUTES
def test_needs_a_credential(api: Api, project: Project, releases: str) -> None:
    release = ReleaseFactory(projects=[project])

    for method, path in [("GET", releases), ("POST", releases), ("PUT", address(releases, release.version))]:
        response = api.request(method, path, {"version": "1"}, auth=None)

        assert (response.status_code, response.json()) == (
            401,
            {"detail": "Authentication credentials were not provided."},
        )


@ROUTES
@pytest.mark.parametrize(("behind", "method"), [("", "PUT"), ("", "DELETE"), ("1.0.0/", "POST"), ("1.0.0/", "PATCH")])
def test_has_no_other_methods(api: Api, project: Project, releases: str, behind: str, method: str) -> None:
    response = api.request(method, f"{releases}{behind}", {})

    assert (response.status_code, response.json()) == (405, {"detail": f'Method "{method}" not allowed.'})


# ---------------------------------------------------------------------------------------------------------------------
# What it settles
# ---------------------------------------------------------------------------------------------------------------------

COMES = {
    "made": lambda api: post(api, RELEASES, {"version": "2.0.0", "projects": ["pump-station"]}),
    "made for the project": lambda api: post(api, OF_PROJECT, {"version": "2.0.0"}),
}


@pytest.mark.parametrize("comes", COMES.values(), ids=COMES)
def test_settles_issues_that_were_resolved_in_the_next_release(
    api: Api, project: Project, jane: User, comes: Any
) -> None:
    ReleaseFactory(projects=[project], version="1.0.0")
    issue, other = IssueFactory(project=project), IssueFactory(project=project)
    api.put(api.issues_url, {"status": "resolvedInNextRelease"}, ids=[issue.pk], auth="jane")
    row = Issue.objects.values().get(pk=issue.pk)

    assert comes(api).status_code == 201

    listed = {found["id"]: found for found in api.get(api.issues_url, raw_query="query=").json()}
    assert listed[str(issue.pk)]["status"] == "resolved"
    assert listed[str(issue.pk)]["statusDetails"] == {
        "inRelease": "2.0.0",
        "actor": {"id": str(jane.pk), "name": "Jane Schmidt", "username": "jane", "email": "jane@example.com"},
    }
    assert listed[str(other.pk)]["statusDetails"] == {}
    assert Activity.objects.get().data == {"version": "2.0.0"}
    resolution = {"resolution_kind": "in_release", "resolution_release_id": Release.objects.get(version="2.0.0").pk}
    assert Issue.objects.values().get(pk=issue.pk) == {**row, **resolution}


def test_settles_by_a_finalize_that_makes_it_the_newest(api: Api, project: Project) -> None:
    ReleaseFactory(projects=[project], version="2.0.0", created_at=LONG_AGO)
    ReleaseFactory(projects=[project], version="1.9.9", created_at=NOW)
    issue = IssueFactory(project=project)
    api.put(api.issues_url, {"status": "resolvedInNextRelease"}, ids=[issue.pk])

    api.put(address(RELEASES, "2.0.0"), {"dateStarted": "2026-03-03T12:00:00Z"})
    issue.refresh_from_db()
    assert issue.resolution_kind == "in_next_release"

    api.put(address(RELEASES, "2.0.0"), {"dateReleased": "2026-03-03T12:00:00Z"})
    issue.refresh_from_db()
    assert (issue.resolution_kind, issue.resolution_release) == ("in_release", Release.objects.get(version="2.0.0"))


def test_is_the_latest_release_of_a_body_from_then_on(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    post(api, OF_PROJECT, {"version": "1.0.0"})
    post(api, OF_PROJECT, {"version": "0.9.0", "dateReleased": "2020-01-01T00:00:00Z"})

    response = api.put(api.issues_url, {"status": "resolved", "statusDetails": {"inRelease": "latest"}}, ids=[issue.pk])

    assert response.json() == {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}}
