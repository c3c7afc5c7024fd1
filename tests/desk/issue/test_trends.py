"""Charts of how many events there were."""

from datetime import UTC, datetime

from desk.issue.trends import HEIGHT, Trend, trend_of


def test_the_highest_bar_is_as_high_as_the_chart_and_the_others_stand_beside_it() -> None:
    trend = trend_of([[0, 4], [3600, 0], [7200, 2]])

    assert (trend.most, trend.total, trend.width) == (4, 6, 30)
    assert [(bar.x, bar.y, bar.height) for bar in trend.bars] == [(0, 0, HEIGHT), (10, HEIGHT, 0), (20, 24, 24)]
    assert trend.bars[1].begins == datetime(1970, 1, 1, 1, tzinfo=UTC)


def test_one_event_can_be_seen_beside_a_million() -> None:
    assert trend_of([[0, 1_000_000], [3600, 1]]).bars[1].height == 1


def test_without_events_there_is_no_bar() -> None:
    assert [bar.height for bar in trend_of([[0, 0]]).bars] == [0]
    assert trend_of([]) == Trend((), 0, 0, 0)
