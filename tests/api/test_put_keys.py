"""Keys that are not known: wishes that must not be left out, and others, which are named (contract 1.4)."""

from itertools import cycle
from typing import Any
from urllib.parse import quote

import pytest

from issues.models import Issue, Mutation
from issues.serializers.unknown_keys import means_ids, says_which
from projects.models import Project
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import IssueFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

Json = dict[str, Any]

UNKNOWN = ["Unknown key. Nothing was changed: without it, the rest would mean something else."]
ROUTES = {
    "project": "/api/0/projects/the-interstellar-jurisdiction/pump-station/issues/",
    "organization": "/api/0/organizations/the-interstellar-jurisdiction/issues/",
    "one issue": "/api/0/issues/{pk}/",
}


@pytest.fixture
def issue(project: Project) -> Issue:
    ReleaseFactory(projects=[project], version="1.0.0")
    issue: Issue = IssueFactory(project=project)
    return issue


@pytest.fixture(params=ROUTES)
def put(request: pytest.FixtureRequest, api: Api, issue: Issue) -> Any:
    """Return what sends a body to the issue, on each of the routes."""
    named = request.param != "one issue"
    return lambda body, **how: api.put(
        ROUTES[request.param].format(pk=issue.pk), body, ids=[issue.pk] if named else [], **how
    )


# ---------------------------------------------------------------------------------------------------------------------
# Wishes
# ---------------------------------------------------------------------------------------------------------------------

WISHES = [
    *("inNextRelease", "inRelease", "inCommit", "inUpcomingRelease", "inNextrelease", "in_next_release", "InRelease"),
    *("innextrelease", "INRELEASE", "in release", "resolvedInNextRelease", "resolve_in_release", "nextRelease"),
    *("ignore", "ignoreMinutes", "ignoreUntilEscalating", "ignoredUntil", "ignore_duration", "ignoreduration"),
    *("IgnoreCount", "snooze", "snoozeUntil", "snooze_duration", "SNOOZE", "statusDetail", "statusdetails"),
    *("status_details", "Status", "statusCode", " status", "ignoreCount "),
    *("until", "Till", "muteUntil", "mute_duration", "mutedFor", "archiveDuration", "duration", "minutes", "for_hours"),
    *("durationInMinutes", "expires_at", "expiration", "days", "timeout"),
    *("_ignoreDuration", "$status", "-snooze", "\ufeffignoreCount", "[statusDetails]", "__inNextRelease", "1status"),
]


def test_an_unknown_wish_is_refused(put: Any) -> None:
    before = snapshot()

    for key, value in zip(WISHES, cycle([True, None, {"commit": "abc"}])):
        response = put({"status": "ignored", key: value, "isPublic": True})
        assert (response.status_code, response.json()) == (400, {key: UNKNOWN}), (key, value)
    assert snapshot() == before


def test_an_unknown_wish_is_refused_for_all_issues(api: Api, issue: Issue) -> None:
    before = snapshot()

    for status in ("resolved", "ignored", "unresolved"):
        for key in ("inCommit", "inNextRelease", "snoozeUntil", "statusDetail"):
            response = api.put(api.issues_url, {"status": status, key: 1})
            assert (response.status_code, response.json()) == (400, {key: UNKNOWN}), (status, key)
    assert snapshot() == before


DETAILS = [
    *("inCommit", "inUpcomingRelease", "inNextrelease", "in_release", "inFutureRelease", "release", "nextRelease"),
    *("untilEscalating", "ignoreMinutes", "until", "duration", "substatus", "status", "statusDetails", "foo", ""),
    *("Actor", "actors", "autoResolved", "pendingEvents", "info"),
]


def test_nothing_unknown_is_left_out_of_the_details(put: Any) -> None:
    before = snapshot()

    statuses = ("resolved", "unresolved", "ignored", "resolvedInNextRelease", None)
    for number, key in enumerate(DETAILS):
        for status in (statuses[number % len(statuses)], statuses[(number + 2) % len(statuses)]):
            body = {"statusDetails": {key: ["x"]}} | ({} if status is None else {"status": status})
            response = put(body)
            assert (response.status_code, response.json()) == (400, {"statusDetails": {key: UNKNOWN}}), body
    assert snapshot() == before


