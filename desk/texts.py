"""Texts from outside, as a page may show them: an event comes from anybody on the internet.

Templates escape what is markup. What they don't know of is a character that makes a line read as another one: one that
turns the direction of writing, one that has no width, one that is no letter at all.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.utils.encoding import force_str

# The pictures that Unicode has for control characters; the others, and what is invisible, by their number.
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"} | {0x7F: "\u2421"}
_INVISIBLE = (
    *range(0x80, 0xA0),  # more control characters
    *(0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0xFEFF),  # soft hyphen, marks of direction, no width
    *range(0x2028, 0x202F),  # ends of lines, and what turns what follows around
    *range(0x2060, 0x2070),
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),  # letters once more, which no font shows
)
_SHOWN = _PICTURES | {code: f"[U+{code:04X}]" for code in _INVISIBLE}
# What stands above and below letters: three of them are a language, a hundred cover the lines around.
_ABOVE = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_HEAPED = re.compile(f"({_ABOVE}{{3}}){_ABOVE}+")


def visible(value: Any) -> str:
    """Return a text in which every character can be seen: ``\\u202e`` is ``[U+202E]``, ``\\x00`` is ``␀``.

    New lines and tabs stay. It is not escaped: that is what the template does.
    """
    text = force_str(value).replace("\r\n", "\n")
    return text if text.isascii() and text.isprintable() else _HEAPED.sub(r"\1", text.translate(_SHOWN))


@dataclass(frozen=True, slots=True)
class Text:
    """A text that can be seen, cut in two where it is long: ``rest`` is for behind a fold."""

    head: str
    rest: str = ""

    def __bool__(self) -> bool:
        return bool(self.head)

    @property
    def length(self) -> int:
        return len(self.head) + len(self.rest)


def fold(value: Any, letters: int, *, lines: int = 0) -> Text:
    """Return a text whose head has so many letters, and lines, at most; 0 lines are any number."""
    text = visible(value)
    end = letters
    if lines:
        for number, found in enumerate(re.finditer("\n", text[:letters]), start=1):
            if number == lines:
                end = found.start()
                break
    # A rest that is shorter than the words that lead to it is no rest.
    return Text(text) if len(text) <= end + 80 else Text(text[:end], text[end:])
