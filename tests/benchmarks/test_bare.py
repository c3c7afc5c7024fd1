"""The floor of taking events in starts, as the benchmarks start it, and takes what they send."""

from itertools import islice

import pytest
from django.utils import timezone

from benchmarks.events import series
from benchmarks.events.sample import Sample
from benchmarks.events.senders import send
from benchmarks.serving import serving
from events.models import Arrival, Event, EventId
from events.weeks import make_ahead

pytestmark = pytest.mark.django_db(transaction=True)


def test_stores_each_event_that_is_sent() -> None:
    make_ahead(timezone.now())
    sample = Sample()
    requests = [
        sample.head("/api/7/envelope/", "0" * 32, len(body)) + body for body in islice(sample.bodies(issues=2), 4)
    ]

    with serving(series.BARE_PROGRAM) as server:
        sent = send(server.port, requests, seconds=60)

    assert len(sent.answers) == 4
    assert [table.objects.filter(project_id=7).count() for table in (Event, EventId, Arrival)] == [4, 4, 4]
    assert len(set(Arrival.objects.values_list("hash", flat=True))) == 2
