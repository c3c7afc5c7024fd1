"""Which names are of secrets, and where a text quotes one: in a query string, in JSON, in a language's own writing.

Some have no name of their own: the password of a URL, what an Authorization header has after its scheme, private keys,
and tokens that begin as those of their kind do.

Each pattern looks a bounded way ahead: 8 MiB of the worst text take as long as 8 MiB of others.
"""

import re
from itertools import pairwise
from typing import Any

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
    # key="value"; key: 'value'; key: str = "value"; key := "value"; key === 'value'; "--key", "value"; setKey("value")
    r"""|(?<![\w-])(?P<bare>[\w-]{1,100}+)(?:\s{0,3}:\s{0,3}[A-Za-z][\w.\[\]|?<> ]{0,40}?)?"""
    r"""\s{0,9}(?:=>|:=|!?={1,3}|:)\s{0,9}(?=[bBuUrR]{0,2}\\{0,8}["'])"""
    r"""|(?P<around>["'])(?P<option>--?[\w-]{1,100})(?P=around)\s{0,9},\s{0,9}(?=[bBuUrR]{0,2}\\{0,8}["'](?!-))"""
    r"""|\b(?P<set>(?:[sS]et|[wW]ith)_?\w{1,40})\(\s{0,9}(?=[bBuUrR]{0,2}\\{0,8}["'])"""
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

_PASSWORD = "passwords?|passwd|passphrase|pwd"
_OTHER = "secret|token|authorization|credentials?|(?:api|private|access)[ _-]?key"
_WORD = r"""[^\s"'`<>(){}\[\],;&]++"""
# password: value; token=value; Go's map[password:value]. Not `Token::Expired`, `secret == x`, `password = ask()`.
_IN_A_SENTENCE = re.compile(
    rf"""(?<![\w-])(?P<key>[\w-]{{0,40}}?(?:(?P<password>{_PASSWORD})|{_OTHER}))(?P<gap>\s{{0,3}}(?:=>|:=|=(?!=)|:(?![:=]|//))\s{{0,3}})
    (?P<value>{_WORD})(?P<is_called>(?=\s{{0,3}}[(\[]))?(?P<is_last>(?=[,;)\]}}]|[ \t]{{0,9}}(?:[\r\n]|\Z)))?""",
    re.IGNORECASE | re.VERBOSE,
)
_OF_A_COMMAND = re.compile(
    rf"""(?<![\w-])(--?[\w-]{{0,40}}?(?:{_PASSWORD}|{_OTHER})[ \t]{{1,3}})(?!-){_WORD}""",
    re.IGNORECASE,
)
_OF_AN_ELEMENT = re.compile(
    rf"(<(?:[\w-]{{1,40}}:)?[\w-]{{0,40}}?(?:{_PASSWORD}|{_OTHER})(?:\s[^<>]{{0,200}})?>)[^<]+(?=</)", re.IGNORECASE
)
_COOKIES = re.compile(r"""(\b(?:set-)?cookie:\s{0,3})[^\s=;"'<>]{1,200}=[^\r\n"'<>]*+""", re.IGNORECASE)
_SAID = ("passw", "passphrase", "pwd", "secret", "token", "authorization", "credential", "cookie", "key")
_NO_SECRETS = {
    *("none", "null", "nil", "undefined", "true", "false", "yes", "no", "***", "****", "xxx", "str", "string"),
    *("required", "missing", "invalid", "incorrect", "wrong", "empty", "blank", "expired", "changed", "failed"),
}
LONG = 20  # characters of a word that no sentence has

_A_PRIVATE_KEY = re.compile(r"(-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY-----).*?(?=-----END|\Z)", re.DOTALL)
# As their makers write them, so that a scanner finds them. Tokens with a signature are JSON in base64: eyJ is {".
_A_TOKEN = re.compile(
    r"""(?<![\w-])(?:
      eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+)?
    | gh[oprsu]_[A-Za-z0-9]{30,}+ | github_pat_\w{22,}+ | glpat-[\w-]{20,}+
    | xox[abeprs]-[A-Za-z0-9-]{10,}+ | [rs]k_(?:live|test)_[A-Za-z0-9]{10,}+ | sk-(?=[\w-]*\d)[\w-]{20,}+
    | AIza[\w-]{35} | SG\.[\w-]{16,}+\.[\w-]{16,}+ | npm_[A-Za-z0-9]{36} | hf_[A-Za-z0-9]{30,}+ | sntry[su]_[\w-]{20,}+
    )""",
    re.VERBOSE,
)
_MAY_BEGIN_A_TOKEN = ("eyJ", "gh", "glpat-", "xox", "k_", "sk-", "AIza", "SG.", "npm_", "hf_", "sntry")


