"""`sentry`, the newer command line client: what its user sees, and what the server holds afterwards."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from issues.models import Issue
from projects.models import Project
from tests.clients.npm.clients import Sentry
from tests.factories import ProjectFactory, ReleaseFactory

pytestmark = [pytest.mark.npm, pytest.mark.django_db(transaction=True)]

HERE = "the-interstellar-jurisdiction"
PUMPS = f"{HERE}/pump-station"
NOBODYS_TOKEN = "sntryu_" + "0" * 64

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


def statuses(*issues: Issue) -> list[str]:
    return [Issue.objects.get(pk=issue.pk).status for issue in issues]


class TestFindsItsWay:
    def test_who_is_it(self, sentry: Sentry) -> None:
        assert sentry.says("auth", "whoami") == "Jane Schmidt <jane@example.com>\n"

    def test_what_the_token_is_good_for(self, sentry: Sentry) -> None:
        assert "✓ Access verified — 1 organization(s)" in sentry.says("auth", "status")
        assert "  User: jane@example.com\n\nConfiguration verified." in sentry.says("info", "--no-defaults")

    def test_logs_in_with_a_token_that_it_keeps(self, sentry: Sentry, issue: Issue) -> None:
        done = sentry("auth", "login", "--url", sentry.address, "--token", sentry.token, token="")

        assert (done.returncode, done.stderr) == (0, "")
        assert "Jane Schmidt <jane@example.com>" in done.stdout
        assert sentry.says("auth", "whoami", token="") == "Jane Schmidt <jane@example.com>\n"
        assert named(issue).partition("/")[2] in sentry.says("issue", "list", PUMPS, token="")

        assert "✓ Logged out" in sentry.says("auth", "logout", token="")
        assert sentry("auth", "whoami", token="").returncode != 0

    def test_organizations(self, sentry: Sentry) -> None:
        assert cells(sentry.says("org", "list"))[1:] == [[HERE, "The Interstellar Jurisdiction"]]
        assert ["Your Role", "owner"] in cells(sentry.says("org", "view", HERE))

    def test_projects(self, sentry: Sentry, other_project: Project) -> None:
        ProjectFactory(slug="of-others")

        everywhere, here = sentry.tells("project", "list"), sentry.tells("project", "list", f"{HERE}/")

        assert [project["slug"] for project in everywhere["data"]] == ["pump-station", "prime-mover"]
        assert [project["slug"] for project in here["data"]] == ["pump-station", "prime-mover"]

    def test_one_project(self, sentry: Sentry, project: Project) -> None:
        rows = dict(cells(sentry.says("project", "view", PUMPS)))

        assert (rows["ID"], rows["Name"], rows["DSN"]) == (str(project.pk), "Pump Station", "No DSN available")
        assert rows["Organization"] == f"The Interstellar Jurisdiction ({HERE})"

    def test_teams(self, sentry: Sentry) -> None:
        found = sentry.tells("team", "list", f"{HERE}/")

        assert [(team["slug"], team["memberCount"]) for team in found["data"]] == [("powerful-abolitionist", 1)]

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("dsn", "list", PUMPS), "No DSNs found on this page.\n"),
            (("repo", "list", f"{HERE}/"), f"No repositories found in organization '{HERE}'.\n"),
            (("monitor", "list", f"{HERE}/"), f"No monitors found in organization '{HERE}'.\n"),
        ],
        ids=["keys", "repositories", "monitors"],
    )
    def test_what_there_is_none_of(self, sentry: Sentry, words: tuple[str, ...], told: str) -> None:
        assert sentry.says(*words) == told


class TestLists:
    def test_unresolved_issues_of_a_project(self, sentry: Sentry, issue: Issue, recent: MakeIssue) -> None:
        recent(resolved=True)

        printed = sentry.says("issue", "list", PUMPS)

        assert printed.startswith(f"Issues in {PUMPS}:\n")
        heading, *rows = cells(printed)
        assert heading == ["SHORT ID", "ISSUE", "SEEN", "AGE", "EVENTS", "USERS", "TRIAGE"]
        assert [row[0] for row in rows if row[0]] == [issue.short_id]

    def test_issues_of_all_projects(
        self, sentry: Sentry, issue: Issue, recent: MakeIssue, other_project: Project
    ) -> None:
        other = recent(project=other_project)

        found = sentry.tells("issue", "list", f"{HERE}/")

        assert {item["id"] for item in found["data"]} == {str(issue.pk), str(other.pk)}

    def test_what_is_searched_for(self, sentry: Sentry, issue: Issue, recent: MakeIssue) -> None:
        resolved = recent(resolved=True, level="fatal")
        recent(resolved=True, level="warning")

        found = sentry.tells("issue", "list", PUMPS, "--query", "is:resolved level:fatal", "--sort", "freq")

        assert [item["shortId"] for item in found["data"]] == [resolved.short_id]

    def test_page_by_page(self, sentry: Sentry, recent: MakeIssue) -> None:
        made = [str(recent().pk) for _ in range(5)]
        pages = ["issue", "list", PUMPS, "--limit", "2", "--sort", "new"]

        first = sentry.tells(*pages)
        second = sentry.tells(*pages, "--cursor", "next")
        third = sentry.tells(*pages, "--cursor", "next")

        assert [(page["hasPrev"], page["hasMore"]) for page in (first, second, third)] == [
            (False, True),
            (True, True),
            (True, False),
        ]
        assert [item["id"] for page in (first, second, third) for item in page["data"]] == made[::-1]

    def test_more_than_the_server_gives_at_once(self, sentry: Sentry, recent: MakeIssue) -> None:
        made = {str(recent().pk) for _ in range(130)}

        found = sentry.tells("issue", "list", PUMPS, "--limit", "200")

        assert [len(found["data"]), found["hasMore"]] == [130, False]
        assert {item["id"] for item in found["data"]} == made


class TestShows:
    def test_an_issue_with_its_event(self, sentry: Sentry, issue: Issue) -> None:
        printed = sentry.says("issue", "view", named(issue))

        rows = dict(cells(printed))
        assert printed.startswith(f"{issue.short_id}: PressureLossError: pump 3 lost suction\n")
        assert (rows["Status"], rows["Assignee"]) == ("● Unresolved (Ongoing)", "Unassigned")
        assert (rows["Project"], rows["Culprit"]) == ("Pump Station (pump-station)", "pump_station.intake")
        assert rows["Event ID"] == f"{issue.pk:032x}"

    def test_several_issues(self, sentry: Sentry, issue: Issue, recent: MakeIssue) -> None:
        other = recent(resolved=True)

        found = sentry.tells("issue", "view", named(issue), f"{HERE}/{other.pk}", "--fields", "id,status,org,event.id")

        assert found == [
            {"id": str(pk), "status": status, "org": HERE, "event": {"id": f"{pk:032x}"}}
            for pk, status in ((issue.pk, "unresolved"), (other.pk, "resolved"))
        ]

    def test_its_newest_and_its_loudest(self, sentry: Sentry, issue: Issue, recent: MakeIssue) -> None:
        loud = recent(own_last_seen=issue.last_seen - timedelta(days=1), own_times_seen=50)

        assert sentry.tells("issue", "view", f"{HERE}/@latest")["id"] == str(issue.pk)
        assert sentry.tells("issue", "view", f"{HERE}/@most_frequent")["id"] == str(loud.pk)

    def test_the_one_that_a_merged_one_is_in(self, sentry: Sentry, issue: Issue, recent: MakeIssue) -> None:
        child = recent(merged_into=issue)

        assert sentry.says("issue", "view", named(child)).startswith(f"{issue.short_id}: ")

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("issue", "events"), "No events found for this issue."),
            (("event", "list"), "No events found for this issue."),
            (("event", "view"), "level"),
        ],
        ids=["events-of-the-issue", "events", "the-event"],
    )
    def test_events(self, sentry: Sentry, issue: Issue, words: tuple[str, ...], told: str) -> None:
        assert told in sentry.says(*words, named(issue))

    def test_values_of_a_tag(self, sentry: Sentry, issue: Issue) -> None:
        assert "No top values returned." in sentry.says("issue", "tags", named(issue), "level")


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
            ({}, ("archive", "--until", "auto"), "Archived", "\N{MINUS SIGN} Ignored (Archived_forever)", {}),
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


class TestRefusals:
    @pytest.mark.parametrize(
        "words", [("auth", "whoami"), ("org", "list"), ("issue", "list", PUMPS), ("issue", "resolve", f"{HERE}/1")]
    )
    def test_of_a_wrong_token(self, sentry: Sentry, issue: Issue, words: tuple[str, ...]) -> None:
        done = sentry(*words, token=NOBODYS_TOKEN)

        assert (done.returncode, done.stdout) == (30, "")
        assert "401 Unauthorized" in done.stderr
        assert "\n  Invalid token\n" in done.stderr
        assert statuses(issue) == ["unresolved"]

    def test_of_an_issue_that_is_not_there(self, sentry: Sentry, issue: Issue) -> None:
        by_short_id = sentry("issue", "resolve", f"{HERE}/PUMP-STATION-ZZZ")
        by_id = sentry("issue", "resolve", f"{HERE}/{issue.pk + 1}")

        assert (by_short_id.returncode, by_id.returncode) == (30, 23)
        assert f"Short ID 'PUMP-STATION-ZZZ' not found in organization '{HERE}'" in by_short_id.stderr
        assert f"No issue with numeric ID {issue.pk + 1} found in org '{HERE}'" in by_id.stderr

    def test_of_an_issue_of_strangers(self, sentry: Sentry, recent: MakeIssue, stranger_project: Project) -> None:
        theirs = recent(project=stranger_project)

        done = sentry("issue", "resolve", f"outer-rim/{theirs.short_id}")

        assert (done.returncode, "not found" in done.stderr) == (30, True)
        assert statuses(theirs) == ["unresolved"]

    def test_of_a_place_that_is_not_there(self, sentry: Sentry) -> None:
        of_project = sentry("issue", "list", f"{HERE}/nowhere")
        of_organization = sentry("org", "view", "outer-rim")

        assert (of_project.returncode, of_organization.returncode) == (23, 30)
        assert f"Project 'nowhere' not found in organization '{HERE}'." in of_project.stderr
        assert of_organization.stderr == "Error: Failed to get organization: 404 Not Found\n  Not found.\n"

    def test_of_a_commit_since_there_are_no_repositories(self, sentry: Sentry, issue: Issue) -> None:
        done = sentry("issue", "resolve", named(issue), "--in", f"@commit:a/b@{'0' * 40}")

        assert (done.returncode, "No repositories are registered" in done.stderr) == (21, True)
        assert statuses(issue) == ["unresolved"]

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("--query", "nonsense:foo"), 'Search term "nonsense:foo" at character 1 is not understood'),
            (("--query", '"open'), "a quote has no end"),
            (("--sort", "recommended"), '\\"recommended\\" is not a sort; say one of date, new, freq, user.'),
        ],
        ids=["key", "quote", "sort"],
    )
    def test_of_a_search(self, sentry: Sentry, words: tuple[str, ...], told: str) -> None:
        done = sentry("issue", "list", PUMPS, *words)

        assert (done.returncode, "400 Bad Request" in done.stderr) == (30, True)
        assert told in done.stderr

    def test_of_an_unknown_release(self, sentry: Sentry, issue: Issue) -> None:
        done = sentry("issue", "resolve", named(issue), "--in", "9.9.9")

        assert done.returncode == 30
        assert "Failed to update issue: 400 Bad Request" in done.stderr
        assert '{"statusDetails":{"inRelease":["Unable to find a release with the given version."]}}' in done.stderr
        assert statuses(issue) == ["unresolved"]

    def test_of_a_merge_of_what_is_merged(self, sentry: Sentry, issue: Issue, recent: MakeIssue) -> None:
        child = recent(merged_into=issue)

        done = sentry("issue", "merge", named(issue), named(child))

        assert (done.returncode, f"all inputs resolved to {issue.short_id}" in done.stderr) == (21, True)
        assert Issue.objects.get(pk=child.pk).merged_into == issue

    def test_of_a_merge_across_projects(
        self, sentry: Sentry, issue: Issue, recent: MakeIssue, other_project: Project
    ) -> None:
        other = recent(project=other_project)

        done = sentry("issue", "merge", named(issue), named(other))

        assert (done.returncode, "400 Bad Request" in done.stderr) == (30, True)
        assert not Issue.objects.exclude(merged_into=None).exists()

    def test_of_update_all_by_mistake(self, sentry: Sentry, issue: Issue) -> None:
        done = sentry("api", f"projects/{PUMPS}/issues/", "--method", "PUT", "--field", "hasSeen=true")

        assert (done.returncode, "You must specify a list of IDs for this operation" in done.stdout) == (60, True)

    def test_of_an_id_out_of_scope_is_not_seen_unless_it_is_asked_for(self, sentry: Sentry, issue: Issue) -> None:
        path = f"projects/{PUMPS}/issues/?id={issue.pk}&id={issue.pk + 1}"

        done = sentry("api", path, "--method", "PUT", "--field", "status=resolved", "--verbose")

        assert (done.returncode, done.stdout) == (0, "")
        assert "204" in done.stderr
        assert f"issues-out-of-scope: {issue.pk + 1}" in done.stderr
        assert statuses(issue) == ["unresolved"]

    @pytest.mark.parametrize("command", ["explain", "plan"])
    def test_of_what_only_an_ai_could_do(self, sentry: Sentry, issue: Issue, command: str) -> None:
        done = sentry("issue", command, named(issue))

        assert (done.returncode, 'Method "POST" not allowed.' in done.stderr) == (30, True)


def test_a_mutation_of_a_merged_issue_goes_to_the_one_that_is_shown(
    sentry: Sentry, issue: Issue, recent: MakeIssue
) -> None:
    """The client reads the issue first, and goes on with the id that it was shown. It says which one that is."""
    child = recent(merged_into=issue)

    printed = sentry.says("issue", "resolve", named(child))

    assert f"{issue.short_id}: PressureLossError" in printed
    assert statuses(issue, child) == ["resolved", "unresolved"]
