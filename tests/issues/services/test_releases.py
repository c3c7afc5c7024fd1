"""A release ... (contract section 5)"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from issues.models import Issue
from issues.mutation import NewDeploy, ReleaseChange
from issues.services import deploys, releases
from issues.services.releases import ProjectsRequired, ReleaseInUse, Saved
from projects.models import Deploy, Organization, Project, Release
from tests.assertions import snapshot
from tests.factories import NOW, DeployFactory, IssueFactory, ReleaseFactory
from tests.issues.services.calls import changes_since, statements

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
COLUMNS = ("version", "ref", "url", "status", "started_at", "released_at", "created_at")


def save(
    organization: Organization, version: str, *projects: Project, seen: tuple[Project, ...] = (), **said: Any
) -> Saved:
    change = ReleaseChange(project_ids=frozenset(project.pk for project in projects), **said)
    seen_in = {project.pk for project in seen or projects}
    return releases.save(organization.pk, version, change, seen_in=seen_in, at=NOW, lock_timeout=5)


def update(release: Release, *projects: Project, **said: Any) -> bool:
    change = ReleaseChange(project_ids=frozenset(project.pk for project in projects), **said)
    return releases.update(release.pk, change, lock_timeout=5)


def delete(release: Release) -> bool:
    return releases.delete(release.pk, lock_timeout=5)


def everything() -> dict[str, Any]:
    return {
        "releases": list(Release.objects.order_by("id").values()),
        "projects": list(Release.projects.through._default_manager.order_by("id").values()),
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


def test_is_made_of_what_was_said(organization: Organization, project: Project, other_project: Project) -> None:
    said: dict[str, Any] = {
        "ref": "6ba09a7",
        "url": "https://example.com/1.0.0",
        "status": "archived",
        "started_at": NOW - 2 * DAY,
        "released_at": NOW - DAY,
    }

    saved = save(organization, "1.0.0", project, other_project, **said)

    release = Release.objects.get()
    assert saved == Saved(release.pk, is_new=True)
    assert {column: getattr(release, column) for column in COLUMNS} == {"version": "1.0.0", "created_at": NOW, **said}
    assert release.organization == organization
    assert set(release.projects.all()) == {project, other_project}


def test_is_open_and_not_out_when_nothing_was_said(organization: Organization, project: Project) -> None:
    save(organization, "1.0.0", project)

    assert Release.objects.values(*COLUMNS).get() == {
        "version": "1.0.0",
        "ref": "",
        "url": "",
        "status": "open",
        "started_at": None,
        "released_at": None,
        "created_at": NOW,
    }


def test_of_a_version_that_is_there_is_changed_in_what_was_said(
    organization: Organization, project: Project, other_project: Project
) -> None:
    release = ReleaseFactory(projects=[project], version="1.0.0", ref="6ba09a7", url="https://example.com/")
    before = Release.objects.values().get()

    saved = save(organization, "1.0.0", other_project, status="archived", url="")

    assert saved == Saved(release.pk, is_new=False)
    assert Release.objects.values().get() == {**before, "status": "archived", "url": ""}
    assert set(release.projects.all()) == {project, other_project}


def test_of_another_organization_is_another_one(project: Project, stranger_project: Project) -> None:
    ReleaseFactory(projects=[stranger_project], version="1.0.0")

    assert save(project.organization, "1.0.0", project).is_new

    assert Release.objects.count() == 2


def test_needs_a_project_when_it_is_new(organization: Organization, project: Project, other_project: Project) -> None:
    ReleaseFactory(projects=[other_project], version="1.0.0")
    before = everything()

    for version in ("1.0.0", "2.0.0"):  # who sees none of its projects knows of none
        with pytest.raises(ProjectsRequired, match=r"^A new release needs at least one project\.$"):
            save(organization, version, seen=(project,), status="archived")

    assert everything() == before


def test_needs_no_project_when_the_caller_sees_it(organization: Organization, project: Project) -> None:
    release = ReleaseFactory(projects=[project], version="1.0.0")

    assert save(organization, "1.0.0", seen=(project,), status="archived") == Saved(release.pk, is_new=False)

    release.refresh_from_db()
    assert release.status == "archived"


def test_is_updated_in_what_was_said(project: Project, other_project: Project) -> None:
    release = ReleaseFactory(projects=[project], started_at=NOW - DAY)
    before = Release.objects.values().get()

    assert update(release, other_project, released_at=NOW) is True

    assert Release.objects.values().get() == {**before, "released_at": NOW, "ordered_at": NOW}
    assert set(release.projects.all()) == {project, other_project}


def test_that_is_gone_is_not_updated_deleted_or_deployed(project: Project) -> None:
    release = ReleaseFactory(projects=[project])
    Release.objects.all().delete()
    before = everything()

    done = [
        update(release, project, url="https://example.com/"),
        delete(release),
        deploys.record(release.pk, NewDeploy("production", finished_at=NOW), lock_timeout=5),
    ]

    assert done == [False, False, None]
    assert everything() == before


def test_keeps_its_deploys(project: Project) -> None:
    release = ReleaseFactory(projects=[project])

    deploy = deploys.record(release.pk, NewDeploy("production", finished_at=NOW), lock_timeout=5)

    assert Deploy.objects.get() == deploy
    assert Deploy.objects.values().get() == {
        "id": deploy.pk if deploy else None,
        "release_id": release.pk,
        "environment": "production",
        "name": "",
        "url": "",
        "started_at": None,
        "finished_at": NOW,
    }


# ---------------------------------------------------------------------------------------------------------------------
# What it settles
# ---------------------------------------------------------------------------------------------------------------------


def test_settles_when_it_is_made(organization: Organization, project: Project, other_project: Project) -> None:
    base = ReleaseFactory(projects=[project])
    here, there = waiting(project, base), waiting(other_project)

    save(organization, "2.0.0", project)

    assert [resolved_in(here), resolved_in(there)] == ["2.0.0", None]


def test_settles_when_it_gets_a_project(organization: Organization, project: Project, other_project: Project) -> None:
    release = ReleaseFactory(projects=[project], version="2.0.0")
    here, there = waiting(project, release), waiting(other_project)

    save(organization, "2.0.0", other_project)

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
    bases = [ReleaseFactory(projects=[place], created_at=NOW - DAY) for place in (project, other_project)]
    issues = [waiting(base.projects.get(), base) for base in bases]

    update(release, status="open", url="https://example.com/")
    assert [resolved_in(issue) for issue in issues] == [None, None]

    update(release, released_at=NOW)
    assert [resolved_in(issue) for issue in issues] == ["2.0.0", "2.0.0"]


def test_lets_another_settle_when_it_turns_out_to_be_older(project: Project) -> None:
    release = ReleaseFactory(projects=[project], version="1.0.0", created_at=NOW)
    ReleaseFactory(projects=[project], version="0.9.0", created_at=NOW - DAY)
    issue = waiting(project, release)

    update(release, released_at=NOW - 2 * DAY)

    assert resolved_in(issue) == "0.9.0"


def test_settles_nothing_when_neither_date_nor_projects_change(organization: Organization, project: Project) -> None:
    release = ReleaseFactory(projects=[project], version="2.0.0", released_at=NOW)
    issue = waiting(project)  # no request could leave it so: whatever the release does, it is not looked at

    update(release, project, released_at=NOW, status="archived")
    save(organization, "2.0.0", project, url="https://example.com/")

    assert resolved_in(issue) is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda release: save(release.organization, "9.0.0", *release.projects.all()), id="made"),
        pytest.param(lambda release: update(release, released_at=NOW), id="updated"),
    ],
)
def test_takes_as_many_statements_for_many_issues_and_keeps_projects_before_issues(
    change: Callable[[Release], object], project: Project, other_project: Project
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
            change(release)

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
    assert set(project.releases.all()) == {other}


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
