"""@sentry/api, generated from Sentry's description of its API: what its callers send and get back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from issues.models import Issue
from projects.models import Project, Release, User
from tests.clients.npm.clients import Answer, SentryApi
from tests.factories import IssueFactory, IssueHashFactory, ReleaseFactory
from tests.factories.events import keep_event_of

pytestmark = [pytest.mark.npm, pytest.mark.django_db(transaction=True)]

ORGANIZATION = {"organization_id_or_slug": "the-interstellar-jurisdiction"}
PUMPS = ORGANIZATION | {"project_id_or_slug": "pump-station"}

Read = Callable[[str], Any]


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project) for _ in range(3)]


def ids(*issues: Issue) -> list[int]:
    return [issue.pk for issue in issues]


def statuses(*issues: Issue) -> list[str]:
    return [Issue.objects.get(pk=issue.pk).status for issue in issues]


class TestBulkOfAProject:
    def test_changes_the_issues_that_are_named(self, sentry_api: SentryApi, read: Read, issues: list[Issue]) -> None:
        body = {"status": "ignored", "ignoreDuration": 30, "isPublic": True, "hasSeen": True, "isBookmarked": True}

        answer = sentry_api("bulkMutateAListOfIssues", path=PUMPS, query={"id": ids(*issues[:2])}, body=body)

        assert answer.status == 200
        details = answer.data.pop("statusDetails")
        assert answer.data == {"status": "ignored", "isPublic": True, "hasSeen": True, "isBookmarked": True}
        for issue in issues[:2]:
            found = read(f"issues/{issue.pk}/")
            assert (found["status"], found["statusDetails"]) == ("ignored", details)
            assert (found["isPublic"], found["hasSeen"], found["isBookmarked"]) == (True, True, True)
        assert read(f"issues/{issues[2].pk}/")["status"] == "unresolved"

    def test_changes_all_of_a_status(self, sentry_api: SentryApi, project: Project, issues: list[Issue]) -> None:
        ignored = IssueFactory(project=project, ignored=True)
        query = {"status": "unresolved"}

        answer = sentry_api("bulkMutateAListOfIssues", path=PUMPS, query=query, body={"status": "resolved"})

        assert answer == Answer(200, {"status": "resolved", "statusDetails": {}})
        assert statuses(*issues, ignored) == ["resolved", "resolved", "resolved", "ignored"]

    def test_merges_and_unmerges(self, sentry_api: SentryApi, read: Read, issues: list[Issue]) -> None:
        first, second, third = issues

        merged = sentry_api("bulkMutateAListOfIssues", path=PUMPS, query={"id": ids(*issues)}, body={"merge": True})

        children = [str(second.pk), str(third.pk)]
        assert merged == Answer(200, {"merge": {"parent": str(first.pk), "children": children}})
        assert read(f"issues/{second.pk}/")["id"] == str(first.pk)

        unmerged = sentry_api("bulkMutateAListOfIssues", path=PUMPS, query={"id": [first.pk]}, body={"merge": False})

        assert unmerged == Answer(200, {"merge": False})
        assert read(f"issues/{second.pk}/")["id"] == str(second.pk)

    def test_resolves_in_a_release(self, sentry_api: SentryApi, read: Read, project: Project) -> None:
        issue = IssueFactory(project=project)
        ReleaseFactory(version="1.0.0", projects=[project])
        body = {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}}

        answer = sentry_api("bulkMutateAListOfIssues", path=PUMPS, query={"id": [issue.pk]}, body=body)

        assert (answer.status, answer.data["statusDetails"]["inRelease"]) == (200, "1.0.0")
        assert read(f"issues/{issue.pk}/")["statusDetails"] == answer.data["statusDetails"]

    def test_lists_page_by_page(self, sentry_api: SentryApi, issues: list[Issue]) -> None:
        answer = sentry_api("listAProject_sIssues", path=PUMPS, query={"query": "", "statsPeriod": "14d"})

        assert answer.status == 200
        assert sorted(item["id"] for item in answer.data) == sorted(str(pk) for pk in ids(*issues))
        assert {tuple(item["stats"]) for item in answer.data} == {("14d",)}

    def test_removes(self, sentry_api: SentryApi, read: Read, issues: list[Issue]) -> None:
        answer = sentry_api("bulkRemoveAListOfIssues", path=PUMPS, query={"id": ids(*issues[:2])})

        assert answer == Answer(204)
        assert [issue.pk for issue in Issue.objects.all()] == [issues[2].pk]


class TestBulkOfAnOrganization:
    def test_changes_issues_of_several_projects(
        self, sentry_api: SentryApi, issues: list[Issue], other_project: Project
    ) -> None:
        other = IssueFactory(project=other_project)
        query = {"id": ids(issues[0], other)}

        answer = sentry_api(
            "bulkMutateAnOrganization_sIssues", path=ORGANIZATION, query=query, body={"status": "resolved"}
        )

        assert answer == Answer(200, {"status": "resolved", "statusDetails": {}})
        assert statuses(*issues, other) == ["resolved", "unresolved", "unresolved", "resolved"]

    def test_lists_what_is_searched_for(
        self, sentry_api: SentryApi, project: Project, issues: list[Issue], other_project: Project
    ) -> None:
        other = IssueFactory(project=other_project, resolved=True)
        query = {"query": "is:resolved", "project": [project.pk, other_project.pk], "limit": 10, "sort": "new"}

        answer = sentry_api("listAnOrganization_sIssues", path=ORGANIZATION, query=query)

        assert (answer.status, [item["shortId"] for item in answer.data]) == (200, [other.short_id])

    def test_removes(self, sentry_api: SentryApi, issues: list[Issue], other_project: Project) -> None:
        other = IssueFactory(project=other_project)
        query = {"id": ids(*issues[:2], other)}

        answer = sentry_api("bulkRemoveAnOrganization_sIssues", path=ORGANIZATION, query=query)

        assert answer == Answer(204)
        assert [issue.pk for issue in Issue.objects.all()] == [issues[2].pk]


class TestOneIssue:
    def test_is_shown_and_changed(self, sentry_api: SentryApi, read: Read, issues: list[Issue], jane: User) -> None:
        path = ORGANIZATION | {"issue_id": issues[0].pk}

        changed = sentry_api("updateAnIssue", path=path, body={"status": "resolved", "assignedTo": "jane"})
        shown = sentry_api("retrieveAnIssue", path=path)

        assert changed.status == 200
        assert (changed.data["status"], changed.data["assignedTo"]["id"]) == ("resolved", str(jane.pk))
        assert shown == Answer(200, changed.data)
        assert statuses(*issues) == ["resolved", "unresolved", "unresolved"]

    def test_is_found_by_its_short_id(self, sentry_api: SentryApi, issues: list[Issue]) -> None:
        answer = sentry_api("resolveAShortId", path=ORGANIZATION | {"issue_id": issues[1].short_id})

        assert (answer.status, answer.data["groupId"]) == (200, str(issues[1].pk))
        assert answer.data["group"]["shortId"] == answer.data["shortId"] == issues[1].short_id
        assert (answer.data["organizationSlug"], answer.data["projectSlug"]) == tuple(PUMPS.values())

    def test_has_fingerprints(self, sentry_api: SentryApi, issues: list[Issue]) -> None:
        IssueHashFactory(issue=issues[0], hash="1" * 32)

        answer = sentry_api("listAnIssue_sHashes", path=ORGANIZATION | {"issue_id": issues[0].pk})

        assert (answer.status, [row["id"] for row in answer.data]) == (200, ["1" * 32])

    def test_has_one_event(self, sentry_api: SentryApi, issues: list[Issue]) -> None:
        path = ORGANIZATION | {"issue_id": issues[0].pk}

        latest = sentry_api("retrieveAnIssueEvent", path=path | {"event_id": "latest"})
        of_project = sentry_api("retrieveAnEventForAProject", path=PUMPS | {"event_id": latest.data["id"]})

        assert (latest.status, latest.data["id"]) == (200, f"{issues[0].pk:032x}")
        assert (of_project.status, of_project.data["id"]) == (200, latest.data["id"])

    @pytest.mark.parametrize(
        ("function", "of", "answer"),
        [
            ("listAnIssue_sEvents", {}, []),
            ("retrieveSeerIssueFixState", {}, {"autofix": None}),
            ("retrieveCustomIntegrationIssueLinksForTheGivenSentryIssue", {}, []),
        ],
    )
    def test_has_none_of(
        self, sentry_api: SentryApi, issues: list[Issue], function: str, of: dict[str, str], answer: Any
    ) -> None:
        got = sentry_api(function, path=ORGANIZATION | {"issue_id": issues[0].pk} | of)

        assert got == Answer(200, answer)

    def test_has_events(self, sentry_api: SentryApi, issues: list[Issue]) -> None:
        kept = keep_event_of(issues[0], event_id=UUID(int=2**100), tags=[["shop", "north"]]).hex
        path = ORGANIZATION | {"issue_id": issues[0].pk}

        assert [event["id"] for event in sentry_api("listAnIssue_sEvents", path=path).data] == [kept]
        assert [event["id"] for event in sentry_api("listAProject_sErrorEvents", path=PUMPS).data] == [kept]
        assert sentry_api("resolveAnEventId", path=ORGANIZATION | {"event_id": kept}).data["eventId"] == kept
        assert sentry_api("retrieveTagDetails", path=path | {"key": "shop"}).data["totalValues"] == 1
        values = sentry_api("listATag_sValuesForAnIssue", path=path | {"key": "shop"}).data
        assert [value["value"] for value in values] == ["north"]
        assert sentry_api("listAProject_sEnvironments", path=PUMPS).data == []

    def test_is_removed(self, sentry_api: SentryApi, issues: list[Issue]) -> None:
        answer = sentry_api("removeAnIssue", path=ORGANIZATION | {"issue_id": issues[0].pk})

        assert answer.status == 202
        assert not Issue.objects.filter(pk=issues[0].pk).exists()
        assert Issue.objects.count() == 2


class TestFindsItsWay:
    def test_organizations(self, sentry_api: SentryApi, project: Project) -> None:
        everything = sentry_api("listYourOrganizations")
        one = sentry_api("retrieveAnOrganization", path=ORGANIZATION)

        assert [row["slug"] for row in everything.data] == ["the-interstellar-jurisdiction"]
        assert (one.status, one.data["id"]) == (200, str(project.organization_id))

    def test_projects(self, sentry_api: SentryApi, project: Project, other_project: Project) -> None:
        everything = sentry_api("listAnOrganization_sProjects", path=ORGANIZATION)
        one = sentry_api("retrieveAProject", path=PUMPS)

        assert [row["slug"] for row in everything.data] == ["pump-station", "prime-mover"]
        assert (one.status, one.data["id"]) == (200, str(project.pk))

    def test_people(self, sentry_api: SentryApi, jane: User) -> None:
        teams = sentry_api("listAnOrganization_sTeams", path=ORGANIZATION)
        members = sentry_api("listAnOrganization_sMembers", path=ORGANIZATION)

        assert [row["slug"] for row in teams.data] == ["powerful-abolitionist"]
        assert [row["user"]["id"] for row in members.data] == [str(jane.pk)]

    @pytest.mark.parametrize("function", ["listAProject_sClientKeys", "listAProject_sErrorEvents"])
    def test_what_projects_have_none_of(self, sentry_api: SentryApi, function: str) -> None:
        assert sentry_api(function, path=PUMPS) == Answer(200, [])

    @pytest.mark.parametrize("function", ["listAnOrganization_sRepositories", "retrieveMonitorsForAnOrganization"])
    def test_what_organizations_have_none_of(self, sentry_api: SentryApi, function: str) -> None:
        assert sentry_api(function, path=ORGANIZATION) == Answer(200, [])


class TestReleases:
    def test_from_the_first_to_the_last(self, sentry_api: SentryApi, read: Read, project: Project) -> None:
        version = {"version": "web@2.1.0+5"}
        path = ORGANIZATION | version

        made = sentry_api(
            "createANewReleaseForAnOrganization", path=ORGANIZATION, body=version | {"projects": ["pump-station"]}
        )
        changed = sentry_api("updateAnOrganization_sRelease", path=path, body={"dateReleased": "2026-03-01T12:00:00Z"})
        shown = sentry_api("retrieveAnOrganization_sRelease", path=path)
        deployed = sentry_api("createADeploy", path=path, body={"environment": "production"})
        deploys = sentry_api("listARelease_sDeploys", path=path)
        commits = sentry_api("listAnOrganizationRelease_sCommits", path=path)
        everything = sentry_api("listAnOrganization_sReleases", path=ORGANIZATION)

        assert (made.status, made.data["version"]) == (201, "web@2.1.0+5")
        assert (changed.status, changed.data["dateReleased"]) == (200, "2026-03-01T12:00:00Z")
        assert (shown.status, shown.data["dateReleased"]) == (200, "2026-03-01T12:00:00Z")
        assert (deployed.status, deploys) == (201, Answer(200, [deployed.data]))
        assert commits == Answer(200, [])
        assert [row["version"] for row in everything.data] == ["web@2.1.0+5"]

        assert sentry_api("deleteAnOrganization_sRelease", path=path) == Answer(204)
        assert not Release.objects.exists()


class TestRefusals:
    def test_of_a_wrong_token(self, home: Path, address: str, issues: list[Issue]) -> None:
        stranger = SentryApi(address, "sntryu_" + "0" * 64, home)

        answer = stranger("bulkMutateAListOfIssues", path=PUMPS, body={"status": "resolved"})

        assert answer == Answer(401, error={"detail": "Invalid token"})
        assert set(statuses(*issues)) == {"unresolved"}

    def test_of_an_id_out_of_scope(self, sentry_api: SentryApi, issues: list[Issue]) -> None:
        query = {"id": [issues[0].pk, issues[2].pk + 1]}

        answer = sentry_api("bulkMutateAListOfIssues", path=PUMPS, query=query, body={"status": "resolved"})

        assert answer == Answer(204)
        assert set(statuses(*issues)) == {"unresolved"}

    @pytest.mark.parametrize(
        ("query", "body", "error"),
        [
            ({}, {"merge": True}, {"detail": "You must specify a list of IDs for this operation"}),
            (
                {"status": "reprocessing"},
                {"status": "resolved"},
                {"status": ['"reprocessing" is not a status; say one of unresolved, resolved, ignored.']},
            ),
            (
                {},
                {"status": "resolved", "statusDetails": {"inRelease": "9.9.9"}},
                {"statusDetails": {"inRelease": ["Unable to find a release with the given version."]}},
            ),
            (
                {"ids": [1]},
                {"status": "resolved"},
                {"detail": 'Unknown query parameter "ids". Repeat id instead: ?id=1&id=2.'},
            ),
        ],
        ids=["no-ids", "status", "release", "misspelt"],
    )
    def test_of_a_wrong_wish(
        self, sentry_api: SentryApi, issues: list[Issue], query: dict[str, Any], body: dict[str, Any], error: Any
    ) -> None:
        answer = sentry_api("bulkMutateAListOfIssues", path=PUMPS, query=query, body=body)

        assert (answer.status, answer.error) == (400, error)
        assert set(statuses(*issues)) == {"unresolved"}

    def test_of_a_search(self, sentry_api: SentryApi) -> None:
        answer = sentry_api("listAProject_sIssues", path=PUMPS, query={"query": "nonsense:foo"})

        assert answer.status == 400
        assert answer.error["detail"].startswith('Search term "nonsense:foo" at character 1 is not understood')

    def test_of_what_is_not_there(self, sentry_api: SentryApi, issues: list[Issue]) -> None:
        elsewhere = {"organization_id_or_slug": "outer-rim"}

        assert sentry_api("retrieveAnOrganization", path=elsewhere) == Answer(404, error={"detail": "Not found."})
        assert sentry_api("retrieveAnIssue", path=ORGANIZATION | {"issue_id": issues[2].pk + 1}).status == 404

    def test_of_a_change_to_a_merged_issue(self, sentry_api: SentryApi, issues: list[Issue]) -> None:
        child = IssueFactory(merged_into=issues[0])

        answer = sentry_api("updateAnIssue", path=ORGANIZATION | {"issue_id": child.pk}, body={"status": "resolved"})

        assert answer == Answer(404, error={"detail": f"Issue {child.pk} was merged into {issues[0].pk}."})
        assert statuses(issues[0], child) == ["unresolved", "unresolved"]
