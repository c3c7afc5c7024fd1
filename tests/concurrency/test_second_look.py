""" "Update all" looks a second time ...: for what came into scope while it waited, and then waits for nobody."""

import re
from functools import partial

import pytest

from issues.models import Activity, Issue, Mutation
from projects.models import Project
from tests.api_client import Api
from tests.concurrency.sessions import BEGIN, Counter, Foreign, Interruption, Session, interrupted
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db(transaction=True)

RESOLVE = {"status": "resolved"}
COUNT = re.compile(r"SELECT COUNT\(\*\)")
WAITS_FOR_NOBODY = re.compile(r"FOR NO KEY UPDATE\b.*\bNOWAIT", re.DOTALL)


@pytest.fixture
def found(project: Project) -> Issue:
    return IssueFactory(project=project, level="fatal")


@pytest.fixture
def late(project: Project) -> Issue:
    return IssueFactory(project=project, level="error")


def bring_into_scope(foreign: Foreign, issue: Issue) -> None:
    foreign.run("UPDATE issues_issue SET level = 'fatal' WHERE id = %s", issue.pk)
    foreign.commit()


def test_and_changes_that_too_in_the_same_mutation(api: Api, found: Issue, late: Issue, foreign: Foreign) -> None:
    with interrupted(COUNT, lambda: bring_into_scope(foreign, late), before=True):
        response = api.put(api.issues_url, RESOLVE, raw_query="query=level:fatal")

    mutation = Mutation.objects.get()
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("2", "2")
    assert (mutation.matched, mutation.changed) == (2, 2)
    assert set(Issue.objects.values_list("status", "mutation_id")) == {("resolved", mutation.pk)}
    assert sorted(Activity.objects.values_list("issue_id", flat=True)) == sorted([found.pk, late.pk])


def test_and_starts_over_when_somebody_has_it(
    api: Api, found: Issue, late: Issue, session: Session, foreign: Foreign
) -> None:
    """Whoever has it may wait for what this request has: to wait for them would be a deadlock."""
    begun: list[str] = []

    def take() -> None:
        if len(begun) == 1:
            bring_into_scope(foreign, late)
            foreign.lock(late.pk)

    def begin() -> None:
        begun.append("once more")
        if len(begun) == 2:
            foreign.commit()

    looks = Counter(WAITS_FOR_NOBODY)
    response = session.do(
        partial(api.put, api.issues_url, RESOLVE, raw_query="query=level:fatal"),
        Interruption(COUNT, take, before=True),
        Interruption(BEGIN, begin, times=2),
        looks,
    )

    assert len(begun) == 2
    assert looks.count == 1
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("2", "2")
    assert Mutation.objects.get().changed == 2
