"""Short ids ...: what people read, type, and misread."""

import pytest

from issues.short_ids import DIGITS, MAX_NUMBER, read, write

NUMBERS = [0, 1, 9, 10, 17, 18, 31, 32, 33, 1023, 1024, 10**6, 2**31, 2**62, MAX_NUMBER - 1, MAX_NUMBER]
SLUGS = ["web", "pump-station", "a", "1-a", "a-1", "a--b", "a_b", "-a", "x" * 50]


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("number", NUMBERS)
def test_are_read_as_they_were_written(slug: str, number: int) -> None:
    assert read(write(slug, number)) == (slug, number)
    assert read(write(slug, number).lower()) == (slug, number)


@pytest.mark.parametrize(
    ("number", "short_id"),
    [
        (0, "PUMP-STATION-0"),
        (1, "PUMP-STATION-1"),
        (10, "PUMP-STATION-A"),
        (31, "PUMP-STATION-Z"),
        (32, "PUMP-STATION-10"),
        (42, "PUMP-STATION-1A"),
        (MAX_NUMBER, "PUMP-STATION-7ZZZZZZZZZZZZ"),
    ],
)
def test_are_the_slug_in_capitals_and_a_number_in_base_32(number: int, short_id: str) -> None:
    assert write("pump-station", number) == short_id


def test_never_hold_a_digit_that_people_misread() -> None:
    assert len(DIGITS) == 32
    assert not set("ILOU") & set(DIGITS)


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("WEB-I", ("web", 1)),
        ("WEB-l", ("web", 1)),
        ("WEB-O", ("web", 0)),
        ("web-io", ("web", 32)),
        ("LIO-LIO", ("lio", 32 * 32 + 32)),
        ("Web-1a", ("web", 42)),
        ("Pump-Station-1A", ("pump-station", 42)),
        ("WEB--1", ("web-", 1)),
        ("1-2", ("1", 2)),
        ("WEB-0000001A", ("web", 42)),
    ],
)
def test_are_read_however_people_type_them(word: str, found: tuple[str, int]) -> None:
    assert read(word) == found


@pytest.mark.parametrize(
    "word",
    [
        "",
        "-",
        "1",
        "12",
        "WEB",
        "-1",
        "WEB-",
        "WEB-U",
        "WEB-1U",
        "WEB 1",
        "WEB-1 ",
        "WEB-+1",
        "WEB-1.0",
        "WEB-\uff11",  # a digit, but of no use to Crockford
        "WEB-\u0131",  # an i without its dot, whose capital is I
        "\u212aIT-1",  # the sign of a kelvin, whose small letter is k
        "W\xcbB-1",
        "WEB\0-1",
        "WEB-1\0",
        "WEB-1\n",
        "WEB-80000000000000",
        "WEB-8000000000000",  # 2**63
        "WEB-ZZZZZZZZZZZZZ",
        "WEB-" + "0" * 13 + "1",
        "WEB-" + "Z" * 100_000,
    ],
)
def test_are_not_these(word: str) -> None:
    assert read(word) is None
