"""Notes ...: against whoever deletes, merges or changes their issue at the same time."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from pytest_django import Settings

from issues.models import Activity, Issue
from issues.mutation import NamedIssues
from issues.services import deletion
from projects.acting import Act
from projects.callers import Caller
from projects.models import Project, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.concurrency.sessions import (
    BEGIN,
    HISTORY,
    ISSUE_LOCK,
    Foreign,
    RolledBack,
    Session,
    interrupted,
    stopped,
    wait_until_blocked,
)
from tests.factories import NOW, IssueFactory

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.django_db(transaction=True)

ISSUES = "/api/0/organizations/the-interstellar-jurisdiction/issues/"
NOT_FOUND = {"detail": "Not found."}
BUSY = {"detail": "These issues are being changed by another request. Try again."}
COUNT = re.compile(r'UPDATE "issues_issue" SET "own_comment_count"')
EDIT = re.compile(r'UPDATE "issues_activity"')


@pytest.fixture
def elder(project: Project) -> Issue:
    """Becomes the parent."""
    return IssueFactory(project=project, own_first_seen=NOW - timedelta(days=9))


@pytest.fixture
def issue(project: Project, elder: Issue) -> Issue:
    return IssueFactory(project=project)


def path_of(issue: Issue) -> str:
    return f"{ISSUES}{issue.pk}/"


def add(api: Api, issue: Issue) -> "Response":
    return api.request("POST", f"{path_of(issue)}notes/", {"text": "Look."}, auth="jane")


def written(api: Api, issue: Issue) -> str:
    """Return the address of a new note."""
    return f"{path_of(issue)}notes/{add(api, issue).json()['id']}/"


def merge(api: Api, *issues: Issue) -> "Response":
    return api.put(api.issues_url, {"merge": True}, ids=[issue.pk for issue in issues])


def comments() -> list[tuple[int, int]]:
    """Return each issue's own number of notes and the total that it shows."""
    return list(Issue.objects.order_by("pk").values_list("own_comment_count", "comment_count"))


# ---------------------------------------------------------------------------------------------------------------------
# Deletion of the issue
# ---------------------------------------------------------------------------------------------------------------------


def test_that_were_first_go_with_the_issue(api: Api, issue: Issue, session: Session, other_session: Session) -> None:
    with stopped(session, partial(add, api, issue), after=COUNT) as adding:
        deleting = other_session.start(partial(api.delete, path_of(issue)))
        wait_until_blocked(other_session, by=session)

    assert (adding.result().status_code, deleting.result().status_code) == (201, 202)
    assert not Issue.objects.filter(pk=issue.pk).exists()
    assert not Activity.objects.exists()


def test_that_come_second_find_no_issue(api: Api, issue: Issue, session: Session, other_session: Session) -> None:
    with stopped(session, partial(api.delete, path_of(issue)), after=ISSUE_LOCK) as deleting:
        adding = other_session.start(partial(add, api, issue))
        wait_until_blocked(other_session, by=session)

    assert deleting.result().status_code == 202
    assert (adding.result().status_code, adding.result().json()) == (404, NOT_FOUND)
    assert not Activity.objects.exists()


def test_are_written_after_all_if_the_deletion_fails(
    api: Api, issue: Issue, jane: User, session: Session, other_session: Session
) -> None:
    scope = NamedIssues(issue.project_id, ids=frozenset({issue.pk}))
    delete = partial(deletion.delete, scope, Act(by=Caller(user=jane), at=NOW, lock_timeout=10))
    with stopped(session, delete, after=HISTORY, rolled_back=True) as deleting:
        adding = other_session.start(partial(add, api, issue))
        wait_until_blocked(other_session, by=session)

    assert isinstance(deleting.exception(), RolledBack)
    assert adding.result().status_code == 201
    assert comments() == [(0, 0), (1, 1)]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_that_are_deleted_with_their_issue_meanwhile_are_not_found(
    api: Api, issue: Issue, session: Session, other_session: Session, method: str
) -> None:
    path = written(api, issue)
    with stopped(session, partial(api.delete, path_of(issue)), after=HISTORY) as deleting:
        changing = other_session.start(partial(api.request, method, path, {"text": "x"}, auth="jane"))
        wait_until_blocked(other_session, by=session)

    assert deleting.result().status_code == 202
    assert (changing.result().status_code, changing.result().json()) == (404, NOT_FOUND)


