"""A batch of events: taken, counted, gone; or waiting as before."""

import logging
from datetime import timedelta

import pytest
from django.db import DataError, OperationalError

from events.counting import batches, counting
from events.counting.counting import MOST_SET_ASIDE, SomethingIsWrong
from events.meaning.packing import pack
from events.models import Arrival, Event
from issues.models import Issue
from issues.services import occurrences
from projects.models import Project
from tests.events.counting.arriving import arrive, count, fingerprint, issue_of, waiting
from tests.factories import NOW, IssueFactory, IssueHashFactory

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def test_makes_an_issue_of_its_first_event(project: Project) -> None:
    arrive(project, at=NOW, level="fatal", user="id:7", release="1.0.0", environment="production")
    arrive(project, at=NOW + HOUR, level="warning", user="id:8", data=b"never read")

    assert count(project) == 2

    issue = issue_of(project)
    assert (issue.text.title, issue.text.culprit, issue.text.metadata) == ("Error: pump", "intake", {"value": "pump"})
    assert (issue.type, issue.level, issue.times_seen, issue.users_seen) == ("error", "warning", 2, 2)
    assert (issue.first_seen, issue.last_seen) == (NOW, NOW + HOUR)
    assert (issue.first_release.version, issue.environments.get().environment.name) == ("1.0.0", "production")
    assert waiting() == 0


def test_adds_to_an_issue_that_is_there(project: Project) -> None:
    issue = IssueFactory(project=project, own_times_seen=1, times_seen=1)
    IssueHashFactory(issue=issue, hash=fingerprint("pump").hex)
    arrive(project)

    assert count(project) == 1

    issue.refresh_from_db()
    assert issue.times_seen == 2


def test_is_of_so_many_events_in_the_order_they_came(project: Project) -> None:
    ids = [arrive(project) for _ in range(5)]

    assert count(project, most=2) == 2

    assert list(Arrival.objects.order_by("id").values_list("event_id", flat=True)) == ids[2:]
    assert [count(project, most=2), count(project, most=2), count(project, most=2)] == [2, 1, 0]
    assert issue_of(project).times_seen == 5


def test_is_of_one_project(project: Project, other_project: Project) -> None:
    arrive(project)
    arrive(other_project)
    assert batches.projects() == sorted([project.pk, other_project.pk])

    assert count(project) == 1

    assert batches.projects() == [other_project.pk]
    assert not Issue.objects.filter(project=other_project).exists()


def test_of_a_project_that_is_gone_is_gone_with_it(project: Project) -> None:
    arrive(project)
    project.client_keys.all().delete()
    gone = project.pk
    Project.objects.filter(pk=gone).delete()

    assert len(counting.count_next(gone, now=lambda: NOW)) == 1

    assert not Arrival.objects.exists()


def test_describes_an_issue_whose_event_is_not_kept_any_more(project: Project) -> None:
    arrive(project)
    Event.objects.all().delete()

    count(project)

    assert issue_of(project).text.title == "<unlabeled event>"


# ---------------------------------------------------------------------------------------------------------------------
# What can't be counted
# ---------------------------------------------------------------------------------------------------------------------


def too_long(project: Project) -> str:
    """Let an event come that no column takes; return its id."""
    return arrive(project, data=pack({"platform": "x" * 300}), hashes=(fingerprint("long"),)).hex


def test_an_event_that_cant_be_counted_stops_no_other(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    before = [arrive(project) for _ in range(5)]
    bad = too_long(project)
    after = [arrive(project) for _ in range(7)]

    assert count(project) == len(before) + 1 + len(after)

    assert issue_of(project).times_seen == 12
    assert Arrival.objects.get().event_id.hex == bad
    assert batches.projects() == []
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == (
        f"Event {bad} of project {project.pk} can't be counted, and is set aside until a counter starts"
    )
    assert isinstance(record.exc_info and record.exc_info[1], DataError)


def test_a_value_that_no_index_takes_is_set_aside(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL says it as of itself, as when it is out of memory: to try again would be to try for ever."""

    class ProgramLimitExceeded(Exception):
        pgcode = "54000"

    def refuse(*args: object, **how: object) -> None:
        raise OperationalError("index row size 2712 exceeds maximum 2704") from ProgramLimitExceeded()

    arrive(project)
    monkeypatch.setattr(occurrences, "count", refuse)

    assert count(project) == 1

    assert (waiting(), Arrival.objects.count()) == (0, 1)


def test_what_was_set_aside_is_counted_when_it_can_be(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(occurrences, "count", fail)
        arrive(project)
        count(project)
    assert batches.projects() == []

    assert batches.take_up() == 1

    assert count(project) == 1
    assert issue_of(project).times_seen == 1


def fail(*args: object, **how: object) -> None:
    raise KeyError("a bug")


def test_when_all_fail_only_some_are_set_aside(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(MOST_SET_ASIDE + 5):
        arrive(project)
    monkeypatch.setattr(occurrences, "count", fail)

    with pytest.raises(SomethingIsWrong):
        count(project)

    assert (waiting(), Arrival.objects.count()) == (5, MOST_SET_ASIDE + 5)
