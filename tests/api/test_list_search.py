"""GET with ``query`` and ``sort``: which issues, in which order (contract 2). How terms are read: test_search.py."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from issues.models import Issue
from projects.models import Project, Team, User
from tests.api_client import Api
from tests.factories import (
    IssueFactory,
    OrganizationMemberFactory,
    ReleaseFactory,
    TeamFactory,
    UserFactory,
)
from tests.issues.test_search_refused import REFUSED

pytestmark = pytest.mark.django_db

ORGANIZATION_ISSUES = "/api/0/organizations/the-interstellar-jurisdiction/issues/"

Json = dict[str, Any]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

ALL = [
    "plain",
    "resolved",
    "ignored",
    "ended",
    "ended by count",
    "of jane",
    "of sam",
    "of the team",
    "of the other team",
    "public",
]


def but(*names: str) -> list[str]:
    return [name for name in ALL if name not in names]


# As jane, who is on the team.
FOUND: dict[str, list[str]] = {
    "": ALL,
    "  ": ALL,
    "pump": ["plain", "resolved"],
    "PUMP": ["plain", "resolved"],
    "pump stalled": [],  # a phrase: it is not in there as it stands
    "pump 3": ["plain"],
    "3 pump": [],
    "pump  \u00a0 3": ["plain"],
    "pump is:unresolved 3": ["plain"],
    "pump !motor": ["resolved"],
    "stalled motor": [],
    "stalled is:unresolved motor": ["plain"],  # one word in the title, one in the culprit
    '"pump" "motor"': ["plain"],
    "p*3": ["plain"],
    "typeerror*pu*led": ["plain"],
    "st*led mo*or": [],
    "*pump*": ["plain", "resolved"],
    '"p*3"': [],
    "!p*3": but("plain"),
    "title:pump": ["plain", "resolved"],
    "title:motor": [],
    "message:motor": ["plain"],
    'title:"pump 3"': ["plain"],
    "title:[FAILURE,stalled]": ["plain", "resolved"],
    "!title:[FAILURE,stalled]": but("plain", "resolved"),
    '"pump 3"': ["plain"],
    '"3 pump"': [],
    '"TypeError: pump"': ["plain"],
    "pump_failure": ["resolved"],  # no wildcards: neither _
    "100%": ["resolved"],  # nor %
    "p%p": [],
    "!pump": but("plain", "resolved"),
    "!pump !Error": [],
    '"back\\\\slash"': ["of jane"],
    '"back\\slash"': ["of jane"],
    "back\\slash": ["of jane"],
    '"\\"quote\\""': [],
    """ "'quote\\"" """: ["of jane"],
    "'quote": ["of jane"],
    "is:unresolved": but("resolved", "ignored"),
    "!is:unresolved": ["resolved", "ignored"],
    "is:resolved": ["resolved"],
    "is:ignored": ["ignored"],
    "is:resolved is:ignored": [],
    "is:[resolved,ignored]": ["resolved", "ignored"],
    "!is:[resolved, ignored]": but("resolved", "ignored"),
    "is:[resolved,public]": ["resolved", "public"],
    "is:[bookmarked,public,assigned]": ["plain", "of jane", "of sam", "of the team", "of the other team", "public"],
    "is:archived": ["ignored"],
    "is:muted": ["ignored"],
    "is:archived_forever": ["ignored"],
    "!is:archived_forever": but("ignored"),
    "is:archived_until_condition_met": [],
    "is:unresolved pump": ["plain"],
    "pump is:unresolved": ["plain"],
    "!is:ignored !is:resolved motor": ["plain"],
    "is:assigned": ["of jane", "of sam", "of the team", "of the other team"],
    "!is:assigned": but("of jane", "of sam", "of the team", "of the other team"),
    "is:unassigned": but("of jane", "of sam", "of the team", "of the other team"),
    "is:public": ["public"],
    "!is:public": but("public"),
    "assigned:me": ["of jane"],
    "!assigned:me": but("of jane"),
    "assigned:my_teams": ["of the team"],
    "!assigned:my_teams": but("of the team"),
    "assigned:[me,my_teams]": ["of jane", "of the team"],
    "!assigned:[me,none]": ["of sam", "of the team", "of the other team"],
    "assigned_or_suggested:me": ["of jane"],
    "assigned:[SAM, #captain-planet]": ["of sam", "of the other team"],
    "assigned:none": but("of jane", "of sam", "of the team", "of the other team"),
    "assigned:SAM": ["of sam"],
    "assigned:sam@example.com": ["of sam"],
    "!assigned:sam": but("of sam"),
    "assigned:#powerful-abolitionist": ["of the team"],
    "assigned:#CAPTAIN-planet": ["of the other team"],
    "assigned:powerful-abolitionist": ["of the team"],
    "assigned:nobody": [],
    "assigned:#nobody": [],
    "!assigned:nobody": ALL,
    "bookmarks:me": ["plain", "of sam"],
    "is:bookmarked": ["plain", "of sam"],
    "!is:bookmarked": but("plain", "of sam"),
    "is:bookmarked assigned:sam": ["of sam"],
    "priority:high": ["ignored"],
    "issue.priority:[HIGH,low]": ["ignored", "of the other team"],
    "level:fatal": ["ignored"],
    "level:FATAL": ["ignored"],
    "!level:error": ["ignored", "of the other team"],
    "!level:[error,fatal]": ["of the other team"],
    "level:[warning, FATAL]": ["ignored", "of the other team"],
    "platform:py*": ["of jane"],
    "!platform:[py*,java]": but("of jane"),
    'platform:"py*"': [],
    "logger:ROOT*motor": ["ended"],
    "logger:*motor": ["ended"],
    "!logger:nobody": ALL,
    "issue.type:error": ALL,
    "!issue.category:error": [],
    "platform:Python": ["of jane"],
    "logger:root.motor": ["ended"],
    "!logger:root.motor": but("ended"),
    "release:web@1.0": ["of sam"],
    "release:1.1": ["of sam", "of the team"],
    "!release:1.1": but("of sam", "of the team"),
    "firstRelease:1.1": ["of the team"],
    "!firstRelease:1.1": but("of the team"),
    "release:9": [],
    "!release:9": ALL,
    "release:1*": ["of sam", "of the team"],
    "release:web@*": ["of sam"],
    'release:"web@*"': [],
    "release:[9,web@1.0]": ["of sam"],
    "!release:*1*": but("of sam", "of the team"),
    "release:latest": ["of sam", "of the team"],
    "firstRelease:latest": ["of the team"],
    "first-release:[latest,web@1.0]": ["of sam", "of the team"],
    "!first-release:latest": but("of the team"),
    'release:"latest"': [],
    "timesSeen:50": ["resolved"],
    "timesSeen:>50": ["ignored"],
    "timesSeen:>=50": ["resolved", "ignored"],
    "timesSeen:<50": but("resolved", "ignored"),
    "timesSeen:<=50": but("ignored"),
    "!timesSeen:<50": ["resolved", "ignored"],
    "userCount:>1": ["resolved", "ended by count"],
    "userCount:2": ["resolved"],
    "!userCount:<=2": ["ended by count"],
    "age:-25h": ["of the other team"],
    "age:+15d": ["public"],
    "firstSeen:+2w": ["public"],
    "!firstSeen:+2w": but("public"),
    "lastSeen:-1h": ["plain"],
    "lastSeen:-120m": ["plain", "resolved"],
    "lastSeen:+9h": ["public"],
    "lastSeen:>2020-01-01": ALL,
    "lastSeen:<2020-01-01": [],
    "lastSeen:>=9999-12-31T23:59:59-14:00": [],
    "lastSeen:>0001-01-01T00:00:00+14:00": ALL,
}


