"""`sentry`, the newer command line client: what it changes, issues and releases."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from issues.models import Issue
from projects.models import Project
from tests.clients.npm.clients import Sentry
from tests.factories import ReleaseFactory

pytestmark = [pytest.mark.npm, pytest.mark.django_db(transaction=True)]

HERE = "the-interstellar-jurisdiction"
PUMPS = f"{HERE}/pump-station"

Read = Callable[[str], Any]
MakeIssue = Callable[..., Issue]


@pytest.fixture
def issue(recent: MakeIssue) -> Issue:
    return recent(text__title="PressureLossError: pump 3 lost suction", text__culprit="pump_station.intake")


def cells(printed: str) -> list[list[str]]:
    """Return the cells of the tables that it printed, row by row."""
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.splitlines() if line.startswith("│")]


def named(issue: Issue) -> str:
    """Return how a user names an issue."""
    return f"{HERE}/{issue.short_id}"


@pytest.fixture
def release(project: Project) -> None:
    ReleaseFactory(version="1.0.0", projects=[project])


@pytest.mark.usefixtures("release")
class TestChanges:
    @pytest.mark.parametrize("by", ["short-id", "id", "newest"])
    def test_an_issue_however_it_is_named(
        self, sentry: Sentry, read: Read, issue: Issue, recent: MakeIssue, by: str
    ) -> None:
        neighbour = recent(own_last_seen=issue.last_seen - timedelta(days=1))
        word = {"short-id": named(issue), "id": f"{HERE}/{issue.pk}", "newest": f"{HERE}/@latest"}[by]

        printed = sentry.says("issue", "resolve", word)

        assert printed.splitlines()[0].strip() == "Resolved immediately"
        assert (dict(cells(printed))["Status"], "undefined" in printed) == ("✓ Resolved", False)
        assert [read(f"issues/{pk}/")["status"] for pk in (issue.pk, neighbour.pk)] == ["resolved", "unresolved"]

    @pytest.mark.parametrize(
        ("before", "words", "told", "status", "details"),
        [
            ({}, ("resolve", "--in", "@next"), "Resolved in the next release", "✓ Resolved", {"inNextRelease": True}),
            ({}, ("resolve", "--in", "1.0.0"), "Resolved in release '1.0.0'", "✓ Resolved", {"inRelease": "1.0.0"}),
            ({"resolved": True}, ("unresolve",), "Reopened", "● Unresolved (Ongoing)", {}),
            ({"ignored": True}, ("unresolve",), "Reopened", "● Unresolved (Ongoing)", {}),
            ({}, ("archive",), "Archived", "\N{MINUS SIGN} Ignored (Archived_forever)", {}),
            (
                {},
                ("archive", "--until", "auto"),
                "Archived",
                "\N{MINUS SIGN} Ignored (Archived_until_escalating)",
                {"ignoreUntilEscalating": True},
            ),
            (
                {},
                ("archive", "--until", "10x"),
                "Archived",
                "\N{MINUS SIGN} Ignored (Archived_until_condition_met)",
                {"ignoreCount": 10},
            ),
            (
                {},
                ("archive", "--until", "10u/1d"),
                "Archived",
                "\N{MINUS SIGN} Ignored (Archived_until_condition_met)",
                {"ignoreUserCount": 10, "ignoreUserWindow": 24 * 60},
            ),
        ],
        ids=[
            "in-next-release",
            "in-release",
            "reopen-resolved",
            "reopen-ignored",
            "archive",
            "archive-until-it-escalates",
            "archive-until-count",
            "archive-until-users-in-window",
        ],
    )
    def test_the_status(
        self,
        sentry: Sentry,
        read: Read,
        recent: MakeIssue,
        before: dict[str, bool],
        words: tuple[str, ...],
        told: str,
        status: str,
        details: dict[str, Any],
    ) -> None:
        issue = recent(**before)

        printed = sentry.says("issue", words[0], named(issue), *words[1:])

        assert (printed.splitlines()[0].strip(), dict(cells(printed))["Status"]) == (told, status)
        found = read(f"issues/{issue.pk}/")["statusDetails"]
        assert {key: value for key, value in found.items() if key != "actor" and value is not None} == details

    def test_the_status_for_a_time(self, sentry: Sentry, read: Read, issue: Issue) -> None:
        tomorrow = timezone.now() + timedelta(days=1)
        hours = []
        for until in ("1h", tomorrow.isoformat()):
            assert "Archived" in sentry.says("issue", "archive", named(issue), "--until", until)

            found = read(f"issues/{issue.pk}/")
            left = datetime.fromisoformat(found["statusDetails"]["ignoreUntil"]) - timezone.now()
            hours.append((found["status"], round(left / timedelta(hours=1))))

        assert hours == [("ignored", 1), ("ignored", 24)]

    def test_issues_into_one(self, sentry: Sentry, read: Read, issue: Issue, recent: MakeIssue) -> None:
        others = [recent(), recent()]

        printed = sentry.says("issue", "merge", *(named(one) for one in (issue, *others)))

        assert printed.splitlines()[0].strip() == f"Merged 2 issue(s) into {issue.short_id}"
        assert f"See: {sentry.address}/organizations/{HERE}/issues/{issue.pk}/\n" in printed  # leads to the admin
        assert read(f"issues/{others[0].pk}/")["id"] == str(issue.pk)
        assert set(Issue.objects.filter(merged_into=issue)) == set(others)

    def test_issues_into_the_one_that_was_first_whatever_is_preferred(
        self, sentry: Sentry, issue: Issue, recent: MakeIssue
    ) -> None:
        later = recent()

        done = sentry("issue", "merge", named(issue), named(later), "--into", later.short_id)

        assert (done.returncode, f"Merged 1 issue(s) into {issue.short_id}\n" in done.stdout) == (0, True)
        assert f"--into '{later.short_id}' was a preference, not a guarantee." in done.stderr
        assert Issue.objects.get(pk=later.pk).merged_into == issue

    def test_whatever_its_user_sends(self, sentry: Sentry, read: Read, issue: Issue, recent: MakeIssue) -> None:
        neighbour = recent()
        path = f"projects/{PUMPS}/issues/?id={issue.pk}"

        answer = sentry.tells("api", path, "--method", "PUT", "--data", '{"assignedTo": "jane", "isBookmarked": true}')

        assert (answer["status"], answer["body"]["isBookmarked"]) == (200, True)
        assert read(f"issues/{issue.pk}/")["assignedTo"]["email"] == "jane@example.com"
        assert read(f"issues/{neighbour.pk}/")["assignedTo"] is None


class TestReleases:
    def test_from_the_first_to_the_last(self, sentry: Sentry, read: Read, recent: MakeIssue) -> None:
        issue, version = recent(resolved_in_next_release=True), "web@2.1.0+5"
        path, release = f"organizations/{HERE}/releases/web@2.1.0%2B5/", f"{HERE}/{version}"

        assert dict(cells(sentry.says("release", "create", release, "--project", "pump-station"))) == {
            "Version": version,
            "Status": "Unreleased",
            "Projects": "pump-station",
        }
        assert read(path)["dateReleased"] is None
        assert read(f"issues/{issue.pk}/")["statusDetails"] == {"inRelease": version}

        assert dict(cells(sentry.says("release", "finalize", release)))["Status"] == "Finalized"
        assert read(path)["dateReleased"] is not None

        assert ["Environment", "production"] in cells(sentry.says("release", "deploy", release, "production"))
        assert ["Name", "Deploy 1"] in cells(sentry.says("release", "deploy", release, "staging", "Deploy 1"))
        assert {row[0] for row in cells(sentry.says("release", "deploys", release))[1:]} == {"production", "staging"}
        assert {deploy["name"] for deploy in read(f"{path}deploys/")} == {None, "Deploy 1"}

        assert ["Commits", "0"] in cells(sentry.says("release", "set-commits", release, "--clear"))
        assert ["Status", "Archived"] in cells(sentry.says("release", "archive", release))
        assert sentry.tells("release", "list", f"{HERE}/")["data"] == []
        assert ["Status", "Open"] in cells(sentry.says("release", "restore", release))
        assert read(path)["status"] == "open"

        done = sentry("release", "delete", release, "--yes")
        assert (done.returncode, "This release is referenced by active issues" in done.stderr) == (30, True)
        assert read(path)["version"] == version

        sentry.says("issue", "unresolve", named(issue))
        assert sentry.says("release", "delete", release, "--yes") == f"Release {version} deleted from {HERE}.\n"
        assert read(f"organizations/{HERE}/releases/") == []

    def test_one_that_is_out_at_once_in_several_projects(
        self, sentry: Sentry, read: Read, other_project: Project
    ) -> None:
        words = ["--project", "pump-station,prime-mover", "--finalize", "--url", "https://example.com/1"]

        assert ["Status", "Finalized"] in cells(sentry.says("release", "create", f"{HERE}/1.0.0", *words))

        found = read(f"organizations/{HERE}/releases/1.0.0/")
        assert sorted(project["slug"] for project in found["projects"]) == ["prime-mover", "pump-station"]
        assert (found["url"], found["dateReleased"] is None) == ("https://example.com/1", False)

    @pytest.mark.usefixtures("release")
    def test_lists_and_shows(self, sentry: Sentry, other_project: Project) -> None:
        ReleaseFactory(version="2.0.0", projects=[other_project])

        assert [one["version"] for one in sentry.tells("release", "list", PUMPS)] == ["1.0.0"]
        assert [one["version"] for one in sentry.tells("release", "list", f"{HERE}/")["data"]] == ["2.0.0", "1.0.0"]
        rows = dict(cells(sentry.says("release", "view", f"{HERE}/1.0.0")))
        assert (rows["Version"], rows["Projects"]) == ("1.0.0", "pump-station")

    @pytest.mark.parametrize("command", ["view", "finalize", "deploys"])
    def test_one_that_is_not_there(self, sentry: Sentry, command: str) -> None:
        done = sentry("release", command, f"{HERE}/9.9.9")

        assert (done.returncode, "404 Not Found" in done.stderr, "Not found." in done.stderr) == (30, True, True)
