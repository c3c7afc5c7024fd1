"""The number in a version sorts as semver has it (contract section 5)."""

from itertools import pairwise

import pytest

from projects.versions import Numbered, numbered

# Each is lower than the next one; those in one line are equal.
ASCENDING = [
    ["p@0.0", "p@0.0.0", "p@0.0.0.0", "p@00.000"],
    ["p@0.0.0.1"],
    ["p@0.9.10"],
    ["p@0.10.9"],
    ["p@1.0.0-0"],
    ["p@1.0.0-1", "p@1.0.0-01"],
    ["p@1.0.0-9"],
    ["p@1.0.0-10"],
    [f"p@1.0.0-{'9' * 30}"],
    [f"p@1.0.0-1{'0' * 30}"],
    ["p@1.0.0--"],
    ["p@1.0.0-1a"],
    ["p@1.0.0-ALPHA"],
    ["p@1.0.0-alpha", "p@1.0-alpha", "p@1.0.0-alpha+7"],
    ["p@1.0.0-alpha.1"],
    ["p@1.0.0-alpha.1.0"],
    ["p@1.0.0-alpha.beta"],
    ["p@1.0.0-alpha-"],
    ["p@1.0.0-alpha-1"],
    ["p@1.0.0-alpha0"],
    ["p@1.0.0-beta"],
    ["p@1.0.0-beta.2"],
    ["p@1.0.0-beta.11"],
    ["p@1.0.0-rc.1", "p@1.0.0-rc.1+5.6"],
    ["p@1.0.0", "p@1.0", "p@01.0", "p@1.0.0+build", "p@1.0+1-2.3", "p@1.0.0.0"],
    ["p@1.0.0.1-rc"],
    ["p@1.0.0.1"],
    ["p@1.0.1"],
    ["p@1.9"],
    ["p@1.10"],
    ["p@2.0-rc"],
    ["p@2.0"],
    ["p@10.0"],
    [f"p@{2**63}.0"],
    [f"p@{'9' * 100}.0"],
    [f"p@1{'0' * 100}.0"],
    [f"p@{'9' * 246}.0"],
]


def test_sorts_as_semver_does() -> None:
    for low, high in pairwise(ASCENDING):
        assert {numbered(version).number for version in low} == {numbered(low[0]).number}
        assert numbered(low[0]).number.encode() < numbered(high[0]).number.encode(), (low[0], high[0])
    assert {numbered(version).package for line in ASCENDING for version in line} == {"p"}


@pytest.mark.parametrize(
    "version",
    [
        "1.0.0",
        "nightly",
        "p@",
        "p@1",
        "p@1.2.3.4.5",
        "p@v1.0",
        "p@1.x",
        "p@1.",
        "p@.1",
        "p@1..2",
        "p@-1.0",
        "p@1.0-",
        "p@1.0-a..b",
        "p@1.0-ä",
        "p@1.0+",
        "p@1.0+a_b",
        "p@1.0 ",
        "p@1.0\n",
        "p@\u0661.\u0662",  # digits, but not ASCII
        "p@1.2@3.4",
        "@1.0",
        "@@1.0",
        "6ba09a7c53235ee8a8fa5ee4c1ca8ca886e7fdbb",
        "p@6ba09a7",
    ],
)
def test_that_is_none_sorts_by_date_alone(version: str) -> None:
    assert numbered(version) == Numbered("", "")


@pytest.mark.parametrize(
    ("version", "package"), [("web@1.0", "web"), ("@scope/web@1.0", "@scope/web"), ("Web App@1.0", "Web App")]
)
def test_is_of_a_package(version: str, package: str) -> None:
    assert numbered(version).package == package


def test_is_a_short_text_however_long_the_version_is() -> None:
    """An index takes 2,700 bytes of a row."""
    longest = [f"p@1.0-{'.'.join('1' * 122)}", f"p@1.0-{'.'.join('a' * 122)}", f"p@{'9' * 246}.1"]

    assert all(len(version) <= 250 for version in longest)
    assert all(0 < len(numbered(version).number) < 1000 for version in longest)
