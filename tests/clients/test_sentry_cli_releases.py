"""Sentry's own command line client, unchanged, against the real server: releases and deploys."""

import subprocess
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from issues.models import Activity, Issue
from projects.models import Deploy, Project, Release
from tests.clients.sentry_cli import cells, run
from tests.factories import DeployFactory, IssueFactory, ReleaseFactory

pytestmark = pytest.mark.django_db(transaction=True)

VERSIONS = ["1.0.0", "web@1.2.3+456", "two words", "50%", "ünï→日本"]
ANY_VERSION = pytest.mark.parametrize("version", VERSIONS)


class SentryCli:
    def __init__(self, address: str, token: str) -> None:
        self.address, self.token = address, token

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return run(self.address, self.token, *words)

    def says(self, *words: str) -> str:
        """Return what is printed by a command that succeeds."""
        done = self(*words)
        assert (done.returncode, done.stderr) == (0, ""), (done.stdout, done.stderr)
        return done.stdout


@pytest.fixture
def sentry_cli(address: str, jane_token: str) -> SentryCli:
    return SentryCli(address, jane_token)


def columns(*names: str) -> dict[str, Any]:
    return {**Release.objects.values(*names).get()}


@ANY_VERSION
def test_makes_a_release(sentry_cli: SentryCli, project: Project, version: str) -> None:
    said = sentry_cli.says("releases", "new", version, "--url", "https://example.com/1")

    assert said == f"Created release {version}\n"
    release = Release.objects.get()
    assert (release.version, release.url, release.released_at) == (version, "https://example.com/1", None)
    assert timezone.now() - (release.started_at or release.created_at) < timedelta(minutes=5)
    assert release.project == project


def test_makes_a_release_that_is_out_for_several_projects(
    sentry_cli: SentryCli, project: Project, other_project: Project
) -> None:
    words = ["-p", str(project.pk), "-p", "prime-mover", "--finalize"]  # an id is sent as a number

    assert sentry_cli.says("releases", "new", "1.0.0", *words) == "Created release 1.0.0\n"

    made = Release.objects.all()
    assert {release.project for release in made} == {project, other_project}
    assert all(release.released_at is not None for release in made)


def test_makes_a_release_again(sentry_cli: SentryCli) -> None:
    for _ in range(2):
        assert sentry_cli.says("releases", "new", "1.0.0") == "Created release 1.0.0\n"

    assert Release.objects.count() == 1


@ANY_VERSION
def test_finalizes_archives_restores_shows_and_deletes_a_release(
    sentry_cli: SentryCli, project: Project, version: str
) -> None:
    ReleaseFactory(projects=[project], version=version)

    assert sentry_cli.says("releases", "finalize", version) == f"Finalized release {version}\n"
    assert columns("status", "released_at")["released_at"] is not None
    assert sentry_cli.says("releases", "archive", version) == f"Archived release {version}\n"
    assert columns("status") == {"status": "archived"}
    assert sentry_cli.says("releases", "restore", version) == f"Restored release {version}\n"
    assert columns("status") == {"status": "open"}
    told = sentry_cli.says("releases", "info", version, "--show-projects", "--show-commits")
    assert cells(told) == [
        ["Version", "Date created", "Projects", "Commits"],
        [version, "2026-01-30 12:00:00 UTC", "pump-station", "-"],
    ]
    assert sentry_cli.says("releases", "delete", version) == f"Deleted release {version}!\n"
    assert not Release.objects.exists()


def test_lists_releases_newest_first(sentry_cli: SentryCli, project: Project, other_project: Project) -> None:
    now = timezone.now()
    ReleaseFactory(projects=[project], version="1.0.0", released_at=now - timedelta(hours=50, minutes=9))
    latest = ReleaseFactory(projects=[project], version="web@2.0.0+1", created_at=now - timedelta(hours=9))
    ReleaseFactory(projects=[other_project], version="9.0.0")
    IssueFactory(project=project, own_first_release=latest)

    assert cells(sentry_cli.says("releases", "list")) == [
        ["Released", "Version", "New Events", "Last Event"],
        ["(unreleased)", "web@2.0.0+1", "1", "-"],
        ["50 hours ago", "1.0.0", "0", "-"],
    ]
    assert sentry_cli.says("releases", "list", "--raw") == "web@2.0.0+1\n1.0.0\n"


