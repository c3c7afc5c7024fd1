"""A release that comes while issues are resolved by it (contract section 5)."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Activity, Issue
from projects.models import Organization, Project, Release, User
from tests.api_client import Api
from tests.concurrency.sessions import (
    HISTORY,
    Foreign,
    Session,
    interrupted,
    stopped,
    wait_until_blocked,
)
from tests.factories import LONG_AGO, NOW, IssueFactory, ReleaseFactory, TeamFactory

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response


pytestmark = pytest.mark.django_db(transaction=True)

RELEASES = "/api/0/organizations/the-interstellar-jurisdiction/releases/"
PUMP_STATION = "projects/the-interstellar-jurisdiction/pump-station"
IN_NEXT = {"status": "resolvedInNextRelease"}


# Statements by which a session is stopped.
KEEP = re.compile(r"FROM issues_projectstate\s+WHERE project_id = ANY.*FOR NO KEY UPDATE", re.DOTALL)
SHARE = re.compile(r"FROM issues_projectstate\s+WHERE project_id = ANY.*FOR SHARE", re.DOTALL)
SETTLE = re.compile(r"UPDATE issues_issue AS issue\s+SET resolution_kind")
MAKE = re.compile(r"INSERT INTO projects_release ")
CHANGE = re.compile(r'UPDATE "projects_release"')


@pytest.fixture
def base(project: Project) -> Release:
    return ReleaseFactory(projects=[project], version="1.0.0")


@pytest.fixture
def issue(project: Project, base: Release) -> Issue:
    return IssueFactory(project=project)


def make_2(api: Api) -> "Response":
    return api.request("POST", RELEASES, {"version": "2.0.0", "projects": ["pump-station"]})


def finalize_2(api: Api) -> "Response":
    return api.put(f"{RELEASES}2.0.0/", {"projects": ["pump-station"], "dateReleased": "2026-03-01T12:00:00Z"})


def add_2(api: Api) -> "Response":
    return api.put(f"{RELEASES}2.0.0/", {"projects": ["pump-station"]})


def prepare(comes: Callable[[Api], "Response"], project: Project, other_project: Project) -> None:
    """Make what the request changes: an old release that will be out, or one of the other project that is newer."""
    if comes is finalize_2:
        ReleaseFactory(projects=[project], version="2.0.0", created_at=LONG_AGO - timedelta(days=1))
    elif comes is add_2:
        ReleaseFactory(projects=[other_project], version="2.0.0", created_at=NOW)


def resolution(issue: Issue) -> tuple[str | None, str | None, list[object]]:
    """Return how the issue is resolved, by which release, and what its activities say of the version."""
    issue.refresh_from_db()
    release = issue.resolution_release
    versions = Activity.objects.filter(issue=issue).order_by("id").values_list("data", flat=True)
    return issue.resolution_kind, release and release.version, [data["version"] for data in versions]


SETTLED_BY_2 = ("in_release", "2.0.0", ["2.0.0"])
AFTER_2 = ("in_next_release", "2.0.0", [""])
COMES = pytest.mark.parametrize("comes", [make_2, finalize_2, add_2])
ALL_OR_NAMED = pytest.mark.parametrize("is_named", [True, False], ids=["named", "all"])


# ---------------------------------------------------------------------------------------------------------------------
# Comes
# ---------------------------------------------------------------------------------------------------------------------


@COMES
@ALL_OR_NAMED
@pytest.mark.parametrize("moment", [SHARE, HISTORY], ids=["at the start", "at the end"])
def test_comes_after_a_resolve_that_is_on_its_way_and_settles_it(
    api: Api,
    project: Project,
    other_project: Project,
    issue: Issue,
    session: Session,
    other_session: Session,
    comes: Callable[[Api], "Response"],
    is_named: bool,
    moment: re.Pattern[str],
) -> None:
    prepare(comes, project, other_project)
    in_next = partial(api.put, api.issues_url, IN_NEXT, ids=[issue.pk] if is_named else [])

    with stopped(session, in_next, after=moment) as resolving:
        coming = other_session.start(partial(comes, api))
        wait_until_blocked(other_session, by=session)

    assert resolving.result().status_code == 200
    assert coming.result().status_code in {200, 201}
    assert resolution(issue) == SETTLED_BY_2


@COMES
@ALL_OR_NAMED
@pytest.mark.parametrize("moment", [KEEP, SETTLE], ids=["at the start", "at the end"])
def test_is_what_a_resolve_is_based_on_that_came_after_it(
    api: Api,
    project: Project,
    other_project: Project,
    issue: Issue,
    session: Session,
    other_session: Session,
    comes: Callable[[Api], "Response"],
    is_named: bool,
    moment: re.Pattern[str],
) -> None:
    prepare(comes, project, other_project)
    in_next = partial(api.put, api.issues_url, IN_NEXT, ids=[issue.pk] if is_named else [])

    with stopped(session, partial(comes, api), after=moment) as coming:
        resolving = other_session.start(in_next)
        wait_until_blocked(other_session, by=session)

    assert coming.result().status_code in {200, 201}
    assert resolving.result().status_code == 200
    assert resolution(issue) == AFTER_2


@ALL_OR_NAMED
def test_comes_when_the_resolve_was_rolled_back(
    api: Api, issue: Issue, session: Session, other_session: Session, is_named: bool
) -> None:
    in_next = partial(api.put, api.issues_url, IN_NEXT, ids=[issue.pk] if is_named else [])

    api.client.raise_request_exception = False  # it raises whatever any request of this process fails with
    with stopped(session, in_next, after=HISTORY, rolled_back=True):
        coming = other_session.start(partial(make_2, api))
        wait_until_blocked(other_session, by=session)

    assert coming.result().status_code == 201
    assert resolution(issue) == (None, None, [])


def test_sees_what_was_done_with_an_issue_that_it_waited_for(
    api: Api, project: Project, base: Release, session: Session, other_session: Session
) -> None:
    issue, opened = (
        IssueFactory(project=project, resolved_in_next_release=True, resolution_release=base) for _ in range(2)
    )

    with stopped(session, partial(api.put, api.issues_url, {"status": "unresolved"}, ids=[opened.pk]), after=HISTORY):
        coming = other_session.start(partial(make_2, api))
        wait_until_blocked(other_session, by=session)

    assert coming.result().status_code == 201
    assert resolution(issue)[:2] == ("in_release", "2.0.0")
    opened.refresh_from_db()
    assert (opened.status, opened.resolution_kind) == ("unresolved", None)


def test_makes_nobody_wait_who_does_not_resolve_in_the_next_release(
    api: Api, project: Project, base: Release, issue: Issue, session: Session, other_session: Session
) -> None:
    waiting = IssueFactory(project=project, resolved_in_next_release=True, resolution_release=base)
    plain = partial(api.put, api.issues_url, {"status": "resolved", "assignedTo": "jane"}, ids=[issue.pk], auth="jane")

    with stopped(session, partial(make_2, api), after=SETTLE) as coming:
        assert other_session.do(plain).headers["Issues-Changed"] == "1"
        other_session.do(partial(IssueFactory, project=project))

    assert coming.result().status_code == 201
    assert resolution(waiting)[:2] == ("in_release", "2.0.0")


def test_is_made_once_by_two_at_the_same_time(
    api: Api, project: Project, session: Session, other_session: Session
) -> None:
    with stopped(session, partial(make_2, api), after=MAKE) as one:
        other = other_session.start(partial(make_2, api))
        wait_until_blocked(other_session, by=session)

    assert [one.result().status_code, other.result().status_code] == [201, 208]
    assert one.result().json() == other.result().json()
    assert Release.objects.get().project == project


def test_waits_for_nobody_who_makes_it_in_another_project(
    api: Api, project: Project, other_project: Project, session: Session, other_session: Session
) -> None:
    there = IssueFactory(project=other_project, resolved_in_next_release=True)
    for_the_other = {"version": "2.0.0", "projects": ["prime-mover"], "dateReleased": "2026-03-01T12:00:00Z"}

    with stopped(session, partial(make_2, api), after=MAKE) as one:
        other = other_session.do(partial(api.request, "POST", RELEASES, for_the_other))

    assert [one.result().status_code, other.status_code] == [201, 201]
    assert {release.project for release in Release.objects.all()} == {project, other_project}
    there.refresh_from_db()
    assert there.resolution_release == Release.objects.get(project=other_project)


@pytest.fixture
def sam_sees_prime_mover(sam: User, project: Project, other_project: Project) -> User:
    """And not pump-station."""
    other_project.teams.set([TeamFactory(organization=project.organization, members=[sam])])
    Organization.objects.update(open_membership=False)
    return sam


def test_is_made_by_one_while_another_has_the_hidden_one_of_that_version(
    api: Api,
    project: Project,
    other_project: Project,
    sam_sees_prime_mover: User,
    session: Session,
    other_session: Session,
) -> None:
    hidden = ReleaseFactory(project=project, version="secret-9")
    of_pump_station = RELEASES.replace("organizations/the-interstellar-jurisdiction", PUMP_STATION)
    janes = partial(api.put, f"{of_pump_station}secret-9/", {"dateReleased": "2026-03-01T12:00:00Z"}, auth="jane")
    sams = {"version": "secret-9", "projects": ["prime-mover"], "dateReleased": "2026-02-01T12:00:00Z"}

    with stopped(session, janes, after=CHANGE) as changing:
        made = other_session.do(partial(api.request, "POST", RELEASES, sams, auth="sam"))

    assert [changing.result().status_code, made.status_code] == [200, 201]
    assert made.json()["id"] != hidden.pk
    assert made.json()["dateReleased"] == "2026-02-01T12:00:00Z"
    hidden.refresh_from_db()
    assert hidden.released_at == NOW


def test_is_made_by_the_second_when_the_first_fails(
    api: Api, project: Project, session: Session, other_session: Session
) -> None:
    api.client.raise_request_exception = False  # it raises whatever any request of this process fails with
    with stopped(session, partial(make_2, api), after=MAKE, rolled_back=True):
        other = other_session.start(partial(make_2, api))
        wait_until_blocked(other_session, by=session)

    assert other.result().status_code == 201
    assert Release.objects.get().project == project


def test_starts_over_when_it_got_another_project_meanwhile(
    api: Api, base: Release, other_project: Project, other_session: Session
) -> None:
    there = IssueFactory(
        project=other_project,
        resolved_in_next_release=True,
        resolution_release=ReleaseFactory(project=other_project, created_at=NOW),
    )
    grows = partial(api.put, f"{RELEASES}1.0.0/", {"projects": ["prime-mover"], "dateReleased": "2020-01-01T00:00:00Z"})

    with (
        CaptureQueriesContext(connection) as queries,
        interrupted(KEEP, partial(other_session.do, grows), before=True),
    ):
        response = api.put(f"{RELEASES}1.0.0/", {"dateReleased": "2026-04-01T00:00:00Z"})

    assert response.status_code == 200
    kept = [query["sql"] for query in queries if KEEP.search(query["sql"])]
    assert [str(other_project.pk) in re.findall(r"[0-9]+", sql) for sql in kept] == [
        False,
        True,
    ]  # or it would settle what nobody keeps
    there.refresh_from_db()
    assert there.resolution_release == Release.objects.get(project=other_project, version="1.0.0")


def test_is_unavailable_while_a_resolve_holds_the_project(
    api: Api, issue: Issue, settings: Any, foreign: Foreign
) -> None:
    settings.LOCK_TIMEOUT_SECONDS = 0.2
    foreign.run("SELECT FROM issues_projectstate WHERE project_id = %s FOR SHARE", issue.project_id)

    response = make_2(api)

    assert response.status_code == 503
    assert response.json() == {"detail": "These issues are being changed by another request. Try again."}
    assert response.headers["Retry-After"] == "5"
    assert not Release.objects.filter(version="2.0.0").exists()
