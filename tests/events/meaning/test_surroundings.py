"""What an event tells besides what went wrong: of a wrong type it is as if absent, and named (contract 7.5)."""

from typing import Any

import pytest

from tests.events.meaning.asking import errors_of, read_event

BREADCRUMB = {"timestamp": 1, "type": "http", "category": 5, "level": "info", "message": "GET", "data": {"url": "/"}}
REQUEST = {
    "method": "GET",
    "url": "https://shop.example/",
    "query_string": [["a", "b"]],
    "fragment": "top",
    "headers": {"Accept": "*/*"},
    "env": {"HOME": "/root"},
    "data": [None, 5],
}
SDK = {"name": "sentry.python", "version": "2.0", "packages": [{"name": "pypi:sentry-sdk"}], "integrations": ["flask"]}
IMAGE_0 = ["debug_meta.images.0.code_file", "debug_meta.images.0.image_size"]
ADDRESS_0 = "threads.0.stacktrace.frames.0.instruction_addr"
CONTEXTS = {"runtime": {"name": "CPython"}, "device": None}


def test_what_is_of_the_right_types_is_kept() -> None:
    data = read_event({"breadcrumbs": [BREADCRUMB], "request": REQUEST, "sdk": SDK, "contexts": CONTEXTS}).data

    assert data["breadcrumbs"] == {"values": [BREADCRUMB]}
    assert (data["request"], data["sdk"]) == (REQUEST, SDK)
    assert data["contexts"] == {"runtime": {"name": "CPython"}}
    assert "errors" not in data


@pytest.mark.parametrize(
    ("part", "whole", "key", "wrong"),
    [
        *(("breadcrumbs.0", BREADCRUMB, key, ["x"]) for key in BREADCRUMB),
        ("breadcrumbs.0", BREADCRUMB, "message", True),
        ("breadcrumbs.0", BREADCRUMB, "data", "x"),
        *(("request", REQUEST, key, True) for key in REQUEST if key != "data"),
        ("request", REQUEST, "headers", "Accept: */*"),
        ("request", REQUEST, "url", ["x"]),
        *(("sdk", SDK, key, 5) for key in SDK),
        ("contexts", CONTEXTS, "runtime", "CPython"),
        ("contexts", CONTEXTS, "runtime", []),
    ],
)
def test_what_is_of_another_type_is_as_if_absent_and_named(
    part: str, whole: dict[str, Any], key: str, wrong: Any
) -> None:
    field, _, index = part.partition(".")
    sent = whole | {key: wrong}

    data = read_event({field: [sent] if index else sent}).data

    left = {name: value for name, value in whole.items() if name != key and value is not None}
    assert data["errors"] == [f"{part}.{key}"]
    assert data.get(field, {}) == ({"values": [left]} if index else left)


@pytest.mark.parametrize("field", ["breadcrumbs", "request", "sdk", "contexts", "extra", "modules"])
@pytest.mark.parametrize("wrong", ["x", 5, True])
def test_a_part_of_another_type_is_as_if_absent_and_named(field: str, wrong: Any) -> None:
    data = read_event({field: wrong}).data

    assert data["errors"] == [field]
    assert field not in data


def test_what_was_filtered_is_no_error() -> None:
    data = read_event({"contexts": {"session": {"id": 5}}, "request": {"cookies": ["a"]}}).data

    assert (data["contexts"], data["request"]) == ({"session": "[Filtered]"}, {"cookies": "[Filtered]"})
    assert "errors" not in data


def test_nulls_are_no_errors() -> None:
    nothing = dict.fromkeys(("message", "data", "level"))

    assert errors_of({"breadcrumbs": [nothing, None], "request": {"url": None}, "sdk": {"name": None}}) == []


@pytest.mark.parametrize(
    ("event", "names"),
    [
        ({"debug_meta": 5}, ["debug_meta"]),
        ({"debug_meta": {"images": "x"}}, ["debug_meta.images"]),
        ({"debug_meta": {"images": {"code_file": "x"}}}, ["debug_meta.images"]),
        ({"debug_meta": {"images": [{}, 5, None]}}, ["debug_meta.images.1"]),
        ({"debug_meta": {"images": None}}, []),
        ({"checksum": 5}, ["checksum"]),
        ({"checksum": ["a"]}, ["checksum"]),
        ({"checksum": None}, []),
        ({"checksum": 5, "fingerprint": ["a"]}, []),  # it isn't looked at
    ],
)
def test_what_is_read_and_not_kept_is_named_too(event: dict[str, Any], names: list[str]) -> None:
    assert errors_of(event) == names


@pytest.mark.parametrize("key", ["pre_context", "post_context"])
def test_a_line_of_source_of_another_type_is_blank_and_named(key: str) -> None:
    frame = {"function": "f", key: ["a", 5, None, ["b"]]}

    data = read_event({"exception": [{"type": "E", "stacktrace": {"frames": [frame]}}]}).data

    name = f"exception.0.stacktrace.frames.0.{key}"
    assert data["errors"] == [f"{name}.1", f"{name}.3"]
    assert data["exception"]["values"][0]["stacktrace"]["frames"][0][key] == ["a", "", "", ""]


@pytest.mark.parametrize(
    ("event", "names"),
    [
        ({"request": {"headers": [["a", "b"], ["c"], 5, None]}}, ["request.headers.1", "request.headers.2"]),
        ({"request": {"query_string": ["a=b", ["c", "d"]]}}, ["request.query_string.0"]),
        (
            {"breadcrumbs": [{"timestamp": "yesterday"}, {"timestamp": "2026-11-29T12:00:00Z"}]},
            ["breadcrumbs.0.timestamp"],
        ),
        ({"breadcrumbs": [{"timestamp": 1e300}]}, ["breadcrumbs.0.timestamp"]),
        ({"user": {"id": "1", "name": ["x"], "data": "x"}}, ["user.name", "user.data"]),
        ({"user": {"id": "1", "name": True}}, ["user.name"]),
        ({"user": {"id": "1", "name": 5, "data": {}}}, []),
        ({"user": {"id": "1", "name": None, "data": None}}, []),
        ({"debug_meta": {"images": [{"image_size": "x", "code_file": 5}]}}, IMAGE_0),
        ({"threads": [{"stacktrace": {"frames": [{"instruction_addr": ["x"], "image_addr": 5}]}}]}, [ADDRESS_0]),
    ],
)
def test_what_an_answer_would_leave_out_is_named(event: dict[str, Any], names: list[str]) -> None:
    data = read_event(event).data

    assert data.get("errors", []) == names


def test_what_the_desk_shows_of_a_user_is_kept_all_the_same() -> None:
    sent = {"id": "1", "name": ["x"], "data": "x"}

    assert read_event({"user": sent}).data["user"] == sent
