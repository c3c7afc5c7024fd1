"""A release ... (contract section 5)"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from issues.models import Issue
from issues.mutation import NewDeploy, ReleaseChange
from issues.services import deploys, releases
from issues.services.releases import ProjectsRequired, ReleaseInUse
from projects.models import Deploy, Project, Release
from tests.assertions import snapshot
from tests.factories import NOW, DeployFactory, IssueFactory, ProjectFactory, ReleaseFactory
from tests.issues.services.calls import changes_since, statements

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
COLUMNS = ("version", "ref", "url", "status", "started_at", "released_at", "created_at")


def save(version: str, *projects: Project, seen: tuple[Project, ...] = (), **said: Any) -> bool:
    """Make it, or change it where it is seen: in these projects and those that are named."""
    change = ReleaseChange(project_ids=frozenset(project.pk for project in projects), **said)
    seen_in = {project.pk for project in (*seen, *projects)}
    return releases.save(version, change, seen_in=seen_in, at=NOW, lock_timeout=5)


def update(release: Release, *projects: Project, seen: tuple[Project, ...] = (), **said: Any) -> bool:
    change = ReleaseChange(project_ids=frozenset(project.pk for project in projects), **said)
    seen_in = {release.project_id, *(project.pk for project in (*seen, *projects))}
    return releases.update(release.version, change, seen_in=seen_in, at=NOW, lock_timeout=5)


def delete(release: Release, *seen: Project) -> bool:
    seen_in = {release.project_id, *(project.pk for project in seen)}
    return releases.delete(release.version, seen_in=seen_in, at=NOW, lock_timeout=5)


def everything() -> dict[str, Any]:
    return {
        "releases": list(Release.objects.order_by("id").values()),
        "deploys": list(Deploy.objects.order_by("id").values()),
        "issues": snapshot(),
    }


def waiting(project: Project, base: Release | None = None) -> Issue:
    return IssueFactory(project=project, resolved_in_next_release=True, resolution_release=base)


def resolved_in(issue: Issue) -> str | None:
    """Return the version that settled the issue; None when it waits still."""
    issue.refresh_from_db()
    return issue.resolution_release.version if issue.resolution_kind == "in_release" else None


# ---------------------------------------------------------------------------------------------------------------------
# Made and changed
# ---------------------------------------------------------------------------------------------------------------------


def test_is_made_of_what_was_said_in_each_project(project: Project, other_project: Project) -> None:
    said: dict[str, Any] = {
        "ref": "6ba09a7",
        "url": "https://example.com/1.0.0",
        "status": "archived",
        "started_at": NOW - 2 * DAY,
        "released_at": NOW - DAY,
    }

    assert save("1.0.0", project, other_project, **said) is True

    made = Release.objects.order_by("id")
    assert list(made.values(*COLUMNS)) == [{"version": "1.0.0", "created_at": NOW, **said}] * 2
    assert [release.project for release in made] == [project, other_project]


def test_is_open_and_not_out_when_nothing_was_said(project: Project) -> None:
    save("1.0.0", project)

    assert Release.objects.values(*COLUMNS, "package", "number").get() == {
        "version": "1.0.0",
        "ref": "",
        "url": "",
        "status": "open",
        "started_at": None,
        "released_at": None,
        "created_at": NOW,
        "package": "",
        "number": "",
    }


def test_of_a_version_that_is_there_is_changed_in_what_was_said(project: Project, other_project: Project) -> None:
    ReleaseFactory(project=project, version="1.0.0", ref="6ba09a7", url="https://example.com/", released_at=NOW - DAY)
    before = Release.objects.values().get()

    assert save("1.0.0", other_project, seen=(project,), status="archived", url="") is False

    here, there = Release.objects.order_by("id").values()
    assert here == {**before, "status": "archived", "url": ""}
    own = {"id": there["id"], "ordered_by_id": there["id"], "project_id": other_project.pk, "created_at": NOW}
    assert there == {**here, **own}  # what is known of it goes along


def test_of_several_projects_is_changed_as_one_where_it_is_seen(project: Project, other_project: Project) -> None:
    hidden = ProjectFactory(organization=project.organization)
    ReleaseFactory(projects=[project, other_project, hidden], version="1.0.0")
    unseen = Release.objects.filter(project=hidden).values().get()

    assert save("1.0.0", seen=(project, other_project), status="archived") is False
    assert update(Release.objects.get(project=project), seen=(other_project,), released_at=NOW) is True

    assert [*Release.objects.filter(project__in=[project, other_project]).values_list("status", "released_at")] == [
        ("archived", NOW),
        ("archived", NOW),
    ]
    assert Release.objects.filter(project=hidden).values().get() == unseen


def test_added_to_a_project_takes_what_is_known_from_the_one_made_first(
    project: Project, other_project: Project
) -> None:
    third = ProjectFactory(organization=project.organization)
    ReleaseFactory(project=project, version="1.0.0", ref="later", created_at=NOW - DAY)
    first = ReleaseFactory(project=other_project, version="1.0.0", ref="first", created_at=NOW - 2 * DAY)

    assert update(first, third, seen=(project,)) is True

    assert Release.objects.get(project=third).ref == "first"
    assert Release.objects.get(project=project).ref == "later"


def test_of_a_project_that_is_not_seen_is_another_one(project: Project, other_project: Project) -> None:
    hidden = ReleaseFactory(project=other_project, version="1.0.0")
    before = Release.objects.values().get()

    assert save("1.0.0", project, released_at=NOW) is True
    assert delete(Release.objects.get(project=project)) is True

    assert Release.objects.values().get() == before
    assert Release.objects.get() == hidden


def test_needs_a_project_when_it_is_new(project: Project, other_project: Project) -> None:
    ReleaseFactory(projects=[other_project], version="1.0.0")
    before = everything()

    for version in ("1.0.0", "2.0.0"):  # who sees none of its projects knows of none
        with pytest.raises(ProjectsRequired, match=r"^A new release needs at least one project\.$"):
            save(version, seen=(project,), status="archived")

    assert everything() == before


def test_needs_no_project_when_the_caller_sees_it(project: Project) -> None:
    release = ReleaseFactory(projects=[project], version="1.0.0")

    assert save("1.0.0", seen=(project,), status="archived") is False

    release.refresh_from_db()
    assert release.status == "archived"


def test_is_updated_in_what_was_said(project: Project, other_project: Project) -> None:
    release = ReleaseFactory(projects=[project], started_at=NOW - DAY)
    before = Release.objects.values().get()

    assert update(release, other_project, released_at=NOW) is True

    dates = {"released_at": NOW, "dated_at": NOW, "ordered_at": NOW}
    assert Release.objects.values().get(project=project) == {**before, **dates}
    assert Release.objects.get(project=other_project).released_at == NOW


def test_that_is_gone_is_not_updated_deleted_or_deployed(project: Project) -> None:
    release = ReleaseFactory(projects=[project])
    Release.objects.all().delete()
    before = everything()

    done = [
        update(release, project, url="https://example.com/"),
        delete(release),
        deploys.record(release.version, NewDeploy("production", finished_at=NOW), seen_in=[project.pk], lock_timeout=5),
    ]

    assert done == [False, False, None]
    assert everything() == before


def test_keeps_its_deploys(project: Project) -> None:
    release = ReleaseFactory(projects=[project])

    deploy = deploys.record(
        release.version, NewDeploy("production", finished_at=NOW), seen_in=[project.pk], lock_timeout=5
    )

    assert Deploy.objects.get() == deploy
    assert Deploy.objects.values().get() == {
        "id": deploy.pk if deploy else None,
        "release_id": release.pk,
        "environment": "production",
        "name": "",
        "url": "",
        "started_at": None,
        "finished_at": NOW,
        "told_as_id": None,
    }


def test_keeps_a_deploy_in_each_project_that_is_seen_and_gathers_it_as_one(
    project: Project, other_project: Project
) -> None:
    hidden = ProjectFactory(organization=project.organization)
    ReleaseFactory(projects=[project, other_project, hidden], version="1.0.0")
    here, there, _ = ids = [*Release.objects.order_by("id").values_list("pk", flat=True)]

    first, second = (
        deploys.record(
            "1.0.0",
            NewDeploy("production", finished_at=NOW),
            seen_in=[project.pk, other_project.pk],
            lock_timeout=5,
        )
        for _ in range(2)
    )

    assert first is not None
    assert second is not None
    assert [*Deploy.objects.order_by("id").values_list("release_id", "told_as_id")] == [
        (here, None),
        (there, first.pk),
        (here, None),
        (there, second.pk),
    ]
    assert set(Deploy.objects.gathered(ids)) == set(Deploy.objects.gathered([here])) == {first, second}
    assert Deploy.objects.gathered([there]).count() == 2


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
    releases.save(version, change, seen_in=[project.pk], at=at, lock_timeout=5)


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
        releases.delete("2.0.0", seen_in=[project.pk], at=NOW + 2 * DAY, lock_timeout=5)
    assert releases.delete("2.0.0", seen_in=[project.pk], at=NOW, lock_timeout=5) is True

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
        found = [sql.index(word, sql.index("projects_project WHERE id = ANY")) for word in places]
        assert found == sorted(found)
    assert counts[0] == counts[1]


# ---------------------------------------------------------------------------------------------------------------------
# Deleted
# ---------------------------------------------------------------------------------------------------------------------


def test_is_deleted_with_its_deploys_and_forgotten_by_its_issues(project: Project, other_project: Project) -> None:
    release, other = (ReleaseFactory(projects=[project]) for _ in range(2))
    DeployFactory(release=release)
    kept = DeployFactory(release=other)
    seen_in_it = IssueFactory(project=project, own_first_release=release, own_last_release=other)
    child = IssueFactory(merged_into=seen_in_it, own_first_release=other, own_last_release=release)
    Issue.objects.filter(pk=seen_in_it.pk).update(first_release=release, last_release=release)
    IssueFactory(project=project, own_first_release=other)
    before = snapshot()

    assert delete(release) is True

    assert changes_since(before).updated == {
        "issue": {
            # what is left in its tree: its own last, its child's first
            seen_in_it.pk: {"own_first_release_id": None, "first_release_id": other.pk, "last_release_id": other.pk},
            child.pk: {"own_last_release_id": None, "last_release_id": None},
        }
    }
    assert list(Release.objects.all()) == [other]
    assert list(Deploy.objects.all()) == [kept]


@pytest.mark.parametrize("trait", ["resolved_in_release", "resolved_in_next_release"])
@pytest.mark.parametrize("is_merged", [False, True])
def test_is_not_deleted_while_an_issue_is_resolved_by_it(trait: str, is_merged: bool, project: Project) -> None:
    release = ReleaseFactory(projects=[project])
    place = {"merged_into": IssueFactory(project=project)} if is_merged else {"project": project}
    IssueFactory(**place, **{trait: True}, resolution_release=release)
    IssueFactory(project=project, own_first_release=release)
    DeployFactory(release=release)
    before = everything()

    with pytest.raises(ReleaseInUse, match=r"^This release is referenced by active issues and cannot be removed\.$"):
        delete(release)

    assert everything() == before
