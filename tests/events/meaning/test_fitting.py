"""An event that is too large is cut, and is never refused (contract 7.5)."""

from collections.abc import Callable
from typing import Any

import pytest

from events.meaning import unpack
from events.meaning.packing import as_json
from tests.events.meaning.asking import read_event

MOST = 1024**2


def stack(frames: int, **parts: Any) -> dict[str, Any]:
    return {"frames": [{"lineno": n, **parts} for n in range(frames)]}


def large(kilobytes: int) -> list[str]:
    return ["x" * 1000] * kilobytes


def test_an_event_that_fits_is_whole() -> None:
    extra = {str(n): large(100) for n in range(10)}

    assert read_event({"extra": extra}).data["extra"] == extra


def test_the_largest_of_extra_goes_first() -> None:
    extra = {"small": large(1), "largest": large(900), "large": large(400)}

    data = read_event({"extra": extra, "contexts": {"app": {"name": "shop"}}}).data

    assert data["extra"] == {"small": large(1), "large": large(400)}
    assert data["contexts"] == {"app": {"name": "shop"}}


def frames_of(event: dict[str, Any]) -> list[dict[str, Any]]:
    frames: list[dict[str, Any]] = event["exception"]["values"][0]["stacktrace"]["frames"]
    return frames


FULL = {
    "extra": {"a": "x"},
    "contexts": {"a": {"b": "x"}},
    "breadcrumbs": {"values": [{"message": "x"}]},
    "exception": {"type": "E", "stacktrace": stack(2, vars={"a": "x"}, pre_context=["x"])},
    "threads": [{"id": 1, "crashed": True, "stacktrace": stack(1)}],
    "request": {"url": "http://shop/"},
    "modules": {"a": "1"},
}
# What goes, in this order: each is large alone, and what was before it is gone with it.
LARGE: list[tuple[dict[str, Any], Callable[[dict[str, Any]], Any]]] = [
    ({"extra": {"a": large(1100)}}, lambda data: data["extra"]),
    ({"contexts": {"a": {"b": large(1100)}}}, lambda data: data["contexts"]),
    ({"breadcrumbs": [{"message": "x" * 1000}] * 1100}, lambda data: data["breadcrumbs"]["values"][1000:]),
    (
        {"exception": {"type": "E", "stacktrace": stack(2, vars={"a": large(1100)}, pre_context=["x"])}},
        lambda data: frames_of(data)[0]["vars"],
    ),
    (
        {"exception": {"type": "E", "raw_stacktrace": stack(2, pre_context=large(600)), "stacktrace": stack(1)}},
        lambda data: data["exception"]["values"][0].get("raw_stacktrace"),
    ),
    ({"request": {"url": "x", "data": large(1100)}}, lambda data: data["request"].get("data")),
    (
        {"threads": [{"id": n, "stacktrace": stack(250, filename="x" * 1000)} for n in range(6)]},
        lambda data: data["threads"]["values"][0].get("stacktrace"),
    ),
    (
        {"exception": {"type": "E", "stacktrace": stack(2, pre_context=large(600))}},
        lambda data: frames_of(data)[0].get("pre_context"),
    ),
    (
        {"exception": [{"type": "E", "stacktrace": stack(250, filename="x" * 1000)} for _ in range(6)]},
        lambda data: data["exception"]["values"][0].get("stacktrace"),
    ),
    ({"modules": {"a": large(1100)}}, lambda data: data.get("modules")),
]


@pytest.mark.parametrize(("event", "left"), LARGE, ids=range(len(LARGE)))
def test_what_is_large_goes_and_the_rest_stays(event: dict[str, Any], left: Callable[[dict[str, Any]], Any]) -> None:
    data = read_event({**FULL, **event, "message": "hello", "tags": {"shop": "north"}}).data

    assert not left(data)
    assert len(as_json(data)) <= MOST
    assert (data["message"], data["tags"]) == ("hello", [["shop", "north"]])
    assert (data["title"], data["type"]) == ("E", "error")


def test_the_steps_have_an_order() -> None:
    """An event that is large everywhere loses as much as it has to, and no more."""
    event = {
        "extra": {"a": large(500)},
        "contexts": {"a": {"b": large(500)}},
        "breadcrumbs": [{"message": "x" * 1000}] * 450,
        "exception": {"type": "E", "stacktrace": stack(5, vars={"a": large(100)})},
    }

    data = read_event(event).data

    assert (data["extra"], data["contexts"]) == ({}, {})
    assert len(data["breadcrumbs"]["values"]) == 450
    assert all("a" in frame["vars"] for frame in frames_of(data))


def test_the_oldest_hundred_breadcrumbs_go() -> None:
    breadcrumbs = [{"message": f"{n} {'x' * 1000}"} for n in range(1100)]

    data = read_event({"breadcrumbs": breadcrumbs}).data

    assert data["breadcrumbs"]["values"] == breadcrumbs[100:]


def test_the_size_is_said() -> None:
    data = read_event({"message": "hello"}).data

    assert data["size"] == len(as_json({key: value for key, value in data.items() if key != "size"}))


@pytest.mark.parametrize("most", [0, 20, 500, 2000])
def test_it_fits_however_little_room_there_is(most: int) -> None:
    event = read_event({**FULL, "message": "x" * 5000}, most_bytes=most)

    assert unpack(event.packed) == event.data
    assert len(as_json(event.data)) <= max(most, len(b'{"size":2}'))


def test_bytes_are_counted() -> None:
    data = read_event({"extra": {str(n): "€" * 8000 for n in range(100)}}).data

    assert 900_000 < len(as_json(data)) <= MOST
    assert len(data["extra"]) < 50
