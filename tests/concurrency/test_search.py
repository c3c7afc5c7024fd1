"""A search on PUT and DELETE ...: evaluated once, on the rows as they are when they are locked."""

from functools import partial

import pytest

from issues.models import Environment, Issue, IssueEnvironment
from projects.models import Project
from tests.api_client import Api
from tests.concurrency.sessions import Foreign, Session, wait_until_blocked
from tests.factories import NOW, IssueFactory

pytestmark = pytest.mark.django_db(transaction=True)

RESOLVE = {"status": "resolved"}


@pytest.mark.parametrize(("before", "after", "matched"), [("fatal", "error", "0"), ("error", "fatal", "1")])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_of_named_issues_sees_what_its_lock_waited_for(
    api: Api, project: Project, session: Session, foreign: Foreign, method: str, before: str, after: str, matched: str
) -> None:
    issue = IssueFactory(project=project, level=before)

    foreign.run("UPDATE issues_issue SET level = %s WHERE id = %s", after, issue.pk)
    body = RESOLVE if method == "PUT" else None
    ask = partial(api.request, method, api.issues_url, body, ids=[issue.pk], raw_query="query=level:fatal")
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


def test_of_all_issues_is_about_what_came_into_an_environment_with_those_it_waited_for(
    api: Api, project: Project, session: Session, foreign: Foreign
) -> None:
    """What few issues have is looked up first: again for each look, as long as others come."""
    live = Environment.objects.create(project=project, name="live")
    waited_for, coming, _ = (IssueFactory(project=project) for _ in range(3))
    seen = {"first_seen": NOW, "last_seen": NOW, "times_seen": 1}
    IssueEnvironment.objects.create(project=project, issue=waited_for, environment=live, **seen)

    foreign.lock(waited_for.pk)
    columns = "project_id, issue_id, environment_id, first_seen, last_seen, times_seen"
    row = f"INSERT INTO issues_issueenvironment ({columns}) VALUES (%s, %s, %s, now(), now(), 1)"
    foreign.run(row, project.pk, coming.pk, live.pk)
    asking = session.start(partial(api.put, api.issues_url, RESOLVE, raw_query="query=environment:live"))
    wait_until_blocked(session, by=foreign)
    foreign.commit()

    assert asking.result().headers["Issues-Matched"] == "2"
    assert sorted(Issue.objects.filter(status="resolved").values_list("pk", flat=True)) == [waited_for.pk, coming.pk]