@pytest.mark.parametrize("sort", ["date", "new"])
def test_finds(api: Api, cast: dict[str, Issue], sort: str) -> None:
    names = {str(issue.pk): name for name, issue in cast.items()}
    answers: dict[str, Any] = {}
    asked = list(FOUND) if sort == "date" else list(FOUND)[::3]  # another index is walked, for the same terms

    for query in asked:
        response = api.get(api.issues_url, raw_query=f"sort={sort}&query={quote(query)}", auth="jane")
        assert response.status_code == 200, (query, response.content)
        found = [names[item["id"]] for item in response.json()]
        assert response.headers["X-Hits"] == str(len(found)), query
        answers[query] = sorted(found, key=ALL.index) if sort == "new" else found

    assert answers == {query: FOUND[query] for query in asked}


def test_finds_an_issue_by_its_id_but_no_merged_one_and_no_stranger(
    api: Api, cast: dict[str, Issue], stranger_project: Project
) -> None:
    child = cast["plain"].children.get()
    stranger = IssueFactory(project=stranger_project)

    found = {
        pk: [item["id"] for item in api.get(api.issues_url, raw_query=f"query=id:{pk}").json()]
        for pk in (cast["resolved"].pk, child.pk, stranger.pk)
    }

    assert found == {cast["resolved"].pk: [str(cast["resolved"].pk)], child.pk: [], stranger.pk: []}


