"""A copy of an event that may be kept: secrets are out of it, texts are clean, and numbers are such as JSON has.

Secret is the value of a key whose name says so, wherever it is: in objects, in lists of pairs, in ``{"key", "value"}``,
in query strings, where a text quotes it (``{'password': 'x'}``, as Python's variables and JSON bodies come), and where
it is said (``password: x``), but for lines of source. So are passwords of URLs, what an Authorization header says,
private keys, tokens that can be told by their form, and the numbers of payment cards.
"""

from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from events.meaning.cards import FEWEST_DIGITS, MAY_HOLD_A_CARD, hide_cards, is_card
from events.meaning.secrets import (
    FILTERED,
    hide_in_addresses,
    hide_in_commands,
    hide_in_sentences,
    hide_tokens,
    hide_values,
    may_say_a_secret,
    tells_of_secrets,
)
from events.meaning.texts import MOST, clean, cut

MOST_OF_A_KEY = 200  # characters
DEEPEST = 100  # what is deeper is left out; no event that was taken is
MOST_BITS = 1_000  # of a whole number: Python refuses to write 4,300 digits
LEAST_CARD = 10 ** (FEWEST_DIGITS - 1)
# A text is scrubbed a little beyond where it is cut: half of a card's number, cut from its end, would not be known.
BEYOND = 100


def scrub(value: Any) -> Any:
    """Return a copy without secrets."""
    return _scrub(value, 0, Found())


@dataclass(frozen=True, slots=True)
class Found:
    """Texts of one event that have a secret, or are long, and what is kept of each: stacks quote the same ones."""

    texts: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)  # of source


def _scrub(value: Any, depth: int, found: Found) -> Any:
    kind = type(value)
    if kind is str:
        return value if value in _harmless else found.texts.get(value) or _scrub_and_remember(value, found)
    if kind is dict:
        return _scrub_object(value, depth + 1, found) if depth < DEEPEST else None
    if kind is list:
        if depth >= DEEPEST:
            return None
        if len(value) > 1 and type(value[0]) is str:
            value = hide_in_commands(value)
        harmless = _harmless
        return [
            item if type(item) is str and item in harmless else _scrub_item(item, depth + 1, found) for item in value
        ]
    if kind is int:
        return value if -LEAST_CARD < value < LEAST_CARD else _scrub_number(value, value)
    if kind is float:
        if not isfinite(value):
            return None
        return _scrub_number(int(value), value) if abs(value) >= LEAST_CARD else value
    return value


def _scrub_object(value: dict[str, Any], depth: int, found: Found) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    harmless, harmless_keys = _harmless, _harmless_keys
    for key, inner in value.items():
        if key in harmless_keys:  # as most are, and most values are harmless texts: no call for either
            name = key
        else:
            name, is_secret = _key(key)
            if is_secret and inner is not None:
                kept[name] = FILTERED
                continue
        if type(inner) is str and inner in harmless:
            kept[name] = inner
        else:
            kept[name] = _scrub_source(inner, depth, found) if name in SOURCE else _scrub(inner, depth, found)
    if "value" in value and "value" in kept:
        named = value.get("key", value.get("name"))
        if type(named) is str and tells_of_secrets(named):
            kept["value"] = FILTERED
    return kept


def _scrub_item(item: Any, depth: int, found: Found) -> Any:
    """Return an item of a list: it may be a pair of key and value, as headers are."""
    if type(item) is list and len(item) == 2 and type(item[0]) is str and tells_of_secrets(item[0]):
        return [scrub_text(item[0]), FILTERED]
    return _scrub(item, depth, found)


SOURCE = {"context_line", "pre_context", "post_context"}


def _scrub_source(value: Any, depth: int, found: Found) -> Any:
    """Return a line of source without secrets, or a list of some."""
    harmless = _harmless_lines
    if type(value) is str:
        return value if value in harmless else _scrub_line(value, depth, found)
    if type(value) is not list:
        return _scrub(value, depth, found)
    return [line if type(line) is str and line in harmless else _scrub_line(line, depth + 1, found) for line in value]


def _scrub_line(line: Any, depth: int, found: Found) -> Any:
    if type(line) is not str:
        return _scrub_item(line, depth, found)
    if line in found.lines:
        return found.lines[line]
    scrubbed = _scrub_text(line, is_source=True)
    if scrubbed != line or not _remember(line, _harmless_lines):
        found.lines[line] = scrubbed
    return scrubbed


def _scrub_and_remember(text: str, found: Found) -> str:
    scrubbed = scrub_text(text)
    if scrubbed is not text:
        found.texts[text] = scrubbed
    return scrubbed


def _scrub_number(whole: int, number: float) -> Any:
    if whole.bit_length() > MOST_BITS:
        return None if type(number) is int else number
    return FILTERED if is_card(str(abs(whole))) else number


def scrub_text(text: str) -> str:
    """Return a text without secrets, clean, and cut."""
    if text in _harmless:
        return text
    scrubbed = _scrub_text(text)
    if scrubbed == text:
        _remember(text, _harmless)
    return scrubbed


def _remember(text: str, harmless: set[str]) -> bool:
    """Keep a text that came through as it was, unless it is long; return whether it is kept."""
    if len(text) > MOST_OF_A_HARMLESS_TEXT:
        return False
    if len(harmless) >= MOST_HARMLESS_TEXTS:
        harmless.clear()
    harmless.add(text)
    return True


# Texts that came through as they were. Most of an event came before: its stack, its modules, names of every kind. Only
# what may be kept is here, never a secret; and lines of source apart, since words in them are no sentences.
_harmless: set[str] = set()
_harmless_lines: set[str] = set()
MOST_HARMLESS_TEXTS = 16_384
MOST_OF_A_HARMLESS_TEXT = 200  # characters, so that all together take a few MB


def _scrub_text(text: str, *, is_source: bool = False) -> str:
    if len(text) > MOST + BEYOND:
        text = text[: MOST + BEYOND]
    text = clean(text)
    if ("=" in text or ":" in text or "(" in text or "-" in text) and tells_of_secrets(text):
        text = hide_values(text)
    if not is_source and may_say_a_secret(text):
        text = hide_in_sentences(text)
    text = hide_tokens(text)
    if "://" in text and "@" in text:
        text = hide_in_addresses(text)
    if len(text) >= FEWEST_DIGITS and MAY_HOLD_A_CARD.search(text):
        text = hide_cards(text)
    return cut(text, MOST)


def _key(key: str) -> tuple[str, bool]:
    """Return a key as it may be kept, and whether its value is a secret."""
    name, is_secret = cut(scrub_text(key), MOST_OF_A_KEY), tells_of_secrets(key)
    if name == key and not is_secret:
        if len(_harmless_keys) >= MOST_HARMLESS_KEYS:
            _harmless_keys.clear()
        _harmless_keys.add(key)
    return name, is_secret


# Programs have few keys, and each event brings them again.
_harmless_keys: set[str] = set()
MOST_HARMLESS_KEYS = 4_096