def test_what_is_wrong_is_said_at_once(put: Any) -> None:
    before = snapshot()
    details = {"inCommit": {}, "inRelease": "9.9.9", "ignoreCount": 5, "actor": {"id": "1"}}

    response = put({"status": "resolved", "statusDetails": details, "inNextRelease": True, "isPublic": "maybe"})

    assert (response.status_code, response.json()) == (
        400,
        {
            "statusDetails": {
                "inRelease": ["Unable to find a release with the given version."],
                "inCommit": UNKNOWN,
                "ignoreCount": ['This goes with "status": "ignored".'],
            },
            "isPublic": ["Must be a valid boolean."],
            "inNextRelease": UNKNOWN,
        },
    )
    assert snapshot() == before


@pytest.mark.parametrize("where", ["top", "statusDetails"])
def test_a_hundred_thousand_wishes_are_named_as_far_as_they_fit(put: Any, where: str) -> None:
    many = {f"ignore{number}": 0 for number in range(40_000)}

    response = put({"status": "ignored"} | (many if where == "top" else {where: many}))

    errors = response.json() if where == "top" else response.json()[where]
    assert (response.status_code, list(errors)) == (400, list(many)[:20])


# ---------------------------------------------------------------------------------------------------------------------
# Others
# ---------------------------------------------------------------------------------------------------------------------

OTHERS = [
    *("inbox", "insights", "in", "i", "foo", "statu", "stats", "ispublic", "is_public", "assigned_to"),
    *("note", "shareId", "lastSeen", "", "a,b", "größe", "\U0001f980", "environment", "project"),
]


@pytest.mark.parametrize("key", OTHERS)
def test_another_unknown_key_is_named_and_not_kept(put: Any, key: str) -> None:
    response = put({key: {"deep": ["inside"]}, "status": "resolved"})

    assert response.status_code == 200
    assert response.headers["Issues-Changed"] == "1"
    assert Mutation.objects.get().body == {"status": "resolved"}
    assert response.json().get(key) != {"deep": ["inside"]}
    assert response.headers["Ignored-Keys"] == quote(key)


def test_the_header_names_them_in_order_percent_encoded(put: Any) -> None:
    body = {"b": 1, "status": "resolved", "a,b": 2, "\r\nSet-Cookie: x": 3, "größe": 4, "inbox": True}

    response = put(body)

    assert response.headers["Ignored-Keys"] == "b,a%2Cb,%0D%0ASet-Cookie%3A%20x,gr%C3%B6%C3%9Fe,inbox"


def test_the_header_names_twenty_and_has_a_thousand_characters(put: Any) -> None:
    assert put({f"x{number}": 0 for number in range(30)}).headers["Ignored-Keys"].split(",") == [
        f"x{number}" for number in range(20)
    ]
    assert put({"x" * 500_000: 0}).headers["Ignored-Keys"] == "x" * 1000


def test_the_header_is_not_there_when_all_is_understood(put: Any) -> None:
    response = put({"status": "ignored", "statusDetails": {"ignoreCount": 5, "actor": {"id": "1"}}, "merge": False})

    assert response.status_code == 200
    assert "Ignored-Keys" not in response.headers


def test_the_header_is_on_a_preview_and_on_what_changed_nothing(api: Api, issue: Issue) -> None:
    body = {"status": "resolved", "inbox": True}

    preview = api.put(api.issues_url, body, ids=[issue.pk], raw_query="preview=true")
    out_of_scope = api.put(api.issues_url, body, ids=[issue.pk, issue.pk + 1000])
    elsewhere = api.put(ROUTES["organization"], body, ids=[issue.pk, issue.pk + 1000])
    everything = api.put(api.issues_url, body)

    answers = [preview, out_of_scope, elsewhere, everything]
    assert [answer.status_code for answer in answers] == [200, 204, 204, 200]
    assert {answer.headers["Ignored-Keys"] for answer in answers} == {"inbox"}


