"""GET: ``statusDetails`` and ``stats``, as a list shows them (contract 2)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from projects.models import Project, User
from tests.api_client import Api
from tests.factories import (
    NOW,
    IssueFactory,
    IssueHourFactory,
    ReleaseFactory,
)

pytestmark = pytest.mark.django_db

Json = dict[str, Any]
NO_TERMS: Json = dict.fromkeys(["ignoreCount", "ignoreUntil", "ignoreUserCount", "ignoreUserWindow", "ignoreWindow"])


def ids_of(response: Any) -> list[int]:
    assert response.status_code == 200, response.content
    return [int(item["id"]) for item in response.json()]


# ---------------------------------------------------------------------------------------------------------------------
# statusDetails
# ---------------------------------------------------------------------------------------------------------------------


LATER = datetime.fromisoformat("2099-01-01T00:00:00+00:00")
ACTED = {"id": "{id}", "name": "Jane Schmidt", "username": "jane", "email": "jane@example.com"}

DETAILS: dict[str, tuple[Json, Json]] = {
    "unresolved": ({}, {}),
    "resolved": ({"resolved": True}, {}),
    "ignored for good": ({"ignored": True}, {}),
    "in the next release": ({"resolved_in_next_release": True}, {"inNextRelease": True}),
    "until a time": ({"ignored": True, "snooze_ends_at": LATER}, NO_TERMS | {"ignoreUntil": "2099-01-01T00:00:00Z"}),
    "what is left of the events": (
        {"ignored": True, "own_times_seen": 10, "snooze_ends_at_times_seen": 13},
        NO_TERMS | {"ignoreCount": 3},
    ),
    "what is left of the users": (
        {"ignored": True, "own_users_seen": 10, "snooze_ends_at_users_seen": 11},
        NO_TERMS | {"ignoreUserCount": 1},
    ),
    "windows as given": (
        {
            "ignored": True,
            "own_times_seen": 10,
            "snooze_window_count": 5,
            "snooze_window_minutes": 60,
            "snooze_window_user_count": 2,
            "snooze_window_user_minutes": 90,
        },
        NO_TERMS | {"ignoreCount": 5, "ignoreWindow": 60, "ignoreUserCount": 2, "ignoreUserWindow": 90},
    ),
    "all kinds at once": (
        {
            "ignored": True,
            "snooze_ends_at": LATER,
            "own_times_seen": 10,
            "snooze_ends_at_times_seen": 15,
            "snooze_window_user_count": 2,
            "snooze_window_user_minutes": 90,
        },
        {
            "ignoreCount": 5,
            "ignoreUntil": "2099-01-01T00:00:00Z",
            "ignoreUserCount": 2,
            "ignoreUserWindow": 90,
            "ignoreWindow": None,
        },
    ),
    "ended": ({"ignored": True, "snooze_ends_at": NOW, "snooze_ends_at_times_seen": 99}, {}),
}


@pytest.mark.parametrize("by_user", [True, False], ids=["by jane", "by a key"])
@pytest.mark.parametrize(("columns", "details"), DETAILS.values(), ids=DETAILS)
def test_shows_status_details(
    api: Api, project: Project, jane: User, columns: Json, details: Json, by_user: bool
) -> None:
    IssueFactory(project=project, status_by=jane if by_user else None, **columns)

    (item,) = api.get(api.issues_url, raw_query="query=").json()

    actor = {"actor": ACTED | {"id": str(jane.pk)}} if by_user and details else {}
    assert item["statusDetails"] == details | actor
    assert list(item["statusDetails"]) == [*details, *actor]


def test_shows_the_release_that_resolves(api: Api, project: Project) -> None:
    release = ReleaseFactory(projects=[project], version="2.0.0")
    IssueFactory(project=project, resolved_in_release=True, resolution_release=release)

    (item,) = api.get(api.issues_url, raw_query="status=resolved").json()

    assert item["statusDetails"] == {"inRelease": "2.0.0"}


def test_shows_what_a_mutation_left(api: Api, project: Project, jane: User) -> None:
    issue = IssueFactory(project=project)
    body = {"status": "ignored", "ignoreDuration": 60, "ignoreCount": 5, "isBookmarked": True, "hasSeen": True}

    changed = api.put(api.issues_url, body, ids=[issue.pk], auth="jane")
    (item,) = api.get(api.issues_url, raw_query="status=ignored", auth="jane").json()

    assert item["status"] == "ignored"
    assert item["statusDetails"] == changed.json()["statusDetails"]
    assert (item["isBookmarked"], item["hasSeen"]) == (True, True)
    assert (item["isSubscribed"], item["subscriptionDetails"]) == (True, {"reason": "bookmark"})


# ---------------------------------------------------------------------------------------------------------------------
# stats
# ---------------------------------------------------------------------------------------------------------------------


HOUR, DAY = 3600, 86_400


# how the period is written -> so many points, so many seconds apart
STATS = {
    "absent": ("", "24h", 24, HOUR),
    "1s": ("statsPeriod=1s", "1s", 1, HOUR),
    "30m": ("statsPeriod=30m", "30m", 1, HOUR),
    "61m": ("statsPeriod=61m", "61m", 2, HOUR),
    "86400s": ("statsPeriod=86400s", "86400s", 24, HOUR),
    "86401s": ("statsPeriod=86401s", "86401s", 2, DAY),
    "129600m": ("statsPeriod=129600m", "129600m", 90, DAY),
    "1h": ("statsPeriod=1h", "1h", 1, HOUR),
    "12h": ("statsPeriod=12h", "12h", 12, HOUR),
    "24h": ("statsPeriod=24h", "24h", 24, HOUR),
    "024h": ("statsPeriod=024h", "024h", 24, HOUR),
    "25h": ("statsPeriod=25h", "25h", 2, DAY),
    "48h": ("statsPeriod=48h", "48h", 2, DAY),
    "2160h": ("statsPeriod=2160h", "2160h", 90, DAY),
    "1d": ("statsPeriod=1d", "1d", 1, DAY),
    "14d": ("statsPeriod=14d", "14d", 14, DAY),
    "90d": ("statsPeriod=90d", "90d", 90, DAY),
    "1w": ("statsPeriod=1w", "1w", 7, DAY),
    "12w": ("statsPeriod=12w", "12w", 84, DAY),
}


@pytest.mark.parametrize(("query", "word", "points", "step"), STATS.values(), ids=STATS)
def test_shapes_the_stats(api: Api, project: Project, query: str, word: str, points: int, step: int) -> None:
    issue, quiet_issue = IssueFactory(project=project), IssueFactory(project=project)
    this_hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    counts = {this_hour - timedelta(hours=back): back + 1 for back in (0, 1, 3, 22, 24, 47, 300, 2000, 2400)}
    for hour, count in counts.items():
        IssueHourFactory(issue=issue, hour=hour, own_count=1, total_count=count)

    before = int(timezone.now().timestamp())
    response = api.get(api.issues_url, raw_query=query)
    after = int(timezone.now().timestamp())

    stats = {int(item["id"]): item["stats"] for item in response.json()}
    assert [list(stat) for stat in stats.values()] == [[word]] * 2
    last = stats[issue.pk][word][-1][0]
    assert last in {before // step * step, after // step * step}
    moments = [last - step * back for back in reversed(range(points))]
    assert stats[issue.pk][word] == [
        [
            moment,
            sum(count for hour, count in counts.items() if moment <= hour.timestamp() < moment + step),
        ]
        for moment in moments
    ]
    assert stats[quiet_issue.pk][word] == [[moment, 0] for moment in moments]


def test_leaves_the_stats_out_for_an_empty_period(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project)
    IssueHourFactory(issue=issue, hour=timezone.now().replace(minute=0, second=0, microsecond=0))

    (item,) = api.get(api.issues_url, raw_query="statsPeriod=").json()

    assert item["stats"] == {}


def test_does_not_narrow_the_list_by_the_period(api: Api, project: Project) -> None:
    old = NOW - timedelta(days=900)
    issue = IssueFactory(project=project, own_first_seen=old, own_last_seen=old)

    response = api.get(api.issues_url, raw_query="statsPeriod=1h")

    assert ids_of(response) == [issue.pk]
