"""A snooze ... (contract 1.5)"""

from datetime import datetime, timedelta

import pytest

from issues.enums import IssueStatus
from issues.models import Issue
from issues.mutation import Ignore, MutationOutcome, Resolve, SnoozeTerms, Unresolve
from projects.callers import Caller
from projects.models import Project
from tests.assertions import snapshot
from tests.factories import NOW, IssueFactory
from tests.issues.services.calls import Row, ask, row_of

pytestmark = pytest.mark.django_db

UNRESOLVED, IGNORED = IssueStatus.UNRESOLVED, IssueStatus.IGNORED
INSTANT = timedelta(microseconds=1)
END = NOW + timedelta(minutes=30)
CENTURY = timedelta(days=36_500)

WINDOWS = SnoozeTerms(count=1, window=1, user_count=1, user_window=1)


@pytest.fixture
def issue(project: Project) -> Issue:
    """Seen 10 times, by 5 users."""
    return IssueFactory(project=project, own_times_seen=10, own_users_seen=5)


def snooze(issue: Issue, terms: SnoozeTerms, by: Caller) -> None:
    ask(issue.project, [issue], by=by, status=Ignore(terms))


def columns(issue: Issue, *, since: datetime = NOW) -> Row:
    """Return the terms as they are stored, those that are there; of which every one starts when it is asked for."""
    stored = {
        name.removeprefix("snooze_"): value
        for name, value in row_of(issue).items()
        if name.startswith("snooze_") and value is not None
    }
    if row_of(issue)["status"] == IGNORED:
        assert stored.pop("started_at") == since
    return stored


def counts_as(issue: Issue, status: IssueStatus, *, by: Caller, at: object = NOW) -> bool:
    """Return whether the filter of a mutation that changes nothing lets the issue pass."""
    assert isinstance(at, type(NOW))
    filtered = ask(issue.project, [issue], by=by, at=at, statuses=[status])
    assert Issue.objects.filter(pk=issue.pk).with_status([status], at=at).count() == filtered.matched
    return bool(filtered.matched)


@pytest.mark.parametrize(
    ("terms", "stored"),
    [
        (SnoozeTerms(), {}),
        (SnoozeTerms(until=END), {"ends_at": END}),
        (SnoozeTerms(count=3), {"ends_at_times_seen": 13}),
        (SnoozeTerms(user_count=3), {"ends_at_users_seen": 8}),
        (SnoozeTerms(count=2**31 - 1), {"ends_at_times_seen": 2**31 + 9}),
        (SnoozeTerms(count=3, window=60), {"window_count": 3, "window_minutes": 60}),
        (SnoozeTerms(user_count=3, user_window=60), {"window_user_count": 3, "window_user_minutes": 60}),
        (
            SnoozeTerms(until=END, count=1, user_count=2, user_window=9),
            {"ends_at": END, "ends_at_times_seen": 11, "window_user_count": 2, "window_user_minutes": 9},
        ),
    ],
)
def test_is_kept_as_where_it_ends_and_replaced_as_a_whole(
    terms: SnoozeTerms, stored: Row, issue: Issue, by_key: Caller
) -> None:
    snooze(issue, terms, by_key)
    assert columns(issue) == stored

    snooze(issue, SnoozeTerms(until=END + INSTANT, count=7, window=7), by_key)
    snooze(issue, terms, by_key)
    assert columns(issue) == stored


@pytest.mark.parametrize("wish", [Resolve(), Resolve(in_next_release=True), Unresolve(), Ignore()])
@pytest.mark.parametrize("terms", [SnoozeTerms(until=END, count=3, user_count=3), WINDOWS])
def test_goes_with_the_status(
    wish: Resolve | Unresolve | Ignore, terms: SnoozeTerms, issue: Issue, project: Project, by_key: Caller
) -> None:
    snooze(issue, terms, by_key)

    ask(project, [issue], by=by_key, status=wish)

    assert columns(issue) == {}


# ---------------------------------------------------------------------------------------------------------------------
# Its end
# ---------------------------------------------------------------------------------------------------------------------


