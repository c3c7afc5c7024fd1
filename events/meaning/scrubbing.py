"""A copy of an event that may be kept: secrets are out of it, texts are clean, and numbers are such as JSON has.

Secret is the value of a key whose name says so, wherever it is: in objects, in lists of pairs, in ``{"key", "value"}``,
in query strings, and where a text quotes it (``{'password': 'x'}``, as Python's variables and JSON bodies come). So are
the numbers of payment cards.
"""

import re
from functools import lru_cache
from math import isfinite
from typing import Any

from events.meaning.texts import MOST, clean, cut

FILTERED = "[Filtered]"
SECRET = (
    *("password", "passwd", "secret", "token", "authorization", "cookie"),
    *("apikey", "credential", "privatekey", "session"),
)
MOST_OF_A_KEY = 200  # characters
DEEPEST = 100  # what is deeper is left out; no event that was taken is
MOST_BITS = 1_000  # of a whole number: Python refuses to write 4,300 digits
FEWEST = 10**12  # the least number of 13 digits, as cards have
# A text is scrubbed a little beyond where it is cut: half of a card's number, cut from its end, would not be known.
BEYOND = 100


def scrub(value: Any) -> Any:
    """Return a copy without secrets."""
    return _scrub(value, 0)


def _scrub(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is str:
        return scrub_text(value)
    if kind is dict:
        return _scrub_object(value, depth + 1) if depth < DEEPEST else None
    if kind is list:
        return [_scrub_item(item, depth + 1) for item in value] if depth < DEEPEST else None
    if kind is int:
        return value if -FEWEST < value < FEWEST else _scrub_number(value, value)
    if kind is float:
        if not isfinite(value):
            return None
        return _scrub_number(int(value), value) if abs(value) >= FEWEST else value
    return value


def _scrub_object(value: dict[str, Any], depth: int) -> dict[str, Any]:
    kept = {}
    for key, inner in value.items():
        name, is_secret = _known_key(key) if len(key) <= MOST_OF_A_KEY else _key(key)
        kept[name] = FILTERED if is_secret and inner is not None else _scrub(inner, depth)
    if "value" in value and "value" in kept:
        named = value.get("key", value.get("name"))
        if type(named) is str and tells_of_secrets(named):
            kept["value"] = FILTERED
    return kept


def _scrub_item(item: Any, depth: int) -> Any:
    """Return an item of a list: it may be a pair of key and value, as headers are."""
    if type(item) is list and len(item) == 2 and type(item[0]) is str and tells_of_secrets(item[0]):
        return [scrub_text(item[0]), FILTERED]
    return _scrub(item, depth)


def _scrub_number(whole: int, number: float) -> Any:
    if whole.bit_length() > MOST_BITS:
        return None if type(number) is int else number
    return FILTERED if is_card(str(abs(whole))) else number


# ---------------------------------------------------------------------------------------------------------------------
# Names
# ---------------------------------------------------------------------------------------------------------------------


def tells_of_secrets(text: str) -> bool:
    """Return whether a key of that name holds a secret, or a text may hold one."""
    flat = text.lower().replace("-", "").replace("_", "")
    for word in SECRET:  # noqa: SIM110 - any() with a generator takes twice as long, for each key and text
        if word in flat:
            return True
    return False


def _key(key: str) -> tuple[str, bool]:
    """Return a key as it may be kept, and whether its value is a secret."""
    return cut(scrub_text(key), MOST_OF_A_KEY), tells_of_secrets(key)


# Programs have few keys, and each event brings them again.
_known_key = lru_cache(maxsize=4096)(_key)


# ---------------------------------------------------------------------------------------------------------------------
# Texts. Each pattern looks a bounded way ahead: 8 MiB of the worst text take as long as 8 MiB of others.
# ---------------------------------------------------------------------------------------------------------------------

_IN_A_QUERY = re.compile(r"""(?:^|[?&;#]\s?)([^=&?;#\s<>]{1,200})=([^&;#\s"'<>]+)""")
_KEY = re.compile(
    r"""(\\{0,8}(["']))((?:(?!\2)[^\\\n]){1,200})\1\s{0,9}(?:=>|:)\s{0,9}"""  # "key": value, and 'key' => value
    r"""|\b([\w-]{1,100})\s{0,9}(?:=>|[:=])\s{0,9}(?=[bBuUrR]{0,2}\\{0,8}["'])"""  # key="value", and key: 'value'
)
_QUOTE = re.compile(r"""[bBuUrR]{0,2}(\\{0,8})(["'])""")
_BARE = re.compile(r"[^\s,})\]]*")
_OPENS, _CLOSES = "([{", ")]}"


def scrub_text(text: str) -> str:
    """Return a text without secrets, clean, and cut."""
    if len(text) > MOST + BEYOND:
        text = text[: MOST + BEYOND]
    text = clean(text)
    if ("=" in text or ":" in text) and tells_of_secrets(text):
        text = _hide_values(_IN_A_QUERY.sub(_hide_in_query, text))
    if len(text) >= FEWEST_DIGITS and _MAY_HOLD_A_CARD.search(text):
        text = _RUN.sub(_hide_cards, text)
    return cut(text, MOST)


def _hide_in_query(found: re.Match[str]) -> str:
    if not tells_of_secrets(found[1]):
        return found[0]
    return found[0][: found.start(2) - found.start()] + FILTERED


def _hide_values(text: str) -> str:
    """Return a text in which the values of secret keys are hidden: of JSON, and of objects as languages write them."""
    parts = []
    done = 0
    for found in _KEY.finditer(text):
        if found.start() >= done and tells_of_secrets(found[3] or found[4]):
            quote = found[1] or '"'
            parts += [text[done : found.end()], quote, FILTERED, quote]
            done = _end_of_value(text, found.end())
    return "".join(parts) + text[done:]


def _end_of_value(text: str, start: int) -> int:
    """Return where the value that starts there ends; in a text that was cut, that is its end."""
    if quote := _QUOTE.match(text, start):
        return _end_of_quoted(text, quote.end(), len(quote[1]), quote[2])
    if text[start : start + 1] in (*_OPENS,):
        depth = 0
        for at in range(start, len(text)):
            depth += (text[at] in _OPENS) - (text[at] in _CLOSES)
            if depth == 0:
                return at + 1
        return len(text)
    bare = _BARE.match(text, start)
    return bare.end() if bare else start


def _end_of_quoted(text: str, at: int, escapes: int, quote: str) -> int:
    """Return where a quoted text ends: at its quote, with no more backslashes before it than its beginning has."""
    while (end := text.find(quote, at)) != -1:
        backslashes = 0
        while text[end - 1 - backslashes] == "\\" and end - backslashes > at:
            backslashes += 1
        if backslashes <= escapes or (escapes == 0 and backslashes % 2 == 0):
            return end + 1
        at = end + 1
    return len(text)


# ---------------------------------------------------------------------------------------------------------------------
# Numbers of payment cards
# ---------------------------------------------------------------------------------------------------------------------

FEWEST_DIGITS, MOST_DIGITS = 13, 19
_MAY_HOLD_A_CARD = re.compile(r"[2-6](?:[ -]?[0-9]){12}")
_RUN = re.compile(r"(?<![0-9A-Za-z])(?<![0-9]\.)[0-9](?:[ -]?[0-9]){12,}+")
_GROUP = re.compile("[0-9]+")
# Which numbers begin so, and how many digits they have: one in ten of any digits passes the checksum, times in
# milliseconds and ids among them.
_ISSUED = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"  # Visa
    r"|(?:5[1-5]|2[2-7])[0-9]{14}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|3(?:0[0-59]|[689][0-9])[0-9]{11}"  # Diners Club
    r"|35[0-9]{14}"  # JCB
    r"|6(?:011|22|4[4-9]|5|2)[0-9]{12,16}"  # Discover, UnionPay
    r"|(?:50|5[6-9]|6[0-9])[0-9]{10,17}"  # Maestro
)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def is_card(digits: str) -> bool:
    """Return whether digits are the number of a payment card: they begin as one, and the checksum is right."""
    return FEWEST_DIGITS <= len(digits) <= MOST_DIGITS and _ISSUED.fullmatch(digits) is not None and _passes(digits)


def _passes(digits: str) -> bool:
    """Return whether Luhn's checksum is right."""
    last_first = [int(digit) for digit in reversed(digits)]
    return (sum(last_first[::2]) + sum(_DOUBLED[digit] for digit in last_first[1::2])) % 10 == 0


def _hide_cards(found: re.Match[str]) -> str:
    """Return a run of digits without the cards in it; other groups of digits may stand before and after them."""
    run = found[0]
    groups = list(_GROUP.finditer(run))
    if found.string[found.end() : found.end() + 1].isalnum():
        groups.pop()  # a word that goes on behind its digits
    parts = []
    done = first = 0
    while first < len(groups):
        last = _end_of_card(groups, first)
        if last is None:
            first += 1
            continue
        parts += [run[done : groups[first].start()], FILTERED]
        done = groups[last].end()
        first = last + 1
    return "".join(parts) + run[done:]


def _end_of_card(groups: list[re.Match[str]], first: int) -> int | None:
    """Return the last group of the longest card that begins with a group."""
    digits, end = "", None
    for at in range(first, len(groups)):
        digits += groups[at][0]
        if len(digits) > MOST_DIGITS:
            break
        if is_card(digits):
            end = at
    return end
