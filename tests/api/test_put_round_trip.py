"""What a GET answered is sent back as it was: nothing changes (contract 1.4)."""

from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any

import pytest
from django.utils import timezone

from issues.models import Issue
from projects.models import Project, Team, User
from tests.api_client import Api, Who
from tests.assertions import snapshot
from tests.factories import IssueFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

Json = dict[str, Any]

# what is asked of an issue that has 20 events of 7 users
STATES: dict[str, Json] = {
    "unresolved": {"status": "unresolved"},
    "resolved": {"status": "resolved"},
    "in the next release": {"status": "resolvedInNextRelease"},
    "in a release": {"status": "resolved", "statusDetails": {"inRelease": "1.0.0"}},
    "in the latest release": {"status": "resolved", "statusDetails": {"inRelease": "latest"}},
    "ignored for ever": {"status": "ignored"},
    "for a time": {"status": "ignored", "ignoreDuration": 30},
    "until an instant": {"status": "ignored", "ignoreUntil": "2999-12-31T23:59:59.999999+05:30"},
    "until so many events": {"status": "ignored", "ignoreCount": 5},
    "until so many users": {"status": "ignored", "ignoreUserCount": 5},
    "events in a window": {"status": "ignored", "ignoreCount": 5, "ignoreWindow": 60},
    "users in a window": {"status": "ignored", "ignoreUserCount": 5, "ignoreUserWindow": 60},
    "until it escalates": {"status": "ignored", "substatus": "archived_until_escalating"},
    "all of it": {
        "status": "ignored",
        "ignoreDuration": 30,
        "ignoreCount": 2**31 - 1,
        "ignoreUserCount": 5,
        "ignoreUserWindow": 10_080,
    },
}


@pytest.fixture
def issue(project: Project) -> Issue:
    ReleaseFactory(projects=[project], version="1.0.0")
    ReleaseFactory(projects=[project], version="1.1.0")
    # another status first, so that "unresolved" is a change as the others are
    issue: Issue = IssueFactory(project=project, own_times_seen=20, own_users_seen=7, resolved=True)
    return issue


WHO: list[Who] = ["key", "jane", "sam"]


@pytest.fixture(params=WHO)
def who(request: pytest.FixtureRequest) -> Who:
    """Whoever sends it back: who set the status stays who set it."""
    who: Who = request.param
    return who


def listed(api: Api, who: Who) -> Json:
    (item,) = api.get(api.issues_url, raw_query="query=", auth=who).json()
    return dict(item)


def assert_unchanged(response: Any, before: object, *, status: int = 200) -> None:
    assert (response.status_code, response.headers.get("Issues-Changed")) == (status, "0"), response.content
    assert "Mutation-Id" not in response.headers
    assert snapshot() == before


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_of_the_status_by_itself_changes_nothing(api: Api, issue: Issue, who: Who, state: Json) -> None:
    api.put(api.issues_url, state, ids=[issue.pk], auth="jane")
    before, item = snapshot(), listed(api, who)
    body = {key: item[key] for key in ("status", "statusDetails")}

    named = api.put(api.issues_url, body, ids=[issue.pk], auth=who)
    assert_unchanged(named, before)
    assert_unchanged(api.put(api.issues_url, body, auth=who), before)
    without_actor = [{**details, "actor": None} for details in (item["statusDetails"], named.json()["statusDetails"])]
    assert without_actor[0] == without_actor[1]


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_of_the_details_beside_the_status_changes_nothing(api: Api, issue: Issue, state: Json) -> None:
    """As far as they may stand there."""
    api.put(api.issues_url, state, ids=[issue.pk], auth="jane")
    before, item = snapshot(), listed(api, "jane")
    details = item["statusDetails"].items()
    terms = {key: value for key, value in details if key.startswith("ignore") and key != "ignoreUntilEscalating"}
    others = {key: value for key, value in item["statusDetails"].items() if key not in terms}

    response = api.put(
        api.issues_url, {"status": item["status"], "statusDetails": others, **terms}, ids=[issue.pk], auth="jane"
    )

    assert_unchanged(response, before)


# Each state with each assignee, each of the two with each caller; all three of them would take 84 tests more.
EVERYTHING = [
    pytest.param(state, assigned_to, WHO[(number + turn) % len(WHO)], id=f"{name}, {assigned_to}")
    for number, (name, state) in enumerate(STATES.items())
    for turn, assigned_to in enumerate(["me", "#powerful-abolitionist", None])
]


