"""A release that goes while issues are resolved by it (contract section 5)."""

import re
from functools import partial
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction

from issues.models import Activity, Issue
from projects.models import Deploy, Project, Release
from tests.api_client import Api
from tests.concurrency.sessions import (
    HISTORY,
    HOLD,
    Session,
    interrupted,
    stopped,
    wait_until_blocked,
)
from tests.factories import LONG_AGO, IssueFactory, ReleaseFactory

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response


pytestmark = pytest.mark.django_db(transaction=True)

RELEASES = "/api/0/organizations/the-interstellar-jurisdiction/releases/"
IN_NEXT = {"status": "resolvedInNextRelease"}
IN_USE = {"detail": "This release is referenced by active issues and cannot be removed."}
UNKNOWN_RELEASE = {"statusDetails": {"inRelease": ["Unable to find a release with the given version."]}}


# Statements by which a session is stopped.
KEEP = re.compile(r"FROM issues_projectstate\s+WHERE project_id = ANY.*FOR NO KEY UPDATE", re.DOTALL)
SHARE = re.compile(r"FROM issues_projectstate\s+WHERE project_id = ANY.*FOR SHARE", re.DOTALL)
DELETE_RELEASE = re.compile(r"DELETE FROM projects_release WHERE")


@pytest.fixture
def base(project: Project) -> Release:
    return ReleaseFactory(projects=[project], version="1.0.0")


@pytest.fixture
def issue(project: Project, base: Release) -> Issue:
    return IssueFactory(project=project)


def delete_1(api: Api) -> "Response":
    return api.delete(f"{RELEASES}1.0.0/")


def resolution(issue: Issue) -> tuple[str | None, str | None, list[object]]:
    """Return how the issue is resolved, by which release, and what its activities say of the version."""
    issue.refresh_from_db()
    release = issue.resolution_release
    versions = Activity.objects.filter(issue=issue).order_by("id").values_list("data", flat=True)
    return issue.resolution_kind, release and release.version, [data["version"] for data in versions]


ALL_OR_NAMED = pytest.mark.parametrize("is_named", [True, False], ids=["named", "all"])


# ---------------------------------------------------------------------------------------------------------------------
# Goes
# ---------------------------------------------------------------------------------------------------------------------


IN_1 = {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}}
RESOLVES = pytest.mark.parametrize("body", [IN_1, IN_NEXT], ids=["in it", "in the next one"])


@RESOLVES
@ALL_OR_NAMED
@pytest.mark.parametrize("moment", [re.compile(f"{SHARE.pattern}|{HOLD.pattern}"), HISTORY], ids=["start", "end"])
def test_does_not_go_when_a_resolve_by_it_was_first(
    api: Api,
    issue: Issue,
    session: Session,
    other_session: Session,
    body: object,
    is_named: bool,
    moment: re.Pattern[str],
) -> None:
    resolve = partial(api.put, api.issues_url, body, ids=[issue.pk] if is_named else [])

    with stopped(session, resolve, after=moment) as resolving:
        going = other_session.start(partial(delete_1, api))
        wait_until_blocked(other_session, by=session)

    assert resolving.result().status_code == 200
    assert (going.result().status_code, going.result().json()) == (400, IN_USE)
    assert resolution(issue)[1] == "1.0.0"


@RESOLVES
@ALL_OR_NAMED
def test_goes_before_a_resolve_by_it_that_came_second(
    api: Api, issue: Issue, session: Session, other_session: Session, body: object, is_named: bool
) -> None:
    resolve = partial(api.put, api.issues_url, body, ids=[issue.pk] if is_named else [])

    with stopped(session, partial(delete_1, api), after=DELETE_RELEASE) as going:
        resolving = other_session.start(resolve)
        wait_until_blocked(other_session, by=session)

    assert going.result().status_code == 204
    if body is IN_1:
        assert (resolving.result().status_code, resolving.result().json()) == (400, UNKNOWN_RELEASE)
        assert resolution(issue) == (None, None, [])
    else:
        assert resolving.result().status_code == 200
        assert resolution(issue) == ("in_next_release", None, [""])


