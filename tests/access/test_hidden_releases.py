"""Releases of a project that the caller does not see tell nothing: no status, body, header, count, refusal, nor a lock
that is waited for (contract section 5)."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext

from projects.models import Organization, Project, Role, User
from tests.access import world
from tests.access.test_existence import Seen, shape
from tests.access.world import Realm
from tests.answers import headers_of
from tests.api_client import Api
from tests.assertions import digest, is_api_answer
from tests.concurrency.sessions import Foreign
from tests.factories import LONG_AGO, NOW, DeployFactory, IssueFactory, ReleaseFactory, TeamFactory
from tests.routes import API

pytestmark = pytest.mark.django_db

# ---------------------------------------------------------------------------------------------------------------------
# What is answered
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def ours(db: None) -> Realm:
    return world.build("ours")


@pytest.fixture
def hidden(ours: Realm) -> Project:
    """Another project of the organization, which has a version of every kind."""
    return world.build("hidden", organization=ours.organization, ids=8_000_000).project


@pytest.fixture
def member(ours: Realm, hidden: Project) -> Api:
    """Who sees our project, and not the hidden one."""
    api = world.CALLERS["member off the team, closed"](ours, ours)
    ours.team.members.add(ours.organization.members.get(memberships__role=Role.MEMBER))
    ours.organization.open_membership = False
    ours.organization.save()
    return api


def known(project: Project, version: str) -> None:
    """With all there is to tell, and made before ours."""
    release = ReleaseFactory(
        project=project,
        version=version,
        ref="abc",
        url="https://example.com/",
        status="archived",
        created_at=LONG_AGO,
        started_at=NOW,
        released_at=NOW,
    )
    DeployFactory(release=release)
    IssueFactory(project=project, own_first_release=release, own_last_release=release)


def waited_for(project: Project, version: str) -> None:
    """Issues would be settled by another date, and forbid to delete it."""
    base = ReleaseFactory(project=project, version=version, created_at=LONG_AGO)
    IssueFactory(project=project, resolved_in_next_release=True, resolution_release=base)
    IssueFactory(project=project, resolved_in_release=True, resolution_release=base)
    IssueFactory(project=project, resolved_in_next_release=True)


def planned(project: Project, version: str) -> None:
    """In the future: it would be the newest, and the last in a list."""
    ReleaseFactory(project=project, version=version, released_at=NOW.replace(year=2090))


def of_a_package(project: Project, version: str) -> None:
    """Others of the package are dated by it, and it by them."""
    package = version.partition("@")[0]
    for word in (f"{package}@0.1", version, f"{package}@9.0"):
        ReleaseFactory(project=project, version=word, created_at=NOW)


# What the hidden project has -> how, the version, and one that nobody has.
THERE: dict[str, tuple[Callable[[Project, str], None], str, str]] = {
    "known": (known, "secret-9", "nobody-9"),
    "waited for": (waited_for, "secret-9", "nobody-9"),
    "planned": (planned, "secret-9", "nobody-9"),
    "of a package": (of_a_package, "secret@2.0", "nobody@2.0"),
}


@pytest.mark.parametrize(("make", "version", "nowhere"), THERE.values(), ids=THERE)
def test_a_version_lives_as_if_nobody_had_it(
    ours: Realm, hidden: Project, member: Api, make: Callable[[Project, str], None], version: str, nowhere: str
) -> None:
    make(hidden, version)
    before = digest()

    strangers, nothing = (live(member, ours, word) for word in (version, nowhere))

    assert [seen.status for seen in strangers] == [
        *[400, 404, 404, 404, 404, 400, 200],  # nothing is there
        *[201, 200, 200, 208, 200, 200, 201, 200, 200, 200, 200, 200],
        *[204, 404, 200],
    ]
    assert strangers == nothing
    assert digest() == before


def live(api: Api, ours: Realm, version: str) -> list[Seen]:
    """Return all that is answered about a version in its life, but for what each release has for itself."""
    releases = f"/{API}organizations/{ours.organization.slug}/releases/"
    issues = f"/{API}projects/{ours.organization.slug}/{ours.project.slug}/issues/"
    one, mine = f"{releases}{version}/", {"version": version, "projects": [ours.project.slug]}
    resolve = {"status": "resolved", "statusDetails": {"inRelease": version}}
    requests: list[tuple[str, str, Any, str]] = [
        ("POST", releases, {"version": version, "projects": []}, ""),
        ("PUT", one, {"ref": "x"}, ""),
        ("DELETE", one, None, ""),
        ("GET", f"{one}deploys/", None, ""),
        ("POST", f"{one}deploys/", {"environment": "qa"}, ""),
        ("PUT", issues, resolve, f"id={ours.issue.pk}"),
        ("GET", issues, None, f"query=release:{version}"),
        ("POST", releases, mine, ""),
        ("GET", one, None, ""),
        ("GET", releases, None, f"query={version}"),
        ("POST", releases, mine | {"projects": []}, ""),
        ("PUT", one, {"dateReleased": "2026-02-01T12:00:00Z"}, ""),
        ("PUT", one, {"projects": [ours.project.slug]}, ""),
        ("POST", f"{one}deploys/", {"environment": "qa", "dateFinished": "2026-02-01T12:00:00Z"}, ""),
        ("GET", f"{one}deploys/", None, ""),
        ("GET", one, None, ""),
        ("GET", releases, None, "per_page=1"),
        ("PUT", issues, {"status": "resolvedInNextRelease"}, f"id={ours.issue.pk}&preview=true"),
        ("GET", issues, None, f"query=release:{version}"),
        ("DELETE", one, None, ""),
        ("GET", one, None, ""),
        ("GET", releases, None, f"query={version}"),
    ]
    own = re.compile(
        rf'{re.escape(version)}|{re.escape(version.partition("@")[0])}|"id": "?\d+"?|'
        r'"dateCreated": "[^"]+"|\d{10,}:\d+:[^>"]*'
    )
    found = []
    for method, path, body, query in requests:
        reset_queries()  # of all that one test asks, not all would be kept
        with CaptureQueriesContext(connection) as queries:
            response = api.request(method, path, body, auth=None, raw_query=query)
        is_api_answer(response)
        # Its length is that of the ids too: 9 has one digit, and the next row's 10 has two.
        headers = [
            (name, own.sub("…", value))
            for name, value in sorted(headers_of(response).items())
            if name != "Content-Length"
        ]
        statements = [shape(query["sql"]) for query in queries]
        found.append(Seen(response.status_code, headers, own.sub("…", response.content.decode()), statements))
    return found


# ---------------------------------------------------------------------------------------------------------------------
# What is waited for
# ---------------------------------------------------------------------------------------------------------------------

RELEASES = "/api/0/organizations/the-interstellar-jurisdiction/releases/"
BY_SAM: dict[str, tuple[str, str, object, int]] = {
    "made": ("POST", "", {"version": "3.0.0", "projects": ["prime-mover"]}, 201),
    "made, where it is hidden": ("POST", "", {"version": "1.0.0", "projects": ["prime-mover"]}, 201),
    "saved": ("POST", "", {"version": "2.0.0", "projects": []}, 208),
    "changed": ("PUT", "2.0.0/", {"dateReleased": "2026-03-02T12:00:00Z"}, 200),
    "deployed": ("POST", "2.0.0/deploys/", {"environment": "qa"}, 201),
    "deleted": ("DELETE", "2.0.0/", None, 204),
    "changed, where it is hidden": ("PUT", "1.0.0/", {"ref": "abc"}, 404),
    "deployed, where it is hidden": ("POST", "1.0.0/deploys/", {"environment": "qa"}, 404),
    "deleted, where it is hidden": ("DELETE", "1.0.0/", None, 404),
    "listed": ("GET", "", None, 200),
}


@pytest.fixture
def sam_sees_prime_mover(sam: User, project: Project, other_project: Project) -> User:
    """And not pump-station."""
    other_project.teams.set([TeamFactory(organization=project.organization, members=[sam])])
    Organization.objects.update(open_membership=False)
    return sam


@pytest.fixture
def stranger(transactional_db: None) -> Iterator[Foreign]:
    """A raw connection, whose locks nobody is to wait for."""
    raw = Foreign()
    yield raw
    raw.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("method", "behind", "body", "status"), BY_SAM.values(), ids=BY_SAM)
def test_no_row_of_a_hidden_project_is_waited_for(
    api: Api,
    project: Project,
    other_project: Project,
    sam_sees_prime_mover: User,
    settings: Any,
    stranger: Foreign,
    method: str,
    behind: str,
    body: object,
    status: int,
) -> None:
    """All there is of pump-station is locked, and the version is being made there too."""
    settings.LOCK_TIMEOUT_SECONDS = 1
    ReleaseFactory(project=project, version="1.0.0")
    there = ReleaseFactory(projects=[project, other_project], version="2.0.0")
    IssueFactory(project=project, resolved_in_next_release=True, resolution_release=there, own_first_release=there)
    stranger.run("SELECT FROM projects_project WHERE id = %s FOR UPDATE", project.pk)
    stranger.run("SELECT FROM issues_projectstate WHERE project_id = %s FOR UPDATE", project.pk)
    stranger.run("SELECT FROM projects_release WHERE project_id = %s FOR UPDATE", project.pk)
    stranger.run("SELECT FROM issues_issue WHERE project_id = %s FOR UPDATE", project.pk)
    stranger.run(
        "INSERT INTO projects_release (project_id, version, ref, url, status, package, number)"
        " VALUES (%s, '3.0.0', '', '', 'open', '', '')",
        project.pk,
    )

    assert api.request(method, f"{RELEASES}{behind}", body, auth="sam").status_code == status
