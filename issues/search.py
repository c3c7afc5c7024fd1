"""The ``query`` language of lists (contract section 2): text in, frozen terms out. No ORM; no name is looked up.

::

    is:unresolved !level:info "pump failure" assigned:#powerful-abolitionist timesSeen:>100 age:-24h

Words and filters stand side by side, and all of them must hold. ``!`` negates one; quotes hold spaces together and
make a colon text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from issues.enums import IssueStatus

Comparison = Literal["", ">", ">=", "<", "<="]  # the empty one is "equal"
Column = Literal["first_seen", "last_seen"]

MAX_ID = 2**63 - 1
MAX_TERMS = 100  # more than anybody means; each is a condition that the database reads for every issue
MAX_LENGTH = 10_000  # characters: the grammar would read a megabyte for half a minute, and take a gigabyte for it
MAX_SHOWN = 80  # characters of a term in a message
NOT_UTF_8 = "\ufffd"  # what Python reads where bytes are not UTF-8; titles may have it, from wherever they come


class BadTerm(ValueError):
    """A term that means nothing; the message names it, its place, and what would mean something."""

    def __init__(self, term: str, place: int, reason: str) -> None:
        shown = term if len(term) <= MAX_SHOWN else f"{term[:MAX_SHOWN]}…"
        super().__init__(f'Search term "{shown}" at character {place + 1} is not understood: {reason}')


@dataclass(frozen=True, slots=True)
class HasText:
    """The title or the culprit contains it, in capitals or not."""

    text: str


@dataclass(frozen=True, slots=True)
class HasStatus:
    status: IssueStatus


@dataclass(frozen=True, slots=True)
class IsAssigned:
    """To anybody."""


@dataclass(frozen=True, slots=True)
class IsAssignedToNobody:
    """The opposite."""


@dataclass(frozen=True, slots=True)
class IsAssignedToMe:
    """To the caller or to one of the caller's teams."""

    user_id: int


@dataclass(frozen=True, slots=True)
class IsAssignedTo:
    """To a user, by user name or e-mail, or to a team, by slug."""

    type: Literal["user", "team"]
    name: str


@dataclass(frozen=True, slots=True)
class IsBookmarked:
    """By the caller."""

    user_id: int


@dataclass(frozen=True, slots=True)
class IsPublic:
    """Has a share link."""


@dataclass(frozen=True, slots=True)
class HasValue:
    """One of the columns that hold a plain word."""

    column: Literal["level", "platform", "logger"]
    value: str


@dataclass(frozen=True, slots=True)
class HasRelease:
    """First or last seen in it; or, with ``first_only``, first."""

    version: str
    first_only: bool = False


@dataclass(frozen=True, slots=True)
class HasTimesSeen:
    comparison: Comparison
    number: int


@dataclass(frozen=True, slots=True)
class IsSeenAt:
    """First or last seen before or after an instant."""

    column: Column
    comparison: Comparison
    moment: datetime


@dataclass(frozen=True, slots=True)
class IsSeenWithin:
    """First or last seen so long ago at most; or, with ``longer``, at least."""

    column: Column
    ago: timedelta
    longer: bool = False


@dataclass(frozen=True, slots=True)
class HasId:
    id: int


Condition = (
    HasText
    | HasStatus
    | IsAssigned
    | IsAssignedToNobody
    | IsAssignedToMe
    | IsAssignedTo
    | IsBookmarked
    | IsPublic
    | HasValue
    | HasRelease
    | HasTimesSeen
    | IsSeenAt
    | IsSeenWithin
    | HasId
)


@dataclass(frozen=True, slots=True)
class Term:
    """A condition that must hold, or must not."""

    condition: Condition
    negated: bool = False


_GRAMMAR = r"""
    start: _BLANK? (term (_BLANK term)*)?
    term: NOT? (filter | text)
    filter: KEY (QUOTED | VALUE)
    text: QUOTED | WORD

    NOT: "!"
    KEY.2: /[A-Za-z][A-Za-z._-]*:/
    QUOTED.3: /"(\\.|[^"\\])*"/
    VALUE: /[^\s"]\S*/
    WORD: /[^\s":!][^\s":]*/
    _BLANK: /\s+/
"""
_parser = Lark(_GRAMMAR, parser="lalr", lexer="contextual", propagate_positions=True)


def parse(query: str, *, user_id: int | None) -> tuple[Term, ...]:
    """Return the terms of a query; none for an empty one.

    :param user_id: who "me" is; None for a caller who is nobody in particular (an API key).
    :raises BadTerm: the first term that means nothing.
    """
    query = query.rstrip()
    if len(query) > MAX_LENGTH:
        raise BadTerm(query[MAX_LENGTH:], MAX_LENGTH, f"a search has {MAX_LENGTH:,} characters at most.")
    try:
        tree = _parser.parse(query)
    except UnexpectedInput as error:
        raise _misread(query, error.pos_in_stream) from error
    nodes = [node for node in tree.children if isinstance(node, Tree)]
    terms = tuple(_read_term(node, query, user_id) for node in nodes[:MAX_TERMS])
    if len(nodes) > MAX_TERMS:
        start, end = nodes[MAX_TERMS].meta.start_pos, nodes[MAX_TERMS].meta.end_pos
        raise BadTerm(query[start:end], start, f"a search has {MAX_TERMS} terms at most.")
    return terms


def _misread(query: str, place: int | None) -> BadTerm:
    """Return what to say about the place where the grammar gave up: the whole word that it is in."""
    end = len(query) if place is None or place < 0 else place
    start = len(query[:end]) - len(re.split(r"\s", query[:end])[-1])
    rest = query[start:]
    return BadTerm(next(iter(rest.split()), ""), start, _advice(rest))


