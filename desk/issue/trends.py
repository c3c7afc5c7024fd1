"""How many events there were, as the bars of an SVG: it needs no script, and no style that the policy forbids."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

WIDTH, HEIGHT = 10, 48  # of one bar with its gap, and of the highest


@dataclass(frozen=True, slots=True)
class Bar:
    """``x``, ``y`` and ``height`` are units of the chart; ``begins`` is when its time begins, in UTC."""

    x: int
    y: float
    height: float
    begins: datetime
    events: int


@dataclass(frozen=True, slots=True)
class Trend:
    """A chart; ``most`` is the number of events that the highest bar stands for."""

    bars: tuple[Bar, ...]
    width: int
    most: int
    total: int
    height: int = HEIGHT


def trend_of(points: Sequence[Sequence[int]]) -> Trend:
    """Return the chart of points, each the second at which it begins and how many events there were since."""
    counts = [count for _, count in points]
    most = max(counts, default=0)
    bars = []
    for index, (begin, count) in enumerate(points):
        height = round(max(HEIGHT * count / most, 1), 1) if count else 0  # one event beside a million is not nothing
        bars.append(Bar(index * WIDTH, HEIGHT - height, height, datetime.fromtimestamp(begin, UTC), count))
    return Trend(tuple(bars), width=WIDTH * len(bars), most=most, total=sum(counts))
