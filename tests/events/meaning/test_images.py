"""Addresses in memory: whose they are, by the list of what was loaded."""

import json
from typing import Any

import pytest

from events.meaning.images import MOST_OF_A_PATH, MOST_WRITTEN
from tests.events.meaning.asking import read_event

PUMP = {"type": "elf", "code_file": "/srv/bin/pump", "image_addr": "0x5575d4c19000", "image_size": 0x5000}
LIBC = {"type": "elf", "code_file": "/usr/lib/libc.so.6", "image_addr": "0x7f3f1d307000", "image_size": 0x1000}


def crashed(*addresses: Any, images: Any = (LIBC, PUMP), **said: Any) -> dict[str, Any]:
    frames = [{"instruction_addr": address, **said} for address in addresses]
    failed = {"type": "SIGSEGV", "value": "Segfault", "stacktrace": {"frames": frames}}
    images = list(images) if isinstance(images, tuple) else images
    return {"platform": "native", "exception": {"values": [failed]}, "debug_meta": {"images": images}}


def frame_of(event: dict[str, Any]) -> dict[str, Any]:
    (exception,) = read_event(event).data["exception"]["values"]
    frame: dict[str, Any] = exception["stacktrace"]["frames"][-1]
    return frame


def package_of(event: dict[str, Any]) -> str | None:
    return frame_of(event).get("package")


def test_a_frame_is_of_the_program_or_library_that_lay_there() -> None:
    assert frame_of(crashed("0x5575d4c1a2b9")) == {
        "instruction_addr": "0x5575d4c1a2b9",
        "package": "/srv/bin/pump",
        "image_addr": "0x5575d4c19000",
    }
    assert package_of(crashed("0x7f3f1d307000")) == "/usr/lib/libc.so.6"


def test_a_frame_of_a_thread_too() -> None:
    thread = {"id": 1, "current": True, "stacktrace": {"frames": [{"instruction_addr": "0x5575d4c1a2b9"}]}}
    event = read_event({"platform": "native", "threads": [thread], "debug_meta": {"images": [PUMP]}})

    (kept,) = event.data["threads"]["values"]
    assert kept["stacktrace"]["frames"][0]["package"] == "/srv/bin/pump"


@pytest.mark.parametrize("address", ["0x5575d4c18fff", "0x5575d4c1e000", "0x0", "0xffffffffffffffff"])
def test_beside_them_it_is_of_none(address: str) -> None:
    assert frame_of(crashed(address)) == {"instruction_addr": address}


def test_one_without_a_size_ends_where_the_next_begins() -> None:
    images = (LIBC, {**PUMP, "image_size": None})

    assert package_of(crashed("0x7f3f1d306fff", images=images)) == "/srv/bin/pump"
    assert package_of(crashed("0x7f3f1d307000", images=images)) == "/usr/lib/libc.so.6"


@pytest.mark.parametrize("address", [0x5575D4C1A2B9, str(0x5575D4C1A2B9), "0X5575D4C1A2B9"])
def test_an_address_may_be_written_in_several_ways(address: Any) -> None:
    assert package_of(crashed(address)) == "/srv/bin/pump"


@pytest.mark.parametrize(
    "address", [True, 5.5, -1, 2**64, str(2**64), "", "0x", "x", "0x5575d4c1a2b9 ", "1" * 5_000, [], {}, None]
)
def test_what_is_no_address_is_of_none(address: Any) -> None:
    assert package_of(crashed(address)) is None
    assert package_of(crashed("0x5575d4c1a2b9", images=[{**PUMP, "image_addr": address}])) is None


@pytest.mark.parametrize(
    "images",
    [None, 5, "x", {}, [None, 5, "x", [], {}, {**PUMP, "code_file": None}], [{**PUMP, "code_file": "a" * 256}]],
)
def test_what_is_no_image_is_left_out(images: Any) -> None:
    assert package_of(crashed("0x5575d4c1a2b9", images=images)) is None
    assert package_of({**crashed("0x5575d4c1a2b9"), "debug_meta": images}) is None


def test_no_more_is_written_than_there_is_room_for() -> None:
    """Else a small event would become a large one: 250 frames of each of 50 exceptions, with one long path."""
    event = crashed(*["0x5575d4c1a2b9"] * 250, images=({**PUMP, "code_file": "/" * MOST_OF_A_PATH},))
    event["exception"]["values"] *= 50
    event = json.loads(json.dumps(event))

    kept = read_event(event).data["exception"]["values"]
    frames = [frame for exception in kept for frame in exception["stacktrace"]["frames"]]
    assert (len(frames), sum("package" in frame for frame in frames)) == (12_500, MOST_WRITTEN // MOST_OF_A_PATH)
    assert frames[0]["package"] == "/" * MOST_OF_A_PATH


def test_what_the_sdk_says_stays() -> None:
    said = {"package": "/srv/bin/other", "image_addr": "0x1000"}

    assert frame_of(crashed("0x5575d4c1a2b9", **said)) == {"instruction_addr": "0x5575d4c1a2b9", **said}
    assert "image_addr" not in frame_of(crashed("0x5575d4c1a2b9", package="/srv/bin/other"))


def test_an_address_within_a_module_of_webassembly_is_none_in_memory() -> None:
    assert package_of(crashed("0x5575d4c1a2b9", addr_mode="rel:0")) is None


def test_a_crash_of_the_program_is_named_by_it_and_not_by_the_library_that_it_called() -> None:
    event = read_event(crashed("0x5575d4c1a2b9", "0x7f3f1d307010"))

    assert (event.title, event.culprit) == ("SIGSEGV: Segfault", "pump")


def test_the_next_process_has_other_addresses_and_the_same_issue() -> None:
    moved = {**PUMP, "image_addr": "0x55625d6d8000"}

    first, second = crashed("0x5575d4c1a2b9"), crashed("0x55625d6d92b9", images=(moved,))

    assert read_event(first).fingerprints == read_event(second).fingerprints


def test_two_programs_have_two_issues() -> None:
    other = {**PUMP, "code_file": "/srv/bin/valve"}

    first, second = crashed("0x5575d4c1a2b9"), crashed("0x5575d4c1a2b9", images=(other,))

    assert read_event(first).fingerprints != read_event(second).fingerprints
