"""Figures, as people read them."""

from collections.abc import Iterable, Sequence


def percentile(values: Sequence[float], share: int) -> float:
    """Return the smallest of the values that is no less than ``share`` per cent of them."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def milliseconds(seconds: float) -> str:
    """Return the time with three digits that count: 0.912, 12.3, 4,560."""
    value = seconds * 1000
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def kibibytes(count: float) -> str:
    value = count / 1024
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def mebibytes(count: float) -> str:
    return f"{count / 2**20:,.0f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table in Markdown, the first column to the left."""
    return [
        f"| {' | '.join(head)} |",
        f"|{'|'.join(['---', *['--:'] * (len(head) - 1)])}|",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]