def hide_values(text: str) -> str:
    """Return a text in which the values of secret keys are hidden; what stands around them stays."""
    text = _IN_A_QUERY.sub(_hide_in_query, text)
    text = _IN_A_HEADER.sub(rf"\1{FILTERED}", text)
    parts = []
    done = 0
    for found in _KEY.finditer(text):
        if found.start() >= done and tells_of_secrets(
            found["quoted"] or found["bare"] or found["option"] or found["set"]
        ):
            quote = found["end"] or found["around"] or '"'
            parts += [text[done : found.end()], quote, FILTERED, quote]
            done = _end_of_value(text, found.end())
    return "".join(parts) + text[done:]


def hide_in_addresses(text: str) -> str:
    """Return a text in which the passwords of URLs are hidden."""
    return _IN_AN_ADDRESS.sub(rf"\1{_FILTERED_IN_AN_ADDRESS}@", text)


def hide_tokens(text: str) -> str:
    """Return a text in which private keys, and tokens that can be told by their form, are hidden."""
    if "PRIVATE KEY" in text:
        text = _A_PRIVATE_KEY.sub(rf"\1{FILTERED}", text)
    for start in _MAY_BEGIN_A_TOKEN:
        if start in text:
            return _A_TOKEN.sub(FILTERED, text)
    return text


QUOTES = "\"'"  # as Python's variables come


def hide_in_commands(words: list[Any]) -> list[Any]:
    """Return the words of a command (`sys.argv`), without those behind an option that is named as secrets are."""
    hidden = words
    for at, (option, word) in enumerate(pairwise(words), 1):
        if type(option) is not str or type(word) is not str:
            continue
        is_option = option.strip(QUOTES)[:1] == "-" and "=" not in option
        if is_option and word.strip(QUOTES)[:1] != "-" and tells_of_secrets(option):
            hidden = hidden if hidden is not words else [*words]
            hidden[at] = FILTERED
    return hidden


def may_say_a_secret(text: str) -> bool:
    """Return whether a text may have the name of a secret with a value behind it."""
    if ":" not in text and "=" not in text and "-" not in text and "<" not in text:
        return False
    small = text.lower()
    for word in _SAID:  # noqa: SIM110 - as above; a pattern for all takes ten times as long
        if word in small:
            return True
    return False


def hide_in_sentences(text: str) -> str:
    """Return a text in which words that stand behind the name of a secret are hidden.

    Not for lines of source: there it is a type or a variable that stands behind `password:`.
    """
    text = _COOKIES.sub(rf"\1{FILTERED}", text)
    if "<" in text:
        text = _OF_AN_ELEMENT.sub(rf"\1{FILTERED}", text)
    if "-" in text:
        text = _OF_A_COMMAND.sub(rf"\1{FILTERED}", text)
    return _IN_A_SENTENCE.sub(_hide_in_sentence, text)


def _hide_in_sentence(found: re.Match[str]) -> str:
    """Hide a value, unless it reads on like a sentence: `wrong password: too short`, `invalid token: expired`."""
    value = found["value"]
    is_a_directory = value[0] in "/~" and found["key"].lower().endswith("pwd")
    if found["is_called"] is not None or is_a_directory or value.lower().strip(".!") in _NO_SECRETS:
        return found[0]
    is_assigned = "=" in found["gap"] or not found["gap"][-1:].isspace()
    is_a_word = value.rstrip(".!?").isalpha()
    if found["password"]:
        is_secret = is_assigned or not is_a_word or found["is_last"] is not None
    else:
        is_secret = is_assigned or len(value) >= LONG or (len(value) > 5 and any(map(str.isdigit, value)))
    return f"{found['key']}{found['gap']}{FILTERED}" if is_secret else found[0]


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
