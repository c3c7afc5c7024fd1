"""`sentry`, the newer command line client: what its user sees, and what the server holds afterwards."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from issues.models import Issue
from projects.models import Project
from tests.clients.npm.clients import Sentry
from tests.factories import ProjectFactory
from tests.factories.events import keep_event_of

pytestmark = [pytest.mark.npm, pytest.mark.django_db(transaction=True)]

HERE = "the-interstellar-jurisdiction"
PUMPS = f"{HERE}/pump-station"
NOBODYS_TOKEN = "sntryu_" + "0" * 64
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

    def test_events_that_are_kept(self, sentry: Sentry, issue: Issue) -> None:
        kept = keep_event_of(issue, event_id=UUID(int=2**100), tags=[["shop", "north"]])

        assert kept.hex in sentry.says("issue", "events", named(issue))
        assert kept.hex in sentry.says("event", "view", named(issue))
        assert "north" in sentry.says("issue", "tags", named(issue), "shop")


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
