"""Times and numbers as pages of the desk say them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from desk.ways import NOTED, UNDO

register = template.Library()

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def in_short(ago: timedelta) -> str:
    """Return how long something is ago, by its largest unit: ``5 min``, ``2 h``, ``3 d``, ``5 w``, ``2 y``."""
    for unit, word, end in (
        (MINUTE, "min", HOUR),
        (HOUR, "h", 2 * DAY),
        (DAY, "d", 28 * DAY),
        (7 * DAY, "w", 730 * DAY),
        (365 * DAY, "y", timedelta.max),
    ):
        if ago < end:
            return f"{max(ago // unit, 0)} {word}"
    raise AssertionError("no time is longer than the longest")


@register.simple_tag
def since(moment: datetime | None, at: datetime, after: str = "") -> SafeString | str:
    """Return a time as ``2 h``, with ``after`` (as " ago") behind it; the exact one on hover.

    desk.js puts the exact one into the zone of who looks, and lets it grow old with the page.
    """
    if moment is None:
        return ""
    words = "now" if at - moment < MINUTE else f"{in_short(at - moment)}{after}"
    exact = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC" data-after="{}">{}</time>',
        exact.isoformat(timespec="seconds"),
        f"{exact:%Y-%m-%d %H:%M:%S}",
        after,
        words,
    )


@register.filter
def undoes(message: Any) -> str:
    """Return the ids of the mutations that a message offers to undo, with commas."""
    return _tagged(message, UNDO)


@register.filter
def noted(message: Any) -> str:
    """Return the draft of the note of which a message says that it was written."""
    return _tagged(message, NOTED)


def _tagged(message: Any, kind: str) -> str:
    tags = (message.extra_tags or "").split()
    return next((tag.removeprefix(kind) for tag in tags if tag.startswith(kind)), "")


@register.filter
def short(number: Any) -> str:
    """Return a count that fits into a narrow column: ``950``, ``1.2k``, ``38k``, ``4.1M``."""
    count = int(number)
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count // size}{letter}" if count >= 10 * size else f"{count * 10 // size / 10:g}{letter}"
    return str(count)
