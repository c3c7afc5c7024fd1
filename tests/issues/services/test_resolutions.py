"""A resolution ... (contract 1.5)"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from issues.enums import ResolutionKind
from issues.models import Activity, Issue
from issues.mutation import Assignment, NamedRelease, Resolve, UnknownRelease
from issues.services.verbs.status import resolutions
from projects.callers import Caller
from projects.models import Project, Release
from tests.assertions import snapshot
from tests.factories import NOW, ActivityFactory, IssueFactory, ProjectFactory, ReleaseFactory
from tests.issues.services.calls import ask, changes_since, row_of, statements

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
IN_NEXT = Resolve(in_next_release=True)


@pytest.fixture
def issue(project: Project) -> Issue:
    return IssueFactory(project=project)


def resolution_of(issue: Issue) -> tuple[str | None, int | None]:
    row = row_of(issue)
    return row["resolution_kind"], row["resolution_release_id"]


def in_release(release: Release) -> Resolve:
    return Resolve(in_release=NamedRelease(release.pk, release.version))


@pytest.mark.parametrize("is_named", [True, False])
def test_in_the_next_release_is_the_first_to_come_where_there_is_none_yet(
    is_named: bool, issue: Issue, project: Project, other_project: Project, by_key: Caller
) -> None:
    ReleaseFactory(projects=[other_project])

    ask(project, [issue] if is_named else None, by=by_key, status=IN_NEXT)

    assert resolution_of(issue) == (ResolutionKind.IN_NEXT_RELEASE, None)


@pytest.mark.parametrize(
    ("times", "newest"),
    [
        # (created, released) of each, in days ago
        ([(3, None), (1, None), (2, None)], 1),
        ([(1, 5), (9, 2), (3, None)], 1),  # by when it was released, not made
        ([(9, 4), (3, None)], 1),
        ([(1, 1), (1, 1), (9, 1)], 2),  # then by id
    ],
)
@pytest.mark.parametrize("is_named", [True, False])
def test_in_the_next_release_is_based_on_the_newest_one_of_the_project(
    is_named: bool,
    times: list[tuple[int, int | None]],
    newest: int,
    issue: Issue,
    project: Project,
    other_project: Project,
    by_key: Caller,
) -> None:
    def ago(days: int | None) -> datetime | None:
        return None if days is None else NOW - days * DAY

    releases = [
        ReleaseFactory(projects=[project], created_at=ago(created), released_at=ago(released))
        for created, released in times
    ]
    ReleaseFactory(projects=[other_project], created_at=NOW)

    ask(project, [issue] if is_named else None, by=by_key, status=IN_NEXT)

    assert resolution_of(issue) == (ResolutionKind.IN_NEXT_RELEASE, releases[newest].pk)


def test_in_the_next_release_stays_whatever_it_was_based_on(
    issue: Issue, project: Project, older: Release, newest: Release, by_key: Caller
) -> None:
    ask(project, [issue], by=by_key, status=IN_NEXT)
    ReleaseFactory(project=project, released_at=NOW + DAY)  # not released yet

    outcome = ask(project, [issue], by=by_key, status=IN_NEXT)

    assert (outcome.matched, outcome.changed) == (1, 0)
    assert resolution_of(issue) == (ResolutionKind.IN_NEXT_RELEASE, newest.pk)


@pytest.mark.parametrize("is_named", [True, False])
def test_is_in_the_release_that_time_has_brought(
    is_named: bool, issue: Issue, project: Project, newest: Release, by_key: Caller
) -> None:
    """Nothing has settled it yet, and it counts as settled all the same: in that one already, not in the next."""
    ask(project, [issue], by=by_key, status=IN_NEXT)
    comes = ReleaseFactory(project=project, released_at=NOW + DAY)
    later = NOW + 2 * DAY
    target = [issue] if is_named else None

    outcomes = [
        ask(project, target, by=by_key, at=later, status=wish)
        for wish in (in_release(comes), in_release(newest), in_release(comes), IN_NEXT, IN_NEXT)
    ]

    assert [outcome.changed for outcome in outcomes] == [0, 1, 1, 1, 0]
    assert resolution_of(issue) == (ResolutionKind.IN_NEXT_RELEASE, comes.pk)


def test_in_the_next_release_is_another_wish_once_that_has_come(
    issue: Issue, project: Project, newest: Release, by_key: Caller
) -> None:
    ask(project, [issue], by=by_key, status=IN_NEXT)
    comes = ReleaseFactory(project=project, released_at=NOW + DAY)

    outcome = ask(project, [issue], by=by_key, at=NOW + 2 * DAY, status=IN_NEXT)

    assert outcome.changed == 1
    assert resolution_of(issue) == (ResolutionKind.IN_NEXT_RELEASE, comes.pk)


def test_becomes_another_one_when_asked_and_none_by_a_plain_resolve(
    issue: Issue, project: Project, older: Release, newest: Release, by_key: Caller
) -> None:
    ways = [IN_NEXT, in_release(newest), in_release(older), Resolve(), in_release(older), IN_NEXT, Resolve()]

    found = []
    for minutes, way in enumerate(ways):
        at = NOW + timedelta(minutes=minutes)
        assert ask(project, [issue], by=by_key, at=at, status=way).changed == 1
        assert row_of(issue)["resolved_at"] == at
        found.append(resolution_of(issue))

    in_next = (ResolutionKind.IN_NEXT_RELEASE, newest.pk)
    in_newest, in_older = ((ResolutionKind.IN_RELEASE, release.pk) for release in (newest, older))
    assert found == [in_next, in_newest, in_older, (None, None), in_older, in_next, (None, None)]


@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize("what_happened", ["deleted", "of another project"])
def test_is_refused_in_a_release_that_the_project_has_not(
    is_named: bool,
    what_happened: str,
    issue: Issue,
    project: Project,
    other_project: Project,
    older: Release,
    by_key: Caller,
) -> None:
    wish = in_release(older)
    if what_happened == "deleted":
        older.delete()
    else:
        Release.objects.filter(pk=older.pk).update(project=other_project)
    before = snapshot()

    with pytest.raises(UnknownRelease, match=r"^Unable to find a release with the given version\.$"):
        ask(project, [issue] if is_named else None, by=by_key, status=wish)

    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# In the next release, when that comes (contract section 5)
# ---------------------------------------------------------------------------------------------------------------------


def wait_for_next(project: Project, base: Release | None, **columns: Any) -> Issue:
    return IssueFactory(project=project, resolved_in_next_release=True, resolution_release=base, **columns)


def told(issue: Issue) -> list[tuple[str, dict[str, Any]]]:
    """Return kind and data of the issue's activities, oldest first."""
    return list(Activity.objects.filter(issue=issue).order_by("id").values_list("kind", "data"))