def _advice(rest: str) -> str:
    if rest.count('"') % 2:
        return "a quote has no end."
    if re.match(r"!?[A-Za-z][A-Za-z._-]*:(\s|$)", rest):
        return "nothing follows the colon; quotes make a colon part of a text."
    return "quotes hold spaces together and make a colon text."


def _read_term(node: Tree[Token], query: str, user_id: int | None) -> Term:
    *negation, inner = node.children
    assert isinstance(inner, Tree)
    start = node.meta.start_pos
    shown = query[start : node.meta.end_pos]
    words = [_unquoted(str(token)) for token in inner.children]
    if not words[-1]:
        raise BadTerm(shown, start, "there is nothing between the quotes.")
    if "\0" in words[-1]:
        raise BadTerm(shown.replace("\0", ""), start, "it has a NUL character.")
    if NOT_UTF_8 in words[-1]:
        raise BadTerm(shown, start, f"it has bytes that are not UTF-8, or the {NOT_UTF_8} that stands for such.")
    if inner.data == "text":
        return Term(HasText(words[0]), negated=bool(negation))
    key, value = words[0][:-1], words[1]
    read = _READERS.get(key)
    if read is None:
        known = ", ".join(sorted(_READERS))
        raise BadTerm(shown, start, f"there is no key {key}. Keys are {known}; quotes make a colon part of a text.")
    try:
        condition = read(value, user_id)
    except ValueError as error:
        raise BadTerm(shown, start, str(error)) from error
    return Term(condition, negated=bool(negation))


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word


# ---------------------------------------------------------------------------------------------------------------------
# What stands behind each key. A reader takes the value and who "me" is; it raises ValueError with half a sentence that
# says what would do.
# ---------------------------------------------------------------------------------------------------------------------

_STATES: dict[str, Condition] = {
    "unresolved": HasStatus(IssueStatus.UNRESOLVED),
    "resolved": HasStatus(IssueStatus.RESOLVED),
    "ignored": HasStatus(IssueStatus.IGNORED),
    "assigned": IsAssigned(),
    "unassigned": IsAssignedToNobody(),
    "public": IsPublic(),
}
_COMPARISONS: tuple[Comparison, ...] = (">=", "<=", ">", "<")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

Me = int | None
Reader = Callable[[str, Me], Condition]


def _somebody(me: Me) -> int:
    if me is None:
        raise ValueError("an API key is nobody in particular; use a user's token.")
    return me


def _read_state(value: str, me: Me) -> Condition:
    if value.lower() == "bookmarked":
        return IsBookmarked(_somebody(me))
    if value.lower() not in _STATES:
        raise ValueError(f"say one of {', '.join([*_STATES, 'bookmarked'])}.")
    return _STATES[value.lower()]


def _read_assignee(value: str, me: Me) -> Condition:
    if value.lower() == "me":
        return IsAssignedToMe(_somebody(me))
    if value.lower() == "none":
        return IsAssignedToNobody()
    if value.startswith("#"):
        return IsAssignedTo("team", value[1:])
    return IsAssignedTo("user", value)


def _read_bookmarks(value: str, me: Me) -> Condition:
    if value.lower() != "me":
        raise ValueError("say me; other people's bookmarks are theirs.")
    return IsBookmarked(_somebody(me))


def _read_number(value: str, me: Me) -> Condition:
    comparison, rest = _split_comparison(value)
    if not re.fullmatch(r"[0-9]{1,18}", rest, re.ASCII):
        raise ValueError("say a whole number, alone or after >, >=, < or <=.")
    return HasTimesSeen(comparison, int(rest))


def _read_id(value: str, me: Me) -> Condition:
    found = re.fullmatch(r"0*([1-9][0-9]{0,18})", value, re.ASCII)
    if found is None or int(found[1]) > MAX_ID:
        raise ValueError(f"say a whole number from 1 to {MAX_ID}.")
    return HasId(int(found[1]))


def _read_moment(column: Column) -> Reader:
    def read(value: str, me: Me) -> Condition:
        relative = re.fullmatch(r"([+-])([0-9]{1,5})([mhdw])", value, re.ASCII)
        if relative:
            return IsSeenWithin(column, int(relative[2]) * _UNITS[relative[3]], longer=relative[1] == "+")
        comparison, rest = _split_comparison(value)
        try:
            moment = datetime.fromisoformat(rest)
        except ValueError:
            moment = None
        if not comparison or moment is None:
            raise ValueError("say -24h, +7d or an ISO date or time after >, >=, < or <=.")
        return IsSeenAt(column, comparison, moment if moment.tzinfo else moment.replace(tzinfo=UTC))

    return read


def _read_age(value: str, me: Me) -> Condition:
    if value[:1] not in {"+", "-"}:
        raise ValueError("say -24h for younger, or +24h for older.")
    return _read_moment("first_seen")(value, me)


def _read_word(column: Literal["level", "platform", "logger"]) -> Reader:
    return lambda value, me: HasValue(column, value)


def _split_comparison(value: str) -> tuple[Comparison, str]:
    for comparison in _COMPARISONS:
        if value.startswith(comparison):
            return comparison, value[len(comparison) :]
    return "", value


_READERS: dict[str, Reader] = {
    "is": _read_state,
    "assigned": _read_assignee,
    "bookmarks": _read_bookmarks,
    "level": _read_word("level"),
    "platform": _read_word("platform"),
    "logger": _read_word("logger"),
    "release": lambda value, me: HasRelease(value),
    "firstRelease": lambda value, me: HasRelease(value, first_only=True),
    "timesSeen": _read_number,
    "age": _read_age,
    "firstSeen": _read_moment("first_seen"),
    "lastSeen": _read_moment("last_seen"),
    "id": _read_id,
}
