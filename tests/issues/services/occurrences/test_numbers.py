"""Counting ... (contract 7.7)"""

import pytest

from issues.models import Issue, IssueEnvironment, IssueHour, IssueSeen, IssueText, IssueUser, ProjectState
from issues.services import occurrences
from issues.services.occurrences import Counted
from projects.models import Project, User
from tests.factories import NOW, IssueSeenFactory, ProjectFactory
from tests.issues.services.calls import statements
from tests.issues.services.occurrences.batches import (
    DAY,
    HOUR,
    MINUTE,
    count,
    event,
    fingerprint,
    issue_of,
    known,
)

pytestmark = pytest.mark.django_db


def hours_of(issue: Issue) -> dict[object, tuple[int, int]]:
    return {hour.hour: (hour.own_count, hour.total_count) for hour in IssueHour.objects.filter(issue=issue)}


def numbers_of(issue: Issue) -> tuple[object, ...]:
    issue.refresh_from_db()
    own = (issue.own_times_seen, issue.own_users_seen, issue.own_first_seen, issue.own_last_seen)
    assert own == (issue.times_seen, issue.users_seen, issue.first_seen, issue.last_seen)
    return own


# ---------------------------------------------------------------------------------------------------------------------
# New issues
# ---------------------------------------------------------------------------------------------------------------------


def test_makes_an_issue_of_a_fingerprint_that_nobody_has(project: Project) -> None:
    counted = count(
        project,
        event(at=NOW - HOUR, user="id:1", level="warning"),
        event(at=NOW - 2 * HOUR, user="id:1", level="fatal"),
        event(at=NOW, user="id:2", level="info"),
        event("valve", at=NOW),
    )

    assert counted == Counted(events=4, made=2)
    pump, valve = issue_of(project), issue_of(project, "valve")
    assert (pump.short_number, valve.short_number) == (1, 2)
    assert numbers_of(pump) == (3, 2, NOW - 2 * HOUR, NOW)
    assert numbers_of(valve) == (1, 0, NOW, NOW)
    assert (pump.level, pump.status, pump.type, pump.platform) == ("info", "unresolved", "error", "python")
    assert hours_of(pump) == {NOW - 2 * HOUR: (1, 1), NOW - HOUR: (1, 1), NOW: (1, 1)}


def test_calls_a_new_issue_after_its_first_event(project: Project) -> None:
    first = event(at=NOW)

    count(project, first, event(at=NOW - DAY))
    count(project, event(at=NOW + MINUTE))

    text = IssueText.objects.get(issue=issue_of(project))
    assert text.title == f"Error {first.event_id[:8]}"
    assert text.culprit == "intake in open"


def test_says_which_fingerprints_need_a_description_and_by_which_event(project: Project) -> None:
    known(project, "pump")
    first = event("valve", at=NOW)
    batch = [event("pump"), first, event("valve", at=NOW - DAY), event("sluice", older=("pump",))]

    assert occurrences.unknown(project.pk, batch, at=NOW) == {fingerprint("valve"): first}


def test_numbers_go_on_after_the_highest_that_was_ever_given(project: Project) -> None:
    known(project, "pump", short_number=41)

    count(project, event("valve"))
    Issue.objects.filter(short_number=42).update(short_number=7)
    count(project, event("sluice"))

    assert issue_of(project, "sluice").short_number == 43


def test_projects_have_the_same_fingerprints_apart(project: Project, other_project: Project) -> None:
    count(project, event(user="id:1"))
    count(other_project, event(user="id:1"))

    assert issue_of(project).pk != issue_of(other_project).pk
    mine, others = IssueUser.objects.order_by("project_id").values_list("user_hash", flat=True)
    assert mine != others


def test_there_is_no_project_to_hold(project: Project) -> None:
    assert occurrences.hold(project.pk)
    assert not occurrences.hold(project.pk + 1_000_000)


# ---------------------------------------------------------------------------------------------------------------------
# Issues that are there
# ---------------------------------------------------------------------------------------------------------------------


def test_adds_to_an_issue_that_is_there(project: Project) -> None:
    issue = known(project, own_times_seen=5, own_users_seen=3)
    neighbour = known(project, "valve")
    before = numbers_of(neighbour)

    assert count(project, event(at=NOW), event(at=NOW - 3 * DAY, user="id:1")) == Counted(events=2)

    assert numbers_of(issue) == (7, 4, NOW - 3 * DAY, NOW)
    assert numbers_of(neighbour) == before


def test_an_old_event_moves_neither_last_seen_nor_the_level_back(project: Project) -> None:
    issue = known(project, level="fatal")
    last_seen = issue.last_seen

    count(project, event(at=last_seen - HOUR, level="info"))

    assert numbers_of(issue)[-1] == last_seen
    assert issue.level == "fatal"


def test_of_two_events_at_the_same_time_the_later_gives_the_level(project: Project) -> None:
    issue = known(project)

    count(project, event(level="info"), event(level="warning"))

    issue.refresh_from_db()
    assert issue.level == "warning"


def test_counts_a_user_once_in_an_issue_and_never_by_name(project: Project) -> None:
    count(project, event(user="email:jane@example.com"), event(user="email:jane@example.com"), event())
    count(project, event(at=NOW + HOUR, user="email:jane@example.com"), event(at=NOW, user="id:2"))

    issue = issue_of(project)
    assert numbers_of(issue)[1] == 2
    assert sorted(user.last_seen for user in IssueUser.objects.filter(issue=issue)) == [NOW, NOW + HOUR]
    assert ProjectState.objects.get(project=project).user_secret is not None


