"""How much is taken in (contract 7.8), and what SDKs are told when it is too much."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from sqlglot import exp, parse_one

from events.models import Arrival
from events.taking import limits
from events.taking.limits import Backlog, Disk, RateLimits, TooMany
from events.taking.senders import Sender
from events.views import taking
from projects.models import ClientKey
from tests.events.sending import Clock, Sdk, an_envelope, holding, stored

pytestmark = pytest.mark.django_db

ID = "0123456789abcdef0123456789abcdef"
A_MINUTE = 1_800_000_000.0  # a whole number of minutes, and of hours
Limit = Callable[[int, int], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of limits, of the backlog and of the disk."""
    clock = Clock(A_MINUTE)
    for name, made in (("rate_limits", RateLimits(clock)), ("backlog", Backlog(clock)), ("disk", Disk(clock))):
        monkeypatch.setattr(taking, name, made)
    return clock


@pytest.fixture
def limit(key: ClientKey) -> Limit:
    """Give the key a limit of so many events in so many seconds."""

    def limit(count: int, window: int) -> None:
        ClientKey.objects.filter(pk=key.pk).update(limit_count=count, limit_window=window)

    return limit


def statuses(sdk: Sdk, count: int) -> list[int]:
    return [sdk.store({"message": "x"}).status_code for _ in range(count)]


# ---------------------------------------------------------------------------------------------------------------------
# Of a key
# ---------------------------------------------------------------------------------------------------------------------


def test_a_key_has_a_limit_of_its_own(sdk: Sdk, clock: Clock, limit: Limit) -> None:
    limit(3, 60)
    clock.now = A_MINUTE + 12.4
    assert statuses(sdk, 3) == [200] * 3

    answer = sdk.store({"message": "x"})

    assert (answer.status_code, answer.json()) == (429, {"detail": "This key has sent too many events."})
    assert answer.headers["X-Sentry-Error"] == "This key has sent too many events."
    assert answer.headers["Retry-After"] == "48"
    assert answer.headers["X-Sentry-Rate-Limits"] == "48:default;error;security:key:rate_limit"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert len(stored()) == 3


def test_it_begins_anew_with_each_window(sdk: Sdk, clock: Clock, limit: Limit) -> None:
    limit(2, 60)
    clock.now = A_MINUTE + 59.9
    assert statuses(sdk, 3) == [200, 200, 429]
    assert sdk.store({}).headers["Retry-After"] == "1"

    clock.now = A_MINUTE + 60

    assert statuses(sdk, 3) == [200, 200, 429]


def test_nobody_waits_longer_than_a_minute(sdk: Sdk, clock: Clock, limit: Limit) -> None:
    limit(1, 3600)
    assert statuses(sdk, 1) == [200]

    answer = sdk.store({})

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    clock.now += 3600
    assert statuses(sdk, 2) == [200, 429]


def test_the_installation_has_one_for_each_key(sdk: Sdk, clock: Clock, settings: Any) -> None:
    settings.INGEST_PER_MINUTE = 2
    other = Sdk(ClientKey.objects.create(project=sdk.key.project))

    assert statuses(sdk, 3) == [200, 200, 429]
    assert statuses(other, 3) == [200, 200, 429]
    settings.INGEST_PER_MINUTE = 0
    assert statuses(sdk, 1) == [200]


@pytest.mark.parametrize(("own", "installation"), [(4, 6), (6, 4)])
def test_the_smaller_limit_counts(
    sdk: Sdk, clock: Clock, limit: Limit, settings: Any, own: int, installation: int
) -> None:
    limit(own, 60)
    settings.INGEST_PER_MINUTE = installation

    assert statuses(sdk, 5) == [200] * 4 + [429]


def test_a_limit_of_zero_seconds_left_is_told_by_the_longest(
    sdk: Sdk, clock: Clock, limit: Limit, settings: Any
) -> None:
    limit(1, 10)
    settings.INGEST_PER_MINUTE = 1
    assert statuses(sdk, 1) == [200]
    clock.now += 5

    assert sdk.store({}).headers["Retry-After"] == "55"


def test_only_new_events_count(sdk: Sdk, clock: Clock, limit: Limit) -> None:
    limit(1, 60)
    no_events = [
        sdk.envelope(an_envelope(({"type": "session"}, b"{}"))),
        sdk.envelope(b"nonsense"),
        sdk.post("/api/{project}/store/", b"nonsense"),
        sdk.post("/api/{project}/store/", {"type": "transaction"}),
    ]
    assert [answer.status_code for answer in no_events] == [200, 400, 400, 200]

    assert sdk.store({"event_id": ID}).status_code == 200
    assert sdk.store({"event_id": ID}).status_code == 429
    clock.now += 60
    assert [sdk.store({"event_id": ID}).status_code for _ in range(3)] == [200] * 3
    assert statuses(sdk, 2) == [200, 429]


