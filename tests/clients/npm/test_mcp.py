"""The MCP server of Sentry: what an agent is told, and what this server holds afterwards."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from issues.models import Issue
from projects.models import Project, Team, User
from tests.clients.npm.clients import Mcp
from tests.factories import ReleaseFactory
from tests.factories.events import keep_event_of

pytestmark = [pytest.mark.npm, pytest.mark.django_db(transaction=True)]

HERE = "the-interstellar-jurisdiction"

Read = Callable[[str], Any]
MakeIssue = Callable[..., Issue]


@pytest.fixture
def issue(recent: MakeIssue) -> Issue:
    return recent(text__title="PressureLossError: pump 3 lost suction", text__culprit="pump_station.intake")


def named(issue: Issue) -> dict[str, str]:
    """Return how an agent names an issue."""
    return {"organizationSlug": HERE, "issueId": issue.short_id}


class TestFindsItsWay:
    def test_who_is_it(self, mcp: Mcp, jane: User) -> None:
        assert mcp.says("whoami") == (
            f"You are authenticated as Jane Schmidt (jane@example.com).\n\nYour Sentry User ID is {jane.pk}."
        )

    def test_organizations(self, mcp: Mcp) -> None:
        found = mcp.says("find_organizations")

        assert f"## **{HERE}**\n\n**Web URL:** {mcp.address}\n**Region URL:** {mcp.address}\n" in found
        assert 'No organizations found matching "rim".' in mcp.says("find_organizations", query="rim")

    def test_projects(self, mcp: Mcp, other_project: Project) -> None:
        everything = mcp.says("find_projects", organizationSlug=HERE)
        matching = mcp.says("find_projects", organizationSlug=HERE, query="prime")

        assert "- **pump-station**\n- **prime-mover**\n" in everything
        assert ("pump-station" in matching, "- **prime-mover**" in matching) == (False, True)

    def test_teams(self, mcp: Mcp, team: Team) -> None:
        assert f"- powerful-abolitionist (ID: {team.pk})\n" in mcp.says("find_teams", organizationSlug=HERE)

    def test_releases(self, mcp: Mcp, project: Project, other_project: Project) -> None:
        ReleaseFactory(version="web@1.0.0", projects=[project])
        ReleaseFactory(version="2.0.0", projects=[other_project])

        everything = mcp.says("find_releases", organizationSlug=HERE)
        of_project = mcp.says("find_releases", organizationSlug=HERE, projectSlug="pump-station")
        matching = mcp.says("find_releases", organizationSlug=HERE, query="web@")

        assert [line for line in everything.splitlines() if line.startswith("## ")][:2] == ["## 2.0.0", "## web@1.0.0"]
        assert ("## web@1.0.0" in of_project, "## 2.0.0" in of_project) == (True, False)
        assert ("## web@1.0.0" in matching, "## 2.0.0" in matching) == (True, False)

    def test_keys_of_which_there_are_none(self, mcp: Mcp) -> None:
        assert "No DSNs were found." in mcp.says("find_dsns", organizationSlug=HERE, projectSlug="pump-station")


class TestSearches:
    def test_issues(self, mcp: Mcp, issue: Issue, recent: MakeIssue, other_project: Project) -> None:
        others = [recent(resolved=True), recent(project=other_project)]

        found = mcp.says("search_issues", organizationSlug=HERE)

        assert "Found **2** issues" in found
        assert f"[{issue.short_id}]({mcp.address}/organizations/{HERE}/issues/{issue.short_id})" in found
        assert "**PressureLossError: pump 3 lost suction**\n\n- **Status**: unresolved\n" in found
        assert (others[0].short_id in found, others[1].short_id in found) == (False, True)

    def test_issues_of_a_project(self, mcp: Mcp, project: Project, other_project: Project, recent: MakeIssue) -> None:
        resolved = recent(resolved=True, level="fatal")
        recent(resolved=True, level="warning")
        recent(resolved=True, level="fatal", project=other_project)

        for word, sort in [
            ("pump-station", "date"),
            (str(project.pk), "freq"),
            ("pump-station", "new"),
            (str(project.pk), "user"),
        ]:
            found = mcp.says(
                "search_issues",
                organizationSlug=HERE,
                projectSlugOrId=word,
                query="is:resolved level:fatal",
                sort=sort,
            )
            assert ("Found **1** issue:" in found, resolved.short_id in found) == (True, True)

    def test_events_of_which_there_are_none(self, mcp: Mcp, issue: Issue) -> None:
        assert "No results found." in mcp.says("search_issue_events", query="level:error", **named(issue))

    def test_events(self, mcp: Mcp, issue: Issue) -> None:
        kept = keep_event_of(issue, event_id=UUID(int=2**100), tags=[["shop", "north"]])

        found = mcp.says("search_issue_events", query="shop:north", **named(issue))

        assert f"**eventID**: {kept.hex}\n" in found
        assert "No results found." in mcp.says("search_issue_events", query="shop:south", **named(issue))
        assert "| `north` | 1 |" in mcp.says("get_issue_tag_values", tagKey="shop", **named(issue))

    def test_the_stack_of_an_event(self, mcp: Mcp, issue: Issue) -> None:
        frame = {"function": "intake", "filename": "pump.py", "lineno": 42, "in_app": True, "context_line": "lost()"}
        thrown = {"type": "KeyError", "value": "'level'", "stacktrace": {"frames": [frame]}}
        exception = {"values": [thrown]}
        kept = keep_event_of(issue, event_id=UUID(int=2**100), platform="python", exception=exception)

        found = mcp.says("get_sentry_resource", resourceType="issue", resourceId=issue.short_id, organizationSlug=HERE)

        assert f"**Event ID**: {kept.hex}\n" in found
        assert 'File "pump.py", line 42, in intake' in found


class TestShows:
    def test_an_issue(self, mcp: Mcp, issue: Issue) -> None:
        found = mcp.says("get_sentry_resource", resourceType="issue", resourceId=issue.short_id, organizationSlug=HERE)

        assert found.startswith(f"# Issue {issue.short_id} in **{HERE}**\n")
        assert "**Description**: PressureLossError: pump 3 lost suction\n**Culprit**: pump_station.intake\n" in found
        assert "**Status**: unresolved\n" in found
        assert f"**Event ID**: {issue.pk:032x}\n**Type**: error\n" in found

    def test_an_issue_by_the_address_that_it_prints(self, mcp: Mcp, issue: Issue) -> None:
        address = f"{mcp.address}/organizations/{HERE}/issues/{issue.short_id}"

        assert mcp.says("get_sentry_resource", url=address).startswith(f"# Issue {issue.short_id} in ")

    def test_the_one_that_a_merged_one_is_in(self, mcp: Mcp, issue: Issue, recent: MakeIssue) -> None:
        child = recent(merged_into=issue)

        found = mcp.says("get_sentry_resource", resourceType="issue", resourceId=child.short_id, organizationSlug=HERE)

        assert found.startswith(f"# Issue {issue.short_id} in ")

    def test_what_led_to_it(self, mcp: Mcp, issue: Issue) -> None:
        found = mcp.says(
            "get_sentry_resource", resourceType="breadcrumbs", resourceId=issue.short_id, organizationSlug=HERE
        )

        assert "No breadcrumbs found in the latest event for this issue." in found


class TestChanges:
    @pytest.mark.parametrize(
        ("before", "wish", "told", "kept"),
        [
            ({}, "resolved", "**Status**: unresolved → **resolved**", ("resolved", {})),
            (
                {},
                "resolvedInNextRelease",
                "**Status**: unresolved → **resolvedInNextRelease**",
                ("resolved", {"inNextRelease": True}),
            ),
            ({"resolved": True}, "unresolved", "**Status**: resolved → **unresolved**", ("unresolved", {})),
            (
                {"resolved_in_next_release": True},
                "unresolved",
                "**Status**: resolvedInNextRelease → **unresolved**",
                ("unresolved", {}),
            ),
            ({"ignored": True}, "resolved", "**Status**: ignored → **resolved**", ("resolved", {})),
        ],
        ids=["resolve", "in-next-release", "reopen", "reopen-in-next-release", "resolve-ignored"],
    )
    def test_the_status(
        self,
        mcp: Mcp,
        read: Read,
        recent: MakeIssue,
        before: dict[str, bool],
        wish: str,
        told: str,
        kept: tuple[str, dict[str, Any]],
    ) -> None:
        issue, neighbour = recent(**before), recent(**before)
        untouched = read(f"issues/{neighbour.pk}/")

        assert told in mcp.says("update_issue", status=wish, **named(issue))

        found = read(f"issues/{issue.pk}/")
        found["statusDetails"].pop("actor", None)
        assert (found["status"], found["statusDetails"]) == kept
        assert read(f"issues/{neighbour.pk}/") == untouched
        assert "Already Matches Requested State" in mcp.says("update_issue", status=wish, **named(issue))

    @pytest.mark.parametrize(
        ("terms", "told", "kept"),
        [
            ({"ignoreMode": "forever"}, "**Forever**", {}),
            ({"ignoreMode": "untilEscalating"}, "**Until escalating**", {"ignoreUntilEscalating": True}),
            (
                {"ignoreMode": "untilOccurrenceCount", "ignoreCount": 10},
                "**Until it occurs 10 more times**",
                {"ignoreCount": 10},
            ),
            (
                {"ignoreMode": "untilOccurrenceCount", "ignoreCount": 10, "ignoreWindowMinutes": 60},
                "**Until it occurs 10 times in 60 minutes**",
                {"ignoreCount": 10, "ignoreWindow": 60},
            ),
            (
                {"ignoreMode": "untilUserCount", "ignoreUserCount": 7},
                "**Until it affects 7 more users**",
                {"ignoreUserCount": 7},
            ),
            (
                {"ignoreMode": "untilUserCount", "ignoreUserCount": 7, "ignoreUserWindowMinutes": 30},
                "**Until it affects 7 users in 30 minutes**",
                {"ignoreUserCount": 7, "ignoreUserWindow": 30},
            ),
        ],
        ids=["forever", "until-escalating", "count", "count-in-window", "users", "users-in-window"],
    )
    def test_until_when_it_is_ignored(
        self, mcp: Mcp, read: Read, issue: Issue, terms: dict[str, Any], told: str, kept: dict[str, int]
    ) -> None:
        assert f"**Ignore Behavior**: {told}" in mcp.says("update_issue", status="ignored", **terms, **named(issue))

        found = read(f"issues/{issue.pk}/")
        assert found["status"] == "ignored"
        details = found["statusDetails"].items()
        assert {key: value for key, value in details if key != "actor" and value is not None} == kept

    def test_for_how_long_it_is_ignored(self, mcp: Mcp, read: Read, issue: Issue) -> None:
        terms = {"ignoreMode": "forDuration", "ignoreDurationMinutes": 60}

        told = mcp.says("update_issue", status="ignored", **terms, **named(issue))

        until = read(f"issues/{issue.pk}/")["statusDetails"]["ignoreUntil"]
        assert f"**Ignore Behavior**: **Until {until[:19].replace('T', ' ')} UTC**" in told

    def test_whose_it_is(self, mcp: Mcp, read: Read, issue: Issue, jane: User, team: Team) -> None:
        to_her = mcp.says("update_issue", assignedTo=f"user:{jane.pk}", **named(issue))
        hers = read(f"issues/{issue.pk}/")["assignedTo"]
        to_them = mcp.says("update_issue", assignedTo=f"team:{team.pk}", **named(issue))
        theirs = read(f"issues/{issue.pk}/")["assignedTo"]

        assert "**Assigned To**: Unassigned → **Jane Schmidt**" in to_her
        assert (hers["type"], hers["id"]) == ("user", str(jane.pk))
        assert "**Assigned To**: Jane Schmidt → **powerful-abolitionist**" in to_them
        assert (theirs["type"], theirs["id"]) == ("team", str(team.pk))

    def test_an_issue_by_the_address_that_it_prints(self, mcp: Mcp, read: Read, issue: Issue) -> None:
        address = f"{mcp.address}/organizations/{HERE}/issues/{issue.short_id}"

        assert "unresolved → **resolved**" in mcp.says("update_issue", issueUrl=address, status="resolved")
        assert read(f"issues/{issue.pk}/")["status"] == "resolved"


class TestRefusals:
    def test_of_a_wrong_token(self, home: Path, address: str) -> None:
        with Mcp(address, "sntryu_" + "0" * 64, home).started() as mcp:
            told = mcp.refuses("whoami")

        assert told.startswith("**Authorization Expired**\n")  # its own word for every 401

    def test_of_an_issue_that_is_not_there(self, mcp: Mcp) -> None:
        missing = {"organizationSlug": HERE, "issueId": "PUMP-STATION-ZZZ"}

        assert "API error (404): Not found." in mcp.refuses("update_issue", status="resolved", **missing)

    def test_of_an_issue_of_strangers(self, mcp: Mcp, recent: MakeIssue, stranger_project: Project) -> None:
        theirs = recent(project=stranger_project)
        wish = {"organizationSlug": "outer-rim", "issueId": theirs.short_id, "status": "resolved"}

        assert "API error (404): Not found." in mcp.refuses("update_issue", **wish)
        assert Issue.objects.get().status == "unresolved"

    def test_of_a_change_to_a_merged_issue(self, mcp: Mcp, issue: Issue, recent: MakeIssue) -> None:
        child = recent(merged_into=issue)

        told = mcp.refuses("update_issue", status="resolved", **named(child))

        assert f"API error (404): Issue {child.pk} was merged into {issue.pk}." in told
        assert [Issue.objects.get(pk=one.pk).status for one in (issue, child)] == ["unresolved", "unresolved"]

    @pytest.mark.parametrize("within", [{}, {"projectSlugOrId": "pump-station"}], ids=["organization", "project"])
    def test_of_a_search(self, mcp: Mcp, within: dict[str, str]) -> None:
        told = mcp.refuses("search_issues", organizationSlug=HERE, query="nonsense:foo", **within)

        assert 'API error (400): Search term "nonsense:foo" at character 1 is not understood' in told

    def test_of_somebody_unknown(self, mcp: Mcp, issue: Issue, jane: User) -> None:
        told = mcp.refuses("update_issue", assignedTo=f"user:{jane.pk + 1}", **named(issue))

        assert '{"assignedTo": ["Unknown actor input"]}' in told
        assert Issue.objects.get().assignee_user is None

    def test_of_what_only_an_ai_could_do(self, mcp: Mcp, issue: Issue) -> None:
        assert 'Method "POST" not allowed.' in mcp.refuses("analyze_issue_with_seer", **named(issue))

    def test_of_what_is_made_elsewhere(self, mcp: Mcp) -> None:
        assert 'Method "POST" not allowed.' in mcp.refuses("create_team", organizationSlug=HERE, name="x")
