"""Terms with a window end ... (contract 7.9)"""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from issues.enums import IssueStatus
from issues.models import Activity, Issue, IssueMinute
from issues.mutation import Ignore, Resolve, SnoozeTerms, Unresolve
from issues.services.occurrences.windows import EventsWithin, UsersWithin, minute_of
from projects.callers import Caller
from projects.models import Project, User
from tests.factories import NOW
from tests.issues.services.calls import ask, undo
from tests.issues.services.occurrences.batches import DAY, HOUR, MINUTE, count, event, known

pytestmark = pytest.mark.django_db

UNRESOLVED, IGNORED = IssueStatus.UNRESOLVED, IssueStatus.IGNORED
SECOND = timedelta(seconds=1)
AT = NOW + 30 * SECOND  # when it is ignored: within a minute


@pytest.fixture
def by(jane: User) -> Caller:
    return Caller(user=jane)


@pytest.fixture
def issue(project: Project) -> Issue:
    return known(project)


@pytest.fixture
def ignore(project: Project, issue: Issue, by: Caller) -> Callable[..., Any]:
    """Ignores the issue from AT on, under these terms."""
    return lambda at=AT, **terms: ask(project, [issue], by=by, at=at, status=Ignore(SnoozeTerms(**terms)))


@pytest.fixture
def see(project: Project) -> Callable[..., None]:
    """Counts events at these times after AT, each in a batch of its own or all in one."""

    def seen(*after: timedelta, apart: bool = False, **said: Any) -> None:
        events = [event(at=AT + each, **said) for each in after]
        for batch in [[each] for each in events] if apart else [events]:
            count(project, *batch, at=batch[-1].seen_at)

    return seen


def status_of(issue: Issue) -> str:
    issue.refresh_from_db()
    return issue.status


def told(issue: Issue) -> list[dict[str, Any]]:
    return list(
        Activity.objects.filter(issue=issue, mutation_id=None, kind="set_unresolved").values_list("data", flat=True)
    )


def minutes_of(issue: Issue) -> dict[datetime, int]:
    return {row.minute: row.own_count for row in IssueMinute.objects.filter(issue=issue)}


# ---------------------------------------------------------------------------------------------------------------------
# Events
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ([MINUTE, 2 * MINUTE], IGNORED),  # too few
        ([MINUTE, 2 * MINUTE, 3 * MINUTE], UNRESOLVED),
        ([MINUTE, 2 * MINUTE, 6 * MINUTE], UNRESOLVED),  # in the minute that is five before it
        ([MINUTE, 2 * MINUTE, 7 * MINUTE], IGNORED),
        ([MINUTE, 2 * MINUTE, 7 * MINUTE, 7 * MINUTE], UNRESOLVED),
        ([SECOND, SECOND, SECOND], UNRESOLVED),
        ([-SECOND, SECOND, SECOND], IGNORED),  # one before it was ignored, in the same minute
        ([timedelta(0), SECOND, SECOND], UNRESOLVED),
        ([10 * MINUTE, 2 * MINUTE, 3 * MINUTE], IGNORED),  # late ones look back from where they are
        ([3 * MINUTE, 2 * MINUTE, 3 * MINUTE], UNRESOLVED),
    ],
)
def test_with_so_many_events_in_so_many_minutes(
    issue: Issue,
    ignore: Callable[..., Any],
    see: Callable[..., None],
    after: list[timedelta],
    expected: str,
    apart: bool,
) -> None:
    ignore(count=3, window=5)

    see(*after, apart=apart)

    assert status_of(issue) == expected
    if expected == UNRESOLVED:
        assert told(issue) == [{"ignoreCount": 3, "ignoreWindow": 5}]
        assert issue.reopened_as == "escalating"
        activity = Activity.objects.get(issue=issue, mutation_id=None)
        assert (activity.before_snooze_window_count, activity.before_snooze_window_minutes) == (3, 5)


def test_not_with_what_was_counted_before_it_was_ignored(
    issue: Issue, ignore: Callable[..., Any], see: Callable[..., None]
) -> None:
    ignore(count=3, window=5)
    see(SECOND, 2 * SECOND)
    ignore(at=AT + 3 * SECOND, count=2, window=5)  # within the same minute

    see(4 * SECOND)
    assert status_of(issue) == IGNORED
    see(5 * SECOND)
    assert status_of(issue) == UNRESOLVED


