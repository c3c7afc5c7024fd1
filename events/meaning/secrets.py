"""Which names are of secrets, and where a text quotes one: in a query string, in JSON, in a language's own writing.

Two have no name of their own: the password of a URL, and what an Authorization header has after its scheme.

Each pattern looks a bounded way ahead: 8 MiB of the worst text take as long as 8 MiB of others.
"""

import re

FILTERED = "[Filtered]"
SECRET = (
    *("password", "passwd", "secret", "token", "authorization", "cookie"),
    *("apikey", "credential", "privatekey", "session"),
)


def tells_of_secrets(text: str) -> bool:
    """Return whether a key of that name holds a secret, or a text may hold one."""
    flat = text.lower().replace("-", "").replace("_", "")
    for word in SECRET:  # noqa: SIM110 - any() with a generator takes twice as long, for each key and text
        if word in flat:
            return True
    return False


_IN_A_QUERY = re.compile(r"""(?:^|[?&;#]\s?)([^=&?;#\s<>]{1,200})=([^&;#\s"'<>]+)""")
_KEY = re.compile(
    # "key": value; 'key' => value; \"key\": value
    r"""(?P<quote>["'])(?P<quoted>(?:(?!(?P=quote))[^\\\n]){1,200})(?P<end>\\{0,8}(?P=quote))\s{0,9}(?:=>|:)\s{0,9}"""
    # key="value"; key: 'value'
    r"""|\b(?P<bare>[\w-]{1,100})\s{0,9}(?:=>|[:=])\s{0,9}(?=[bBuUrR]{0,2}\\{0,8}["'])"""
)
# Authorization: Bearer value; what is quoted is a key's above.
_IN_A_HEADER = re.compile(
    r"""(authorization\s{0,9}[:=]\s{0,9}(?:bearer|basic|digest|token|apikey)\s{1,9})[^\s"'`<>]+""", re.IGNORECASE
)
# scheme://user:value@host; a value that has an @ of its own goes to the last one
_IN_AN_ADDRESS = re.compile(r"""(?<=://)([^\s/?#:@"'`<>]{0,100}:)[^\s/?#"'`<>]{1,200}@(?=[^\s@])""")
# No brackets: an address with them is none any more, and its issue would be another one.
_FILTERED_IN_AN_ADDRESS = FILTERED.strip("[]")
_QUOTE = re.compile(r"""[bBuUrR]{0,2}(\\{0,8})(["'])""")
_BARE = re.compile(r"[^\s,})\]]*")
_OPENS, _CLOSES = frozenset("([{"), frozenset(")]}")


def hide_values(text: str) -> str:
    """Return a text in which the values of secret keys are hidden; what stands around them stays."""
    text = _IN_A_QUERY.sub(_hide_in_query, text)
    text = _IN_A_HEADER.sub(rf"\1{FILTERED}", text)
    parts = []
    done = 0
    for found in _KEY.finditer(text):
        if found.start() >= done and tells_of_secrets(found["quoted"] or found["bare"]):
            quote = found["end"] or '"'
            parts += [text[done : found.end()], quote, FILTERED, quote]
            done = _end_of_value(text, found.end())
    return "".join(parts) + text[done:]


def hide_in_addresses(text: str) -> str:
    """Return a text in which the passwords of URLs are hidden."""
    return _IN_AN_ADDRESS.sub(rf"\1{_FILTERED_IN_AN_ADDRESS}@", text)


def _hide_in_query(found: re.Match[str]) -> str:
    if not tells_of_secrets(found[1]):
        return found[0]
    return found[0][: found.start(2) - found.start()] + FILTERED


def _end_of_value(text: str, start: int) -> int:
    """Return where the value that starts there ends; in a text that was cut, that is its end."""
    if quote := _QUOTE.match(text, start):
        return _end_of_quoted(text, quote.end(), len(quote[1]), quote[2])
    if text[start : start + 1] in _OPENS:
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
