"""Lock timeouts ...: who can't have an issue in time is told so, and who doesn't need it need not wait."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import psycopg2
import pytest
from django.db import connection
from pytest_django import Settings

from issues.models import Issue, IssueBookmark
from projects.models import Project, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.concurrency.sessions import BEGIN, ISSUE_LOCK, Counter, Foreign, Session, stopped, wait_until_blocked
from tests.factories import NOW, IssueFactory

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.django_db(transaction=True)

Request = Callable[[Api, list[int]], "Response"]


def resolve(api: Api, ids: list[int]) -> "Response":
    return api.put(api.issues_url, {"status": "resolved"}, ids=ids)


def merge(api: Api, ids: list[int]) -> "Response":
    return api.put(api.issues_url, {"merge": True}, ids=ids)


def unmerge(api: Api, ids: list[int]) -> "Response":
    return api.put(api.issues_url, {"merge": False}, ids=ids)


def resolve_all(api: Api, ids: list[int]) -> "Response":
    return api.put(api.issues_url, {"status": "resolved"})


def delete(api: Api, ids: list[int]) -> "Response":
    return api.delete(api.issues_url, ids=ids)


@pytest.fixture
def ids(project: Project) -> list[int]:
    return [IssueFactory(project=project).pk for _ in range(3)]


def bookmark(foreign: Foreign, issue_id: int, project: Project, user: User) -> None:
    foreign.run(
        "INSERT INTO issues_issuebookmark (project_id, issue_id, user_id, created_at) VALUES (%s, %s, %s, %s)",
        *(project.pk, issue_id, user.pk, NOW),
    )
    foreign.run("SET CONSTRAINTS ALL IMMEDIATE")  # as its commit will


@pytest.mark.parametrize("request_", [resolve, resolve_all, merge, unmerge, delete])
def test_are_503_with_a_word_when_to_come_back(
    api: Api, ids: list[int], foreign: Foreign, settings: Settings, request_: Request
) -> None:
    settings.LOCK_TIMEOUT_SECONDS = 0.2
    foreign.lock(ids[1])
    before = snapshot()
    attempts = Counter(BEGIN)

    with connection.execute_wrapper(attempts):
        response = request_(api, ids)

    assert response.status_code == 503
    assert response.json() == {"detail": "These issues are being changed by another request. Try again."}
    assert response.headers["Retry-After"] == "5"
    assert attempts.count == 1  # who has waited in vain is not made to wait again
    assert snapshot() == before

    foreign.roll_back()
    assert request_(api, ids).status_code in {200, 204}


def test_end_the_wait_for_a_whole_project_that_is_being_changed(
    api: Api, ids: list[int], session: Session, settings: Settings
) -> None:
    settings.LOCK_TIMEOUT_SECONDS = 0.2
    with stopped(session, partial(resolve_all, api, ids), after=ISSUE_LOCK) as resolving:
        waiting = api.put(api.issues_url, {"isPublic": True}, ids=ids[:1])

    assert waiting.status_code == 503
    assert resolving.result().headers["Issues-Changed"] == "3"
    assert not Issue.objects.filter(share_id__isnull=False).exists()


def test_dont_come_from_another_project(api: Api, ids: list[int], other_project: Project, foreign: Foreign) -> None:
    neighbour = IssueFactory(project=other_project)
    foreign.lock(neighbour.pk)

    assert resolve_all(api, ids).headers["Issues-Changed"] == "3"
    assert resolve(api, [*ids, neighbour.pk]).status_code == 204


@pytest.mark.parametrize("request_", [resolve, resolve_all, merge, unmerge])
def test_dont_come_from_somebody_who_only_points_at_an_issue(
    api: Api, ids: list[int], foreign: Foreign, project: Project, sam: User, settings: Settings, request_: Request
) -> None:
    settings.LOCK_TIMEOUT_SECONDS = 1
    foreign.lock(ids[0], "KEY SHARE")
    bookmark(foreign, ids[1], project, sam)

    assert request_(api, ids).status_code == 200


@pytest.mark.parametrize("request_", [resolve, resolve_all, merge, unmerge])
def test_dont_hit_somebody_who_only_points_at_an_issue(
    api: Api, ids: list[int], session: Session, foreign: Foreign, project: Project, sam: User, request_: Request
) -> None:
    foreign.run("SET lock_timeout = '2s'")
    with stopped(session, partial(request_, api, ids), after=ISSUE_LOCK) as changing:
        bookmark(foreign, ids[1], project, sam)
        foreign.commit()

    assert changing.result().status_code == 200
    assert IssueBookmark.objects.filter(issue=ids[1], user=sam).exists()


def test_are_what_a_mark_gets_on_an_issue_that_is_being_deleted(
    api: Api, ids: list[int], session: Session, foreign: Foreign, project: Project, sam: User
) -> None:
    foreign.run("SET lock_timeout = '100ms'")
    foreign.commit()

    with stopped(session, partial(delete, api, ids), after=ISSUE_LOCK) as deleting:
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            bookmark(foreign, ids[1], project, sam)
        foreign.roll_back()

    assert deleting.result().status_code == 204
    assert not Issue.objects.exists()
    assert not IssueBookmark.objects.exists()


def test_are_over_for_a_delete_once_the_mark_is_written_and_it_goes_too(
    api: Api, ids: list[int], session: Session, foreign: Foreign, project: Project, sam: User
) -> None:
    bookmark(foreign, ids[1], project, sam)
    deleting = session.start(partial(delete, api, ids))
    wait_until_blocked(session, by=foreign)
    foreign.commit()

    assert deleting.result().headers["Issues-Changed"] == "3"
    assert not Issue.objects.exists()
    assert not IssueBookmark.objects.exists()
