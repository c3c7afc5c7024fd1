"""The plain fields of an event (contract 7.5)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.events.meaning.asking import AT, ID, errors_of, read_event

# ---------------------------------------------------------------------------------------------------------------------
# Which event
# ---------------------------------------------------------------------------------------------------------------------

OWN = "0c5797488e8c4534b8227d77726819bc"


def test_the_id_of_the_envelope_wins() -> None:
    event = read_event({"event_id": OWN}, event_id=ID)

    assert (event.id, event.is_known) == (ID, True)


@pytest.mark.parametrize("written", [OWN, OWN.upper(), str(UUID(OWN))])
def test_else_its_own_id_is_taken(written: str) -> None:
    event = read_event({"event_id": written}, event_id=None)

    assert (event.id, event.is_known) == (UUID(OWN), True)


@pytest.mark.parametrize("written", [None, "0" * 32, "", "x" * 32, "{" + OWN + "}", f"urn:uuid:{OWN}", 5, [OWN]])
def test_else_a_new_id_is_made_each_time(written: Any) -> None:
    first, second = (read_event({"event_id": written}, event_id=None) for _ in range(2))

    assert not first.is_known
    assert first.id != second.id
    assert first.id.int != 0


def test_an_id_that_is_none_is_named() -> None:
    assert errors_of({"event_id": 5}) == ["event_id"]
    assert errors_of({"event_id": "0" * 32}) == []


# ---------------------------------------------------------------------------------------------------------------------
# Its time
# ---------------------------------------------------------------------------------------------------------------------

BEFORE = AT - timedelta(hours=1)


@pytest.mark.parametrize(
    "written",
    [
        BEFORE.timestamp(),
        int(BEFORE.timestamp()),
        "2026-11-29T11:00:00Z",
        "2026-11-29T11:00:00",
        "2026-11-29 11:00",
        "2026-11-29T11:00:00.000000000Z",
        "2026-11-29T12:00:00+01:00",
        "2026-11-29T06:30:00-0430",
        " 2026-11-29t11:00:00z ",
    ],
)
def test_a_time_comes_in_seconds_or_as_iso(written: Any) -> None:
    event = read_event({"timestamp": written})

    assert event.seen_at == BEFORE
    assert event.seen_at.tzinfo is UTC
    assert event.data["timestamp"] == "2026-11-29T11:00:00+00:00"
    assert event.data["received"] == "2026-11-29T12:00:00+00:00"
    assert "errors" not in event.data


def test_parts_of_a_second_are_kept() -> None:
    assert read_event({"timestamp": "2026-11-29T11:00:00.920100688Z"}).seen_at.microsecond == 920100
    assert read_event({"timestamp": 1795949999.5}).seen_at.microsecond == 500000


@pytest.mark.parametrize(
    "written",
    [
        *(True, False, [], {}, "", "today", "2026-11-29*11:00", "2026-W48-7", "20261129", "1795949999"),
        *("0000-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-29T24:00:00Z", "٢٠٢٦-11-29T11:00:00Z"),
        *("9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", 1e300, -1e300, 10**400, 1e400, -(10**12)),
    ],
)
def test_a_time_that_is_none_is_when_the_event_was_received(written: Any) -> None:
    event = read_event({"timestamp": written})

    assert (event.seen_at, event.day) == (AT, AT.date())


@pytest.mark.parametrize("written", [True, "today", "0000-01-01T00:00:00Z", 1e300])
def test_a_time_that_is_none_is_named(written: Any) -> None:
    assert errors_of({"timestamp": written}) == ["timestamp"]


def test_an_event_without_time_is_of_when_it_was_received() -> None:
    event = read_event({})

    assert (event.seen_at, event.day) == (AT, AT.date())
    assert "errors" not in event.data


@pytest.mark.parametrize(
    ("timestamp", "seen_at"),
    [
        (AT + timedelta(seconds=60), AT + timedelta(seconds=60)),
        (AT + timedelta(seconds=61), AT),
        (AT - timedelta(days=30), AT - timedelta(days=30)),
        (AT - timedelta(days=30, seconds=1), AT),
    ],
)
def test_a_time_far_from_ours_is_not_believed(timestamp: datetime, seen_at: datetime) -> None:
    assert read_event({"timestamp": timestamp.isoformat()}).seen_at == seen_at


@pytest.mark.parametrize(
    ("drift", "moved"),
    [
        (timedelta(minutes=55), timedelta()),
        (timedelta(minutes=55, seconds=1), timedelta(minutes=55, seconds=1)),
        (timedelta(minutes=-55), timedelta()),
        (timedelta(days=-400), timedelta(days=-400)),
    ],
)
def test_a_clock_that_is_wrong_by_more_than_55_minutes_is_set_right(drift: timedelta, moved: timedelta) -> None:
    """``drift`` is how much the client's clock is behind."""
    sent_at = AT - drift
    timestamp = sent_at - timedelta(hours=2)

    event = read_event({"timestamp": timestamp.isoformat()}, sent_at=sent_at)

    assert event.seen_at == timestamp + moved
    assert event.day == timestamp.date()  # as sent: so the same event is recognised again, whenever it comes