@pytest.mark.parametrize("second", ["", "level:fatal", "is:unresolved+"])
def test_refuses_a_second_search(api: Api, project: Project, second: str) -> None:
    """The last of them alone was looked for: an empty one was all."""
    IssueFactory(project=project, resolved=True)

    refused = api.get(api.issues_url, raw_query=f"query=is:unresolved&query={second}")
    same = api.get(api.issues_url, raw_query="query=is:unresolved&limit=1&query=is%3Aunresolved")

    assert (refused.status_code, refused.json()) == (400, {"query": ["Say query once; put all terms into it."]})
    assert (same.status_code, same.json()) == (200, [])


def test_names_the_bad_term_and_its_place(api: Api, project: Project) -> None:
    response = api.get(api.issues_url, raw_query="query=is:unresolved%20age:yesterday")

    assert response.status_code == 400
    assert response.json() == {
        "detail": 'Search term "age:yesterday" at character 15 is not understood: '
        "say -24h for younger, or +24h for older."
    }


def test_refuses_each_wrong_query_and_names_the_term(api: Api, project: Project) -> None:
    for query, (term, place, reason) in REFUSED.items():
        response = api.get(ORGANIZATION_ISSUES, raw_query=f"query={quote(query)}", auth="jane")
        assert response.status_code == 400, query
        assert response.json() == {"detail": f'Search term "{term}" at character {place} is not understood: {reason}'}


def test_without_a_user_there_is_no_me(api: Api, project: Project) -> None:
    response = api.get(api.issues_url, raw_query="query=assigned:me", auth="key")

    assert response.status_code == 400
    assert response.json() == {
        "detail": 'Search term "assigned:me" at character 1 is not understood: '
        "an API key is nobody in particular; use a user's token."
    }


def test_narrows_by_status_and_query_together(api: Api, cast: dict[str, Issue]) -> None:
    response = api.get(api.issues_url, raw_query="status=resolved&query=pump")

    assert [item["id"] for item in response.json()] == [str(cast["resolved"].pk)]


def test_a_status_and_another_in_the_query_match_nothing(api: Api, cast: dict[str, Issue]) -> None:
    response = api.get(api.issues_url, raw_query="status=resolved&query=is:unresolved")

    assert response.json() == []


# ---------------------------------------------------------------------------------------------------------------------
# Others' names
# ---------------------------------------------------------------------------------------------------------------------


def test_a_team_of_another_organization_with_the_same_slug_is_another(
    api: Api, cast: dict[str, Issue], stranger_project: Project
) -> None:
    twin = TeamFactory(organization=stranger_project.organization, slug="powerful-abolitionist")
    IssueFactory(project=stranger_project, assignee_team=twin)

    response = api.get(api.issues_url, raw_query="query=assigned:%23powerful-abolitionist")

    assert [item["id"] for item in response.json()] == [str(cast["of the team"].pk)]


def test_of_two_who_share_an_email_neither_is_surely_meant(api: Api, project: Project) -> None:
    for _ in range(2):
        twin = UserFactory(email="twin@example.com")
        OrganizationMemberFactory(organization=project.organization, user=twin)
        IssueFactory(project=project, assignee_user=twin)

    assert api.get(api.issues_url, raw_query="query=assigned:twin@example.com").json() == []


