"""A request over several projects ...: one transaction, locked in one order."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest

from issues.models import Issue
from projects.models import Project
from tests.api_client import Api
from tests.assertions import snapshot
from tests.concurrency.sessions import BEGIN, Counter, Foreign, Session, wait_until_blocked
from tests.factories import IssueFactory

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.django_db(transaction=True)

Request = Callable[..., "Response"]

ISSUES = "/api/0/organizations/the-interstellar-jurisdiction/issues/"


@pytest.fixture
def pump(project: Project) -> Issue:
    return IssueFactory(project=project)


@pytest.fixture
def mover(pump: Issue, other_project: Project) -> Issue:
    return IssueFactory(project=other_project)


def resolve(api: Api, *issues: Issue) -> "Response":
    return api.put(ISSUES, {"status": "resolved"}, ids=[issue.pk for issue in issues])


def resolve_all(api: Api, *issues: Issue) -> "Response":
    projects = "&".join(f"project={issue.project_id}" for issue in issues)
    return api.put(ISSUES, {"status": "resolved"}, raw_query=projects)


def resolve_in_project(api: Api, issue: Issue) -> "Response":
    return api.put(api.issues_url, {"status": "resolved"}, ids=[issue.pk])


@pytest.mark.parametrize("first", [resolve, resolve_all])
@pytest.mark.parametrize("second", [resolve, resolve_all])
def test_doesnt_deadlock_with_one_that_names_them_the_other_way_round(
    api: Api,
    pump: Issue,
    mover: Issue,
    session: Session,
    other_session: Session,
    foreign: Foreign,
    first: Request,
    second: Request,
) -> None:
    foreign.lock(mover.pk)
    attempts = Counter(BEGIN)

    one = session.start(partial(first, api, pump, mover), attempts)
    wait_until_blocked(session, by=foreign)
    other = other_session.start(partial(second, api, mover, pump), attempts)
    wait_until_blocked(other_session, by=session)
    foreign.roll_back()

    assert (one.result().headers["Issues-Changed"], other.result().headers["Issues-Changed"]) == ("2", "0")
    assert attempts.count == 2


def test_waits_for_a_request_of_one_of_its_projects(
    api: Api, pump: Issue, mover: Issue, session: Session, other_session: Session, foreign: Foreign
) -> None:
    foreign.lock(mover.pk)

    both = session.start(partial(resolve, api, mover, pump))
    wait_until_blocked(session, by=foreign)
    one = other_session.start(partial(resolve_in_project, api, pump))
    wait_until_blocked(other_session, by=session)
    foreign.roll_back()

    assert both.result().headers["Issues-Changed"] == "2"
    assert one.result().headers["Issues-Changed"] == "0"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_changes_nothing_anywhere_when_an_issue_of_the_last_project_goes_meanwhile(
    api: Api, pump: Issue, mover: Issue, session: Session, foreign: Foreign, method: str
) -> None:
    before = snapshot([pump.pk])

    foreign.run("DELETE FROM issues_issuetext WHERE issue_id = %s", mover.pk)
    foreign.run("DELETE FROM issues_issue WHERE id = %s", mover.pk)
    ask = partial(api.request, method, ISSUES, {"status": "resolved"}, ids=[pump.pk, mover.pk])
    asking = session.start(ask)
    wait_until_blocked(session, by=foreign)
    foreign.commit()

    assert asking.result().status_code == 204
    assert asking.result().headers["Issues-Out-Of-Scope"] == str(mover.pk)
    assert asking.result().headers["Issues-Matched"] == "0"
    assert snapshot([pump.pk]) == before