@pytest.mark.parametrize("sent_at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
@pytest.mark.parametrize("timestamp", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_no_clock_is_too_wrong(sent_at: datetime, timestamp: str) -> None:
    event = read_event({"timestamp": timestamp}, sent_at=sent_at)

    assert abs(event.seen_at - AT) <= timedelta(seconds=1)
    assert event.day == date.fromisoformat(timestamp[:10])


def test_the_day_is_the_one_in_utc() -> None:
    assert read_event({"timestamp": "2026-11-29T01:00:00+02:00"}).day == date(2026, 11, 28)


def test_an_event_that_cannot_be_recognised_is_of_the_day_it_came() -> None:
    assert read_event({"timestamp": "2026-11-20T00:00:00Z"}, event_id=None).day == AT.date()


# ---------------------------------------------------------------------------------------------------------------------
# Its level
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "level"),
    [
        *((word, word) for word in ("sample", "debug", "info", "warning", "error", "fatal")),
        *((10, "debug"), (20, "info"), (30, "warning"), (40, "error"), (50, "fatal")),
        *((5, "debug"), (25, "info"), (60, "fatal"), (10**20, "fatal")),
        *(("critical", "fatal"), ("warn", "warning"), ("log", "info"), ("ERROR", "error"), (" Warn ", "warning")),
    ],
)
def test_levels_are_words_and_numbers(written: Any, level: str) -> None:
    event = read_event({"level": written})

    assert (event.level, event.data["level"]) == (level, level)
    assert "errors" not in event.data


@pytest.mark.parametrize("written", ["", "loud", True, 0, -10, 40.5, [], {"level": "info"}])
def test_another_level_is_error_and_named(written: Any) -> None:
    assert read_event({"level": written}).level == "error"
    assert errors_of({"level": written}) == ["level"]


def test_without_level_it_is_error() -> None:
    assert read_event({}).level == "error"
    assert read_event({"level": None}).level == "error"


# ---------------------------------------------------------------------------------------------------------------------
# Words
# ---------------------------------------------------------------------------------------------------------------------

WORDS = {"platform": 64, "logger": 64, "environment": 64, "server_name": 64, "dist": 64, "transaction": 200}


@pytest.mark.parametrize(("key", "most"), WORDS.items())
def test_words_are_cut(key: str, most: int) -> None:
    assert read_event({key: " as it is "}).data[key] == "as it is"
    assert read_event({key: "x" * most}).data[key] == "x" * most
    assert read_event({key: "x" * (most + 1)}).data[key] == "x" * (most - 1) + "…"


@pytest.mark.parametrize("key", [*WORDS, "release", "culprit", "logentry", "message"])
@pytest.mark.parametrize("wrong", [["x"], True, 1.5])
def test_words_of_another_type_are_as_if_absent_and_named(key: str, wrong: Any) -> None:
    data = read_event({key: wrong}).data

    assert data["errors"] == [key]
    assert not data.get(key)


def test_words_of_an_event_are_read() -> None:
    event = read_event({"platform": "python", "logger": "shop", "environment": "production", "release": "shop@1.0"})

    assert (event.platform, event.logger, event.environment, event.release) == (
        *("python", "shop", "production", "shop@1.0"),
    )


def test_words_that_are_missing_are_empty() -> None:
    event = read_event({"platform": None, "logger": "  "})

    assert (event.platform, event.logger, event.environment, event.release) == ("", "", "", "")
    assert {"platform", "logger", "environment", "release", "errors"}.isdisjoint(event.data)


def test_the_build_is_often_a_number() -> None:
    assert read_event({"dist": 17, "release": 5}).data["dist"] == "17"
    assert read_event({"release": 5}).release == "5"


