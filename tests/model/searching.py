"""2: a search, read by hand from docs/search-grammar.md: what it says, and whether it means anything.

Pure Python, as the model is: it imports nothing of the service, nor of what reads searches there.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

STATES = {
    **{word: word for word in ("resolved", "unresolved", "ignored", "assigned", "unassigned", "bookmarked", "public")},
    **{"archived": "ignored", "muted": "ignored", "archived_forever": "without terms"},
    **{"archived_until_condition_met": "with terms", "archived_until_escalating": "until escalating"},
    **{word: word for word in ("regressed", "escalating")},
}
PRIORITIES = {"high", "medium", "low"}
LEVELS = {"sample", "debug", "info", "warning", "error", "fatal"}
OTHER_NAMES = {
    **{"first-release": "firstrelease", "assigned_or_suggested": "assigned", "issue.category": "issue.type"},
    "issue.priority": "priority",
}
STARRED = {"", "release", "firstrelease", "platform", "logger"}
NAMES = {"assigned", "release", "firstrelease", "platform", "logger", "id"}
TAKEN_AT_THEIR_WORD = {"release", "firstrelease", "platform", "logger"}  # in quotes
WORDS = NAMES | {"is", "bookmarks", "level", "priority", "issue.type", "title", "message"}
NUMBERS = {"timesseen", "usercount"}
MOMENTS = {"age", "firstseen", "lastseen"}

QUOTED = r'"(?>(?:\\["\\]|[^"])*)"'
ITEM = re.compile(
    rf"""(?P<no>!?)(?:
        (?P<key>[A-Za-z][A-Za-z0-9._-]*):(?:\[\s*(?P<list>(?:{QUOTED}|[^\s"\[\]()])(?:{QUOTED}|[^"\[\]()])*)\]
                                         |(?P<value>{QUOTED}|[^\s"\[\]()!][^\s"\[\]()]*))
        |(?P<quoted>{QUOTED})
        |(?P<word>[^\s":\[\]()!<>=][^\s":\[\]()]*)
    )(?=\s|$)""",
    re.VERBOSE,
)
ELEMENT = re.compile(rf'\s*({QUOTED}|[^\s"\[\](),!][^\s"\[\](),]*)\s*(,|$)')


class MeansNothing(Exception):
    """A 400."""


@dataclass(frozen=True, slots=True)
class Value:
    text: str
    is_quoted: bool = False

    def finds(self, text: str, *, whole: bool) -> bool:
        """Return whether a text is, or has, what this says; a star outside quotes is anything."""
        parts = [self.text] if self.is_quoted else self.text.split("*")
        wanted = re.compile(".*".join(map(re.escape, parts)), re.IGNORECASE | re.DOTALL)
        return (wanted.fullmatch if whole else wanted.search)(text) is not None


@dataclass(frozen=True, slots=True)
class Term:
    """A key, in small letters and by its first name, none for a text; any of the values; and whether it is negated."""

    key: str
    values: tuple[Value, ...]
    negated: bool = False


def read(query: str, *, has_me: bool, longest: int) -> tuple[Term, ...]:
    """Return the terms; ``has_me``: whether the caller is somebody.

    :raises MeansNothing: one of them does.
    """
    if len(query) > longest:
        raise MeansNothing
    terms: list[Term] = []
    phrase: list[str] = []
    rest = query.strip()
    while rest:
        found = ITEM.match(rest)
        if found is None or found["word"] in {"AND", "OR", "NOT"}:
            raise MeansNothing
        rest = rest[found.end() :].lstrip()
        if found["word"] and not found["no"]:
            _check("", Value(found["word"]), has_me)
            phrase.append(found["word"])
            continue
        terms += _phrase(phrase)
        phrase = []
        terms.append(_term(found, has_me))
    terms += _phrase(phrase)
    if sum(len(term.values) for term in terms) > 100:
        raise MeansNothing
    return tuple(terms)


def _phrase(words: list[str]) -> list[Term]:
    return [Term("", (Value(" ".join(words)),))] if words else []


def _term(found: re.Match[str], has_me: bool) -> Term:
    key = (found["key"] or "").lower()
    key = OTHER_NAMES.get(key, key)
    if found["list"]:
        if key not in WORDS:
            raise MeansNothing
        values = tuple(_elements(found["list"]))
    else:
        values = (_value(found["value"] or found["quoted"] or found["word"]),)
    for value in values:
        _check(key, value, has_me)
    return Term(key, values, negated=bool(found["no"]))


def _elements(text: str) -> list[Value]:
    values = []
    follows = ","
    while follows:
        found = ELEMENT.match(text)
        if found is None:
            raise MeansNothing
        values.append(_value(found[1]))
        text, follows = text[found.end() :], found[2]
    return values


def _value(written: str) -> Value:
    if not written.startswith('"'):
        return Value(written)
    return Value(re.sub(r'\\(["\\])', r"\1", written[1:-1]), is_quoted=True)


def _check(key: str, value: Value, has_me: bool) -> None:
    """:raises MeansNothing: the key has no such value, whatever there is."""
    word = value.text.lower()
    plain = not value.is_quoted
    is_me = (key, word) in {("is", "bookmarked"), ("bookmarks", "me"), ("assigned", "me"), ("assigned", "my_teams")}
    wrong = [
        not word,
        plain and not word.strip("*"),
        plain and "*" in word and key not in STARRED,
        plain and key in WORDS and word[0] in "<>=",
        key == "is" and word not in STATES,
        key == "bookmarks" and word != "me",
        key == "level" and word not in LEVELS,
        key == "priority" and word not in PRIORITIES,
        key == "issue.type" and word != "error",
        key == "id" and not (re.fullmatch("[0-9]+", word) and 0 < int(word) < 2**63),
        key in NUMBERS and not re.fullmatch("(>=|<=|>|<)?[0-9]{1,18}", word),
        key in MOMENTS and _moment(key, word) is None,
        key not in WORDS | NUMBERS | MOMENTS | {""},
        is_me and not has_me,
    ]
    if any(wrong):
        raise MeansNothing


def compares(value: Value, number: int) -> bool:
    """Return whether a number is as a value of NUMBERS says."""
    digits = value.text.lstrip("<>=")
    return _holds(value.text.removesuffix(digits), number, int(digits))


def is_at(key: str, value: Value, moment: datetime, now: datetime) -> bool:
    """Return whether a moment is as a value of MOMENTS says."""
    sign, wanted = _moment(key, value.text.lower()) or ("", "")
    if isinstance(wanted, timedelta):
        return moment >= now - wanted if sign == "-" else moment <= now - wanted
    return _holds(sign, moment, wanted)


def _moment(key: str, word: str) -> tuple[str, timedelta | datetime] | None:
    relative = re.fullmatch("([+-])([0-9]{1,5})([mhdw])", word)
    if relative:
        minutes = {"m": 1, "h": 60, "d": 60 * 24, "w": 60 * 24 * 7}[relative[3]]
        return relative[1], timedelta(minutes=int(relative[2]) * minutes)
    absolute = re.fullmatch("(>=|<=|>|<)(2[0-9]{3}-[01][0-9]-[0-3][0-9])", word)
    if absolute and key != "age":
        return absolute[1], datetime.fromisoformat(f"{absolute[2]}T00:00:00+00:00")
    return None


def _holds(sign: str, one: Any, other: Any) -> bool:
    if not sign or sign.endswith("="):
        return bool(one == other) or (sign != "" and _holds(sign[0], one, other))
    return bool(one > other if sign == ">" else one < other)