@pytest.mark.parametrize(
    ("base", "others", "settled_by"),
    [
        # days ago that each was released; the base comes first, and ids are in this order
        pytest.param(5, [], None, id="none but the base"),
        pytest.param(5, [9], None, id="an older one"),
        pytest.param(5, [1], 0, id="a newer one"),
        pytest.param(5, [1, 3, 2], 1, id="the first of the newer ones"),
        pytest.param(5, [9, 6, 4], 2, id="not one before the base"),
        pytest.param(5, [5], 0, id="as old as the base but made later"),
        pytest.param(None, [], None, id="none at all"),
        pytest.param(None, [3, 9, 1], 1, id="based on none: the first of all"),
    ],
)
def test_is_settled_by_the_first_release_that_is_newer_than_its_base(
    base: int | None, others: list[int], settled_by: int | None, project: Project, other_project: Project
) -> None:
    def release(days_ago: int) -> Release:
        return ReleaseFactory(projects=[project], released_at=NOW - days_ago * DAY)

    waiting = wait_for_next(project, None if base is None else release(base))
    releases = [release(days_ago) for days_ago in others]
    ReleaseFactory(projects=[other_project], released_at=NOW - timedelta(hours=1))

    settled = resolutions.settle([project.pk], at=NOW)

    assert settled == (settled_by is not None)
    in_next = (ResolutionKind.IN_NEXT_RELEASE, waiting.resolution_release_id)
    assert resolution_of(waiting) == (
        in_next if settled_by is None else (ResolutionKind.IN_RELEASE, releases[settled_by].pk)
    )