def test_ends_exactly_at_its_instant(issue: Issue, by_key: Caller) -> None:
    snooze(issue, SnoozeTerms(until=END), by_key)

    for at, status in [(END - INSTANT, IGNORED), (END, UNRESOLVED), (END + INSTANT, UNRESOLVED)]:
        assert [other for other in IssueStatus if counts_as(issue, other, by=by_key, at=at)] == [status]


@pytest.mark.parametrize(
    ("terms", "number", "last", "end"),
    [
        (SnoozeTerms(count=3), "times_seen", 12, 13),
        (SnoozeTerms(user_count=3), "users_seen", 7, 8),
        (SnoozeTerms(count=3, user_count=1000, until=END), "times_seen", 12, 13),
    ],
)
def test_ends_with_the_event_or_user_that_fills_its_count(
    terms: SnoozeTerms, number: str, last: int, end: int, issue: Issue, by_key: Caller
) -> None:
    snooze(issue, terms, by_key)

    for shown, status in [(last, IGNORED), (end, UNRESOLVED), (end + 1, UNRESOLVED)]:
        Issue.objects.update(**{number: shown})
        assert [other for other in IssueStatus if counts_as(issue, other, by=by_key)] == [status]


def test_with_windows_never_ends_by_itself(issue: Issue, by_key: Caller) -> None:
    snooze(issue, WINDOWS, by_key)
    Issue.objects.update(times_seen=10**9, users_seen=10**9)

    assert counts_as(issue, IGNORED, by=by_key, at=NOW + CENTURY)
    assert not counts_as(issue, UNRESOLVED, by=by_key, at=NOW + CENTURY)


def test_for_good_never_ends(issue: Issue, by_key: Caller) -> None:
    snooze(issue, SnoozeTerms(), by_key)

    assert counts_as(issue, IGNORED, by=by_key, at=NOW + CENTURY)


@pytest.mark.parametrize("is_named", [True, False])
def test_that_ended_leaves_nothing_to_unresolve(is_named: bool, issue: Issue, project: Project, by_key: Caller) -> None:
    snooze(issue, SnoozeTerms(until=END), by_key)
    before = snapshot()

    outcome = ask(project, [issue] if is_named else None, by=by_key, at=END, status=Unresolve())

    assert outcome == MutationOutcome(matched=1, changed=0)
    assert snapshot() == before


@pytest.mark.parametrize("is_named", [True, False])
def test_that_ended_can_begin_again_on_the_same_terms(
    is_named: bool, issue: Issue, project: Project, by_key: Caller
) -> None:
    snooze(issue, SnoozeTerms(count=3), by_key)
    Issue.objects.update(times_seen=13)

    outcome = ask(
        project,
        [issue] if is_named else None,
        by=by_key,
        statuses=[UNRESOLVED],
        status=Ignore(SnoozeTerms(count=3)),
    )

    assert (outcome.matched, outcome.changed) == (1, 1)
    assert columns(issue) == {"ends_at_times_seen": 16}


def test_that_ended_is_ignored_for_good_when_asked(issue: Issue, project: Project, by_key: Caller) -> None:
    snooze(issue, SnoozeTerms(until=END), by_key)

    outcome = ask(project, None, by=by_key, at=END, status=Ignore())

    assert (outcome.matched, outcome.changed) == (1, 1)
    assert columns(issue, since=END) == {}
    assert counts_as(issue, IGNORED, by=by_key, at=END)


def test_that_ended_is_over_on_a_merged_child_too(issue: Issue, project: Project, by_key: Caller) -> None:
    parent = IssueFactory(project=project, own_first_seen=NOW - timedelta(days=9))
    snooze(issue, SnoozeTerms(until=END), by_key)
    ask(project, [parent, issue], by=by_key, merge=True)

    too_early = ask(project, [issue], by=by_key, at=END - INSTANT, statuses=[UNRESOLVED], merge=False)
    in_time = ask(project, [issue], by=by_key, at=END, statuses=[UNRESOLVED], merge=False)

    assert [(outcome.matched, outcome.changed) for outcome in (too_early, in_time)] == [(0, 0), (1, 2)]