def test_keeps_no_minutes_without_such_terms(
    issue: Issue, ignore: Callable[..., Any], see: Callable[..., None]
) -> None:
    ignore(count=3)

    see(SECOND)

    assert minutes_of(issue) == {}


def test_counts_on_for_as_long_as_the_window_is_wide(
    project: Project, issue: Issue, by: Caller, ignore: Callable[..., Any], see: Callable[..., None]
) -> None:
    ignore(count=50, window=5)
    see(MINUTE)
    ask(project, [issue], by=by, at=AT + 2 * MINUTE, status=Unresolve())
    see(3 * MINUTE, 7 * MINUTE)
    assert minutes_of(issue) == {NOW + minutes * MINUTE: 1 for minutes in (1, 3, 7)}

    see(8 * MINUTE)

    assert minutes_of(issue) == {}


def test_an_undo_finds_what_came_meanwhile(
    project: Project, issue: Issue, by: Caller, ignore: Callable[..., Any], see: Callable[..., None]
) -> None:
    ignore(count=3, window=5)
    see(SECOND)
    opened = ask(project, [issue], by=by, at=AT + 2 * SECOND, status=Unresolve(), body={"status": "unresolved"})
    see(3 * SECOND)
    assert undo(project, opened, by=by, at=AT + 4 * SECOND).changed == 1
    assert status_of(issue) == IGNORED

    see(5 * SECOND)

    assert status_of(issue) == UNRESOLVED


def test_forgets_minutes_that_no_event_can_ask_for(
    issue: Issue, ignore: Callable[..., Any], see: Callable[..., None]
) -> None:
    ignore(count=50, window=5)
    see(MINUTE)
    see(40 * DAY)

    assert list(minutes_of(issue).values()) == [1]


# ---------------------------------------------------------------------------------------------------------------------
# Users
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([("a", 1), ("b", 2)], IGNORED),
        ([("a", 1), ("b", 2), ("c", 3)], UNRESOLVED),
        ([("a", 1), ("b", 2), ("a", 3), ("b", 3)], IGNORED),  # the same again
        ([("a", 1), ("b", 2), ("c", 7)], IGNORED),
        ([("a", 1), ("b", 2), ("a", 6), ("b", 6), ("c", 7)], UNRESOLVED),  # seen again since
        ([("a", 1), ("b", 2), ("", 3)], IGNORED),  # nobody
    ],
)
def test_with_so_many_users_in_so_many_minutes(
    project: Project,
    issue: Issue,
    ignore: Callable[..., Any],
    seen: list[tuple[str, int]],
    expected: str,
    apart: bool,
) -> None:
    count(project, *(event(at=AT - SECOND, user=user) for user in ("x", "y", "z")))
    ignore(user_count=3, user_window=5)

    events = [event(at=AT + minutes * MINUTE, user=user) for user, minutes in seen]
    for batch in [[each] for each in events] if apart else [events]:
        count(project, *batch, at=AT + 7 * MINUTE)

    assert status_of(issue) == expected
    if expected == UNRESOLVED:
        assert told(issue) == [{"ignoreUserCount": 3, "ignoreUserWindow": 5}]


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"count": 2, "window": 5, "user_count": 2, "user_window": 5}, {"ignoreCount": 2, "ignoreWindow": 5}),
        ({"count": 2, "user_count": 2, "user_window": 5}, {"ignoreCount": 2}),
        ({"count": 2, "window": 5, "user_count": 2}, {"ignoreUserCount": 2}),
        ({"count": 2, "user_count": 2}, {"ignoreCount": 2}),
    ],
)
def test_one_event_that_ends_it_twice_is_told_of_one_term(
    issue: Issue, project: Project, ignore: Callable[..., Any], terms: dict[str, int], expected: dict[str, int]
) -> None:
    """Of the totals before the windows, of events before users."""
    ignore(**terms)

    count(project, *(event(at=AT + MINUTE, user=user) for user in ("a", "b")), at=AT + MINUTE)

    assert status_of(issue) == UNRESOLVED
    assert told(issue) == [expected]


# ---------------------------------------------------------------------------------------------------------------------
# Over a tree
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def tree(project: Project, by: Caller, issue: Issue) -> list[Issue]:
    """The issue, with two children."""
    children = [known(project, name, own_first_seen=NOW - DAY) for name in ("valve", "sluice")]
    ask(project, [issue, *children], by=by, at=NOW, merge=True)
    return [issue, *children]


