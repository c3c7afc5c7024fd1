"""Small charts: the points of a period as the path of an SVG, which needs neither a script nor a style."""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 24
STEP, WIDTH = 4, 3  # of a bar with its gap, and without


@dataclass(frozen=True, slots=True)
class Chart:
    """``path`` draws the bars, in a box ``width`` wide and 24 high; ``most`` is what the highest stands for."""

    path: str
    width: int
    most: int
    total: int


def chart_of(counts: Sequence[int]) -> Chart:
    """Return the bars of these counts, the highest as high as the box; what is not nothing can be seen."""
    most = max(counts, default=0)
    bars = []
    for place, count in enumerate(counts):
        if count:
            height = max(2, round(HEIGHT * count / most))
            bars.append(f"M{place * STEP} {HEIGHT}v-{height}h{WIDTH}v{height}z")
    return Chart("".join(bars), len(counts) * STEP, most, sum(counts))
