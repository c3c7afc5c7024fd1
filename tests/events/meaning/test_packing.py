"""How an event is kept."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from events.meaning import pack, unpack


def test_what_is_packed_is_unpacked() -> None:
    data = {"text": "ä…\ufffd\n", "number": 10**300, "float": 1.5, "none": None, "list": [True, {}], "": {"": []}}

    assert unpack(pack(data)) == data


def test_it_is_smaller() -> None:
    assert len(pack({"lines": ["    return self.handle(record)"] * 100})) < 200


def test_what_is_no_json_is_not_packed() -> None:
    with pytest.raises(ValueError, match="JSON"):
        pack({"n": float("nan")})


def test_threads_do_not_mix_what_they_pack() -> None:
    """One compressor for all of them would."""
    events = [{"n": n, "lines": [f"{n} {line}" for line in range(2000)]} for n in range(64)]
    with ThreadPoolExecutor(8) as threads:
        packed = list(threads.map(pack, events))
        unpacked = list(threads.map(unpack, packed))

    assert unpacked == events
