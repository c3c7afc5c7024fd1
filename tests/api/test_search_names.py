"""What a search names must be there before it changes anything (contract 1.3); and what each key leaves and takes."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Issue
from projects.models import Organization, Project, Team, User
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import (
    IssueBookmarkFactory,
    IssueFactory,
    OrganizationMemberFactory,
    ProjectFactory,
    ReleaseFactory,
    TeamFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

ORGANIZATION_ISSUES = "/api/0/organizations/the-interstellar-jurisdiction/issues/"
RESOLVE = {"status": "resolved"}
Ask = Callable[[str], set[str]]


@pytest.fixture
def cast(project: Project, jane: User, sam: User, team: Team) -> dict[str, Issue]:
    """Issues that have everything that can be named; ``bare`` has none of it."""
    old, new = (ReleaseFactory(projects=[project], version=version) for version in ("web@1.0", "web@1.1"))
    made = {
        "full": IssueFactory(
            project=project,
            level="fatal",
            platform="python",
            logger="pump.motor",
            own_first_release=old,
            own_last_release=new,
            assignee_user=sam,
            own_times_seen=9,
            own_users_seen=9,
            public=True,
            text__title="pump 3",
            text__culprit="in motor",
        ),
        "other": IssueFactory(
            project=project,
            resolved=True,
            level="warning",
            platform="go",
            logger="",
            own_first_release=new,
            own_last_release=new,
            assignee_team=team,
            text__title="valve",
        ),
        "bare": IssueFactory(project=project, ignored=True, text__title="something"),
    }
    for user in (jane, sam):
        IssueBookmarkFactory(issue=made["full"], user=user)
    return made


# key -> a value, and which of the cast it finds; another, for the list of both
EVERYTHING = {"full", "other", "bare"}
KEYS: dict[str, tuple[str, set[str], str, set[str]]] = {
    "is": ("ignored", {"bare"}, "resolved", {"other"}),
    "assigned": ("sam", {"full"}, "none", {"bare"}),
    "assigned_or_suggested": ("my_teams", {"other"}, "#powerful-abolitionist", {"other"}),
    "bookmarks": ("me", {"full"}, "ME", {"full"}),
    "level": ("fatal", {"full"}, "warning", {"other"}),
    "platform": ("python", {"full"}, "g*", {"other"}),
    "logger": ("pump.*", {"full"}, "PUMP.motor", {"full"}),
    "release": ("web@1.0", {"full"}, "latest", {"full", "other"}),
    "firstRelease": ("web@1.0", {"full"}, "latest", {"other"}),
    "first-release": ("web@*", {"full", "other"}, "latest", {"other"}),
    "title": ("PUMP", {"full"}, '"valve"', {"other"}),
    "message": ("motor", {"full"}, "valve", {"other"}),
    "issue.type": ("error", EVERYTHING, "ERROR", EVERYTHING),
    "issue.category": ("error", EVERYTHING, "error", EVERYTHING),
    "id": ("<full>", {"full"}, "<bare>", {"bare"}),
}
NO_LISTS: dict[str, tuple[str, set[str]]] = {
    "timesSeen": (">5", {"full"}),
    "userCount": ("9", {"full"}),
    "age": ("-24h", set()),
    "firstSeen": ("+1m", EVERYTHING),
    "lastSeen": ("<2020-01-01", set()),
    "": ("pump 3", {"full"}),
}


def each_key() -> list[tuple[str, set[str]]]:
    """Return every key positive, negated, and with a list."""
    tried: list[tuple[str, set[str]]] = []
    for key, (value, found, another, found_too) in KEYS.items():
        tried += [
            (f"{key}:{value}", found),
            (f"!{key}:{value}", EVERYTHING - found),
            (f"{key}:[{value}]", found),
            (f"{key}:[{value}, {another}]", found | found_too),
            (f"!{key}:[{another},{value}]", EVERYTHING - found - found_too),
        ]
    for key, (value, found) in NO_LISTS.items():
        term = f"{key}:{value}" if key else f'"{value}"'
        tried += [(term, found), (f"!{term}", EVERYTHING - found)]
    return tried


def spelt(query: str, cast: dict[str, Issue]) -> str:
    for name, issue in cast.items():
        query = query.replace(f"<{name}>", str(issue.pk))
    return f"query={quote(query)}"


@pytest.mark.parametrize(("query", "found"), each_key(), ids=[query for query, _ in each_key()])
def test_each_key_finds_the_same_by_every_method(api: Api, cast: dict[str, Issue], query: str, found: set[str]) -> None:
    names = {issue.pk: name for name, issue in cast.items()}
    raw_query, ids = spelt(query, cast), list(names)

    listed = api.get(api.issues_url, raw_query=raw_query, auth="jane")
    turn = [asked for asked, _ in each_key()].index(
        query
    ) % 3  # each key is in five queries: each change has one at least
    if turn == 0:
        changed = api.put(api.issues_url, {"hasSeen": True}, ids=ids, raw_query=raw_query, auth="jane")
    elif turn == 1:
        wish, preview = {"status": "ignored", "ignoreCount": 5}, f"{raw_query}&preview=true"
        changed = api.put(api.issues_url, wish, raw_query=preview, auth="jane")
    else:
        changed = api.delete(api.issues_url, ids=ids, raw_query=raw_query, auth="jane")

    assert {names[int(item["id"])] for item in listed.json()} == found
    assert changed.headers["Issues-Matched"] == str(len(found))
    left = EVERYTHING - found if turn == 2 else EVERYTHING
    assert {names[pk] for pk in Issue.objects.values_list("pk", flat=True)} == left


# What isn't there, with what is said of it.
UNKNOWN = {
    "assigned:typo": "nobody here is called typo, and no team.",
    "assigned:kit": "nobody here is called kit, and no team.",  # of another organization
    "assigned:kit@example.com": "nobody here is called kit@example.com, and no team.",
    "assigned:#typo": "nobody here is called #typo, and no team.",
    "assigned:user:999999": "nobody here is called user:999999, and no team.",
    "assigned:team:999999": "nobody here is called team:999999, and no team.",
    "assigned:team:": "nobody here is called team:, and no team.",
    "assigned:0": "nobody here is called 0, and no team.",
    "assigned:99999999999999999999": "nobody here is called 99999999999999999999, and no team.",
    'assigned:"j*"': "nobody here is called j*, and no team.",
    "assigned:[sam,typo]": "nobody here is called typo, and no team.",
    "assigned:twin@example.com": "nobody here is called twin@example.com, and no team.",
    "release:9": "there is no release 9 here; quotes take it at its word.",
    "release:web@": "there is no release web@ here; quotes take it at its word.",
    "release:secret*": "there is no release secret* here; quotes take it at its word.",  # another project's
    "firstRelease:9.*": "there is no release 9.* here; quotes take it at its word.",
    "release:[web@1.0,9]": "there is no release 9 here; quotes take it at its word.",
    "platform:pyton": "no issue here has the platform pyton; quotes take it at its word.",
    "platform:ruby": "no issue here has the platform ruby; quotes take it at its word.",  # another project's
    "platform:[python,g?]": "no issue here has the platform g?; quotes take it at its word.",
    "platform:p_thon": "no issue here has the platform p_thon; quotes take it at its word.",
    "logger:http*": "no issue here has the logger http*; quotes take it at its word.",
    "logger:%": "no issue here has the logger %; quotes take it at its word.",
    "logger:python": "no issue here has the logger python; quotes take it at its word.",
    "id:999999": "there is no issue 999999 here.",
    "id:<elsewhere>": "there is no issue <elsewhere> here.",
    "id:<child>": "there is no issue <child> here.",
    "id:[<full>,999999]": "there is no issue 999999 here.",
}


@pytest.fixture
def others(cast: dict[str, Issue], project: Project, other_project: Project, kit: User) -> dict[str, Issue]:
    """The cast, what is merged into it, and what is elsewhere."""
    for _ in range(2):
        OrganizationMemberFactory(organization=project.organization, user=UserFactory(email="twin@example.com"))
    secret = ReleaseFactory(projects=[other_project], version="secret-9")
    elsewhere = IssueFactory(project=other_project, platform="ruby", own_first_release=secret)
    return {**cast, "elsewhere": elsewhere, "child": IssueFactory(merged_into=cast["full"])}


@pytest.mark.parametrize("term", UNKNOWN)
def test_what_is_not_there_changes_nothing(api: Api, others: dict[str, Issue], term: str) -> None:
    sign = "!" if list(UNKNOWN).index(term) % 2 else ""  # which asks for the same names
    query, pk = f"is:[unresolved,resolved] {sign}{term}", others["full"].pk
    raw_query = spelt(query, others)
    before = snapshot()

    answers = [
        api.put(api.issues_url, RESOLVE, raw_query=raw_query, auth="jane"),
        api.put(api.issues_url, {"merge": True}, ids=[pk], raw_query=raw_query, auth="jane"),
        api.put(api.issues_url, RESOLVE, raw_query=f"{raw_query}&preview=true", auth="jane"),
        api.delete(api.issues_url, ids=[pk], raw_query=raw_query, auth="jane"),
    ]

    written, reason = (words for words in (f"{sign}{term}", UNKNOWN[term]))
    for name, issue in others.items():
        written, reason = (words.replace(f"<{name}>", str(issue.pk)) for words in (written, reason))
    detail = f'Search term "{written}" at character 26 is not understood: {reason}'
    assert [(response.status_code, response.json()) for response in answers] == [(400, {"detail": detail})] * 4
    assert snapshot() == before


def test_what_is_not_there_matches_nothing_in_a_list(api: Api, others: dict[str, Issue]) -> None:
    def found(query: str) -> list[int]:
        answer = api.get(api.issues_url, raw_query=spelt(query, others), auth="jane")
        return [int(item["id"]) for item in answer.json()]

    for term in UNKNOWN:
        if "[" in term:  # the other element is there
            assert found(term) == [others["full"].pk], term
        else:
            assert found(term) == [], term
            assert len(found(f"!{term}")) == len(EVERYTHING), term


@pytest.mark.parametrize("term", ['release:"9"', 'firstRelease:"9.*"', 'platform:"py*"', 'logger:[pump*,"nobody"]'])
def test_quotes_take_a_name_at_its_word(api: Api, cast: dict[str, Issue], term: str) -> None:
    positive, negated = (
        int(
            api.put(api.issues_url, {}, ids=ids(cast), raw_query=spelt(f"{sign}{term}", cast)).headers["Issues-Matched"]
        )
        for sign in ("", "!")
    )

    assert positive == ("pump" in term)
    assert positive + negated == len(cast)


def ids(cast: dict[str, Issue]) -> list[int]:
    return [issue.pk for issue in cast.values()]


def test_a_merged_child_can_be_named_to_unmerge_it(api: Api, others: dict[str, Issue]) -> None:
    child = others["child"]

    response = api.put(api.issues_url, {"merge": False}, ids=[child.pk], raw_query=f"query=id:{child.pk}")

    assert (response.status_code, response.headers["Issues-Matched"]) == (200, "1")


def test_latest_of_no_release_is_not_there(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)

    response = api.put(api.issues_url, RESOLVE, ids=[issue.pk], raw_query="query=!release:latest")

    assert response.status_code == 400
    assert response.json()["detail"].endswith("there is no release here yet.")
    assert len(api.get(api.issues_url, raw_query="query=!release:latest").json()) == 1


def test_a_rare_word_is_found_behind_a_thousand_newer_issues(api: Api, project: Project) -> None:
    rare = IssueFactory(project=project, logger="rare")
    for row in [Issue(**columns_of(rare, number)) for number in range(1001)]:
        row.save(force_insert=True)

    response = api.put(api.issues_url, {}, ids=[rare.pk], raw_query="query=logger:rar* !platform:python")

    assert response.status_code == 400  # no issue has that platform
    response = api.put(api.issues_url, {}, ids=[rare.pk], raw_query="query=logger:rar*")
    assert response.headers["Issues-Matched"] == "1"


def columns_of(issue: Issue, number: int) -> dict[str, Any]:
    """Return the columns of a newer issue like this one."""
    columns = {field.attname: getattr(issue, field.attname) for field in Issue._meta.concrete_fields}
    later = {"last_seen": issue.last_seen.replace(year=issue.last_seen.year + 1)}
    return columns | later | {"id": None, "short_number": 1_000_000 + number, "logger": "often", "platform": ""}


def test_the_order_of_checks(api: Api, cast: dict[str, Issue], other_project: Project) -> None:
    """A look-up (5) comes after the query and the body by themselves (4, 5), before "no ids" (6) and scope (7)."""
    said = [
        api.request(method, path, body, raw_query=raw_query, auth="jane").json()
        for method, path, body, raw_query in [
            ("PUT", api.issues_url, {"status": "open"}, "query=!assigned:typo"),
            ("PUT", api.issues_url, {"isPublic": True}, "query=!assigned:typo"),
            ("DELETE", api.issues_url, None, "query=!assigned:typo"),
            ("PUT", api.issues_url, RESOLVE, "id=999999&query=!assigned:typo"),
            ("DELETE", api.issues_url, None, "id=999999&query=!assigned:typo"),
            ("PUT", ORGANIZATION_ISSUES, RESOLVE, "query=!assigned:typo"),
            ("PUT", ORGANIZATION_ISSUES, RESOLVE, "id=999999&query=!assigned:typo"),
            ("DELETE", ORGANIZATION_ISSUES, None, "query=!assigned:typo"),
            ("DELETE", ORGANIZATION_ISSUES, None, "id=999999&query=!assigned:typo"),
        ]
    ]

    assert "status" in said[0]
    assert ["nobody here is called typo" in each.get("detail", "") for each in said[1:]] == [True] * 8


def test_over_several_projects_it_is_enough_that_one_has_it(
    api: Api, cast: dict[str, Issue], other_project: Project
) -> None:
    elsewhere = IssueFactory(project=other_project, platform="ruby")
    here = cast["full"]

    def matched(query: str, *issues: Issue, path: str = ORGANIZATION_ISSUES) -> str | None:
        ids = [issue.pk for issue in issues]
        response = api.put(path, {}, ids=ids, raw_query=f"query={query}", auth="jane")
        return response.headers.get("Issues-Matched") if response.status_code == 200 else response.json()["detail"]

    assert matched("!platform:ruby", here, elsewhere) == "1"
    assert matched("!release:web@1.0", here, elsewhere) == "1"
    assert matched("project:prime-mover platform:ruby", here, elsewhere) == "1"
    # whichever of them the issues are of: a list of all, sent back in parts, is understood in every part
    assert matched("!platform:ruby", here) == "1"
    assert matched("platform:ruby", here) == "0"
    assert matched("!release:web@1.0", elsewhere) == "1"
    assert matched(f"!id:{elsewhere.pk}", here) == "1"
    assert matched("!project:prime-mover", here) == matched("!project:pump-station", elsewhere) == "1"
    assert matched("project:[pump-station,prime-mover]", here) == "1"
    assert "there is no project relay among these" in str(matched("!project:relay", here, elsewhere))
    assert "all issues here are of one project" in str(matched("project:pump-station", here, path=api.issues_url))


@pytest.mark.parametrize("query", ["!platform:ruby", "!release:web@1.0", "!project:prime-mover", "!id:<elsewhere>"])
def test_with_projects_named_only_theirs_are_there(
    api: Api, cast: dict[str, Issue], other_project: Project, query: str
) -> None:
    """Of two projects one is named: what only the other has is not there."""
    elsewhere = IssueFactory(project=other_project, platform="ruby")
    asked = elsewhere if query == "!release:web@1.0" else cast["full"]
    narrowed = f"project={asked.project_id}&query={query.replace('<elsewhere>', str(elsewhere.pk))}"

    put = api.put(ORGANIZATION_ISSUES, {}, ids=[asked.pk], raw_query=narrowed, auth="jane")
    deleted = api.delete(ORGANIZATION_ISSUES, ids=[asked.pk], raw_query=narrowed, auth="jane")

    assert [put.status_code, deleted.status_code] == [400, 400]
    assert "there is no" in put.json()["detail"] or "no issue here" in put.json()["detail"]


def test_nothing_of_a_hidden_project_is_there(
    api: Api, cast: dict[str, Issue], organization: Organization, sam: User
) -> None:
    hidden = ProjectFactory(teams=[TeamFactory(organization=organization)], slug="hidden")
    ReleaseFactory(project=hidden, version="secret-9")
    secret = IssueFactory(project=hidden, platform="ruby")
    Organization.objects.update(open_membership=False)
    mine = IssueFactory(project=ProjectFactory(teams=[TeamFactory(organization=organization, members=[sam])]))

    for query in ("platform:ruby", "release:secret-9", "project:hidden", f"id:{secret.pk}"):
        answer = api.put(ORGANIZATION_ISSUES, {}, ids=[mine.pk], raw_query=f"query=!{query}", auth="sam")
        seen_by_jane = api.put(ORGANIZATION_ISSUES, {}, ids=[mine.pk], raw_query=f"query=!{query}", auth="jane")
        assert (answer.status_code, seen_by_jane.status_code) == (400, 200), query


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_has_10_000_characters_at_most(api: Api, cast: dict[str, Issue], method: str) -> None:
    longest, too_long = (f"query=!{'x' * count}" for count in (9_999, 10_000))
    named = [cast["full"].pk]

    assert api.request(method, api.issues_url, {}, ids=named, raw_query=too_long).status_code == 400
    assert api.request(method, api.issues_url, {}, ids=named, raw_query=longest).status_code < 300


def test_many_names_take_as_many_statements_as_two(api: Api, cast: dict[str, Issue]) -> None:
    def statements(query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            response = api.put(api.issues_url, {}, ids=[cast["full"].pk], raw_query=f"query={quote(query)}")
        assert response.status_code == 200, response.json()
        return len(queries)

    two = "!assigned:jane !release:web@1.0 platform:python"
    many = "!assigned:[jane,sam,jane@example.com] !release:[web@1.0,latest,web*] platform:[go,p*] logger:pump*"
    assert statements(two) == statements(many)


# Of each line of the issue's table, that which changed too much.
@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("is:unresolved !level:[error,fatal]", []),
        ("!level:[error,fatal]", ["other"]),
        ("!assigned:[me,none]", ["full", "other"]),
        ("!assigned:my_teams", ["full", "bare"]),
        ("!assigned:user:<sam>", ["other", "bare"]),
        ("!release:latest", ["bare"]),
        ("!release:web@1.0*", ["other", "bare"]),
        ("!logger:pump*", ["other", "bare"]),
        ("!Valve*", ["full", "bare"]),
        ("pump 3", ["full"]),
        ("3 pump", []),
    ],
)
def test_update_all_takes_what_is_meant(
    api: Api, cast: dict[str, Issue], sam: User, query: str, left: list[str]
) -> None:
    raw_query = f"query={quote(query.replace('<sam>', str(sam.pk)))}"
    response = api.put(api.issues_url, {"status": "ignored", "ignoreCount": 7}, raw_query=raw_query, auth="jane")

    assert response.status_code == 200
    changed = Issue.objects.exclude(snooze_ends_at_times_seen=None).values_list("pk", flat=True)
    assert set(changed) == {cast[name].pk for name in left}
