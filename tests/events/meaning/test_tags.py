"""Tags (contract 7.5): at most 100, keys 32 of [a-zA-Z0-9_.:-], values 200 and one line."""

from typing import Any

import pytest

from tests.events.meaning.asking import errors_of, read_event


@pytest.mark.parametrize(
    "tags",
    [
        {"shop": "north", "n": 5},
        [["shop", "north"], ["n", 5]],
        [{"key": "shop", "value": "north"}, {"key": "n", "value": 5}],
        [None, ["shop", "south"], {"key": "shop", "value": "north"}, ["n", 5], ["nothing", None]],
    ],
    ids=["object", "pairs", "keys and values", "mixed, a key twice"],
)
def test_tags_come_in_three_forms(tags: Any) -> None:
    event = read_event({"tags": tags})

    assert event.data["tags"] == [["n", "5"], ["shop", "north"]]
    assert "errors" not in event.data


@pytest.mark.parametrize("key", ["a" * 32, "a.b:c-d_e", "0"])
def test_keys_are_kept(key: str) -> None:
    assert read_event({"tags": {key: "x"}}).data["tags"] == [[key, "x"]]


@pytest.mark.parametrize("key", ["", "a" * 33, "a b", "ä", "a/b", "a\n"])
def test_other_keys_are_dropped_and_named(key: str) -> None:
    data = read_event({"tags": {key: "x", "b": "y"}}).data

    assert data["tags"] == [["b", "y"]]
    assert data["errors"] == [f"tags.{key}"]


def test_values_are_kept() -> None:
    tags = {"a": "x" * 200, "b": True, "c": 1.5, "d": "ä b"}

    assert dict(read_event({"tags": tags}).data["tags"]) == {"a": "x" * 200, "b": "True", "c": "1.5", "d": "ä b"}


@pytest.mark.parametrize("value", ["", "x" * 201, "a\nb", "a\rb", [], {}])
def test_other_values_are_dropped_and_named(value: Any) -> None:
    data = read_event({"tags": {"a": value, "b": "y"}}).data

    assert data["tags"] == [["b", "y"]]
    assert data["errors"] == ["tags.a"]


def test_at_most_100_are_kept() -> None:
    data = read_event({"tags": {f"t{n:03d}": "x" for n in range(102)}}).data

    assert len(data["tags"]) == 100
    assert data["errors"] == ["tags.t100", "tags.t101"]


@pytest.mark.parametrize("tags", ["x", 5, True])
def test_what_is_no_list_of_tags_is_named(tags: Any) -> None:
    assert errors_of({"tags": tags}) == ["tags"]


@pytest.mark.parametrize("tag", ["x", 5, ["a"], ["a", "b", "c"], {"name": "a"}])
def test_what_is_no_tag_is_named(tag: Any) -> None:
    assert errors_of({"tags": [["a", "b"], tag]}) == ["tags.1"]


def test_a_key_that_is_no_text_is_named() -> None:
    assert errors_of({"tags": [[5, "b"]]}) == ["tags"]


def test_tags_are_what_fingerprints_may_name() -> None:
    north, south = ({"tags": {"shop": shop}, "fingerprint": ["{{ tags.shop }}"]} for shop in ("north", "south"))

    assert read_event(north).fingerprints != read_event(south).fingerprints