# ---------------------------------------------------------------------------------------------------------------------
# Merges
# ---------------------------------------------------------------------------------------------------------------------


def test_that_were_first_are_counted_by_the_merge(
    api: Api, elder: Issue, issue: Issue, session: Session, other_session: Session
) -> None:
    with stopped(session, partial(add, api, issue), after=COUNT) as adding:
        merging = other_session.start(partial(merge, api, elder, issue))
        wait_until_blocked(other_session, by=session)

    assert (adding.result().status_code, merging.result().status_code) == (201, 200)
    assert comments() == [(0, 1), (1, 1)]


def test_that_come_second_hear_where_the_issue_went(
    api: Api, elder: Issue, issue: Issue, session: Session, other_session: Session
) -> None:
    with stopped(session, partial(merge, api, elder, issue), after=HISTORY):
        adding = other_session.start(partial(add, api, issue))
        wait_until_blocked(other_session, by=session)

    detail = f"Issue {issue.pk} was merged into {elder.pk}."
    assert (adding.result().status_code, adding.result().json()) == (404, {"detail": detail})
    assert comments() == [(0, 0), (0, 0)]


def test_on_the_parent_are_counted_after_the_merge(
    api: Api, elder: Issue, issue: Issue, session: Session, other_session: Session
) -> None:
    add(api, issue)
    with stopped(session, partial(merge, api, elder, issue), after=HISTORY):
        adding = other_session.start(partial(add, api, elder))
        wait_until_blocked(other_session, by=session)

    assert adding.result().status_code == 201
    assert comments() == [(1, 2), (1, 1)]


def test_that_are_removed_first_are_not_counted_by_the_merge(
    api: Api, elder: Issue, issue: Issue, session: Session, other_session: Session
) -> None:
    add(api, issue)
    path = written(api, issue)
    with stopped(session, partial(api.delete, path, auth="jane"), after=ISSUE_LOCK) as removing:
        merging = other_session.start(partial(merge, api, elder, issue))
        wait_until_blocked(other_session, by=session)

    assert (removing.result().status_code, merging.result().status_code) == (204, 200)
    assert comments() == [(0, 1), (1, 1)]


def test_can_not_be_removed_once_the_merge_is_first(
    api: Api, elder: Issue, issue: Issue, session: Session, other_session: Session
) -> None:
    path = written(api, issue)
    with stopped(session, partial(merge, api, elder, issue), after=HISTORY):
        removing = other_session.start(partial(api.delete, path, auth="jane"))
        wait_until_blocked(other_session, by=session)

    detail = f"Issue {issue.pk} was merged into {elder.pk}."
    assert (removing.result().status_code, removing.result().json()) == (404, {"detail": detail})
    assert comments() == [(0, 1), (1, 1)]


Meanwhile = Callable[[Api, Issue, Issue], object]


