"""A search on PUT and DELETE ...: evaluated once, on the rows as they are when they are locked."""

from functools import partial

import pytest

from issues.models import Issue
from projects.models import Project
from tests.api_client import Api
from tests.concurrency.sessions import Foreign, Session, wait_until_blocked
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db(transaction=True)

RESOLVE = {"status": "resolved"}


@pytest.mark.parametrize(("before", "after", "matched"), [("fatal", "error", "0"), ("error", "fatal", "1")])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_of_named_issues_sees_what_its_lock_waited_for(
    api: Api, project: Project, session: Session, foreign: Foreign, method: str, before: str, after: str, matched: str
) -> None:
    issue = IssueFactory(project=project, level=before)

    foreign.run("UPDATE issues_issue SET level = %s WHERE id = %s", after, issue.pk)
    ask = partial(api.request, method, api.issues_url, RESOLVE, ids=[issue.pk], raw_query="query=level:fatal")
    asking = session.start(ask)
    wait_until_blocked(session, by=foreign)
    foreign.commit()

    assert asking.result().headers["Issues-Matched"] == matched
    assert asking.result().headers["Issues-Changed"] == matched


def test_of_named_issues_sees_other_tables_as_they_are_after_the_wait(
    api: Api, project: Project, session: Session, foreign: Foreign
) -> None:
    issue = IssueFactory(project=project, text__title="pump")

    foreign.lock(issue.pk)
    foreign.run("UPDATE issues_issuetext SET title = 'valve' WHERE issue_id = %s", issue.pk)
    asking = session.start(partial(api.put, api.issues_url, RESOLVE, ids=[issue.pk], raw_query="query=valve"))
    wait_until_blocked(session, by=foreign)
    foreign.commit()

    assert asking.result().headers["Issues-Changed"] == "1"


def test_of_all_issues_leaves_out_what_stopped_matching_while_it_waited(
    api: Api, project: Project, session: Session, foreign: Foreign
) -> None:
    going, staying = (IssueFactory(project=project, level="fatal") for _ in range(2))

    foreign.run("UPDATE issues_issue SET level = 'error' WHERE id = %s", going.pk)
    asking = session.start(partial(api.put, api.issues_url, RESOLVE, raw_query="query=level:fatal"))
    wait_until_blocked(session, by=foreign)
    foreign.commit()

    assert asking.result().headers["Issues-Matched"] == "1"
    assert dict(Issue.objects.values_list("id", "status")) == {going.pk: "unresolved", staying.pk: "resolved"}
