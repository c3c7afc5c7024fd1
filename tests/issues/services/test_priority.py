"""Giving issues a priority ... (contract 1.4, ``priority``)"""

import pytest

from issues.enums import ActivityKind, IssuePriority
from issues.mutation import MutationOutcome
from projects.callers import Caller
from projects.models import Project
from tests.assertions import snapshot
from tests.factories import IssueFactory
from tests.issues.services.calls import Changes, activity_row, ask, changes_since, row_of

pytestmark = pytest.mark.django_db


def test_changes_those_that_have_another(project: Project, by_jane: Caller) -> None:
    low, medium, high = (IssueFactory(project=project, priority=word) for word in ("low", "medium", "high"))
    IssueFactory(project=project, priority="low")
    before = snapshot()

    outcome = ask(project, [low, medium, high], by=by_jane, priority=IssuePriority.HIGH)

    assert outcome == MutationOutcome(3, 2, mutation_id=outcome.mutation_id)
    assert changes_since(before) == Changes(
        updated={
            "issue": {issue.pk: {"priority": "high", "mutation_id": outcome.mutation_id} for issue in (low, medium)}
        },
        added={
            "activity": [
                activity_row(
                    issue,
                    ActivityKind.SET_PRIORITY,
                    outcome,
                    by=by_jane,
                    data={"priority": "high"},
                    before_priority=was,
                )
                for issue, was in ((low, "low"), (medium, "medium"))
            ]
        },
    )


def test_is_medium_from_the_start(project: Project) -> None:
    assert row_of(IssueFactory(project=project))["priority"] == "medium"


@pytest.mark.parametrize("priority", IssuePriority)
def test_changes_nothing_the_second_time(priority: IssuePriority, project: Project, by_key: Caller) -> None:
    issues = [IssueFactory(project=project, priority=word) for word in IssuePriority.values]
    ask(project, issues, by=by_key, priority=priority)
    before = snapshot()

    outcome = ask(project, issues, by=by_key, priority=priority)

    assert outcome == MutationOutcome(matched=3, changed=0)
    assert snapshot() == before
