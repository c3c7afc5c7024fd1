"""Texts as they may be kept: without NUL and lone surrogates, and not too long."""

import re

MOST = 8_192  # characters of any text of an event
ELLIPSIS = "…"
REPLACEMENT = "\ufffd"
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Return a text that PostgreSQL, UTF-8 and every client can take."""
    if "\0" in text:
        text = text.replace("\0", REPLACEMENT)
    return text if text.isascii() else _SURROGATES.sub(REPLACEMENT, text)


def cut(text: str, most: int) -> str:
    """Return a text of so many characters at most; one that was cut ends with ``…``."""
    return text if len(text) <= most else text[: most - 1] + ELLIPSIS


def one_line(text: str) -> str:
    """Return a text without line breaks: with a blank for each, and what stands around it."""
    return " ".join(text.split()) if len(text.splitlines()) > 1 else text


def first_line(text: str) -> str:
    """Return the first line that is not blank, without the blanks around it."""
    return next(iter(text.strip().splitlines()), "").rstrip()


def last_line(text: str) -> str:
    """Return the last line that is not blank, without the blanks around it."""
    return text.rstrip().splitlines()[-1].strip() if text.strip() else ""
