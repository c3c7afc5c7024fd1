"""What the tags of an issue's events are (contract 7.10)."""

from datetime import timedelta
from typing import Any

import pytest

from events.reading import tags as reading
from events.reading.tagging import tags_of
from events.reading.tags import Value, in_order, read_tag, read_tags
from projects.models import Project
from tests.events.counting.arriving import count
from tests.events.reading.telling import counted, issue_of, keep
from tests.factories import NOW, IssueFactory

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("said", "tags"),
    [
        ({}, {}),
        ({"tags": [["shop", "north"]], "level": "error"}, {"shop": "north", "level": "error"}),
        (
            {
                **{"environment": "production", "release": "1.0.0", "logger": "pump"},
                **{"transaction": "/checkout", "server_name": "web-1", "dist": "7"},
            },
            {
                **{"environment": "production", "release": "1.0.0", "logger": "pump"},
                **{"transaction": "/checkout", "server_name": "web-1"},
            },
        ),
        ({"user": {"id": 7, "email": "a@example.com"}}, {"user": "id:7"}),
        ({"user": {"id": "", "email": "a@example.com"}}, {"user": "email:a@example.com"}),
        ({"user": {"ip_address": "198.51.100.7"}}, {"user": "ip:198.51.100.7"}),
        ({"user": {"name": "A"}}, {}),
        ({"request": {"url": "https://shop.example/a?token=1#b"}}, {"url": "https://shop.example/a"}),
        (
            {
                "contexts": {
                    "browser": {"name": "Chrome", "version": "120.0"},
                    "os": {"name": "Linux"},
                    "runtime": {"name": "CPython", "version": "3.11.7"},
                }
            },
            {"browser": "Chrome 120.0", "os": "Linux", "runtime": "CPython 3.11.7"},
        ),
        ({"contexts": {"os": {"name": "Debian", "version": "12.11\n"}}}, {"os": "Debian 12.11"}),
        ({"contexts": {"browser": "Chrome", "os": {"name": 7}, "runtime": None}}, {}),
        # what stands in a field of its own is what it is; a tag that was sent wins over what is made of the rest
        ({"tags": [["level", "bad"], ["url", "mine"]], "level": "error"}, {"level": "error", "url": "mine"}),
        ({"tags": [["level", "bad"], ["url", "mine"]], "request": {"url": "x"}}, {"level": "bad", "url": "mine"}),
        ({"tags": "odd", "user": [], "request": 7, "contexts": None}, {}),
        ({"tags": [["shop"], "odd", [7, "x"], ["empty", ""], ["long", "x" * 300]]}, {"long": "x" * 200}),
    ],
)
def test_of_one_event_are_its_own_and_what_can_be_said_in_a_word(said: dict[str, Any], tags: dict[str, str]) -> None:
    assert tags_of(said) == tags


@pytest.fixture
def events(project: Project) -> None:
    for number, shop in enumerate(["north", "south", "north", "east"]):
        keep(project, at=NOW + number * MINUTE, tags=[["shop", shop]], level="error")
    keep(project, at=NOW, level="fatal")
    keep(project, "valve", tags=[["shop", "west"]])
    count(project)


def test_are_counted_over_what_is_kept(project: Project, events: None) -> None:
    level, shop = read_tags(project.pk, issue_of(project).pk)

    assert (shop.key, shop.total) == ("shop", 4)
    assert shop.values == [
        Value("north", 2, NOW, NOW + 2 * MINUTE),
        Value("east", 1, NOW + 3 * MINUTE, NOW + 3 * MINUTE),
        Value("south", 1, NOW + MINUTE, NOW + MINUTE),
    ]
    assert (level.key, level.total) == ("level", 5)
    assert [(value.value, value.count) for value in level.values] == [("error", 4), ("fatal", 1)]


def test_are_one_by_its_key(project: Project, events: None) -> None:
    issue = issue_of(project)

    assert read_tag(project.pk, issue.pk, "shop") == read_tags(project.pk, issue.pk)[1]
    assert read_tag(project.pk, issue.pk, "Shop") is None


def test_have_a_top(project: Project) -> None:
    for number in range(12):
        keep(project, tags=[["number", f"{number:02}"]])
    count(project)

    tag = read_tag(project.pk, issue_of(project).pk, "number")

    assert tag is not None
    assert [value.value for value in tag.top] == [f"{number:02}" for number in range(10)]
    assert len(tag.values) == 12


def test_are_of_the_newest_where_more_are_kept(project: Project) -> None:
    for number in range(4):
        keep(project, at=NOW + number * MINUTE, tags=[["number", str(number)]])
    count(project)

    (tag,) = read_tags(project.pk, issue_of(project).pk, most=2)

    assert {value.value for value in tag.values} == {"2", "3"}


def test_are_none_where_nothing_is_kept(project: Project) -> None:
    assert read_tags(project.pk, IssueFactory(project=project).pk) == []


@pytest.mark.parametrize(
    ("order", "expected"),
    [("count", "bca"), ("date", "cab"), ("age", "acb"), ("id", "acb")],
)
def test_come_in_the_order_that_is_asked_for(order: Any, expected: str) -> None:
    times = [NOW + number * MINUTE for number in range(9)]
    values = [Value("a", 1, times[7], times[7]), Value("b", 3, times[0], times[5]), Value("c", 2, times[1], times[8])]

    assert "".join(value.value for value in in_order(values, order)) == expected


def test_of_one_event_come_by_key(project: Project) -> None:
    counted(project, tags=[["b", "2"], ["a", "1"]])

    assert [tag.key for tag in read_tags(project.pk, issue_of(project).pk)] == ["a", "b"]


def test_of_large_events_fewer_are_looked_at(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 2_000)
    for number in range(4):
        keep(project, at=NOW - number * MINUTE, message="x" * 1_000, level="error")
    count(project)

    (level,) = [tag for tag in read_tags(project.pk, issue_of(project, "pump").pk) if tag.key == "level"]

    assert level.total == 2