@pytest.mark.parametrize(("key", "most"), [("dist", 64), ("release", 250)])
def test_a_number_is_cut_as_a_word_is(key: str, most: int) -> None:
    assert read_event({key: 10 ** (most - 1)}).data[key] == "1" + "0" * (most - 1)
    assert read_event({key: 10**most}).data[key] == "1" + "0" * (most - 2) + "…"
    assert read_event({key: -(10 ** (most - 1))}).data[key] == "-1" + "0" * (most - 3) + "…"
    assert read_event({key: 2**1000 - 1}).data[key] == str(2**1000)[: most - 1] + "…"


# ---------------------------------------------------------------------------------------------------------------------
# Release
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", ["1.0", "exam@1.0.0+7", "a b", "Latest", "...", "x" * 250])
def test_releases_are_kept(release: str) -> None:
    assert read_event({"release": release}).release == release
    assert read_event({"release": f" {release}\n"}).release == release


def test_a_long_release_is_cut() -> None:
    assert read_event({"release": "x" * 251}).release == "x" * 249 + "…"


@pytest.mark.parametrize("release", ["a/b", "a\\b", "a\nb", "a\rb", "a\tb", "a\u2028b", ".", "..", "latest"])
def test_what_no_release_may_be_called_is_none(release: str) -> None:
    event = read_event({"release": release})

    assert event.release == ""
    assert event.data["errors"] == ["release"]
    assert "release" not in event.data


def test_an_empty_release_is_none() -> None:
    assert read_event({"release": " "}).release == ""
    assert errors_of({"release": " "}) == []


# ---------------------------------------------------------------------------------------------------------------------
# Fingerprint
# ---------------------------------------------------------------------------------------------------------------------


def test_numbers_in_a_fingerprint_are_text() -> None:
    assert read_event({"fingerprint": ["a", 5, 1.5, None]}).data["fingerprint"] == ["a", "5", "1.5"]
    assert read_event({"fingerprint": [5]}).fingerprints == read_event({"fingerprint": ["5"]}).fingerprints


def test_the_checksum_of_an_old_raven_is_a_fingerprint() -> None:
    assert read_event({"checksum": "1a2b"}).fingerprints == read_event({"fingerprint": ["1a2b"]}).fingerprints
    assert read_event({"checksum": "1a2b", "fingerprint": ["a"]}).data["fingerprint"] == ["a"]
    assert (
        read_event({"checksum": " "}).fingerprints
        == read_event({"checksum": 5}).fingerprints
        == read_event({}).fingerprints
    )


def test_what_is_no_part_of_a_fingerprint_is_named() -> None:
    assert errors_of({"fingerprint": ["a", True, ["b"]]}) == ["fingerprint.1", "fingerprint.2"]
    assert errors_of({"fingerprint": "a"}) == ["fingerprint"]


# ---------------------------------------------------------------------------------------------------------------------
# Objects, and names of today
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["sdk", "contexts", "extra", "modules", "request", "user", "csp"])
@pytest.mark.parametrize("wrong", ["x", 5, True, ["x"]])
def test_what_is_no_object_is_as_if_absent_and_named(key: str, wrong: Any) -> None:
    data = read_event({key: wrong}).data

    assert key not in data
    assert data["errors"] == [key]


def test_names_of_old_ravens_are_understood() -> None:
    old = {"sentry.interfaces.Http": {"url": "http://shop"}, "sentry.interfaces.User": {"id": "5"}}

    event = read_event({**old, "user": None})

    assert event.data["request"] == {"url": "http://shop"}
    assert event.user == "id:5"


def test_the_names_of_today_win() -> None:
    assert read_event({"sentry.interfaces.User": {"id": "5"}, "user": {"id": "6"}}).user == "id:6"


@pytest.mark.parametrize("breadcrumbs", [[{"message": "x"}], {"values": [{"message": "x"}]}])
def test_breadcrumbs_have_one_form(breadcrumbs: Any) -> None:
    assert read_event({"breadcrumbs": breadcrumbs}).data["breadcrumbs"] == {"values": [{"message": "x"}]}


def test_an_error_is_named_once_and_not_at_length() -> None:
    names = errors_of({"tags": [["x" * 500, "y"], *[[f"{n} x", "y"] for n in range(500)]]})

    assert len(names) == 100
    assert max(map(len, names)) == 100
    assert names[1] == "tags.0 x"