def test_who_is_no_member_is_unknown(api: Api, project: Project, kit: User) -> None:
    IssueFactory(project=project, assignee_user=kit)

    for spelling in ("kit", "kit@example.com", f"user:{kit.pk}", f"{kit.pk}"):
        assert api.get(api.issues_url, raw_query=f"query=assigned:{spelling}").json() == []


def test_every_spelling_of_an_assignee_is_understood(api: Api, cast: dict[str, Issue], sam: User, team: Team) -> None:
    spellings = {
        "of sam": ["sam", "SAM", "Sam@Example.com", f"user:{sam.pk}", f"{sam.pk}", f"000{sam.pk}", '"sam"'],
        "of the team": [f"team:{team.pk}", f"#{team.slug}", team.slug, f"#{team.slug.upper()}"],
    }
    for name, words in spellings.items():
        for word in words:
            found = api.get(api.issues_url, raw_query=f"query={quote(f'assigned:{word}')}").json()
            assert [item["id"] for item in found] == [str(cast[name].pk)], word


def test_has_2_000_characters_at_most(api: Api, project: Project) -> None:
    assert api.get(api.issues_url, raw_query=f"query={'x' * 2_000}").status_code == 200

    response = api.get(api.issues_url, raw_query=f"query={'x' * 2_001}")

    assert (response.status_code, response.json()) == (
        400,
        {"detail": 'Search term "x" at character 2001 is not understood: a search has 2,000 characters at most here.'},
    )


def test_latest_is_the_newest_of_each_project(api: Api, project: Project, other_project: Project) -> None:
    issues = []
    for number, where in enumerate((project, other_project)):
        old, new = (ReleaseFactory(version=f"{number}.{minor}", projects=[where]) for minor in range(2))
        issues += [IssueFactory(project=where, own_first_release=each) for each in (old, new)]

    response = api.get(ORGANIZATION_ISSUES, raw_query="query=release:latest", auth="jane")

    assert sorted(int(item["id"]) for item in response.json()) == [issues[1].pk, issues[3].pk]


def test_narrows_to_projects_by_slug(api: Api, project: Project, other_project: Project) -> None:
    here, there = IssueFactory(project=project), IssueFactory(project=other_project)
    found = {
        query: sorted(
            int(item["id"]) for item in api.get(ORGANIZATION_ISSUES, raw_query=f"query={query}", auth="jane").json()
        )
        for query in (
            *("project:pump-station", "!project:PUMP-station", "project:nowhere", "!project:nowhere"),
            "project:[pump-station,prime-mover]",
        )
    }

    assert found == {
        "project:pump-station": [here.pk],
        "!project:PUMP-station": [there.pk],
        "project:nowhere": [],
        "!project:nowhere": [here.pk, there.pk],
        "project:[pump-station,prime-mover]": [here.pk, there.pk],
    }


def test_ignored_for_ever_or_under_terms(api: Api, project: Project, at: datetime) -> None:
    forever = IssueFactory(project=project, ignored=True)
    terms: list[Json] = [
        {"snooze_ends_at": at + DAY},
        {"snooze_ends_at_times_seen": 9},
        {"snooze_ends_at_users_seen": 9},
        {"snooze_window_count": 5, "snooze_window_minutes": 60},
        {"snooze_window_user_count": 5, "snooze_window_user_minutes": 60},
    ]
    until = [IssueFactory(project=project, ignored=True, **columns) for columns in terms]
    over = IssueFactory(project=project, ignored=True, snooze_ends_at=at - DAY)
    calm = IssueFactory(project=project, ignored=True, snooze_escalates_above=9)
    resolved = IssueFactory(project=project, resolved=True)

    def found(query: str) -> set[int]:
        return {int(item["id"]) for item in api.get(api.issues_url, raw_query=f"query={query}").json()}

    kept = {issue.pk for issue in until}
    assert found("is:archived_forever") == {forever.pk}
    assert found("is:archived_until_condition_met") == kept
    assert found("is:archived_until_escalating") == {calm.pk}
    assert found("!is:archived_until_condition_met") == {forever.pk, over.pk, calm.pk, resolved.pk}
    assert found("is:[archived_forever,resolved]") == {forever.pk, resolved.pk}
    assert found("!is:[archived_forever,archived_until_condition_met]") == {over.pk, calm.pk, resolved.pk}
