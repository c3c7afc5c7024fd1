"""Releases: made, and found by their version; of an organization and of a project (contract sections 1.2 and 5)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from projects.models import Project, Release, User
from tests.api.releases import (
    NO_DATE,
    NOT_FOUND,
    OF_PROJECT,
    RELEASES,
    ROUTES,
    address,
    body_of,
    everything,
    post,
    project_in,
)
from tests.api_client import Api
from tests.factories import (
    NOW,
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db


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
