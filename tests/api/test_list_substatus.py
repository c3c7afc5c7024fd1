"""GET: what an item says of its project, its kind and how it is ignored or new (contract 1.8, 2)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from issues.models import Issue
from projects.models import Project
from tests.api_client import Api
from tests.factories import IssueFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

A_WEEK, MINUTE = timedelta(days=7), timedelta(minutes=1)
AHEAD, PAST = timedelta(hours=1), -timedelta(hours=1)

# how an issue is made, and long before now it was first seen -> its substatus
STATES: dict[str, tuple[dict[str, Any], timedelta, str | None]] = {
    "seen first just now": ({}, timedelta(), "new"),
    "seen first within a week": ({}, A_WEEK - MINUTE, "new"),
    "seen first a week ago": ({}, A_WEEK + MINUTE, "ongoing"),
    "resolved": ({"resolved": True}, timedelta(), None),
    "resolved long ago": ({"resolved": True}, 2 * A_WEEK, None),
    "ignored": ({"ignored": True}, timedelta(), "archived_forever"),
    "ignored for a while": ({"ignored": True, "snooze_ends_at": AHEAD}, timedelta(), "archived_until_condition_met"),
    "ignored until events": (
        {"ignored": True, "snooze_ends_at_times_seen": 2},
        timedelta(),
        "archived_until_condition_met",
    ),
    "ignored until users": (
        {"ignored": True, "snooze_ends_at_users_seen": 2},
        timedelta(),
        "archived_until_condition_met",
    ),
    "ignored until events in a window": (
        {"ignored": True, "snooze_window_count": 1, "snooze_window_minutes": 1},
        timedelta(),
        "archived_until_condition_met",
    ),
    "ignored until users in a window": (
        {"ignored": True, "snooze_window_user_count": 1, "snooze_window_user_minutes": 1},
        timedelta(),
        "archived_until_condition_met",
    ),
    "ignored until it escalates": (
        {"ignored": True, "snooze_escalates_above": 9},
        timedelta(),
        "archived_until_escalating",
    ),
    "resolved, and came again": ({"reopened_as": "regressed"}, timedelta(), "regressed"),
    "ignored, and escalated long ago": ({"reopened_as": "escalating"}, 2 * A_WEEK, "escalating"),
    "a snooze ran out by time": ({"ignored": True, "snooze_ends_at": PAST}, timedelta(), "new"),
    "a snooze ran out by count": ({"ignored": True, "snooze_ends_at_times_seen": 1}, 2 * A_WEEK, "ongoing"),
}


@pytest.mark.parametrize(("made", "ago", "substatus"), STATES.values(), ids=STATES)
def test_says_how_it_is_ignored_or_new(
    api: Api, project: Project, made: dict[str, Any], ago: timedelta, substatus: str | None
) -> None:
    now = timezone.now()
    columns = {name: now + value if isinstance(value, timedelta) else value for name, value in made.items()}
    issue = IssueFactory(project=project, own_first_seen=now - ago, own_last_seen=now, **columns)

    (listed,) = api.get(api.issues_url, raw_query="query=").json()
    whole = api.get(f"/api/0/issues/{issue.pk}/").json()

    assert listed["substatus"] == whole["substatus"] == substatus


def test_says_what_it_searches_for(api: Api, project: Project) -> None:
    """What an item says is what a search by the same word finds."""
    for made, _, _ in STATES.values():
        columns = {name: timezone.now() + ago if isinstance(ago, timedelta) else ago for name, ago in made.items()}
        IssueFactory(project=project, **columns)
    everything = api.get(api.issues_url, raw_query="query=").json()

    for word in (
        *("archived_forever", "archived_until_condition_met", "archived_until_escalating"),
        *("regressed", "escalating"),
    ):
        found = api.get(api.issues_url, raw_query=f"query=is:{word}").json()
        others = api.get(api.issues_url, raw_query=f"query=!is:{word}").json()
        assert {item["substatus"] for item in found} == {word}
        assert word not in {item["substatus"] for item in others}
        assert len(found) + len(others) == len(everything) == len(STATES)


def test_a_put_answers_the_substatus_that_it_made(api: Api, project: Project) -> None:
    issue = IssueFactory(project=project, own_last_seen=timezone.now())
    ReleaseFactory(projects=[project], version="1.0.0")
    path = f"/api/0/issues/{issue.pk}/"

    for body, substatus in [
        ({"status": "ignored"}, "archived_forever"),
        ({"status": "ignored", "ignoreCount": 5}, "archived_until_condition_met"),
        ({"status": "ignored", "substatus": "archived_until_escalating"}, "archived_until_escalating"),
        ({"status": "resolved"}, None),
        ({"status": "unresolved"}, "ongoing"),
    ]:
        assert api.put(path, body).json()["substatus"] == substatus


@pytest.mark.parametrize(("platform", "word"), [("", None), ("python", "python")])
def test_says_the_platform_of_its_project(api: Api, project: Project, platform: str, word: str | None) -> None:
    Project.objects.update(platform=platform)
    issue: Issue = IssueFactory(project=project)

    (listed,) = api.get(api.issues_url).json()

    expected = {"id": str(project.pk), "name": "Pump Station", "slug": "pump-station", "platform": word}
    assert listed["project"] == api.get(f"/api/0/issues/{issue.pk}/").json()["project"] == expected
