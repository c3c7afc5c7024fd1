"""Sentry's own command line client, unchanged, against the real server."""

import subprocess

import pytest

from issues.models import Issue
from projects.models import Project
from tests.clients.sentry_cli import cells, run
from tests.factories import IssueFactory, ProjectFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project) for _ in range(4)]


def sentry_cli(address: str, token: str, *words: str, command: str = "issues") -> subprocess.CompletedProcess[str]:
    """Run `sentry-cli issues ...`, or another command."""
    return run(address, token, command, *words)


def statuses() -> list[str]:
    return list(Issue.objects.order_by("id").values_list("status", flat=True))


def assert_updated(done: subprocess.CompletedProcess[str], status: str) -> None:
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["Updated matching issues.", f"  new status: {status}"]


def test_lists_every_issue_whatever_its_status(address: str, jane_token: str, issues: list[Issue]) -> None:
    ignored = IssueFactory(project=issues[0].project, ignored=True)

    done = sentry_cli(address, jane_token, "list")

    assert (done.returncode, done.stderr) == (0, "")
    _, *rows = cells(done.stdout)
    assert sorted((row[0], row[1], row[4]) for row in rows) == sorted(
        [(str(issue.pk), issue.short_id, "unresolved") for issue in issues]
        + [(str(ignored.pk), ignored.short_id, "ignored")]
    )


@pytest.mark.parametrize(
    ("command", "before", "after", "told"),
    [
        (["resolve"], "unresolved", "resolved", "resolved"),
        (["resolve", "--next-release"], "unresolved", "resolved", "resolvedInNextRelease"),
        (["mute"], "unresolved", "ignored", "muted"),
        (["unresolve"], "resolved", "unresolved", "unresolved"),
    ],
    ids=["resolve", "resolve-next-release", "mute", "unresolve"],
)
class TestChanges:
    def test_the_issues_that_were_named(
        self, address: str, jane_token: str, project: Project, command: list[str], before: str, after: str, told: str
    ) -> None:
        named = [IssueFactory(project=project, **{before: True} if before != "unresolved" else {}) for _ in range(2)]
        IssueFactory(project=project, **{before: True} if before != "unresolved" else {})

        done = sentry_cli(address, jane_token, *command, "-i", str(named[0].pk), "-i", str(named[1].pk))

        assert_updated(done, told)
        assert statuses() == [after, after, before]

    def test_all_issues_when_asked_to(
        self, address: str, jane_token: str, project: Project, command: list[str], before: str, after: str, told: str
    ) -> None:
        for _ in range(3):
            IssueFactory(project=project, **{before: True} if before != "unresolved" else {})

        done = sentry_cli(address, jane_token, *command, "--all")

        assert_updated(done, told)
        assert statuses() == [after, after, after]

    def test_the_issues_of_one_status(
        self, address: str, jane_token: str, project: Project, command: list[str], before: str, after: str, told: str
    ) -> None:
        IssueFactory(project=project, **{before: True} if before != "unresolved" else {})
        other = "ignored" if after != "ignored" else "resolved"
        IssueFactory(project=project, **{other: True})

        done = sentry_cli(address, jane_token, *command, "--status", before)

        assert_updated(done, told)
        assert statuses() == [after, other]


def test_knows_ignored_by_its_old_word(address: str, jane_token: str, project: Project) -> None:
    IssueFactory(project=project, ignored=True)
    IssueFactory(project=project)

    done = sentry_cli(address, jane_token, "unresolve", "--status", "muted")

    assert_updated(done, "unresolved")
    assert statuses() == ["unresolved", "unresolved"]


def test_shows_the_refusal_of_a_wrong_token(address: str, jane_token: str, issues: list[Issue]) -> None:
    done = sentry_cli(address, "sntryu_" + "0" * 64, "resolve", "--all")

    assert done.returncode == 1
    assert "Invalid token" in done.stderr
    assert set(statuses()) == {"unresolved"}


@pytest.mark.usefixtures("project")
def test_shows_whose_token_it_is(address: str, sam_token: str) -> None:
    done = sentry_cli(address, sam_token, command="info")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"Sentry Server: {address}",
        "Default Organization: the-interstellar-jurisdiction",
        "Default Project: pump-station",
        "",
        "Authentication Info:",
        "  Method: Auth Token",
        "  User: sam@example.com",
        "  Scopes:",
        "    - event:admin",
        "    - event:read",
        "    - event:write",
    ]


def test_lists_organizations(address: str, sam_token: str, project: Project, stranger_project: Project) -> None:
    done = sentry_cli(address, sam_token, "list", command="organizations")

    assert (done.returncode, done.stderr) == (0, "")
    assert cells(done.stdout) == [
        ["ID", "Name", "Slug", "Date Created", "Early Adopter", "Requires 2FA"],
        [
            str(project.organization_id),
            "The Interstellar Jurisdiction",
            "the-interstellar-jurisdiction",
            "2026-01-30",
            "false",
            "false",
        ],
    ]


def test_lists_projects_with_or_without_a_team(address: str, sam_token: str, project: Project) -> None:
    lonely = ProjectFactory(organization=project.organization, slug="relay", name="Relay")

    done = sentry_cli(address, sam_token, "list", command="projects")

    assert (done.returncode, done.stderr) == (0, "")
    heading, *rows = cells(done.stdout)
    assert heading == ["ID", "Slug", "Team", "Name"]
    assert sorted(rows, key=lambda row: row[1]) == [
        [str(project.pk), "pump-station", "Powerful Abolitionist", "Pump Station"],
        [str(lonely.pk), "relay", "-", "Relay"],
    ]
