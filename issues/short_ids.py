"""Short ids, which people read and type: the project's slug in capitals, a hyphen, a number in Crockford's base 32.

https://www.crockford.com/base32.html: without I, L, O and U, which people misread; read as the digits they look like.
"""

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MISREAD = str.maketrans("ILO", "110")
MAX_NUMBER = 2**63 - 1


def write(slug: str, number: int) -> str:
    """Return the short id of an issue of a project: ``PUMP-STATION-1A``."""
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 32)
        digits = DIGITS[digit] + digits
    return f"{slug.upper()}-{digits}"


def read(word: str) -> tuple[str, int] | None:
    """Return the project's slug and the number, in capitals or not; None when the word is no short id."""
    if not (word.isascii() and word.isprintable()):  # nor does PostgreSQL take every character
        return None
    slug, hyphen, digits = word.rpartition("-")
    digits = digits.upper().translate(MISREAD)
    if not (slug and hyphen and 1 <= len(digits) <= 13 and set(digits) <= set(DIGITS)):
        return None
    number = 0
    for digit in digits:
        number = number * 32 + DIGITS.index(digit)
    return (slug.lower(), number) if number <= MAX_NUMBER else None
