"""An event that is counted ... (contract 7.9, row by row)"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from issues.enums import IssueStatus
from issues.models import Activity, Issue
from issues.mutation import Ignore, NamedRelease, Resolve, SnoozeTerms, Unresolve
from projects.callers import Caller
from projects.models import Project, Release, User
from tests.factories import NOW, ReleaseFactory
from tests.issues.services.calls import ask, differing, row_of, undo
from tests.issues.services.occurrences.batches import DAY, HOUR, MINUTE, count, event, issue_of, known

pytestmark = pytest.mark.django_db

UNRESOLVED, RESOLVED, IGNORED = IssueStatus.UNRESOLVED, IssueStatus.RESOLVED, IssueStatus.IGNORED
SOON = NOW + MINUTE


@pytest.fixture
def by(jane: User) -> Caller:
    return Caller(user=jane)


@pytest.fixture
def issue(project: Project) -> Issue:
    return known(project)


@pytest.fixture
def resolve(project: Project, issue: Issue, by: Caller) -> Callable[..., Any]:
    """Resolves the issue at NOW."""
    return lambda **how: ask(project, [issue], by=by, at=NOW, status=Resolve(**how))


@pytest.fixture
def ignore(project: Project, issue: Issue, by: Caller) -> Callable[..., Any]:
    """Ignores the issue from NOW on, under these terms."""
    return lambda at=NOW, **terms: ask(project, [issue], by=by, at=at, status=Ignore(SnoozeTerms(**terms)))


def state(issue: Issue) -> tuple[str, str | None]:
    issue.refresh_from_db()
    return issue.status, issue.reopened_as


def told(issue: Issue) -> list[tuple[str, dict[str, Any]]]:
    """Return what events told of the issue."""
    return list(Activity.objects.filter(issue=issue, mutation_id=None).order_by("id").values_list("kind", "data"))


# ---------------------------------------------------------------------------------------------------------------------
# Unresolved, resolved
# ---------------------------------------------------------------------------------------------------------------------


def test_changes_nothing_of_an_unresolved_issue(project: Project, issue: Issue) -> None:
    count(project, event(at=SOON))

    assert state(issue) == (UNRESOLVED, None)
    assert told(issue) == []


def test_opens_a_resolved_issue_again(project: Project, issue: Issue, resolve: Callable[..., Any]) -> None:
    resolve()
    first = event(at=SOON, release="2.0.0")

    counted = count(project, first, event(at=SOON + MINUTE), event(at=SOON + HOUR), at=SOON + HOUR)

    assert counted.reopened == 1
    assert state(issue) == (UNRESOLVED, "regressed")
    assert (issue.resolved_at, issue.status_by_id, issue.mutation_id, issue.times_seen) == (None, None, None, 4)
    assert told(issue) == [("set_regression", {"version": "2.0.0", "event_id": first.event_id})]
    activity = issue.activities.get(kind="set_regression")
    assert (activity.user_id, activity.created_at) == (None, SOON + HOUR)
    assert (activity.before_status, activity.before_resolved_at) == (RESOLVED, NOW)


def test_says_an_empty_version_without_a_release(project: Project, issue: Issue, resolve: Callable[..., Any]) -> None:
    resolve()
    only = event(at=SOON)

    count(project, only)

    assert told(issue) == [("set_regression", {"version": "", "event_id": only.event_id})]


def test_opens_it_again_when_the_clock_was_ahead_as_it_was_resolved(
    project: Project, issue: Issue, resolve: Callable[..., Any]
) -> None:
    """It was set back since: all that comes is "before", for as long as it had been ahead."""
    resolve()

    count(project, event(at=NOW - 2 * MINUTE), at=NOW - MINUTE)
    assert state(issue) == (RESOLVED, None)
    count(project, event(at=NOW - HOUR), at=NOW - HOUR)

    assert state(issue) == (UNRESOLVED, "regressed")


def test_leaves_it_resolved_when_it_was_before(project: Project, issue: Issue, resolve: Callable[..., Any]) -> None:
    resolve()

    count(project, event(at=NOW - timedelta(microseconds=1)), at=SOON)

    assert state(issue) == (RESOLVED, None)
    assert issue.times_seen == 2


def test_opens_it_at_the_very_instant(project: Project, issue: Issue, resolve: Callable[..., Any]) -> None:
    resolve()

    count(project, event(at=NOW))

    assert state(issue) == (UNRESOLVED, "regressed")


def test_looks_at_the_events_in_their_order(project: Project, issue: Issue, resolve: Callable[..., Any]) -> None:
    resolve()
    late, opens = event(at=NOW - DAY), event(at=SOON + MINUTE)

    count(project, late, opens, event(at=SOON))

    assert told(issue) == [("set_regression", {"version": "", "event_id": opens.event_id})]


def test_a_mutation_while_it_waited_is_what_counts(project: Project, issue: Issue, resolve: Callable[..., Any]) -> None:
    """The event was received before, and happened after."""
    resolve()

    count(project, event(at=SOON, received_at=NOW - MINUTE))

    assert state(issue) == (UNRESOLVED, "regressed")


def test_keeps_assignee_marks_and_share(project: Project, jane: User, by: Caller, issue: Issue) -> None:
    ask(project, [issue], by=by, status=Resolve(), is_public=True, is_bookmarked=True)
    Issue.objects.filter(pk=issue.pk).update(assignee_user=jane)

    count(project, event(at=SOON))

    issue.refresh_from_db()
    assert (issue.assignee_user, issue.share_id is not None, issue.bookmarks.count()) == (jane, True, 1)


# ---------------------------------------------------------------------------------------------------------------------
# Resolved in a release
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def releases(project: Project) -> dict[str, Release]:
    """Three of a package, dated otherwise than they are numbered, and one of none."""
    dates = {"app@1.0": 3, "app@2.0": 2, "app@3.0": 1, "nightly": 9}
    return {
        version: ReleaseFactory(projects=[project], version=version, created_at=NOW - days * DAY)
        for version, days in dates.items()
    }


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("", RESOLVED),
        ("app@1.0", RESOLVED),
        ("app@2.0", UNRESOLVED),
        ("app@3.0", UNRESOLVED),
        ("nightly", RESOLVED),
        ("app@2.0.1", UNRESOLVED),  # new
        ("app@1.5", RESOLVED),  # new, and so numbered that it is older, though its date is the latest
        ("tonight", UNRESOLVED),  # new, and newer by its date
    ],
)
def test_resolved_in_a_release(
    project: Project,
    issue: Issue,
    releases: dict[str, Release],
    resolve: Callable[..., Any],
    version: str,
    expected: str,
) -> None:
    resolve(in_release=NamedRelease(id=releases["app@2.0"].pk, version="app@2.0"))

    count(project, event(at=SOON, release=version), at=SOON)

    assert state(issue)[0] == expected
    if expected == UNRESOLVED:
        assert (issue.resolution_kind, issue.resolution_release_id) == (None, None)
        activity = issue.activities.get(kind="set_regression")
        assert (activity.before_resolution_kind, activity.before_resolution_release_id) == (
            "in_release",
            releases["app@2.0"].pk,
        )


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("", ("resolved", "in_next_release", "app@3.0")),
        ("app@3.0", ("resolved", "in_next_release", "app@3.0")),
        ("app@1.0", ("resolved", "in_next_release", "app@3.0")),
        ("app@2.5", ("resolved", "in_next_release", "app@3.0")),
        ("app@3.1", ("unresolved", None, None)),
    ],
)
def test_resolved_in_the_next_release(
    project: Project,
    issue: Issue,
    releases: dict[str, Release],
    resolve: Callable[..., Any],
    version: str,
    expected: tuple[str, str | None, str | None],
) -> None:
    resolve(in_next_release=True)

    count(project, event(at=SOON, release=version), at=SOON)

    issue.refresh_from_db()
    base = issue.resolution_release
    assert (issue.status, issue.resolution_kind, base and base.version) == expected
    if expected[0] == "unresolved":
        activity = issue.activities.get(kind="set_regression")
        assert activity.before_resolution_kind == "in_release"
        assert activity.before_resolution_release_id == Release.objects.get(version="app@3.1").pk
        assert issue.activities.get(kind="set_resolved_in_release").data == {"version": "app@3.1"}


def test_the_first_release_settles_what_waits_for_any(
    project: Project, issue: Issue, resolve: Callable[..., Any]
) -> None:
    resolve(in_next_release=True)

    count(project, event("valve", at=SOON, release="1.0"), at=SOON)

    issue.refresh_from_db()
    assert (issue.status, issue.resolution_kind) == (RESOLVED, "in_release")
    assert issue.resolution_release is not None
    assert issue.resolution_release.version == "1.0"


def test_is_settled_in_the_order_of_the_events(project: Project, issue: Issue, resolve: Callable[..., Any]) -> None:
    ReleaseFactory(projects=[project], version="app@1.0", created_at=NOW - DAY)
    resolve(in_next_release=True)

    count(project, *(event("valve", at=SOON, release=version) for version in ("app@1.9", "app@1.5")), at=SOON)

    issue.refresh_from_db()
    assert issue.resolution_release is not None
    assert issue.resolution_release.version == "app@1.9"


def test_an_event_from_before_does_not_open_it_from_a_newer_release(
    project: Project, issue: Issue, releases: dict[str, Release], resolve: Callable[..., Any]
) -> None:
    resolve(in_release=NamedRelease(id=releases["app@2.0"].pk, version="app@2.0"))

    count(project, event(at=NOW - MINUTE, release="app@3.0"), at=SOON)

    assert state(issue) == (RESOLVED, None)


# ---------------------------------------------------------------------------------------------------------------------
# Ignored
# ---------------------------------------------------------------------------------------------------------------------


def test_ignored_for_good(project: Project, issue: Issue, ignore: Callable[..., Any]) -> None:
    ignore()

    count(project, *(event(at=SOON, user=f"id:{n}") for n in range(50)))

    assert state(issue) == (IGNORED, None)
    assert issue.times_seen == 51


@pytest.mark.parametrize("seconds", [59, 60, 61])
def test_ignored_until_a_time(project: Project, issue: Issue, ignore: Callable[..., Any], seconds: int) -> None:
    """Before it, it is ignored; from then on, it counts as unresolved already."""
    ignore(until=SOON)
    before = row_of(issue)

    count(project, event(at=NOW + timedelta(seconds=seconds)), at=SOON + HOUR)

    changed = differing(before, row_of(issue))
    assert set(changed) == {"own_times_seen", "times_seen", "own_last_seen", "last_seen"}
    assert told(issue) == []


@pytest.mark.parametrize(("events", "expected"), [(2, IGNORED), (3, UNRESOLVED), (4, UNRESOLVED)])
def test_ends_with_the_nth_event(
    project: Project, issue: Issue, ignore: Callable[..., Any], events: int, expected: str
) -> None:
    ignore(count=3)

    count(project, *(event(at=SOON) for _ in range(events)))

    assert state(issue)[0] == expected
    if expected == UNRESOLVED:
        assert issue.reopened_as == "escalating"
        assert (issue.snooze_ends_at_times_seen, issue.snooze_started_at, issue.mutation_id) == (None, None, None)
        assert told(issue) == [("set_unresolved", {"ignoreCount": 3})]
        activity = issue.activities.get(kind="set_unresolved")
        assert (activity.before_status, activity.before_snooze_ends_at_times_seen) == (IGNORED, 4)
        assert activity.before_snooze_started_at == NOW


def test_ends_with_the_nth_event_over_several_batches(
    project: Project, issue: Issue, ignore: Callable[..., Any]
) -> None:
    ignore(count=3)
    seen = []
    for _ in range(3):
        count(project, event(at=SOON))
        seen.append(state(issue)[0])

    assert seen == [IGNORED, IGNORED, UNRESOLVED]


def test_ends_with_the_nth_user(project: Project, issue: Issue, ignore: Callable[..., Any]) -> None:
    count(project, event(at=NOW - HOUR, user="id:old"))
    ignore(user_count=2)

    count(project, event(at=SOON, user="id:old"), event(at=SOON), event(at=SOON, user="id:1"))
    assert state(issue) == (IGNORED, None)
    count(project, event(at=SOON, user="id:1"), event(at=SOON, user="id:2"), event(at=SOON, user="id:3"))

    assert state(issue) == (UNRESOLVED, "escalating")
    assert told(issue) == [("set_unresolved", {"ignoreUserCount": 2})]


def test_what_time_has_ended_is_not_ended_again(project: Project, issue: Issue, ignore: Callable[..., Any]) -> None:
    ignore(until=NOW + HOUR, count=1)

    count(project, event(at=NOW + HOUR), at=NOW + HOUR)

    assert state(issue) == (IGNORED, None)
    assert told(issue) == []


def test_what_a_count_has_ended_after_its_time_is_not_ended_by_one_from_before(
    project: Project, issue: Issue, ignore: Callable[..., Any]
) -> None:
    """In one batch as in two: the first reaches the count, and finds the time over."""
    ignore(until=NOW + HOUR, count=1)

    count(project, event(at=NOW + HOUR), event(at=SOON), at=NOW + HOUR)

    assert state(issue) == (IGNORED, None)
    assert told(issue) == []


def test_what_ended_stays_open_whatever_comes_in_the_batch(
    project: Project, issue: Issue, ignore: Callable[..., Any]
) -> None:
    ignore(until=NOW + HOUR, count=1)

    count(project, event(at=SOON), event(at=NOW + 2 * HOUR), event(at=SOON))

    assert state(issue) == (UNRESOLVED, "escalating")
    assert len(told(issue)) == 1


# ---------------------------------------------------------------------------------------------------------------------
# Undo, and what comes after
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", [Resolve(), Ignore(SnoozeTerms(count=1)), Ignore(SnoozeTerms(count=1, window=5))])
def test_an_undo_sees_the_change_and_skips_the_issue(
    project: Project, issue: Issue, by: Caller, wish: Resolve | Ignore
) -> None:
    outcome = ask(project, [issue], by=by, at=NOW, status=wish, body={"status": "…"})
    count(project, event(at=SOON))
    assert issue_of(project).status == UNRESOLVED

    undone = undo(project, outcome, by=by, at=SOON + MINUTE)

    assert (undone.changed, undone.skipped_ids) == (0, (issue.pk,))
    assert state(issue)[0] == UNRESOLVED


@pytest.mark.parametrize("wish", [Resolve(), Ignore(SnoozeTerms()), Unresolve()])
def test_how_it_was_opened_is_forgotten_with_the_next_change(
    project: Project, issue: Issue, by: Caller, resolve: Callable[..., Any], wish: Resolve | Ignore
) -> None:
    resolve()
    count(project, event(at=SOON))

    ask(project, [issue], by=by, at=SOON + MINUTE, status=wish)

    assert state(issue)[1] == ("regressed" if isinstance(wish, Unresolve) else None)
