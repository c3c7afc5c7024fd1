"""Times, as all answers say them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from projects.serializers import iso

EAST = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2026, 11, 5, 7, 8, 9, tzinfo=UTC), "2026-11-05T07:08:09Z"),
        (datetime(2026, 11, 5, 7, 8, 9, 500_000, tzinfo=UTC), "2026-11-05T07:08:09.500000Z"),
        (datetime(2026, 11, 5, 7, 8, 9, 1, tzinfo=UTC), "2026-11-05T07:08:09.000001Z"),
        (datetime(2026, 11, 5, 1, 8, 9, tzinfo=EAST), "2026-11-04T19:38:09Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
    ],
    ids=lambda value: value if isinstance(value, str) else "of",
)
def test_a_time_is_in_utc_and_ends_in_z(moment: datetime, said: str) -> None:
    assert iso(moment) == said