def test_knows_no_other_release(sentry_cli: SentryCli, project: Project) -> None:
    info, finalize = sentry_cli("releases", "info", "2.0"), sentry_cli("releases", "finalize", "2.0")

    assert (info.returncode, info.stdout, info.stderr) == (1, "", "")
    assert finalize.returncode == 1
    assert "Release not found" in finalize.stderr
    assert sentry_cli.says("releases", "delete", "2.0") == (
        "Did nothing. Release with this version (2.0) does not exist.\n"
    )


def test_shows_why_a_release_is_not_deleted(sentry_cli: SentryCli, project: Project) -> None:
    IssueFactory(
        project=project,
        resolved_in_release=True,
        resolution_release=ReleaseFactory(projects=[project], version="1.0.0"),
    )

    done = sentry_cli("releases", "delete", "1.0.0")

    assert done.returncode == 1
    assert "This release is referenced by active issues and cannot be removed. (http status: 400)" in done.stderr


@pytest.mark.parametrize(
    ("words", "why"), [(["latest"], "it means the newest release"), (["1.0", "-p", "relay"], "There is no project")]
)
def test_shows_why_a_release_is_not_made(sentry_cli: SentryCli, words: list[str], why: str) -> None:
    done = sentry_cli("releases", "new", *words)

    assert done.returncode == 1
    assert why in done.stderr
    assert not Release.objects.exists()


def test_sets_commits_which_are_taken_and_dropped(sentry_cli: SentryCli, project: Project) -> None:
    release = ReleaseFactory(projects=[project], version="web@1.2.3+456")

    said = sentry_cli.says(
        "releases", "set-commits", release.version, "--commit", "pump/station@9f2c1d0a7b6e5f4c3d2b1a0987654321fedcba98"
    )

    assert f"Success! Set commits for release {release.version}" in said
    assert columns("version", "ref") == {"version": release.version, "ref": ""}


# ---------------------------------------------------------------------------------------------------------------------
# Deploys
# ---------------------------------------------------------------------------------------------------------------------


@ANY_VERSION
def test_records_deploys(sentry_cli: SentryCli, project: Project, version: str) -> None:
    release = ReleaseFactory(projects=[project], version=version)

    said = sentry_cli.says("deploys", "new", "-r", version, "-e", "production")
    assert said == "Created new deploy unnamed for 'production'\n"
    words = ["-n", "blue", "-t", "30", "--url", "https://example.com/"]
    said = sentry_cli.says("deploys", "new", "-r", version, "-e", "qa", *words)
    assert said == "Created new deploy blue for 'qa'\n"

    bare, full = Deploy.objects.order_by("id")
    assert (bare.release, bare.environment, bare.name, bare.url) == (release, "production", "", "")
    assert (full.release, full.environment, full.name, full.url) == (release, "qa", "blue", "https://example.com/")
    assert full.started_at is not None
    assert round((full.finished_at - full.started_at).total_seconds()) == 30


def test_lists_deploys(sentry_cli: SentryCli, project: Project) -> None:
    release = ReleaseFactory(projects=[project], version="web@1.2.3+456")
    DeployFactory(release=release, name="blue", finished_at=timezone.now())
    DeployFactory(release=release, environment="qa", finished_at=timezone.now() - timedelta(minutes=3))

    _, *rows = cells(sentry_cli.says("deploys", "list", "-r", release.version))

    assert [row[:2] for row in rows] == [["production", "blue"], ["qa", "unnamed"]]


# ---------------------------------------------------------------------------------------------------------------------
# What a release settles
# ---------------------------------------------------------------------------------------------------------------------


def test_settles_what_was_resolved_in_the_next_release(sentry_cli: SentryCli, project: Project) -> None:
    ReleaseFactory(projects=[project], version="1.0.0")
    issue, other = IssueFactory(project=project), IssueFactory(project=project)

    sentry_cli.says("issues", "resolve", "--next-release", "-i", str(issue.pk))
    sentry_cli.says("releases", "new", "web@1.2.3+456")

    issue.refresh_from_db()
    assert (issue.status, issue.resolution_kind) == ("resolved", "in_release")
    assert issue.resolution_release == Release.objects.get(version="web@1.2.3+456")
    assert Activity.objects.get(issue=issue).data == {"version": "web@1.2.3+456"}
    assert Issue.objects.get(pk=other.pk).status == "unresolved"