@pytest.mark.parametrize(("state", "assigned_to", "who"), EVERYTHING)
def test_of_everything_that_was_answered_changes_nothing(
    api: Api, issue: Issue, team: Team, state: Json, assigned_to: str | None, who: Who
) -> None:
    marks = {"isPublic": True, "hasSeen": True, "isBookmarked": True, "isSubscribed": True}
    api.put(api.issues_url, {**state, **marks, "assignedTo": assigned_to}, ids=[issue.pk], auth="jane")
    whole, item = f"/api/0/issues/{issue.pk}/", listed(api, who)
    if item["isSubscribed"] is False and who != "key":  # which is kept, as "never again", the first time
        api.put(api.issues_url, {"isSubscribed": False}, ids=[issue.pk], auth=who)
    before = snapshot()

    # An item is sent to two of the routes and the whole issue to the third, to others for the next of these tests.
    bodies = cycle([item, item, api.get(whole, auth=who).json()])
    urls = (api.issues_url, "/api/0/organizations/the-interstellar-jurisdiction/issues/", whole)
    for url, body in zip(urls, islice(bodies, WHO.index(who), None), strict=False):
        assert_unchanged(api.put(url, body, ids=[] if url == whole else [issue.pk], auth=who), before)


def test_names_what_is_no_wish_of_an_item(api: Api, issue: Issue) -> None:
    response = api.put(api.issues_url, listed(api, "jane"), ids=[issue.pk], auth="jane")

    ignored = response.headers["Ignored-Keys"].split(",")
    assert response.status_code == 200
    assert ignored[:4] == ["id", "shortId", "title", "culprit"]
    assert len(ignored) <= 20
    assert not {"status", "statusDetails", "isPublic", "assignedTo", "hasSeen"} & set(ignored)


@pytest.mark.parametrize("events", [1, 4])
def test_of_what_is_left_of_a_count_means_the_same_end(api: Api, issue: Issue, events: int) -> None:
    api.put(api.issues_url, {"status": "ignored", "ignoreCount": 5, "ignoreUserCount": 6}, ids=[issue.pk])
    Issue.objects.update(times_seen=20 + events, users_seen=7 + events)
    item = listed(api, "key")
    assert item["statusDetails"]["ignoreCount"] == 5 - events
    before = snapshot()

    response = api.put(api.issues_url, {key: item[key] for key in ("status", "statusDetails")}, ids=[issue.pk])

    assert_unchanged(response, before)
    columns = ("snooze_ends_at_times_seen", "snooze_ends_at_users_seen")
    assert Issue.objects.values_list(*columns).get() == (25, 13)


def test_of_what_is_over_changes_nothing(api: Api, issue: Issue) -> None:
    api.put(api.issues_url, {"status": "ignored", "ignoreCount": 5}, ids=[issue.pk])
    Issue.objects.update(times_seen=25)
    before, item = snapshot(), listed(api, "key")

    response = api.put(api.issues_url, {key: item[key] for key in ("status", "statusDetails")}, ids=[issue.pk])

    assert item["status"] == "unresolved"
    assert_unchanged(response, before)


def test_that_comes_when_it_has_just_run_out_is_refused(api: Api, issue: Issue) -> None:
    """Ignored "until then" would be ignored for ever, or not at all: neither is what was answered."""
    api.put(api.issues_url, {"status": "ignored", "ignoreDuration": 30}, ids=[issue.pk])
    item = listed(api, "key")
    over = timezone.now() - timedelta(microseconds=1)
    Issue.objects.update(snooze_ends_at=over)
    item["statusDetails"]["ignoreUntil"] = over.isoformat().replace("+00:00", "Z")
    before = snapshot()

    response = api.put(api.issues_url, {key: item[key] for key in ("status", "statusDetails")}, ids=[issue.pk])

    assert (response.status_code, response.json()) == (
        400,
        {"statusDetails": {"ignoreUntil": ["This must be in the future."]}},
    )
    assert snapshot() == before


# ---------------------------------------------------------------------------------------------------------------------
# ignoreUntil, as it may be said
# ---------------------------------------------------------------------------------------------------------------------

INSTANTS = {
    "2999-12-31T23:59:59Z": datetime(2999, 12, 31, 23, 59, 59, tzinfo=UTC),
    "2999-12-31T23:59:59.123456Z": datetime(2999, 12, 31, 23, 59, 59, 123456, tzinfo=UTC),
    "2999-12-31T23:59:59+05:30": datetime(2999, 12, 31, 18, 29, 59, tzinfo=UTC),
    "2999-12-31T23:59:59-23:59": datetime(3000, 1, 1, 23, 58, 59, tzinfo=UTC),  # PostgreSQL itself reads 15:59 at most
    "2999-12-31T23:59": datetime(2999, 12, 31, 23, 59, tzinfo=UTC),
    "2999-12-31": datetime(2999, 12, 31, tzinfo=UTC),
    "9999-12-31T23:59:59.999999Z": datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
}


@pytest.mark.parametrize("where", ["top", "statusDetails"])
@pytest.mark.parametrize("word", INSTANTS)
def test_until_an_instant(api: Api, issue: Issue, where: str, word: str) -> None:
    terms: Json = {"ignoreUntil": word, "ignoreDuration": None, "snoozeDuration": 0}
    body = {"status": "ignored"} | (terms if where == "top" else {where: terms})

    response = api.put(api.issues_url, body, ids=[issue.pk])

    issue.refresh_from_db()
    told = INSTANTS[word].isoformat().replace("+00:00", "Z")
    assert (response.status_code, response.json()["statusDetails"]["ignoreUntil"]) == (200, told)
    assert issue.snooze_ends_at == INSTANTS[word]
    assert api.put(api.issues_url, body, ids=[issue.pk]).headers["Issues-Changed"] == "0"