@pytest.mark.parametrize(
    ("meanwhile", "detail"),
    [
        (lambda api, elder, issue: api.delete(path_of(issue)), "Not found."),
        (lambda api, elder, issue: api.delete(api.issues_url, ids=[issue.pk]), "Not found."),
        (lambda api, elder, issue: merge(api, elder, issue), "Issue {issue} was merged into {elder}."),
    ],
    ids=["deleted", "deleted in bulk", "merged"],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_are_too_late_for_an_issue_that_went_since_it_was_found(
    api: Api, elder: Issue, issue: Issue, other_session: Session, method: str, meanwhile: Meanwhile, detail: str
) -> None:
    path = written(api, issue) if method != "POST" else f"{path_of(issue)}notes/"
    after: dict[str, object] = {}

    def go() -> None:
        other_session.do(partial(meanwhile, api, elder, issue))
        after.update(snapshot())

    with interrupted(BEGIN, go, before=True):
        response = api.request(method, path, {"text": "Too late."}, auth="jane")

    answer = {"detail": detail.format(issue=issue.pk, elder=elder.pk)}
    assert (response.status_code, response.json()) == (404, answer)
    assert snapshot() == after


# ---------------------------------------------------------------------------------------------------------------------
# Each other
# ---------------------------------------------------------------------------------------------------------------------


def test_are_removed_once_when_two_ask_for_it(api: Api, issue: Issue, session: Session, other_session: Session) -> None:
    add(api, issue)
    path = written(api, issue)
    remove = partial(api.delete, path, auth="jane")

    with stopped(session, remove, after=ISSUE_LOCK) as first:
        second = other_session.start(remove)
        wait_until_blocked(other_session, by=session)

    assert (first.result().status_code, second.result().status_code) == (204, 404)
    assert second.result().json() == NOT_FOUND
    assert comments() == [(0, 0), (1, 1)]


def test_are_counted_both_when_two_are_written(
    api: Api, issue: Issue, session: Session, other_session: Session
) -> None:
    with stopped(session, partial(add, api, issue), after=COUNT) as first:
        second = other_session.start(partial(add, api, issue))
        wait_until_blocked(other_session, by=session)

    assert (first.result().status_code, second.result().status_code) == (201, 201)
    assert comments() == [(0, 0), (2, 2)]


def test_that_are_removed_while_they_are_edited_are_removed(
    api: Api, issue: Issue, session: Session, other_session: Session
) -> None:
    path = written(api, issue)
    with stopped(session, partial(api.put, path, {"text": "x"}, auth="jane"), after=EDIT) as editing:
        removing = other_session.start(partial(api.delete, path, auth="jane"))
        wait_until_blocked(other_session, by=session)

    assert (editing.result().status_code, removing.result().status_code) == (200, 204)
    assert comments() == [(0, 0), (0, 0)]


# ---------------------------------------------------------------------------------------------------------------------
# Waiting
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["ids", "all"])
def test_wait_for_a_change_of_their_issue(
    api: Api, issue: Issue, session: Session, other_session: Session, query: str
) -> None:
    resolve = partial(api.put, api.issues_url, {"status": "resolved"}, ids=[issue.pk] if query == "ids" else [])

    with stopped(session, resolve, after=ISSUE_LOCK) as resolving:
        adding = other_session.start(partial(add, api, issue))
        wait_until_blocked(other_session, by=session)

    assert (resolving.result().status_code, adding.result().status_code) == (200, 201)
    found = Issue.objects.get(pk=issue.pk)
    assert (found.status, found.comment_count) == ("resolved", 1)
    assert list(Activity.objects.filter(issue=issue).order_by("pk").values_list("kind", flat=True)) == [
        "set_resolved",
        "note",
    ]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_are_503_if_the_wait_is_too_long(
    api: Api, issue: Issue, foreign: Foreign, settings: Settings, method: str
) -> None:
    settings.LOCK_TIMEOUT_SECONDS = 0.2
    path = f"{path_of(issue)}notes/" if method == "POST" else written(api, issue)
    foreign.lock(issue.pk)
    before = snapshot()

    response = api.request(method, path, {"text": "x"}, auth="jane")

    assert (response.status_code, response.json()) == (503, BUSY)
    assert response.headers["Retry-After"] == "5"
    assert snapshot() == before


def test_are_edited_whoever_changes_their_issue(api: Api, issue: Issue, foreign: Foreign, settings: Settings) -> None:
    settings.LOCK_TIMEOUT_SECONDS = 1
    path = written(api, issue)
    foreign.lock(issue.pk)

    assert api.put(path, {"text": "x"}, auth="jane").status_code == 200


def test_are_503_too_if_it_is_the_note_that_is_waited_for(
    api: Api, issue: Issue, foreign: Foreign, settings: Settings
) -> None:
    settings.LOCK_TIMEOUT_SECONDS = 0.2
    path = written(api, issue)
    foreign.run("SELECT id FROM issues_activity WHERE project_id = %s FOR UPDATE", issue.project_id)
    before = snapshot()

    for method in ("PUT", "DELETE"):
        response = api.request(method, path, {"text": "x"}, auth="jane")
        assert (response.status_code, response.json()) == (503, BUSY)
    assert snapshot() == before
