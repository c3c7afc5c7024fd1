"""What differs in a message from one event to the next: numbers, ids, addresses, dates.

Text that a stranger sent is read once, from left to right. What repeats without an end is possessive (`++`), and what
could run far begins only where no run of its characters is under way. So no text costs more than its length.
"""

import re

LONGEST = 1_000  # of the text without its parameters
READ = 4_000  # of the text with them: a longer number before the end must not move the end

_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)"
)
_END = r"(?![A-Za-z0-9])"

# In this order; each begins where no letter or digit stands before it.
KINDS = {
    "a URL": r"""(?<![+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}+://[^\s"'<>()\[\]{}]++""",
    "a mail address": r"(?<![_.+%-])[A-Za-z0-9_.+%-]++@[A-Za-z0-9-]++\.[A-Za-z0-9.-]++",
    "a uuid": r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}" + _END,
    "a date with its time": (
        r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d| (?:UTC|GMT))?" + _END
    ),
    "a date as in mails": rf"(?:{_DAY},? )?\d\d?[ -]{_MONTH}(?:,?[ -]\d{{4}})?{_END}",
    "an American date": rf"(?:{_DAY},? )?{_MONTH} {{1,2}}\d\d?(?:,? \d{{4}})?{_END}",
    "a time before or after noon": rf"\d\d?(?::\d\d){{1,2}} ?[aApP]\.? ?[mM]{_END}\.?",
    "an IPv6 address": r"(?<![_:.])(?=[A-Fa-f:.]*+\d)(?=[0-9A-Fa-f.]*+:[0-9A-Fa-f.]*+:)[0-9A-Fa-f:.]++(?![A-Za-z0-9_])",
    "an address in memory": r"0[xX][0-9a-fA-F]++",
    "a duration of several units": (  # Go's 1m30.5s, Java's PT1M30.5S
        rf"(?:\d++[dhm](?=\d)){{1,3}}+\d++(?:\.\d++)?+[hms]{_END}|PT(?:\d++(?:\.\d++)?[HMS]){{1,3}}{_END}"
    ),
    "a word of letters and digits": r"(?=[A-Za-z]*+\d)(?=\d*+[A-Za-z])[A-Za-z0-9]{8,}+",
    "a number": rf"\d++(?:[eE][+-]?\d{{1,3}}{_END}|(?=[A-Za-z]{{0,3}}{_END}))",  # a unit may follow: 12ms
}
PARAMETER = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(KINDS.values())})", re.ASCII)
# An IPv4 address, a date, a list of ids: parameters that stand together are one, however many there are.
TOGETHER = re.compile(r"(?:(?<![A-Za-z0-9])[+-])?\*(?:[,.:/_-]{1,2} ?[+-]?\*)*+")
_HAS_ONE = re.compile(r"[0-9@]|://")


def without_parameters(text: str) -> str:
    """Return the first line of a text that is not blank, with a `*` for what differs from one event to the next."""
    line = next(iter(text.lstrip()[:READ].splitlines()), "").rstrip()
    if _HAS_ONE.search(line):
        line = TOGETHER.sub("*", PARAMETER.sub("*", line))
    return line[:LONGEST]