def test_is_settled_by_the_release_of_its_own_base_and_project(
    project: Project, other_project: Project, older: Release, newest: Release
) -> None:
    elsewhere = ReleaseFactory(projects=[other_project], released_at=NOW)
    since_older, since_newest, since_none = (wait_for_next(project, base) for base in (older, newest, None))
    there = wait_for_next(other_project, older)
    not_asked = wait_for_next(ProjectFactory(teams=[]), None)

    assert resolutions.settle([project.pk, other_project.pk], at=NOW) == 3

    assert [resolution_of(issue) for issue in (since_older, since_newest, since_none, there, not_asked)] == [
        (ResolutionKind.IN_RELEASE, newest.pk),
        (ResolutionKind.IN_NEXT_RELEASE, newest.pk),
        (ResolutionKind.IN_RELEASE, older.pk),
        (ResolutionKind.IN_RELEASE, elsewhere.pk),
        (ResolutionKind.IN_NEXT_RELEASE, None),
    ]


def test_changes_nothing_but_the_resolution_and_the_version_in_its_activity(
    project: Project, newest: Release, by_jane: Caller
) -> None:
    waiting, plain, named, hidden_one, open_one = (IssueFactory(project=project) for _ in range(5))
    ask(project, [waiting, hidden_one], by=by_jane, status=IN_NEXT)
    ask(project, [plain], by=by_jane, status=Resolve())
    ask(project, [named], by=by_jane, status=in_release(newest))
    ask(project, [hidden_one, open_one], by=by_jane, merge=True)
    ask(project, [waiting], by=by_jane, at=NOW + DAY, assignment=Assignment(None), is_public=True)
    release = ReleaseFactory(projects=[project], version="3.0.0", released_at=NOW)
    before = snapshot()

    assert resolutions.settle([project.pk], at=NOW) == 2

    changes = changes_since(before)
    resolution = {"resolution_kind": "in_release", "resolution_release_id": release.pk}
    assert changes.updated == {
        "issue": {waiting.pk: resolution, hidden_one.pk: resolution},
        "activity": {
            activity.pk: {"data": {"version": "3.0.0"}}
            for activity in Activity.objects.filter(kind="set_resolved_in_release").exclude(issue=named)
        },
    }
    assert (changes.added, changes.gone) == ({}, {})


def test_tells_the_version_to_the_activity_that_gave_the_resolution_alone(
    project: Project, issue: Issue, newest: Release, by_jane: Caller
) -> None:
    for way in (IN_NEXT, Resolve(), in_release(newest), IN_NEXT):
        ask(project, [issue], by=by_jane, status=way)
    ReleaseFactory(projects=[project], version="3.0.0", released_at=NOW)

    resolutions.settle([project.pk], at=NOW)

    assert told(issue) == [
        ("set_resolved_in_release", {"version": ""}),
        ("set_resolved", {}),
        ("set_resolved_in_release", {"version": newest.version}),
        ("set_resolved_in_release", {"version": "3.0.0"}),
    ]


def test_tells_no_activity_that_has_a_version_already(project: Project, issue: Issue, newest: Release) -> None:
    """As after a resolution that was put back: what gave it is not the newest activity."""
    ActivityFactory(issue=issue, kind="set_resolved_in_release", data={"version": ""})
    ActivityFactory(issue=issue, kind="set_resolved_in_release", data={"version": "2.0.0"})
    Issue.objects.filter(pk=issue.pk).update(
        status="resolved", resolved_at=NOW, resolution_kind="in_next_release", resolution_release=newest
    )
    ReleaseFactory(projects=[project], released_at=NOW)

    assert resolutions.settle([project.pk], at=NOW) == 1

    assert [data for _, data in told(issue)] == [{"version": ""}, {"version": "2.0.0"}]


def test_is_settled_once(project: Project, newest: Release) -> None:
    waiting = wait_for_next(project, newest)
    release = ReleaseFactory(projects=[project], released_at=NOW)
    resolutions.settle([project.pk], at=NOW)
    ReleaseFactory(projects=[project], released_at=NOW - timedelta(hours=1))

    assert resolutions.settle([project.pk], at=NOW) == 0

    assert resolution_of(waiting) == (ResolutionKind.IN_RELEASE, release.pk)


def test_is_settled_by_two_statements_however_many_issues_wait(project: Project, newest: Release) -> None:
    for count in (0, 1, 20):
        for _ in range(count):
            wait_for_next(project, newest)
        ReleaseFactory(projects=[project], released_at=NOW)

        with statements() as queries:
            resolutions.settle([project.pk], at=NOW)

        assert len(queries) == 2
        assert "ORDER BY id\n                FOR NO KEY UPDATE" in queries[0]["sql"]
