"""A resolution ... (contract 1.5)"""

from datetime import datetime, timedelta

import pytest

from issues.enums import ResolutionKind
from issues.errors import UnknownRelease
from issues.models import Issue
from issues.mutation import NamedRelease, Resolve
from projects.callers import Caller
from projects.models import Project, Release
from tests.assertions import snapshot
from tests.factories import NOW, IssueFactory, ReleaseFactory
from tests.issues.services.calls import ask, row_of

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


def test_in_the_next_release_stays_when_a_release_came_since(
    issue: Issue, project: Project, older: Release, newest: Release, by_key: Caller
) -> None:
    ask(project, [issue], by=by_key, status=IN_NEXT)
    ReleaseFactory(projects=[project], released_at=NOW)

    outcome = ask(project, [issue], by=by_key, status=IN_NEXT)

    assert (outcome.matched, outcome.changed) == (1, 0)
    assert resolution_of(issue) == (ResolutionKind.IN_NEXT_RELEASE, newest.pk)


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
@pytest.mark.parametrize("what_happened", ["deleted", "taken from the project", "of another project"])
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
    match what_happened:
        case "deleted":
            older.delete()
        case "taken from the project":
            older.projects.clear()
        case _:
            older.projects.set([other_project])
    before = snapshot()

    with pytest.raises(UnknownRelease, match=r"^Unable to find a release with the given version\.$"):
        ask(project, [issue] if is_named else None, by=by_key, status=wish)

    assert snapshot() == before
