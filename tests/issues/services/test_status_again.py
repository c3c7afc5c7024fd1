"""A change of status that is asked for again: what is another change the second time (contract 1.5)."""

from datetime import timedelta

import pytest

from issues.enums import ActivityKind
from issues.models import Issue
from issues.mutation import Ignore, MutationOutcome, SnoozeTerms
from projects.callers import Caller
from projects.models import Project
from tests.assertions import snapshot
from tests.factories import NOW, IssueFactory
from tests.issues.services.calls import (
    Changes,
    activity_row,
    ask,
    changes_since,
)

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(minutes=30)
ONE_MORE = timedelta(microseconds=1)


# ---------------------------------------------------------------------------------------------------------------------
# What is another change the second time
# ---------------------------------------------------------------------------------------------------------------------


def test_moves_the_end_of_a_duration_that_is_asked_for_again_later(project: Project, by_jane: Caller) -> None:
    issue = IssueFactory(project=project)
    ask(project, [issue], by=by_jane, status=Ignore(SnoozeTerms(until=SOON)))
    before = snapshot()

    later = NOW + ONE_MORE
    outcome = ask(project, [issue], by=by_jane, at=later, status=Ignore(SnoozeTerms(until=SOON + ONE_MORE)))

    assert (outcome.matched, outcome.changed) == (1, 1)
    assert changes_since(before) == Changes(
        updated={
            "issue": {
                issue.pk: {
                    "snooze_ends_at": SOON + ONE_MORE,
                    "snooze_started_at": later,
                    "mutation_id": outcome.mutation_id,
                }
            }
        },
        added={
            "activity": [
                activity_row(
                    issue,
                    ActivityKind.SET_IGNORED,
                    outcome,
                    data={"ignoreUntil": "2026-03-01T12:30:00.000001Z"},
                    by=by_jane,
                    at=later,
                    before_status="ignored",
                    before_status_by_id=by_jane.user_id,
                    before_snooze_ends_at=SOON,
                    before_snooze_started_at=NOW,
                )
            ]
        },
    )


@pytest.mark.parametrize(
    ("terms", "number", "column"),
    [
        (SnoozeTerms(count=5), "times_seen", "snooze_ends_at_times_seen"),
        (SnoozeTerms(user_count=5), "users_seen", "snooze_ends_at_users_seen"),
    ],
)
def test_starts_a_count_anew_when_something_came_since(
    terms: SnoozeTerms, number: str, column: str, project: Project, by_jane: Caller
) -> None:
    issue = IssueFactory(project=project, own_times_seen=10, own_users_seen=10)
    ask(project, [issue], by=by_jane, status=Ignore(terms))
    Issue.objects.update(**{number: 11})
    before = snapshot()

    outcome = ask(project, [issue], by=by_jane, status=Ignore(terms))

    assert (outcome.matched, outcome.changed) == (1, 1)
    assert changes_since(before).updated == {"issue": {issue.pk: {column: 16, "mutation_id": outcome.mutation_id}}}


def test_leaves_a_count_in_a_window_alone_when_events_came_since(project: Project, by_jane: Caller) -> None:
    issue = IssueFactory(project=project)
    terms = SnoozeTerms(count=5, window=60)
    ask(project, [issue], by=by_jane, status=Ignore(terms))
    Issue.objects.update(times_seen=100)
    before = snapshot()

    outcome = ask(project, [issue], by=by_jane, status=Ignore(terms))

    assert outcome == MutationOutcome(matched=1, changed=0)
    assert snapshot() == before


@pytest.mark.parametrize(
    "terms",
    [
        SnoozeTerms(count=6, window=60),
        SnoozeTerms(count=5, window=61),
        SnoozeTerms(count=5, window=60, user_count=1),
        SnoozeTerms(count=5, window=60, user_count=1, user_window=1),
        SnoozeTerms(count=5, window=60, until=SOON),
        SnoozeTerms(count=5),
        SnoozeTerms(user_count=5, user_window=60),
        SnoozeTerms(),
    ],
)
def test_changes_an_ignored_issue_whose_terms_differ_in_anything(
    terms: SnoozeTerms, project: Project, by_jane: Caller
) -> None:
    issue = IssueFactory(project=project)
    ask(project, [issue], by=by_jane, status=Ignore(SnoozeTerms(count=5, window=60)))

    outcome = ask(project, [issue], by=by_jane, status=Ignore(terms))

    assert (outcome.matched, outcome.changed) == (1, 1)