FORMAT = "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
NO_INSTANTS: dict[str, list[object]] = {
    FORMAT: [
        *("", " ", "soon", "tomorrow", "30", "2999", "2999-13-01", "2999-02-30", "24h", "T", "2999-12-31T25:00:00Z"),
        *("\u0662\u0669\u0669\u0669-12-31T23:59:59Z", "2999-12-31T23:59:59." + "0" * 1000 + "Z", "10000-01-01"),
        *(
            "2999-12-31*00:00",
            "2999-12-31x00:00:00Z",
            "2999-12-31+10:00",
            "2999-12-31-05:00",
            "2999-12-31T",
            "2999-12-31Z",
        ),
        *(4102444800, 1.5, True, False, [], ["2999-12-31"], {}, {"date": "2999-12-31"}),
    ],
    "This must be in the future.": ["2020-01-01T00:00:00Z", "1970-01-01", "0001-01-01T00:00:00Z"],
    "Datetime value out of range.": ["9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+10:00"],
}


@pytest.mark.parametrize("where", ["top", "statusDetails"])
@pytest.mark.parametrize(
    ("word", "sentence"),
    [(word, sentence) for sentence, words in NO_INSTANTS.items() for word in words],
    ids=lambda value: str(value)[:40].encode("unicode_escape").decode(),
)
def test_is_no_instant(api: Api, issue: Issue, where: str, word: object, sentence: str) -> None:
    before = snapshot()
    terms = {"ignoreUntil": word}

    response = api.put(
        api.issues_url, {"status": "ignored"} | (terms if where == "top" else {where: terms}), ids=[issue.pk]
    )

    errors = {"ignoreUntil": [sentence]}
    assert (response.status_code, response.json()) == (400, errors if where == "top" else {where: errors})
    assert snapshot() == before


LATER = "2999-12-31T23:59:59Z"
NOT_BOTH = ["Say an instant or a duration, not both."]
WITH_IGNORED = ['This goes with "status": "ignored".']
APART: list[tuple[Json, Json]] = [
    ({"status": "ignored", "ignoreUntil": LATER, "ignoreDuration": 30}, {"ignoreUntil": NOT_BOTH}),
    ({"status": "ignored", "ignoreUntil": LATER, "snoozeDuration": 30}, {"ignoreUntil": NOT_BOTH}),
    (
        {"status": "ignored", "statusDetails": {"ignoreUntil": LATER, "snoozeDuration": "30"}},
        {"statusDetails": {"ignoreUntil": NOT_BOTH}},
    ),
    (
        {"status": "ignored", "ignoreDuration": 30, "statusDetails": {"ignoreUntil": LATER}},
        {"ignoreDuration": ['Say this here or in "statusDetails", not in both.']},
    ),
    (
        {"status": "ignored", "ignoreUntil": LATER, "statusDetails": {"ignoreUntil": LATER}},
        {"ignoreUntil": ['Say this here or in "statusDetails", not in both.']},
    ),
    *(
        ({**status, "ignoreUntil": LATER}, {"ignoreUntil": WITH_IGNORED})
        for status in ({}, {"status": "resolved"}, {"status": "unresolved"}, {"status": "resolvedInNextRelease"})
    ),
    (
        {"status": "resolved", "statusDetails": {"ignoreUntil": LATER}},
        {"statusDetails": {"ignoreUntil": WITH_IGNORED}},
    ),
]


@pytest.mark.parametrize(("body", "errors"), APART, ids=str)
def test_does_not_go_together(api: Api, issue: Issue, body: Json, errors: Json) -> None:
    before = snapshot()

    response = api.put(api.issues_url, body, ids=[issue.pk])

    assert (response.status_code, response.json()) == (400, errors)
    assert snapshot() == before


def test_reads_an_old_duration_in_the_details(api: Api, issue: Issue) -> None:
    body = {"status": "ignored", "statusDetails": {"snoozeDuration": 30}}

    response = api.put(api.issues_url, body, ids=[issue.pk])

    issue.refresh_from_db()
    assert response.status_code == 200
    assert issue.snooze_ends_at is not None
    assert timedelta(minutes=29) < issue.snooze_ends_at - timezone.now() <= timedelta(minutes=30)


# ---------------------------------------------------------------------------------------------------------------------
# Who is caller and who is not
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["me", "Me", " me "])
def test_me_is_the_caller(api: Api, issue: Issue, jane: User, sam: User, word: str) -> None:
    for who, user in (("jane", jane), ("sam", sam)):
        response = api.put(api.issues_url, {"assignedTo": word}, ids=[issue.pk], auth=who)  # type: ignore[arg-type] # a word

        assert (response.status_code, response.json()["assignedTo"]["id"]) == (200, str(user.pk))
