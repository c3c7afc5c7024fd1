"""An event that comes again is the same one (contract 7.4)."""

from datetime import UTC, datetime, time, timedelta
from functools import partial
from operator import add
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from events import weeks
from events.models import Arrival, Event, EventId
from projects.models import Project
from tests.events.sending import Sdk, holding, stored
from tests.factories import ClientKeyFactory

pytestmark = pytest.mark.django_db

ID = "0123456789abcdef0123456789abcdef"
TODAY = datetime.now(UTC)


# Ids and values that every process makes alike: those that run tests beside each other must collect the same ones.
WHEN: dict[str, Any] = {
    "none": None,
    "now": timedelta(0),
    "last month": timedelta(days=-29),
    "in six weeks": timedelta(days=40),
    "1970": "1970-01-01T00:00:00Z",
    "the first day": "0001-01-01",
    "the last day": "9999-12-31T23:59:59Z",
}


@pytest.mark.parametrize("when", WHEN.values(), ids=WHEN)
def test_is_stored_once_whatever_day_it_says(sdk: Sdk, when: Any) -> None:
    timestamp = (datetime.now(UTC) + when).isoformat() if isinstance(when, timedelta) else when
    event = {"event_id": ID, "message": "x", "timestamp": timestamp}

    answers = [sdk.store(event) for _ in range(3)]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"id": ID})] * 3
    assert stored() == [ID]


@pytest.mark.django_db(transaction=True)
def test_is_stored_once_in_a_week_that_is_not_there_yet(sdk: Sdk) -> None:
    """As after a month without a counter; accepting makes the week itself."""
    event = {"event_id": ID, "message": "x", "timestamp": (TODAY - timedelta(days=85)).isoformat()}

    answers = [sdk.store(event) for _ in range(2)]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"id": ID})] * 2
    assert stored() == [ID]


def test_is_another_one_with_another_timestamp(sdk: Sdk) -> None:
    for days in (0, 1):
        sdk.store({"event_id": ID, "timestamp": (TODAY - timedelta(days=days)).isoformat()})

    assert stored() == [ID, ID]


def test_is_recognised_after_it_was_trimmed_and_counted(sdk: Sdk) -> None:
    event = {"event_id": ID, "message": "x"}
    sdk.store(event)
    Event.objects.all().delete()
    Arrival.objects.all().delete()

    assert sdk.store(event).json() == {"id": ID}
    assert not Event.objects.exists()
    assert not Arrival.objects.exists()


def test_is_recognised_when_its_far_day_has_come_near(sdk: Sdk, monkeypatch: pytest.MonkeyPatch) -> None:
    far = TODAY + timedelta(days=70)
    event = {"event_id": ID, "message": "x", "timestamp": far.isoformat()}
    sdk.store(event)
    assert EventId.objects.get().day == weeks.NO_DAY
    monkeypatch.setattr("events.weeks.DAYS_AHEAD", timedelta(days=365))

    assert sdk.store(event).status_code == 200

    assert stored() == [ID]


def test_is_recognised_when_its_near_day_has_become_far(sdk: Sdk, monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"event_id": ID, "message": "x", "timestamp": (TODAY - timedelta(days=20)).isoformat()}
    sdk.store(event)
    assert EventId.objects.get().day != weeks.NO_DAY
    monkeypatch.setattr("events.weeks.DAYS_BEHIND", timedelta(days=10))

    assert sdk.store(event).status_code == 200

    assert stored() == [ID]


def test_without_an_id_none_is_the_same(sdk: Sdk) -> None:
    first, second = (sdk.store({"message": "x"}).json()["id"] for _ in range(2))

    assert first != second
    assert stored() == sorted([first, second])


def test_an_id_is_one_of_its_project(sdk: Sdk, other_project: Project) -> None:
    other = Sdk(ClientKeyFactory(project=other_project))
    for each in (sdk, other):
        each.store({"event_id": ID})

    assert stored() == [ID, ID]


def test_is_recognised_after_midnight(sdk: Sdk, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its own time; SDKs send again what was not answered."""
    monday = datetime.combine(weeks.monday(TODAY.date()), time(), UTC)
    sunday_night = monday - timedelta(seconds=1)  # the next day is of another week
    event = {"event_id": ID, "timestamp": sunday_night.isoformat()}
    for later in (timedelta(), timedelta(seconds=2), timedelta(days=1)):
        monkeypatch.setattr(timezone, "now", partial(add, sunday_night, later))
        assert sdk.store(event).json() == {"id": ID}

    assert stored() == [ID]


NIL = "00000000000000000000000000000000"


@pytest.mark.parametrize("nil", [NIL, str(UUID(NIL))])
def test_the_nil_uuid_is_no_id(sdk: Sdk, nil: str) -> None:
    """sentry-cli sends it for each raw event that has none: they are all others."""
    bodies = [holding({"message": "x"}, event_id=nil), holding({"message": "x", "event_id": nil}, event_id=nil)]

    told = [sdk.envelope(body).json()["id"] for body in bodies * 2]

    assert NIL not in told
    assert stored() == sorted(set(told))
    assert len(stored()) == 4


def test_the_nil_uuid_is_no_id_beside_the_events_own(sdk: Sdk) -> None:
    body = holding({"message": "x", "event_id": ID}, event_id=NIL)

    assert [sdk.envelope(body).json() for _ in range(2)] == [{"id": ID}] * 2
    assert stored() == [ID]
