"""A release: made, changed and deleted (contract section 5)."""

from typing import Any

import pytest

from issues.models import Issue, IssueRelease
from issues.mutation import NewDeploy
from issues.services import deploys
from issues.services.releases import ProjectsRequired, ReleaseInUse
from projects.models import Deploy, Project, Release
from tests.acts import act
from tests.assertions import snapshot
from tests.factories import NOW, DeployFactory, IssueFactory, ProjectFactory, ReleaseFactory
from tests.issues.services.calls import changes_since
from tests.issues.services.releasing import COLUMNS, DAY, delete, everything, save, update

pytestmark = pytest.mark.django_db


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
        deploys.record(release.version, NewDeploy("production", finished_at=NOW), act(), seen_in=[project.pk]),
    ]

    assert done == [False, False, None]
    assert everything() == before


def test_keeps_its_deploys(project: Project) -> None:
    release = ReleaseFactory(projects=[project])

    deploy = deploys.record(release.version, NewDeploy("production", finished_at=NOW), act(), seen_in=[project.pk])

    assert Deploy.objects.get() == deploy
    assert Deploy.objects.values().get() == {
        "id": deploy.pk if deploy else None,
        "project_id": project.pk,
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
            act(),
            seen_in=[project.pk, other_project.pk],
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
    places = [project.pk, other_project.pk]
    for releases in (ids, [here]):
        assert set(Deploy.objects.gathered(places, releases)) == {first, second}
    assert Deploy.objects.gathered(places, [there]).count() == 2


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
    assert set(IssueRelease.objects.values_list("release", flat=True)) == {other.pk}


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
