"""The number in a version, as a text that sorts as the numbers do (contract section 5).

``package@X``, X of 2 to 4 numbers with ``-pre`` and ``+build``, in the order of semver. The text is compared byte by
byte (the collation "C" in PostgreSQL, ``<`` in Python), so that numbers of any length are no number anywhere.
"""

import re
from typing import NamedTuple

NUMBERS = 4
IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
NUMBERED = re.compile(
    rf"(?P<package>@?[^@]+)@(?P<numbers>[0-9]+(?:\.[0-9]+){{1,{NUMBERS - 1}}})"
    rf"(?:-(?P<pre>{IDENTIFIERS}))?(?:\+{IDENTIFIERS})?"
)
# What follows the numbers, and the words of a pre-release: in the order of their bytes.
END_OF_WORD, PRE, NO_PRE = "!", "-", "~"
A_NUMBER, A_WORD = "0", "1"


class Numbered(NamedTuple):
    """What orders a release within a package; both empty for a version without a number."""

    package: str
    number: str


def numbered(version: str) -> Numbered:
    """Return the package and number that a version names. A build, and numbers that are missing, count for nothing."""
    found = NUMBERED.fullmatch(version)
    if found is None:
        return Numbered("", "")
    numbers = [*found["numbers"].split("."), *["0"] * NUMBERS][:NUMBERS]
    pre = NO_PRE if found["pre"] is None else PRE + "".join(map(_identifier, found["pre"].split(".")))
    return Numbered(found["package"], "".join(map(_digits, numbers)) + pre)


def _digits(number: str) -> str:
    """Write a number behind how many digits it has: more digits are more."""
    digits = number.lstrip("0")
    return f"{len(digits):03d}{digits}"


def _identifier(word: str) -> str:
    """Write a part of a pre-release: numbers come before words, and the first part that differs decides."""
    return A_NUMBER + _digits(word) if word.isdigit() else A_WORD + word + END_OF_WORD
