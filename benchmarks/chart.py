"""The chart: time against the number of issues, both logarithmic, as an SVG that is readable on light and on dark."""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from math import ceil, floor, log10

Line = Sequence[tuple[int, float]]  # how many issues, seconds

WIDTH, HEIGHT = 760, 460
LEFT, RIGHT, TOP, BOTTOM = 84, 104, 64, 62

STYLE = """
    text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #57606a; }
    .title { font-size: 16px; font-weight: 600; fill: #1f2328; }
    .background { fill: #ffffff; }
    .grid { stroke: #d8dee4; stroke-width: 1; }
    .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
    .of-0 { stroke: #6e7781; } .dot-0 { fill: #6e7781; } .name-0 { fill: #57606a; }
    .of-1 { stroke: #0969da; } .dot-1 { fill: #0969da; } .name-1 { fill: #0969da; }
    .of-2 { stroke: #bc4c00; } .dot-2 { fill: #bc4c00; } .name-2 { fill: #bc4c00; }
    @media (prefers-color-scheme: dark) {
        text { fill: #9198a1; }
        .title { fill: #f0f6fc; }
        .background { fill: #0d1117; }
        .grid { stroke: #30363d; }
        .of-0 { stroke: #9198a1; } .dot-0 { fill: #9198a1; } .name-0 { fill: #9198a1; }
        .of-1 { stroke: #4493f8; } .dot-1 { fill: #4493f8; } .name-1 { fill: #4493f8; }
        .of-2 { stroke: #f0883e; } .dot-2 { fill: #f0883e; } .name-2 { fill: #f0883e; }
    }
"""
NAME_HEIGHT = 18  # pixels between the names of two lines


def draw(title: str, lines: Mapping[str, Line]) -> str:
    """Return the SVG of up to three lines, each with its name at its end."""
    counts = [count for line in lines.values() for count, _ in line]
    times = [seconds for line in lines.values() for _, seconds in line]
    decades = range(floor(log10(min(times))), ceil(log10(max(times))) + 1)
    widths = range(floor(log10(min(counts))), ceil(log10(max(counts))) + 1)

    def x(count: float) -> float:
        share = (log10(count) - widths[0]) / (widths[-1] - widths[0] or 1)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(seconds: float) -> float:
        share = (log10(seconds) - decades[0]) / (decades[-1] - decades[0] or 1)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="background" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
        f'<text class="title" x="{LEFT}" y="34">{escape(title)}</text>',
    ]
    for power in decades:
        at = y(10.0**power)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text x="{LEFT - 10}" y="{at + 4}" text-anchor="end">{duration(power)}</text>')
    for power in widths:
        at = x(10.0**power)
        parts.append(f'<line class="grid" x1="{at}" x2="{at}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{at}" y="{HEIGHT - BOTTOM + 22}" text-anchor="middle">{10**power:,}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 14}" text-anchor="middle">issues changed by one request</text>')
    heights = apart([y(line[-1][1]) for line in lines.values()])
    for number, ((name, line), height) in enumerate(zip(lines.items(), heights, strict=True)):
        points = [(x(count), y(seconds)) for count, seconds in line]
        path = " ".join(f"{left},{top}" for left, top in points)
        parts.append(f'<polyline class="line of-{number}" points="{path}"/>')
        parts += [f'<circle class="dot-{number}" cx="{left}" cy="{top}" r="3.5"/>' for left, top in points]
        parts.append(f'<text class="name-{number}" x="{WIDTH - RIGHT + 12}" y="{height + 4}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def apart(heights: Sequence[float]) -> list[float]:
    """Return the heights moved so far that no two names overlap, in their order."""
    moved = list(heights)
    order = sorted(range(len(heights)), key=lambda number: heights[number])
    for above, below in pairwise(order):
        moved[below] = max(moved[below], moved[above] + NAME_HEIGHT)
    return [round(height, 1) for height in moved]


def duration(power: int) -> str:
    """Return ten to that power of seconds."""
    if power >= 0:
        return f"{10**power:,} s"
    if power >= -3:
        return f"{10 ** (power + 3)} ms"
    return f"{10 ** (power + 6)} µs"
