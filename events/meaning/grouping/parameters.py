"""What differs in a message from one event to the next: numbers, ids, addresses, dates.

Text that a stranger sent is read once, from left to right. What repeats without an end is possessive (`++`; a group
atomic, since Python matched possessive groups wrongly until 3.11.5), and what could run far begins only where no run of
its characters is under way. So no text costs more than its length.
"""

import re

from events.meaning.grouping.endings import why_ended
from events.meaning.texts import last_line

LONGEST = 1_000  # of the text without its parameters
READ = 4_000  # of the text with them: a longer number before the end must not move the end

_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)"
)
_END = r"(?![A-Za-z0-9])"
_UNIT = "(?:(?:micro|milli)?second|minute|hour|day)s?"
_POD = "bcdfghjklmnpqrstvwxz2456789"

# In this order; each begins where no letter or digit stands before it.
KINDS = {
    "a URL": r"""(?<![+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}+://[^\s"'<>()\[\]{}]++""",
    "a mail address": r"(?<![_.+%-])[A-Za-z0-9_.+%-]++@[A-Za-z0-9-]++\.[A-Za-z0-9.-]++",
    "a uuid": r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}" + _END,
    "a date with its time": (
        r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d| (?:UTC|GMT))?" + _END
    ),
    "a date in the log of a web server": rf"\d\d/{_MONTH}/\d{{4}}:\d\d:\d\d:\d\d(?: [+-]\d{{4}})?{_END}",
    "a date as in mails": rf"(?:{_DAY},? )?\d\d?[ -]{_MONTH}(?:,?[ -]\d{{4}})?{_END}",
    "an American date": rf"(?:{_DAY},? )?{_MONTH} {{1,2}}\d\d?(?:,? \d{{4}})?{_END}",
    "a time before or after noon": rf"\d\d?(?::\d\d){{1,2}} ?[aApP]\.? ?[mM]{_END}\.?",
    "an IPv6 address": r"(?<![_:.])(?=[A-Fa-f:.]*+\d)(?=[0-9A-Fa-f.]*+:[0-9A-Fa-f.]*+:)[0-9A-Fa-f:.]++(?![A-Za-z0-9_])",
    "an address in memory": r"0[xX][0-9a-fA-F]++",
    "a duration of several units": (  # Go's 1m30.5s, Java's PT1M30.5S
        rf"(?>(?:\d++[dhm](?=\d)){{1,3}})\d++(?>(?:\.\d++)?)[hms]{_END}|PT(?:\d++(?:\.\d++)?[HMS]){{1,3}}{_END}"
    ),
    # Go writes one duration in the unit that fits: 350ms, 1.5s; and what has a size is written so, too: 512KiB, 1.5 GB.
    "a duration": rf"\d++(?>(?:\.\d++)?)(?: ?(?:ns|us|\u00b5s|\u03bcs|ms|s)|[mhd]| {_UNIT}){_END}",
    "a size": rf"\d++(?>(?:\.\d++)?)(?: ?[kKMGTP]i?)?B{_END}",
    "a hash of an object in Java": rf"(?<=[A-Za-z0-9;]@)(?:[0-9a-f]{{8}}|(?=[a-f]*+\d)[0-9a-f]{{1,7}}){_END}",
    "a short hash": rf"(?=[a-f]*+\d)(?=\d*+[a-f])[0-9a-f]{{4,7}}{_END}",
    "a file of Python's tempfile": r"(?<=/)tmp[a-z0-9_]{8}(?![A-Za-z0-9_])",
    # The end of the name of a pod of Kubernetes, which has no vowels: web-6d4cf56db6-x2v9z.
    "a pod": rf"(?=[a-z]*+\d)[{_POD}]{{8,10}}-[{_POD}]{{5}}(?![A-Za-z0-9-])",
    # An id in base64 (nanoid, a uuid): no word of six small letters is in it.
    "an id in base64": (
        r"(?<![_-])(?=[A-Za-z_-]{0,21}\d)(?=[a-z0-9_-]{0,21}[A-Z])(?=[A-Z0-9_-]{0,21}[a-z])"
        r"(?![A-Za-z0-9_-]{0,16}[a-z]{6})[A-Za-z0-9_-]{20,22}(?![A-Za-z0-9_-])"
    ),
    "a word of letters and digits": r"(?=[A-Za-z]*+\d)(?=\d*+[A-Za-z])[A-Za-z0-9]{8,}+",
    "an ordinal": rf"\d++(?:st|nd|rd|th){_END}",
    # A unit may follow: 4xx. The number of a minified error of React is all that tells it.
    "a number": rf"(?<!React error #)\d++(?:[eE][+-]?\d{{1,3}}{_END}|(?=[A-Za-z]{{0,3}}{_END}))",
}
# What is asked for at an address without a host: /search?q=shoes&page=2.
_QUERY = r"""(?<=[A-Za-z0-9_/.-])\?[A-Za-z_][A-Za-z0-9_.%\[\]-]{0,60}=[^\s"'<>()]*+"""
# What is quoted behind a name: <User name='Jane'>.
_QUOTED = r"""(?<=[A-Za-z0-9_]=)(?:'[A-Za-z0-9_ ]{1,100}'|"[A-Za-z0-9_ ]{1,100}")"""
PARAMETER = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(KINDS.values())})|{_QUERY}|{_QUOTED}", re.ASCII)
# An IPv4 address, a date, a list of ids: parameters that stand together are one, however many there are.
TOGETHER = re.compile(r"(?:(?<![A-Za-z0-9])[+-])?\*(?>(?:[,.:/_-]{1,2} ?[+-]?\*)*)(?:,(?=\)))?")
# Of parameters that stand in a statement of SQL, as many as it has: (?, ?, ?), ($1, $2), (%s, %s), and rows of them.
_MARK = r"(?:\?|%s|\$?\*)"
_ROW = rf"\({_MARK}(?>(?:, ?{_MARK})*)\)"
ROWS = re.compile(rf"{_ROW}(?>(?:, ?{_ROW})*)")
_HAS_A_ROW = re.compile(r"\([?%$*]")
_HAS_ONE = re.compile(r"[0-9@]|://|/tmp|\?[A-Za-z_]|=['\"]")
_A_WORD = re.compile(r"[^\W\d_]")
_PLACE = re.compile(r"%(?:\([^()]{1,100}\))?[-+#0-9.* ]*+[A-Za-z%]|\{[^{}]{0,100}\}")  # of a parameter
MOST_LINES = 20
TRACEBACK = "Traceback (most recent call last"


def without_parameters(text: str) -> str:
    """Return the first line of a text that says something, with a `*` for what differs from one event to the next.

    A line without a word says nothing: the brace of a JSON object, a ruler, a time. Of a traceback of Python, the last
    line has the exception; of the end of a process in Erlang and Elixir, why it ended stands below.
    """
    if end := why_ended(text):
        return _without_parameters(end)[:LONGEST]
    found = ""
    for line in text.lstrip()[:READ].splitlines()[:MOST_LINES]:
        left = _without_parameters(line)
        found = found or left
        if _A_WORD.search(left):
            found = left
            break
    if found.startswith(TRACEBACK):
        found = _without_parameters(last_line(text)[:READ])
    return found[:LONGEST]


def says_something(template: str) -> bool:
    """Return whether a template has words of its own: `%s` and `{}: {}` have none."""
    return _A_WORD.search(_PLACE.sub("", template)) is not None


def _without_parameters(line: str) -> str:
    line = line.strip()
    if _HAS_ONE.search(line):
        line = TOGETHER.sub("*", PARAMETER.sub("*", line))
    return ROWS.sub("(*)", line) if _HAS_A_ROW.search(line) else line