# ---------------------------------------------------------------------------------------------------------------------
# What the history keeps
# ---------------------------------------------------------------------------------------------------------------------

UNDERSTOOD: list[tuple[Json, Json | None]] = [
    (
        {"status": "ignored", "statusDetails": {"ignoreCount": "5", "actor": {"x": "y" * 1000}}},
        {"status": "ignored", "statusDetails": {"ignoreCount": "5"}},
    ),
    ({"status": "resolved", "statusDetails": {"inRelease": "  1.0.0\n" + " " * 1000}}, None),
    ({"assignedTo": " " * 1000 + "jane"}, {"assignedTo": "jane"}),
    ({"hasSeen": "yes", "isSubscribed": 1}, {"hasSeen": "yes", "isSubscribed": 1}),
]


@pytest.mark.parametrize(("body", "kept"), UNDERSTOOD, ids=["actor", "blanks around a version", "blanks", "as written"])
def test_the_history_keeps_what_was_understood(api: Api, issue: Issue, body: Json, kept: Json | None) -> None:
    response = api.put(api.issues_url, body, ids=[issue.pk], auth="jane")

    assert (response.status_code, response.headers["Issues-Changed"]) == (200, "1")
    expected = kept or {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}}
    assert Mutation.objects.get().body == expected


def test_the_history_keeps_of_an_assignee_who_it_is(api: Api, issue: Issue, jane: Any) -> None:
    body = {"assignedTo": {"type": "user", "id": jane.pk, "name": "x" * 100_000, "photo": {}}}

    api.put(api.issues_url, body, ids=[issue.pk])

    assert Mutation.objects.get().body == {"assignedTo": {"type": "user", "id": str(jane.pk)}}


# ---------------------------------------------------------------------------------------------------------------------
# Ids
# ---------------------------------------------------------------------------------------------------------------------

MEAN_IDS = [
    *("id", "ids", "Id", "IDS", "id[]", "ids[0]", "id[0][x]", "_id", "pk", "id__in", "idList", "id_list"),
    *("issue", "issues", "ISSUES", "issueId", "issueIds", "issue_ids", "issue-ids", "issues[]", "issue[id]", "issueID"),
    *("group", "groups", "groupId", "groupIds", "group_ids", "GROUPS", "groupIDs", "issueIdList", "selectedIssues"),
    *("selectedIds", "shortId", "shortIds", "short_ids", "issueShortId", "allIds", "issueSet", " ids "),
    *("itemIds", "item_ids", "items", "objectIds", "records", "targets", "selected", "selection", "sentryIssueIds"),
    *("eventIds", "error_ids"),
]
# Where a search, a list or an address narrows; in a body it would narrow nothing.
SAY_WHICH = [
    *(
        "project",
        "projects",
        "projectId",
        "project_ids",
        "projectSlug",
        "environment",
        "environments",
        "level",
        "Levels",
    ),
    *("platform", "logger", "release", "firstRelease", "first_release", "assigned", "is", "bookmarks", "timesSeen"),
    *("userCount", "age", "firstSeen", "last_seen", "issue.type", "search", "filter", "filters", "where", "limit"),
    *("statsPeriod", "start", "end", "max", "first", "count", "Levels"),
    # All but these would be these, too.
    *("excludeIds", "excluded_ids", "exclude", "exclude[]", "excludedIssues", "except", "exceptIds", "notIds", "not"),
    *("only", "onlyIds", "skip", "skipIds", "withoutIds", "excludeLevel", "exceptProjects"),
    *("idsToExclude", "idsExcluded", "ids_not", "issuesToSkip", "issue_ids_except", "level.not", "omit", "omitIds"),
    *("q", "searchQuery", "search_query", "queryString", "params", "parameters", "searchTerm"),
    *("page", "per_page", "pageSize", "offset", "cursor", "since", "before", "after", "olderThan", "newer_than"),
    *("startDate", "end_time", "sinceDate", "lastSeenBefore", "first_seen_after", "olderThanDays", "maxResults"),
    *("assignee", "assignees", "tags"),
]
SAY_NOTHING = ["", "x", "idea", "paid", "grid", "shareId", "grouping", "tissue", "title", "message", "comment", "note"]
SAY_NOTHING += ["event", "error", "item name", "selector", "objection", "exception", "notes", "notify", "notification"]
SAY_NOTHING += ["pager", "homepage", "skipped", "afterwards", "tagline", "endNote", "startedBy", "maximum", "toDo"]
SAY_NOTHING += ["inbox", "discard", "assignedBy", "user", "reason", "levelled", "projection", "stats"]