def test_goes_while_its_issues_are_being_merged(
    api: Api, project: Project, base: Release, session: Session, other_session: Session
) -> None:
    """The parent gets it as its first release while it is being deleted: whoever the database stops tries again."""
    parent = IssueFactory(project=project, own_first_seen=LONG_AGO)
    child = IssueFactory(project=project, own_first_release=base, own_last_release=base)
    merge = partial(api.put, api.issues_url, {"merge": True}, ids=[parent.pk, child.pk])

    with stopped(session, merge, after=HISTORY) as merging:
        going = other_session.start(partial(delete_1, api))
        wait_until_blocked(other_session, by=session)

    assert merging.result().status_code == 200
    assert going.result().status_code == 204
    assert not Issue.objects.exclude(first_release=None, last_release=None, own_first_release=None).exists()
    assert not Release.objects.exists()


def test_goes_before_a_merge_that_would_have_shown_it(
    api: Api, project: Project, base: Release, session: Session, other_session: Session
) -> None:
    parent = IssueFactory(project=project, own_first_seen=LONG_AGO)
    child = IssueFactory(project=project, own_first_release=base, own_last_release=base)
    merge = partial(api.put, api.issues_url, {"merge": True}, ids=[parent.pk, child.pk])

    with stopped(session, partial(delete_1, api), after=DELETE_RELEASE) as going:
        merging = other_session.start(merge)
        wait_until_blocked(other_session, by=session)

    assert going.result().status_code == 204
    assert merging.result().status_code == 200
    parent.refresh_from_db()
    assert (parent.first_release, parent.last_release) == (None, None)


def test_takes_a_deploy_along_that_was_first(api: Api, base: Release, session: Session, other_session: Session) -> None:
    new_deploy = partial(api.request, "POST", f"{RELEASES}1.0.0/deploys/", {"environment": "production"})

    with stopped(session, new_deploy, after=re.compile('INSERT INTO "projects_deploy"')) as deploying:
        going = other_session.start(partial(delete_1, api))
        wait_until_blocked(other_session, by=session)

    assert deploying.result().status_code == 201
    assert going.result().status_code == 204
    assert not Deploy.objects.exists()


def test_is_unknown_to_a_deploy_that_came_second(
    api: Api, base: Release, session: Session, other_session: Session
) -> None:
    new_deploy = partial(api.request, "POST", f"{RELEASES}1.0.0/deploys/", {"environment": "production"})

    with stopped(session, partial(delete_1, api), after=DELETE_RELEASE) as going:
        deploying = other_session.start(new_deploy)
        wait_until_blocked(other_session, by=session)

    assert going.result().status_code == 204
    assert (deploying.result().status_code, deploying.result().json()) == (404, {"detail": "Not found."})


@pytest.mark.parametrize("comes_back", [False, True])
def test_may_be_gone_when_it_is_saved_again(
    api: Api, project: Project, base: Release, other_session: Session, comes_back: bool
) -> None:
    """It was there when the request looked: gone, it is made anew; gone and made again by somebody, it is changed."""

    def replace() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM projects_release")
        if comes_back:
            ReleaseFactory(projects=[project], version="1.0.0")

    with interrupted(KEEP, partial(other_session.do, replace), before=True):
        response = api.request("POST", RELEASES, {"version": "1.0.0", "projects": ["pump-station"]})

    assert response.status_code == (208 if comes_back else 201)
    assert Release.objects.get().project == project


def test_is_unknown_when_it_is_gone_before_it_is_changed(api: Api, base: Release, other_session: Session) -> None:
    for request in (partial(finalize_1, api), partial(delete_1, api)):
        ReleaseFactory(project=base.project, version="3.0.0")
        with interrupted(KEEP, partial(other_session.do, partial(delete_1, api)), before=True):
            response = request()

        assert (response.status_code, response.json()) == (404, {"detail": "Not found."})
        Release.objects.all().delete()
        ReleaseFactory(project=base.project, version="1.0.0")


def finalize_1(api: Api) -> "Response":
    return api.put(f"{RELEASES}1.0.0/", {"dateReleased": "2026-03-01T12:00:00Z"})
