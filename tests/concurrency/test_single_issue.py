"""One issue ...: goes, or is merged, while a request that has found it is on its way."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from issues.models import Issue, Mutation
from projects.models import Project
from tests.api_client import Api
from tests.assertions import snapshot
from tests.concurrency.sessions import (
    BEGIN,
    HISTORY,
    ISSUE_LOCK,
    Foreign,
    Session,
    interrupted,
    stopped,
    wait_until_blocked,
)
from tests.factories import NOW, IssueFactory

pytestmark = pytest.mark.django_db(transaction=True)

ISSUES = "/api/0/organizations/the-interstellar-jurisdiction/issues/"
SHARE_ID = UUID("6bf5a0f1-3c5b-4f58-8a4f-3f3f1c1d2e4f")
NOT_FOUND = {"detail": "Not found."}
READING = re.compile(r'AS "status_shown"')  # what is answered, after the change
FOUND = re.compile(r'FROM "issues_issue"')

Meanwhile = Callable[[Api, Issue, Issue], object]

GOES: dict[str, tuple[Meanwhile, str]] = {
    "deleted": (lambda api, elder, issue: api.delete(f"{ISSUES}{issue.pk}/"), "Not found."),
    "merged": (
        lambda api, elder, issue: api.put(api.issues_url, {"merge": True}, ids=[elder.pk, issue.pk]),
        "Issue {issue} was merged into {elder}.",
    ),
}


@pytest.fixture
def elder(project: Project) -> Issue:
    """Becomes the parent."""
    return IssueFactory(project=project, own_first_seen=NOW - timedelta(days=9), short_number=1)


@pytest.fixture
def issue(project: Project, elder: Issue) -> Issue:
    return IssueFactory(project=project, short_number=42)


def path_of(issue: Issue) -> str:
    return f"{ISSUES}{issue.pk}/"


@pytest.mark.parametrize(("meanwhile", "detail"), GOES.values(), ids=GOES)
@pytest.mark.parametrize(
    ("method", "body"),
    [("PUT", {"status": "resolved"}), ("PUT", {"assignedTo": "jane", "hasSeen": True}), ("DELETE", None)],
)
def test_that_went_before_it_could_be_locked_is_not_found(
    api: Api,
    elder: Issue,
    issue: Issue,
    other_session: Session,
    method: str,
    body: object,
    meanwhile: Meanwhile,
    detail: str,
) -> None:
    after: dict[str, object] = {}

    def go() -> None:
        other_session.do(partial(meanwhile, api, elder, issue))
        after.update(snapshot())

    with interrupted(BEGIN, go, before=True):
        response = api.request(method, path_of(issue), body, auth="jane")

    answer = {"detail": detail.format(issue=issue.pk, elder=elder.pk)}
    assert (response.status_code, response.json()) == (404, answer)
    assert "Mutation-Id" not in response.headers
    assert snapshot() == after


@pytest.mark.parametrize(("meanwhile", "detail"), GOES.values(), ids=GOES)
@pytest.mark.parametrize(("method", "body"), [("PUT", {"status": "resolved"}), ("DELETE", None)])
def test_that_is_waited_for_and_goes_is_not_found(
    api: Api,
    elder: Issue,
    issue: Issue,
    session: Session,
    other_session: Session,
    method: str,
    body: object,
    meanwhile: Meanwhile,
    detail: str,
) -> None:
    with stopped(session, partial(meanwhile, api, elder, issue), after=HISTORY):
        asking = other_session.start(partial(api.request, method, path_of(issue), body))
        wait_until_blocked(other_session, by=session)

    answer = {"detail": detail.format(issue=issue.pk, elder=elder.pk)}
    assert (asking.result().status_code, asking.result().json()) == (404, answer)
    assert Mutation.objects.count() == 1


def test_that_was_merged_meanwhile_is_taken_out_all_the_same(
    api: Api, elder: Issue, issue: Issue, other_session: Session
) -> None:
    go = partial(other_session.do, partial(GOES["merged"][0], api, elder, issue))

    with interrupted(BEGIN, go, before=True):
        response = api.put(path_of(issue), {"merge": False})

    assert (response.status_code, response.json()["id"]) == (200, str(issue.pk))
    assert response.headers["Issues-Changed"] == "2"
    assert not Issue.objects.filter(merged_into__isnull=False).exists()


def test_that_came_back_meanwhile_is_changed(
    api: Api, elder: Issue, issue: Issue, session: Session, other_session: Session
) -> None:
    GOES["merged"][0](api, elder, issue)
    unmerge = partial(api.put, path_of(issue), {"merge": False})

    with stopped(session, unmerge, after=ISSUE_LOCK) as unmerging:
        resolving = other_session.start(partial(api.put, path_of(elder), {"status": "resolved"}))
        wait_until_blocked(other_session, by=session)

    assert (unmerging.result().status_code, resolving.result().status_code) == (200, 200)
    assert list(Issue.objects.order_by("pk").values_list("status", flat=True)) == ["resolved", "unresolved"]


def test_that_is_merged_right_after_its_change_is_answered_itself(
    api: Api, elder: Issue, issue: Issue, other_session: Session
) -> None:
    go = partial(other_session.do, partial(GOES["merged"][0], api, elder, issue))

    with interrupted(READING, go, before=True):
        response = api.put(path_of(issue), {"status": "resolved"})

    assert (response.status_code, response.json()["id"]) == (200, str(issue.pk))
    assert response.json()["status"] == "resolved"


def test_that_is_deleted_right_after_its_change_is_not_found(
    api: Api, elder: Issue, issue: Issue, other_session: Session
) -> None:
    go = partial(other_session.do, partial(GOES["deleted"][0], api, elder, issue))

    with interrupted(READING, go, before=True):
        response = api.put(path_of(issue), {"status": "resolved"})

    assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert list(Mutation.objects.order_by("pk").values_list("kind", flat=True)) == ["update", "delete"]


READS = [
    f"{ISSUES}PUMP-STATION-1A/",
    "/api/0/organizations/the-interstellar-jurisdiction/shortids/PUMP-STATION-1A/",
    f"{ISSUES}PUMP-STATION-1A/events/latest/",
]


@pytest.mark.parametrize("path", READS)
def test_that_goes_while_it_is_read_is_not_found(api: Api, issue: Issue, other_session: Session, path: str) -> None:
    go = partial(other_session.do, partial(api.delete, path_of(issue)))

    with interrupted(FOUND, go):
        response = api.get(path)

    assert (response.status_code, response.json()) == (404, NOT_FOUND)


SLOW = {
    "{single}": "issues_issuehour",
    "{single}notes/": "issues_activity",
    "{single}activities/": "issues_issue",
    "{single}hashes/": "issues_issuehash",
    "{single}tags/": "issues_issue",
    "{single}events/latest/": "issues_issuetext",
    "/api/0/projects/the-interstellar-jurisdiction/pump-station/events/{event}/": "issues_issue",
    "/api/0/shared/issues/{share_id}/": "issues_issuetext",
}


@pytest.mark.parametrize(("path", "table"), SLOW.items(), ids=SLOW)
def test_that_takes_too_long_to_read_is_503(
    api: Api, issue: Issue, session: Session, foreign: Foreign, settings: Settings, path: str, table: str
) -> None:
    """Somebody rewrites a table: nobody can read it, and no thread of the server waits for as long as that takes.

    Each address once, and each table: that every statement at every address has the limit is tested in
    tests/issuetracker/test_reading.py.
    """
    settings.READ_TIMEOUT_SECONDS = 0.3
    issue.share_id = SHARE_ID
    issue.save(update_fields=["share_id"])
    foreign.run(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
    path = path.format(single=path_of(issue), event=f"{issue.pk:032x}", share_id=SHARE_ID.hex)

    response = session.do(partial(api.get, path))

    assert response.status_code == 503
    assert response.json() == {"detail": "This took too long and was ended. Ask for less, or try again."}
    assert response.headers["Retry-After"] == "5"


LISTS: list[tuple[str, Any]] = [("notes", []), ("activities", {"activity": []}), ("hashes", []), ("events", [])]


@pytest.mark.parametrize(("route", "nothing"), LISTS)
def test_that_goes_while_something_of_it_is_listed_has_nothing(
    api: Api, issue: Issue, other_session: Session, route: str, nothing: object
) -> None:
    go = partial(other_session.do, partial(api.delete, path_of(issue)))

    with interrupted(FOUND, go):
        response = api.get(f"{path_of(issue)}{route}/")

    assert (response.status_code, response.json()) == (200, nothing)


@pytest.mark.parametrize(("method", "body"), [("PUT", {"status": "resolved"}), ("DELETE", None)])
def test_that_somebody_holds_for_long_is_503(
    api: Api, issue: Issue, foreign: Foreign, settings: Settings, method: str, body: object
) -> None:
    settings.LOCK_TIMEOUT_SECONDS = 0.2
    foreign.lock(issue.pk)
    before = snapshot()

    response = api.request(method, path_of(issue), body)

    assert response.status_code == 503
    assert response.json() == {"detail": "These issues are being changed by another request. Try again."}
    assert response.headers["Retry-After"] == "5"
    assert snapshot() == before
    assert api.get(path_of(issue)).status_code == 200  # who only reads does not wait