def test_what_is_over_a_limit_is_not_read(sdk: Sdk, clock: Clock, limit: Limit) -> None:
    limit(1, 60)
    assert statuses(sdk, 1) == [200]

    assert sdk.envelope(b"nonsense").status_code == 429
    assert sdk.envelope(b"", Content_Encoding="snappy").status_code == 429


def test_each_report_of_a_request_counts(sdk: Sdk, clock: Clock, limit: Limit) -> None:
    limit(2, 60)
    report = {"type": "csp-violation", "body": {"effectiveDirective": "img-src", "blockedURL": "https://a.example.com"}}

    answer = sdk.post("/api/{project}/security/", str([report] * 3).replace("'", '"').encode())

    assert (answer.status_code, len(stored())) == (429, 2)


def test_of_many_at_once_none_is_too_many() -> None:
    rate_limits, sender = RateLimits(Clock()), Sender("a" * 32, 1, (50, 60))

    def take(_: int) -> bool:
        try:
            rate_limits.take(sender, 1000)
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(take, range(400)))

    assert taken.count(True) == 50


def test_windows_that_are_over_take_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SWEPT_AT", 100)
    clock = Clock()
    rate_limits = RateLimits(clock)

    for number in range(1000):
        clock.now += 60
        rate_limits.take(Sender(f"{number:032x}", 1, (1, 30)), 1)

    assert len(rate_limits) <= 100


# ---------------------------------------------------------------------------------------------------------------------
# Of the installation
# ---------------------------------------------------------------------------------------------------------------------


def assert_all_is_refused(sdk: Sdk, sentence: str) -> None:
    before = Arrival.objects.count()
    for answer in (sdk.store({}), sdk.envelope(holding({})), sdk.post("/api/{project}/security/", {"csp-report": {}})):
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "60"
        assert answer.headers["X-Sentry-Rate-Limits"] == "60:default;error;security:organization:backlog"
        assert answer.headers["X-Sentry-Error"] == sentence
    assert Arrival.objects.count() == before


def test_more_than_the_backlog_is_refused(sdk: Sdk, clock: Clock, settings: Any) -> None:
    settings.INGEST_BACKLOG = 3
    assert statuses(sdk, 4) == [200] * 4
    clock.now += 1

    assert_all_is_refused(sdk, "More events wait to be counted than this server takes.")

    Arrival.objects.all().delete()
    clock.now += 10
    assert statuses(sdk, 1) == [200]


def test_one_that_has_waited_for_long_is_no_backlog(sdk: Sdk, clock: Clock, settings: Any) -> None:
    settings.INGEST_BACKLOG = 3
    assert statuses(sdk, 5) == [200] * 5
    newest = Arrival.objects.latest("pk")
    Arrival.objects.exclude(pk__in=[newest.pk, newest.pk - 4]).delete()
    clock.now += 1

    assert statuses(sdk, 1) == [200]


def test_what_waits_is_counted_by_rows_that_have_a_column() -> None:
    """Rows of several machines Citus keeps in between, and it can't keep those that have none."""
    with CaptureQueriesContext(connection) as asked:
        limits.are_more_than(3, lock_timeout=5)

    sql = asked[0]["sql"]
    rows = parse_one(sql[sql.index("SELECT") :], read="postgres").find(exp.Subquery)
    assert rows is not None
    assert rows.this.expressions


def test_a_disk_that_is_nearly_full_is_left_to_what_is_there(
    sdk: Sdk, clock: Clock, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INGEST_DISK_FREE_MB = 500
    free = {"bytes": 499_999_999, "looks": 0}

    def look(folder: Path) -> int:
        free["looks"] += 1
        return free["bytes"]

    monkeypatch.setattr(limits, "data_folder", lambda: Path("/"))
    monkeypatch.setattr(limits, "free_bytes", look)

    assert_all_is_refused(sdk, "The disk of this server is nearly full.")

    free["bytes"] += 1
    clock.now += 0.9
    assert (statuses(sdk, 1), free["looks"]) == ([429], 1)
    clock.now += 0.1
    assert (statuses(sdk, 2), free["looks"]) == ([200] * 2, 2)


def test_nobody_looks_at_the_disk_of_another_machine(
    sdk: Sdk, clock: Clock, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INGEST_DISK_FREE_MB = 1_000_000_000
    monkeypatch.setattr(limits, "data_folder", lambda: None)

    assert statuses(sdk, 1) == [200]


def test_there_is_room_on_the_disk_of_the_tests(tmp_path: Path) -> None:
    assert 0 < limits.free_bytes(tmp_path) < 2**60