@pytest.mark.parametrize("route", ["project", "organization"])
def test_a_body_that_says_which_issues_is_not_about_all(api: Api, issue: Issue, project: Project, route: str) -> None:
    before = snapshot()
    narrowed = f"project={project.pk}" if route == "organization" else ""

    for key in (*MEAN_IDS, *SAY_WHICH):
        response = api.put(ROUTES[route], {"status": "resolved", key: [1]}, raw_query=narrowed)
        assert (response.status_code, response.json()) == (
            400,
            {"detail": "You must specify a list of IDs for this operation"},
        ), key
    assert snapshot() == before


@pytest.mark.parametrize("route", ["project", "organization"])
def test_a_body_that_says_which_issues_is_about_those_that_the_query_names(api: Api, issue: Issue, route: str) -> None:
    statuses = cycle(["resolved", "unresolved"])  # so that each changes something

    for key in (*MEAN_IDS, *SAY_WHICH):
        response = api.put(ROUTES[route], {"status": next(statuses), key: [1]}, ids=[issue.pk])
        assert (response.status_code, response.headers["Issues-Changed"]) == (200, "1"), key


def test_a_body_that_does_not_say_which_is_about_all(api: Api, issue: Issue) -> None:
    statuses = cycle(["resolved", "unresolved"])

    for key in SAY_NOTHING:
        assert not says_which(key)
        response = api.put(api.issues_url, {"status": next(statuses), key: "x"})
        assert (response.status_code, response.headers["Issues-Changed"]) == (200, "1"), key


def test_no_other_name_means_ids() -> None:
    assert [name for name in (*SAY_WHICH, *SAY_NOTHING) if means_ids(name)] == []


# ---------------------------------------------------------------------------------------------------------------------
# Parameters
# ---------------------------------------------------------------------------------------------------------------------


def test_a_parameter_in_the_body_is_refused(put: Any) -> None:
    """Left out, it would be about more issues, or be done where it was to be looked at."""
    before = snapshot()

    parameters = {"query": "?query=", "preview": "?preview=", "Query": "?query=", "query[]": "?query="}
    for key, where in {
        **{name: f"parameter: {said}" for name, said in parameters.items()},
        **dict.fromkeys(("dryRun", "dry_run", "simulate"), "parameter: ?preview=true"),
        **dict.fromkeys(("Issues-Expected", "issuesExpected", "expected"), "header: Issues-Expected"),
    }.items():
        for value in ("is:unresolved level:error", True, None):
            response = put({"status": "resolved", key: value, "isPublic": "maybe"})
            assert (response.status_code, response.json()) == (
                400,
                {
                    "isPublic": ["Must be a valid boolean."],
                    key: [f"No key of a body; a bulk route has it as a {where}. Nothing was changed."],
                },
            ), (key, value)
    assert snapshot() == before


@pytest.mark.parametrize("key", ["query", "preview"])
def test_a_parameter_in_the_body_is_refused_for_all_issues(api: Api, issue: Issue, key: str) -> None:
    before = snapshot()

    response = api.put(api.issues_url, {"status": "resolved", key: "level:error"})

    assert (response.status_code, list(response.json())) == (400, [key])
    assert snapshot() == before