def test_events_of_children_count(project: Project, tree: list[Issue], ignore: Callable[..., Any]) -> None:
    issue, valve, _ = tree
    ignore(count=3, window=5)

    count(project, event("valve", at=AT + SECOND))
    count(project, event("sluice", at=AT + SECOND))
    assert status_of(issue) == IGNORED
    assert minutes_of(valve) == {AT: 1}
    count(project, event("valve", at=AT + MINUTE))

    assert status_of(issue) == UNRESOLVED


def test_a_user_counts_once_over_the_tree(project: Project, tree: list[Issue], ignore: Callable[..., Any]) -> None:
    issue, *_ = tree
    ignore(user_count=2, user_window=5)

    count(project, event("valve", at=AT + SECOND, user="a"))
    count(project, event("sluice", at=AT + SECOND, user="a"), event(at=AT + SECOND, user="a"))
    assert status_of(issue) == IGNORED
    count(project, event("sluice", at=AT + SECOND, user="b"))

    assert status_of(issue) == UNRESOLVED


# ---------------------------------------------------------------------------------------------------------------------
# Until escalating
# ---------------------------------------------------------------------------------------------------------------------


def until_escalating(issue: Issue, *, above: int) -> None:
    """Let the terms be these, as a request that asked for them would have left the row and its history."""
    Issue.objects.filter(pk=issue.pk).update(snooze_escalates_above=above)
    Activity.objects.filter(issue=issue, kind="set_ignored").update(data={"ignoreUntilEscalating": True})


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ([MINUTE] * 3, IGNORED),
        ([MINUTE] * 4, UNRESOLVED),
        ([MINUTE, *[61 * MINUTE] * 3], UNRESOLVED),
        ([MINUTE, *[62 * MINUTE] * 3], IGNORED),
    ],
)
def test_with_more_events_in_an_hour_than_that(
    issue: Issue,
    ignore: Callable[..., Any],
    see: Callable[..., None],
    after: list[timedelta],
    expected: str,
    apart: bool,
) -> None:
    ignore()
    until_escalating(issue, above=3)

    see(*after, apart=apart)

    assert status_of(issue) == expected
    if expected == UNRESOLVED:
        assert told(issue) == [{"ignoreUntilEscalating": True}]
        assert issue.snooze_escalates_above is None
        assert Activity.objects.get(issue=issue, mutation_id=None).before_snooze_escalates_above == 3


def test_resolving_ends_the_counting_by_minutes(
    project: Project, issue: Issue, by: Caller, ignore: Callable[..., Any], see: Callable[..., None]
) -> None:
    ignore()
    until_escalating(issue, above=30)
    see(MINUTE)
    ask(project, [issue], by=by, at=AT + 2 * MINUTE, status=Resolve())

    see(HOUR)
    assert len(minutes_of(issue)) == 2
    see(HOUR + 3 * MINUTE)
    assert minutes_of(issue) == {}


# ---------------------------------------------------------------------------------------------------------------------
# How it is counted, against the plainest way
# ---------------------------------------------------------------------------------------------------------------------


def test_counts_events_as_one_would_by_hand() -> None:
    dice = Random(15)
    for _ in range(200):
        width, start = dice.randrange(1, 6), NOW + dice.randrange(3) * MINUTE + 10 * SECOND
        moments = [NOW + timedelta(seconds=dice.randrange(900)) for _ in range(30)]
        before, after = moments[:10], moments[10:]
        since = [moment for moment in before if moment >= start]
        window = EventsWithin(
            {minute_of(m): sum(minute_of(n) == minute_of(m) for n in since) for m in since}, width, start
        )
        for number, moment in enumerate(after, start=11):
            last = minute_of(moment)
            expected = sum(
                each >= start and last - width * MINUTE <= minute_of(each) <= last for each in moments[:number]
            )
            assert window.add(moment) == expected


def test_counts_users_as_one_would_by_hand() -> None:
    dice = Random(15)
    for _ in range(200):
        width, start = dice.randrange(1, 6), NOW + dice.randrange(3) * MINUTE + 10 * SECOND
        seen = [(dice.choice([None, *range(6)]), NOW + timedelta(seconds=dice.randrange(900))) for _ in range(30)]
        last_seen: dict[int, datetime] = {}
        window = UsersWithin({}, width, start)
        for user, moment in seen:
            if user is not None and moment >= start:
                last_seen[user] = max(moment, last_seen.get(user, moment))
            last = minute_of(moment)
            expected = sum(last - width * MINUTE <= minute_of(each) <= last for each in last_seen.values())
            assert window.add(user, moment) == expected
