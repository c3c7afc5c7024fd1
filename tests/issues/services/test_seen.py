"""A seen mark ... (contract 1.4, ``hasSeen``)"""

from datetime import datetime, timedelta

import pytest

from issues.models import Issue, IssueSeen
from issues.mutation import MutationOutcome
from projects.callers import Caller
from projects.models import Project, User
from tests.assertions import snapshot
from tests.factories import NOW, IssueFactory, IssueSeenFactory
from tests.issues.services.calls import NOTHING, Changes, ask, changes_since, seen_row

pytestmark = pytest.mark.django_db

INSTANT = timedelta(microseconds=1)
LAST_EVENT = NOW - timedelta(hours=1)


@pytest.fixture
def issues(project: Project, jane: User, sam: User) -> dict[str, Issue]:
    """By when jane looked at them. Sam has looked at all, and jane at a neighbour."""
    looked_at: dict[str, datetime | None] = {
        "never": None,
        "before the last event": LAST_EVENT - INSTANT,
        "at the last event": LAST_EVENT,
        "after it": LAST_EVENT + INSTANT,
    }
    issues = {name: IssueFactory(project=project, own_last_seen=LAST_EVENT) for name in looked_at}
    for name, seen_at in looked_at.items():
        IssueSeenFactory(issue=issues[name], user=sam)
        if seen_at is not None:
            IssueSeenFactory(issue=issues[name], user=jane, seen_at=seen_at)
    IssueSeenFactory(issue=IssueFactory(project=project), user=jane)
    return issues


def mark_of(issue: Issue, user: User) -> IssueSeen:
    return IssueSeen.objects.get(issue=issue, user=user)


def test_is_set_where_there_was_an_event_since_the_last_look(
    issues: dict[str, Issue], project: Project, jane: User, by_jane: Caller
) -> None:
    outdated = mark_of(issues["before the last event"], jane)
    before = snapshot()

    outcome = ask(project, issues.values(), by=by_jane, has_seen=True)

    assert outcome == MutationOutcome(4, 2, mutation_id=outcome.mutation_id)
    assert changes_since(before) == Changes(
        updated={"issueseen": {outdated.pk: {"seen_at": NOW}}},
        added={"issueseen": [seen_row(issues["never"], jane)]},
    )

    before = snapshot()
    again = ask(project, issues.values(), by=by_jane, at=NOW + INSTANT, has_seen=True)
    assert again == MutationOutcome(matched=4, changed=0)
    assert snapshot() == before


def test_is_taken_away_but_one_that_an_event_has_outdated_made_no_difference(
    issues: dict[str, Issue], project: Project, jane: User, by_jane: Caller
) -> None:
    marks = [mark_of(issue, jane).pk for name, issue in issues.items() if name != "never"]
    before = snapshot()

    outcome = ask(project, issues.values(), by=by_jane, has_seen=False)

    assert outcome == MutationOutcome(4, 2, mutation_id=outcome.mutation_id)
    assert changes_since(before) == Changes(gone={"issueseen": marks})

    before = snapshot()
    assert ask(project, issues.values(), by=by_jane, has_seen=False) == MutationOutcome(matched=4, changed=0)
    assert snapshot() == before


@pytest.mark.parametrize(("last_event", "changed"), [(NOW, 1), (NOW + INSTANT, 0)])
def test_is_not_set_on_an_event_from_the_future(
    last_event: datetime, changed: int, project: Project, jane: User, by_jane: Caller
) -> None:
    issue = IssueFactory(project=project, own_last_seen=last_event)
    before = snapshot()

    outcome = ask(project, [issue], by=by_jane, has_seen=True)

    assert (outcome.matched, outcome.changed) == (1, changed)
    assert changes_since(before) == (Changes(added={"issueseen": [seen_row(issue, jane)]}) if changed else NOTHING)


@pytest.mark.parametrize("has_seen", [True, False])
def test_needs_a_user(has_seen: bool, issues: dict[str, Issue], project: Project, by_key: Caller) -> None:
    before = snapshot()

    outcome = ask(project, issues.values(), by=by_key, has_seen=has_seen)

    assert outcome == MutationOutcome(matched=4, changed=0)
    assert snapshot() == before


def test_goes_by_the_events_of_the_whole_tree(project: Project, jane: User, by_jane: Caller) -> None:
    parent = IssueFactory(project=project, own_first_seen=NOW - timedelta(days=9), own_last_seen=LAST_EVENT - INSTANT)
    child = IssueFactory(project=project, own_last_seen=LAST_EVENT)
    mark = IssueSeenFactory(issue=parent, user=jane, seen_at=LAST_EVENT - INSTANT)
    ask(project, [parent, child], by=by_jane, merge=True)
    before = snapshot()

    outcome = ask(project, [parent], by=by_jane, has_seen=True)

    assert (outcome.matched, outcome.changed) == (1, 1)
    assert changes_since(before) == Changes(updated={"issueseen": {mark.pk: {"seen_at": NOW}}})
