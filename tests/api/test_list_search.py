"""GET with ``query`` and ``sort``: which issues, in which order (contract 2). How terms are read: test_search.py."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone

from issues.models import Issue
from projects.models import Project, Team, User
from tests.api_client import Api
from tests.factories import (
    NOW,
    IssueBookmarkFactory,
    IssueFactory,
    OrganizationMemberFactory,
    ReleaseFactory,
    TeamFactory,
    UserFactory,
)
from tests.issues.test_search import REFUSED

pytestmark = pytest.mark.django_db

ORGANIZATION_ISSUES = "/api/0/organizations/the-interstellar-jurisdiction/issues/"
Json = dict[str, Any]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def at() -> datetime:
    return timezone.now()


@pytest.fixture
def cast(project: Project, jane: User, sam: User, team: Team, other_team: Team, at: datetime) -> dict[str, Issue]:
    """One issue for each thing that can be asked for, last seen one after the other."""
    old, new = ReleaseFactory(version="web@1.0", projects=[project]), ReleaseFactory(version="1.1", projects=[project])
    columns: dict[str, Json] = {
        "plain": {"text__title": "TypeError: pump 3 stalled", "text__culprit": "station.motor in spin"},
        "resolved": {"resolved": True, "text__title": "PUMP_failure 100%", "own_times_seen": 50, "own_users_seen": 2},
        "ignored": {"ignored": True, "level": "fatal", "own_times_seen": 100},
        "ended": {"ignored": True, "snooze_ends_at": at - HOUR, "logger": "Root.Motor"},
        "ended by count": {"ignored": True, "snooze_ends_at_times_seen": 1, "own_users_seen": 9},
        "of jane": {"assignee_user": jane, "platform": "python", "text__culprit": "back\\slash 'quote\""},
        "of sam": {"assignee_user": sam, "own_first_release": old, "own_last_release": new},
        "of the team": {"assignee_team": team, "own_first_release": new, "own_last_release": new},
        "of the other team": {"assignee_team": other_team, "level": "warning"},
        "public": {"public": True, "own_first_seen": at - 20 * DAY},
    }
    made = {}
    for number, (name, values) in enumerate(columns.items()):
        seen = {"own_first_seen": at - (10 - number) * HOUR * 10, "own_last_seen": at - number * HOUR - HOUR / 2}
        made[name] = IssueFactory(project=project, **(seen | values))
    IssueFactory(merged_into=made["plain"], text__title="pump, but merged", level="fatal", public=True)
    IssueBookmarkFactory(issue=made["plain"], user=jane)
    IssueBookmarkFactory(issue=made["of sam"], user=jane)
    IssueBookmarkFactory(issue=made["of sam"], user=sam)
    IssueBookmarkFactory(issue=made["public"], user=sam)
    return made


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


@pytest.mark.parametrize("query", FOUND)
@pytest.mark.parametrize("sort", ["date", "new"])
def test_finds(api: Api, cast: dict[str, Issue], query: str, sort: str) -> None:
    response = api.get(api.issues_url, raw_query=f"sort={sort}&query={quote(query)}", auth="jane")

    names = {str(issue.pk): name for name, issue in cast.items()}
    assert response.status_code == 200, response.content
    found = [names[item["id"]] for item in response.json()]
    if sort == "new":
        found.sort(key=ALL.index)
    assert found == FOUND[query]
    assert response.headers["X-Hits"] == str(len(found))


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


def test_names_the_bad_term_and_its_place(api: Api, project: Project) -> None:
    response = api.get(api.issues_url, raw_query="query=is:unresolved%20age:yesterday")

    assert response.status_code == 400
    assert response.json() == {
        "detail": 'Search term "age:yesterday" at character 15 is not understood: '
        "say -24h for younger, or +24h for older."
    }


@pytest.mark.parametrize("query", REFUSED, ids=[ascii(query)[:40] for query in REFUSED])
def test_refuses_each_wrong_query_and_names_the_term(api: Api, project: Project, query: str) -> None:
    term, place, reason = REFUSED[query]

    response = api.get(ORGANIZATION_ISSUES, raw_query=f"query={quote(query)}", auth="jane")

    assert response.status_code == 400
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
# shortIdLookup
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelt", [str, str.lower, lambda word: f" {word} "])
@pytest.mark.parametrize("state", ["plain", "resolved", "ignored"])
def test_finds_an_issue_by_its_short_id_whatever_its_status(
    api: Api, cast: dict[str, Issue], state: str, spelt: Callable[[str], str]
) -> None:
    issue = cast[state]

    response = api.get(api.issues_url, raw_query=f"shortIdLookup=1&query={quote(spelt(issue.short_id))}")

    assert [item["id"] for item in response.json()] == [str(issue.pk)]
    assert response.headers["X-Hits"] == "1"
    assert 'rel="next"; results="false"' in response.headers["Link"]


def test_shows_the_parent_of_a_merged_issue_that_is_looked_up(api: Api, cast: dict[str, Issue]) -> None:
    child = cast["plain"].children.get()

    response = api.get(api.issues_url, raw_query=f"shortIdLookup=1&query={child.short_id}")

    assert [item["id"] for item in response.json()] == [str(cast["plain"].pk)]


@pytest.mark.parametrize(
    "asked", ["shortIdLookup=0&query={short_id}", "query={short_id}", "shortIdLookup=1&query=x-{short_id}"]
)
def test_reads_a_short_id_as_a_word_otherwise(api: Api, cast: dict[str, Issue], asked: str) -> None:
    query = asked.format(short_id=cast["resolved"].short_id)

    assert api.get(api.issues_url, raw_query=query).json() == []


def test_does_not_look_up_a_short_id_of_another_project(
    api: Api, other_project: Project, stranger_project: Project
) -> None:
    for where in (other_project, stranger_project):
        issue = IssueFactory(project=where)

        assert api.get(api.issues_url, raw_query=f"shortIdLookup=1&query={issue.short_id}").json() == []


# ---------------------------------------------------------------------------------------------------------------------
# sort
# ---------------------------------------------------------------------------------------------------------------------

SORTED: dict[str, Callable[[Issue], tuple[Any, int]]] = {
    "date": lambda issue: (issue.last_seen, issue.pk),
    "new": lambda issue: (issue.first_seen, issue.pk),
    "freq": lambda issue: (issue.times_seen, issue.pk),
    "user": lambda issue: (issue.users_seen, issue.pk),
}


@pytest.mark.parametrize("query", ["", "is:unresolved", "pump"])
@pytest.mark.parametrize("sort", SORTED)
@pytest.mark.parametrize("size", [1, 3, 100])
def test_walks_every_sort_there_and_back(
    api: Api, cast: dict[str, Issue], project: Project, sort: str, query: str, size: int
) -> None:
    for _ in range(3):
        IssueFactory(project=project, own_times_seen=50, own_users_seen=9)  # ties
    matching = api.get(api.issues_url, raw_query=f"query={query}").json()
    expected = sorted(
        Issue.objects.filter(pk__in=[int(item["id"]) for item in matching]), key=SORTED[sort], reverse=True
    )

    pages: list[list[int]] = []
    cursors: list[tuple[str, str]] = []
    cursor = ""
    while True:
        response = api.get(api.issues_url, raw_query=f"query={query}&sort={sort}&limit={size}&cursor={cursor}")
        pages.append([int(item["id"]) for item in response.json()])
        previous, following = response.headers["Link"].split(", ")
        cursors.append((previous.split('cursor="')[1].rstrip('"'), following.split('cursor="')[1].rstrip('"')))
        if 'results="true"' not in following:
            break
        cursor = cursors[-1][1]

    assert [pk for page in pages for pk in page] == [issue.pk for issue in expected]
    for number in range(len(pages) - 1, 0, -1):
        back = api.get(api.issues_url, raw_query=f"query={query}&sort={sort}&limit={size}&cursor={cursors[number][0]}")
        assert [int(item["id"]) for item in back.json()] == pages[number - 1]


@pytest.mark.parametrize(
    ("sort", "value"), [("freq", "1000000000000"), ("user", "99999"), ("new", "-62135596800000000")]
)
def test_a_cursor_may_name_a_row_that_is_gone(api: Api, cast: dict[str, Issue], sort: str, value: str) -> None:
    response = api.get(api.issues_url, raw_query=f"query=&sort={sort}&cursor={value}:7:0")

    assert response.status_code == 200
    assert len(response.json()) == (0 if sort == "new" else len(cast))


@pytest.mark.parametrize("sort", ["freq", "user", "new", "date"])
@pytest.mark.parametrize(
    "cursor", ["9223372036854775808:1:0", "1:9223372036854775808:0", "9" * 19 + ":1:0", "x", "1:1"]
)
def test_refuses_a_cursor_that_no_answer_held(api: Api, project: Project, sort: str, cursor: str) -> None:
    response = api.get(api.issues_url, raw_query=f"sort={sort}&cursor={cursor}")

    assert (response.status_code, response.json()) == (
        400,
        {"cursor": [f'"{cursor}" is no cursor; take one from the Link header of an answer.']},
    )


def test_a_walk_by_age_has_each_issue_once_whatever_is_done_meanwhile(api: Api, project: Project) -> None:
    issues = [IssueFactory(project=project, own_first_seen=NOW - timedelta(days=3, minutes=n // 3)) for n in range(40)]
    wishes = [
        {"status": "resolved"},
        {"assignedTo": "jane"},
        {"merge": True},
        {"status": "ignored"},
        {"isPublic": True},
    ]
    merged: set[int] = set()

    walked: list[int] = []
    cursor = ""
    while True:
        response = api.get(api.issues_url, raw_query=f"query=&sort=new&limit=3&cursor={cursor}")
        walked += [int(item["id"]) for item in response.json()]
        following = response.headers["Link"].split(", ")[1]
        if 'results="false"' in following:
            break
        cursor = following.split('cursor="')[1].rstrip('"')
        # behind the walker and before it
        wish, ids = wishes[len(walked) % 5], [issues[len(walked) * 7 % 40].pk, issues[len(walked) * 11 % 40].pk]
        if api.put(api.issues_url, wish, ids=ids).status_code == 200 and wish == {"merge": True}:
            merged.update(ids)

    stayed = [issue.pk for issue in sorted(issues, key=lambda issue: (issue.first_seen, issue.pk), reverse=True)]
    assert merged
    assert [pk for pk in walked if pk not in merged] == [pk for pk in stayed if pk not in merged]
    assert len(walked) == len(set(walked))


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
    resolved = IssueFactory(project=project, resolved=True)

    def found(query: str) -> set[int]:
        return {int(item["id"]) for item in api.get(api.issues_url, raw_query=f"query={query}").json()}

    kept = {issue.pk for issue in until}
    assert found("is:archived_forever") == {forever.pk}
    assert found("is:archived_until_condition_met") == kept
    assert found("!is:archived_until_condition_met") == {forever.pk, over.pk, resolved.pk}
    assert found("is:[archived_forever,resolved]") == {forever.pk, resolved.pk}
    assert found("!is:[archived_forever,archived_until_condition_met]") == {over.pk, resolved.pk}
