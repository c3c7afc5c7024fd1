"""A release that comes, by a request or with time, settles what was resolved in the next one (contract section 5)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from issues.models import Issue
from issues.mutation import ReleaseChange
from issues.services import releases
from issues.services.releases import ReleaseInUse
from projects.models import Project, Release
from tests.acts import act
from tests.factories import NOW, ReleaseFactory
from tests.issues.services.calls import statements
from tests.issues.services.releasing import DAY, delete, resolved_in, save, update, waiting

pytestmark = pytest.mark.django_db


# ---------------------------------------------------------------------------------------------------------------------
# What it settles
# ---------------------------------------------------------------------------------------------------------------------


def test_settles_when_it_is_made(project: Project, other_project: Project) -> None:
    base = ReleaseFactory(projects=[project])
    here, there = waiting(project, base), waiting(other_project)

    save("2.0.0", project)

    assert [resolved_in(here), resolved_in(there)] == ["2.0.0", None]


def test_settles_when_it_gets_a_project(project: Project, other_project: Project) -> None:
    release = ReleaseFactory(projects=[project], version="2.0.0")
    here, there = waiting(project, release), waiting(other_project)

    save("2.0.0", other_project, seen=(project,))

    assert [resolved_in(here), resolved_in(there)] == [None, "2.0.0"]


def test_settles_when_it_gets_a_project_by_an_update(project: Project, other_project: Project) -> None:
    release = ReleaseFactory(projects=[project], version="2.0.0")
    there = waiting(other_project)

    update(release, other_project)

    assert resolved_in(there) == "2.0.0"


def test_settles_in_all_its_projects_when_it_comes_out_later_than_the_base(
    project: Project, other_project: Project
) -> None:
    release = ReleaseFactory(projects=[project, other_project], version="2.0.0", created_at=NOW - 9 * DAY)
    bases = [ReleaseFactory(project=place, created_at=NOW - DAY) for place in (project, other_project)]
    issues = [waiting(base.project, base) for base in bases]

    update(release, seen=(other_project,), status="open", url="https://example.com/")
    assert [resolved_in(issue) for issue in issues] == [None, None]

    update(release, seen=(other_project,), released_at=NOW)
    assert [resolved_in(issue) for issue in issues] == ["2.0.0", "2.0.0"]


def test_lets_another_settle_when_it_turns_out_to_be_older(project: Project) -> None:
    release = ReleaseFactory(projects=[project], version="1.0.0", created_at=NOW)
    ReleaseFactory(projects=[project], version="0.9.0", created_at=NOW - DAY)
    issue = waiting(project, release)

    update(release, released_at=NOW - 2 * DAY)

    assert resolved_in(issue) == "0.9.0"


def test_settles_nothing_by_what_is_neither_a_date_nor_a_project(project: Project) -> None:
    base = ReleaseFactory(project=project, version="2.0.0", released_at=NOW)
    issue = waiting(project, base)

    update(base, project, released_at=NOW, status="archived")
    save("2.0.0", project, url="https://example.com/")

    assert resolved_in(issue) is None


# ---------------------------------------------------------------------------------------------------------------------
# In the future, it is not released yet
# ---------------------------------------------------------------------------------------------------------------------


def save_at(at: datetime, version: str, project: Project, **said: Any) -> None:
    change = ReleaseChange(project_ids=frozenset([project.pk]), **said)
    releases.save(version, change, act(at=at), seen_in=[project.pk])


def test_settles_nothing_while_it_is_dated_in_the_future(project: Project) -> None:
    issue = waiting(project, ReleaseFactory(project=project))

    save_at(NOW, "2.0.0", project, released_at=NOW + DAY)
    assert resolved_in(issue) is None

    save_at(NOW + 2 * DAY, "2.0.0", project, url="https://example.com/")  # whoever comes next
    assert resolved_in(issue) == "2.0.0"


def test_settles_what_time_brought_before_what_is_said_now(project: Project) -> None:
    """It was the next one from its date on, whatever is made, moved or deleted afterwards."""
    issue = waiting(project, ReleaseFactory(project=project))
    save_at(NOW, "2.0.0", project, released_at=NOW + DAY)

    save_at(NOW + 2 * DAY, "1.5.0", project, released_at=NOW - DAY)

    assert resolved_in(issue) == "2.0.0"


def test_is_not_moved_on_from_what_time_brought(project: Project) -> None:
    issue = waiting(project, ReleaseFactory(project=project))
    save_at(NOW, "2.0.0", project, released_at=NOW + DAY)

    save_at(NOW + 2 * DAY, "2.0.0", project, released_at=NOW + 9 * DAY)

    assert resolved_in(issue) == "2.0.0"


def test_is_not_deleted_while_time_alone_has_resolved_an_issue_by_it(project: Project) -> None:
    issue = waiting(project, ReleaseFactory(project=project))
    save_at(NOW, "2.0.0", project, released_at=NOW + DAY)

    with pytest.raises(ReleaseInUse):
        releases.delete("2.0.0", act(at=NOW + 2 * DAY), seen_in=[project.pk])
    assert releases.delete("2.0.0", act(), seen_in=[project.pk]) is True

    assert resolved_in(issue) is None


def test_settles_by_the_order_of_its_package(project: Project) -> None:
    """``10.18.7`` made after ``10.24.0`` is not newer."""
    save_at(NOW - 3 * DAY, "ios@10.24.0", project)
    issue = waiting(project, Release.objects.get())

    save_at(NOW - 2 * DAY, "ios@10.18.7", project)
    save_at(NOW - 1 * DAY, "ios@10.24.0-beta.1", project)
    assert resolved_in(issue) is None

    save_at(NOW, "ios@10.24.1", project)
    assert resolved_in(issue) == "ios@10.24.1"


def test_is_dated_anew_with_its_package_when_a_date_changes(project: Project) -> None:
    for days, version in [(9, "p@2.0"), (5, "nightly"), (7, "p@1.9")]:
        save_at(NOW - days * DAY, version, project)
    newest = Release.objects.of_project(project.pk).newest_first()
    assert [release.version for release in newest] == ["nightly", "p@2.0", "p@1.9"]

    update(Release.objects.get(version="p@1.9"), released_at=NOW)
    assert [release.version for release in newest.all()] == ["p@2.0", "p@1.9", "nightly"]

    update(Release.objects.get(version="p@1.9"), released_at=NOW - 8 * DAY)
    assert [release.version for release in newest.all()] == ["nightly", "p@2.0", "p@1.9"]


def test_settles_when_what_its_base_was_dated_by_goes(project: Project) -> None:
    """The base counted as dated when a lower number came; without that one, another release is newer."""
    save_at(NOW - 9 * DAY, "p@2.0", project)
    save_at(NOW - 5 * DAY, "nightly", project)
    save_at(NOW - 1 * DAY, "p@1.9", project)
    issue = waiting(project, Release.objects.get(version="p@2.0"))

    assert delete(Release.objects.get(version="p@1.9")) is True

    assert resolved_in(issue) == "nightly"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda release, other: save("9.0.0", release.project, other), id="made"),
        pytest.param(lambda release, other: update(release, seen=(other,), released_at=NOW), id="updated"),
    ],
)
def test_takes_as_many_statements_for_many_issues_and_keeps_projects_before_issues(
    change: Callable[[Release, Project], object], project: Project, other_project: Project
) -> None:
    release = ReleaseFactory(projects=[project, other_project])
    counts = []
    for number in (1, 20):
        Issue.objects.update(resolution_kind="in_next_release", resolution_release=release)
        Release.objects.filter(version="9.0.0").delete()
        Release.objects.update(released_at=None)
        for _ in range(number):
            waiting(project, release)

        with statements() as queries:
            change(release, other_project)

        counts.append(len(queries))
        sql = "\n".join(query["sql"] for query in queries)
        places = ["FOR NO KEY UPDATE", "projects_release", "FROM issues_issue", "UPDATE issues_issue"]
        found = [sql.index(word, sql.index("FROM issues_projectstate")) for word in places]
        assert found == sorted(found)
    assert counts[0] == counts[1]
