"""Observing ...: what is counted of transactions and mutations that don't go the usual way."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, OperationalError
from prometheus_client import REGISTRY

from issues import observing
from issues.enums import MutationKind
from issues.mutation import MutationOutcome, NamedIssues, UnknownActor
from projects.models import Project
from projects.refusals import TryAgain
from tests.acts import act
from tests.issues.services.test_transactions import Work, lose_on_the_database, move_the_tree, run

SCOPE = NamedIssues(1, ids=frozenset({1}))


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fail", "reason"),
    [
        *((lose_on_the_database(code), code) for code in ("40P01", "40001", "23503")),
        (move_the_tree, "TreeMoved"),
    ],
)
def test_counts_what_starts_over_by_its_reason(fail: Callable[[], None], reason: str, project: Project) -> None:
    before = counted("issuetracker_transactions_started_over_total", reason=reason)

    run(Work(project, 2, fail))

    assert counted("issuetracker_transactions_started_over_total", reason=reason) - before == 2


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (UnknownActor(), "refused"),
        (TryAgain(), "unavailable"),
        (OperationalError(), "unavailable"),
        (IntegrityError(), "failed"),
        (ZeroDivisionError(), "failed"),
    ],
)
def test_counts_how_a_mutation_fails_and_hands_it_on(error: Exception, outcome: str) -> None:
    before = counted("issuetracker_mutations_total", kind="delete", outcome=outcome)

    def fail() -> None:
        with observing.mutation(MutationKind.DELETE, [SCOPE], {}, act()):
            assert counted("issuetracker_mutations_in_flight", kind="delete") == 1
            raise error

    with pytest.raises(type(error)) as raised:
        fail()

    assert raised.value is error
    assert counted("issuetracker_mutations_total", kind="delete", outcome=outcome) - before == 1
    assert counted("issuetracker_mutations_in_flight", kind="delete") == 0


def test_counts_a_mutation_of_nothing() -> None:
    before = counted("issuetracker_mutations_total", kind="update", outcome="done")

    with observing.mutation(MutationKind.UPDATE, [], {}, act()) as observed:
        observed.outcomes = []

    assert counted("issuetracker_mutations_total", kind="update", outcome="done") - before == 1


def test_times_locks_that_are_not_had() -> None:
    before = counted("issuetracker_locking_seconds_count", kind="delete")

    with pytest.raises(OperationalError), observing.locking(MutationKind.DELETE):
        raise OperationalError

    assert counted("issuetracker_locking_seconds_count", kind="delete") - before == 1


def test_counts_nothing_of_a_preview() -> None:
    names = ["issuetracker_mutations_total", "issuetracker_issues_matched_total", "issuetracker_issues_changed_total"]

    def counts() -> list[float]:
        labels = [{"outcome": "done"}, {}, {}]
        return [counted(name, kind="update", **more) for name, more in zip(names, labels, strict=True)]

    before = counts()

    with observing.mutation(MutationKind.UPDATE, [SCOPE], {}, act(preview=True)) as observed:
        assert counted("issuetracker_mutations_in_flight", kind="update") == 0
        observed.outcomes = [MutationOutcome(matched=3, changed=2)]

    assert counts() == before
    assert counted("issuetracker_mutations_in_flight", kind="update") == 0


def test_counts_the_issues_of_all_projects() -> None:
    before = counted("issuetracker_issues_changed_total", kind="update")

    with observing.mutation(MutationKind.UPDATE, [SCOPE, SCOPE], {}, act()) as observed:
        observed.outcomes = [MutationOutcome(matched=3, changed=2), MutationOutcome(matched=5, changed=5)]

    assert counted("issuetracker_issues_changed_total", kind="update") - before == 7
