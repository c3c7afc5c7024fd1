"""The numbers of payment cards: digits that begin as one, with the right checksum."""

import re

from events.meaning.secrets import FILTERED

FEWEST_DIGITS, MOST_DIGITS = 13, 19
MOST_GROUPS = 6  # of digits, between blanks or hyphens; cards are written in three to five, of four digits or so
LEAST_OF_FIRST_GROUP = 3
MAY_HOLD_A_CARD = re.compile(r"[2-6](?:[ -]?[0-9]){12}")
_RUN = re.compile(r"(?<![0-9A-Za-z])(?<![0-9]\.)[0-9](?>(?:[ -]?[0-9]){12,})")
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


def hide_cards(text: str) -> str:
    """Return a text without the numbers of cards in it."""
    return _RUN.sub(_hide_in_run, text)


def _hide_in_run(found: re.Match[str]) -> str:
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
    if len(groups[first][0]) < LEAST_OF_FIRST_GROUP:
        return None
    for at in range(first, min(first + MOST_GROUPS, len(groups))):
        digits += groups[at][0]
        if len(digits) > MOST_DIGITS:
            break
        if is_card(digits):
            end = at
    return end