def test_a_user_seen_late_was_seen_last_when_they_were(project: Project) -> None:
    count(project, event(at=NOW, user="id:1"))
    count(project, event(at=NOW - DAY, user="id:1"))

    assert IssueUser.objects.get().last_seen == NOW


def test_without_the_secret_all_users_are_strangers(project: Project) -> None:
    count(project, event(user="id:1"))
    ProjectState.objects.update(user_secret=None)
    count(project, event(user="id:1"))

    assert numbers_of(issue_of(project))[1] == 2


def test_saturates_as_totals_do(project: Project) -> None:
    most = 2**63 - 2**31
    issue = known(project, own_times_seen=most - 1, own_users_seen=most)

    count(project, *(event(user=f"id:{n}") for n in range(3)))

    assert numbers_of(issue)[:2] == (most, most)


def test_an_hour_saturates(project: Project) -> None:
    issue = known(project, own_times_seen=2**32)
    IssueHour.objects.create(project=project, issue=issue, hour=NOW, own_count=2**31 - 2, total_count=2**31 - 2)

    count(project, event(), event(), event())

    assert hours_of(issue) == {NOW: (2**31 - 1, 2**31 - 1)}


def test_changes_no_seen_mark(project: Project, jane: User) -> None:
    issue = known(project)
    IssueSeenFactory(issue=issue, user=jane, seen_at=NOW - MINUTE)

    count(project, event(at=NOW))

    assert IssueSeen.objects.get().seen_at == NOW - MINUTE
    issue.refresh_from_db()
    assert issue.last_seen == NOW


def test_touches_no_stamp_and_tells_nothing(project: Project) -> None:
    issue = known(project)

    count(project, event())

    assert not issue.activities.exists()


# ---------------------------------------------------------------------------------------------------------------------
# Fingerprints of older rules
# ---------------------------------------------------------------------------------------------------------------------


def test_finds_an_issue_by_an_older_fingerprint_and_gives_it_the_new_one(project: Project) -> None:
    issue = known(project, "by old rules")

    count(project, event("by new rules", older=("by rules between", "by old rules")))
    count(project, event("by new rules"))

    assert numbers_of(issue)[0] == 3
    assert issue.hashes.count() == 2


def test_the_newest_fingerprint_wins(project: Project) -> None:
    coarse, fine = known(project, "coarse"), known(project, "fine")

    count(project, event("fine", older=("coarse",)))

    assert (numbers_of(coarse)[0], numbers_of(fine)[0]) == (1, 2)


def test_no_issue_splits_within_a_batch(project: Project) -> None:
    count(project, event("old"), event("new", older=("old",)), event("newest", older=("new", "old")))

    assert issue_of(project, "newest") == issue_of(project, "old")
    assert numbers_of(issue_of(project, "new"))[0] == 3


# ---------------------------------------------------------------------------------------------------------------------
# Environments
# ---------------------------------------------------------------------------------------------------------------------


def environments_of(issue: Issue) -> dict[str, tuple[object, ...]]:
    rows = IssueEnvironment.objects.filter(issue=issue).select_related("environment")
    return {row.environment.name: (row.times_seen, row.first_seen, row.last_seen) for row in rows}


def test_counts_environments_of_each_issue(project: Project) -> None:
    count(project, event(environment="production"), event("valve", environment="staging"), event())
    count(project, event(at=NOW - DAY, environment="production"), event(at=NOW + MINUTE, environment="Production"))

    assert environments_of(issue_of(project)) == {
        "production": (2, NOW - DAY, NOW),
        "Production": (1, NOW + MINUTE, NOW + MINUTE),
    }
    assert environments_of(issue_of(project, "valve")) == {"staging": (1, NOW, NOW)}


def test_a_project_has_a_hundred_environments_and_then_others(project: Project) -> None:
    count(project, *(event(environment=f"preview-{n}") for n in range(99)))
    count(project, event(environment="other"), *(event(environment=f"review-{n}") for n in range(3)))
    count(project, event(environment="review-0"), event(environment="review-7"))

    seen = environments_of(issue_of(project))
    assert len(seen) == 101
    assert seen["review-0"][0] == 2
    assert seen["other"][0] == 1 + 2 + 1


def test_other_projects_have_their_own(project: Project) -> None:
    elsewhere = ProjectFactory(organization=project.organization)
    count(elsewhere, *(event(environment=f"preview-{n}") for n in range(101)))

    count(project, event(environment="production"))

    assert list(environments_of(issue_of(project))) == ["production"]


# ---------------------------------------------------------------------------------------------------------------------
# How many statements
# ---------------------------------------------------------------------------------------------------------------------


def test_asks_as_much_for_many_as_for_few(project: Project) -> None:
    known(project, "everybody's")
    count(project, event("everybody's", environment="e0", user="id:0"))  # makes what a project has once

    taken = []
    for size in (2, 60):
        batch = [
            event(f"{size}: {n}", user=f"id:{n}", environment=f"{size}: {n % 7}", release=f"app{n % 3}@1.{size}.{n}")
            for n in range(size)
        ]
        with statements() as queries:
            count(project, event("everybody's"), *batch, check=False)
            count(project, event("everybody's"), *batch, check=False)
        taken.append(len(queries))
    assert taken[0] == taken[1]
