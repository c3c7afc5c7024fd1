"""What goes from an event that is too large, so that the rest of it can be kept."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from events.meaning.packing import as_json

BREADCRUMBS_AT_ONCE = 100

Data = dict[str, Any]
Step = Callable[[Data, int], None]


def fit(data: Data, most: int) -> bytes:
    """Take out of an event what it can do without best until it has so many bytes at most; return it as JSON.

    It always comes to an end: the last step takes whole fields.
    """
    written = as_json(data)
    for take_out in STEPS:
        if len(written) <= most:
            break
        take_out(data, len(written) - most)
        written = as_json(data)
    return written


def _largest(found: Callable[[Data], Iterable[Data]], *keys: str) -> Step:
    """Return a step that takes values out of objects, the largest first. Without keys: any of them."""

    def take_out(data: Data, over: int) -> None:
        sizes = [
            (len(as_json(value)), holder, key)
            for holder in found(data)
            for key, value in holder.items()
            if not keys or key in keys
        ]
        sizes.sort(key=lambda size: size[0], reverse=True)
        for size, holder, key in sizes:
            if over <= 0:
                break
            del holder[key]
            over -= size

    return take_out


def _field(key: str) -> Callable[[Data], Iterable[Data]]:
    return lambda data: [data[key]] if key in data else []


def _values(data: Data, *keys: str) -> Iterator[Data]:
    for key in keys:
        yield from data.get(key, {}).get("values", ())


def _frames(data: Data) -> Iterator[Data]:
    for holder in _values(data, "exception", "threads"):
        for key in ("stacktrace", "raw_stacktrace"):
            yield from holder.get(key, {}).get("frames", ())


def _variables(data: Data) -> Iterator[Data]:
    return (frame["vars"] for frame in _frames(data) if "vars" in frame)


def _take_out_breadcrumbs(data: Data, over: int) -> None:
    breadcrumbs = data.get("breadcrumbs", {}).get("values", [])
    while breadcrumbs and over > 0:
        over -= len(as_json(breadcrumbs[:BREADCRUMBS_AT_ONCE]))
        del breadcrumbs[:BREADCRUMBS_AT_ONCE]


STEPS: Sequence[Step] = (
    _largest(_field("extra")),
    _largest(_field("contexts")),
    _take_out_breadcrumbs,
    _largest(_variables),
    # Beyond the contract's four, what is told elsewhere or least comes first.
    _largest(lambda data: _values(data, "exception", "threads"), "raw_stacktrace"),
    _largest(_field("request")),
    _largest(lambda data: _values(data, "threads"), "stacktrace"),
    _largest(_frames, "pre_context", "post_context"),
    _largest(lambda data: _values(data, "exception"), "stacktrace"),
    _largest(lambda data: [data]),
)
