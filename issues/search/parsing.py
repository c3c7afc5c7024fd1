"""Text in, terms out: the grammar, and what a parse that fails is told. What values mean is in ``keys``."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from issues.search.conditions import AnyOf, HasText, Single, Term
from issues.search.keys import Asker, Key, Value, find_key, pattern
from projects.refusals import Refusal

MAX_TERMS = 100  # more than anybody means; each is a condition that the database reads for every issue
MAX_LENGTH = 10_000  # characters: the grammar would read a megabyte for half a minute, and take a gigabyte for it
QUOTED_CHARACTERS = 80  # of a term, in a message
NOT_UTF_8 = "\ufffd"  # what Python reads where bytes are not UTF-8; titles may have it, from wherever they come
OPERATORS = {"AND", "OR", "NOT"}
_COMPARED = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9._-]*)(?:[<>=]|!=)")


class BadTerm(Refusal):
    """A term that means nothing; the message names it, its place, and what would mean something."""

    def __init__(self, term: str, place: int, reason: str) -> None:
        super().__init__(refusal(term, place, reason))


def refusal(term: str, place: int, reason: str) -> str:
    """Return the sentence that refuses a term."""
    shown = term if len(term) <= QUOTED_CHARACTERS else f"{term[:QUOTED_CHARACTERS]}…"
    return f'Search term "{shown}" at character {place + 1} is not understood: {reason}'


# As docs/search-grammar.md has it, but for the blanks at both ends, which are taken off before.
_GRAMMAR = r"""
    start: (item (_BLANK item)*)?
    item: NOT? (filter | text)
    filter: KEY (list | QUOTED | BARE)
    list: _OPEN element (_COMMA element)* _CLOSE
    element: QUOTED | ELEMENT
    text: QUOTED | WORD

    NOT: "!"
    KEY.2: /[A-Za-z][A-Za-z0-9._-]*:/
    QUOTED.3: /"(\\["\\]|\\(?!["\\])|[^"\\])*"/
    BARE: /[^\s"\[\]()!][^\s"\[\]()]*/
    ELEMENT: /[^\s"\[\](),!][^\s"\[\](),]*/
    WORD: /[^\s":\[\]()!<>=][^\s":\[\]()]*/
    _OPEN: /\[\s*/
    _COMMA: /\s*,\s*/
    _CLOSE: /\s*\]/
    _BLANK: /\s+/
"""
VALUES = {"QUOTED", "BARE", "ELEMENT", "WORD"}
_parser = Lark(_GRAMMAR, parser="lalr", lexer="contextual", propagate_positions=True)
_QUOTED = re.compile(r'"(?>(?:\\["\\]|\\(?!["\\])|[^"\\])*)(?P<end>"?)')

Node = Tree[Token]


def parse(
    query: str,
    *,
    user_id: int | None,
    max_length: int = MAX_LENGTH,
    of_organization: bool = False,
    find: Callable[[str], Key] = find_key,
) -> tuple[Term, ...]:
    """Return the terms of a query, equal ones once; none for an empty one.

    :param user_id: who "me" is; None for a caller who is nobody in particular (an API key).
    :param of_organization: whether it is about several projects, among which ``project:`` chooses.
    :param find: what finds the key of a name; where other things than issues are searched, others.
    :raises BadTerm: the first term that means nothing.
    """
    if len(query) > max_length:
        raise BadTerm(query[max_length:], max_length, f"a search has {max_length:,} characters at most here.")
    query = query.rstrip()
    offset = len(query) - len(query.lstrip())
    try:
        tree = _parser.parse(query[offset:])
    except UnexpectedInput as error:
        raise _misread(query, error.pos_in_stream, offset) from error
    items = [cast(Node, item) for item in tree.children]
    reading = _Reading(query, offset, Asker(user_id, of_organization), find)
    terms = []
    count = 0
    for term in reading.terms(items):
        count += len(term.conditions)
        if count > MAX_TERMS:
            raise BadTerm(term.written, term.place, f"a search has {MAX_TERMS} terms at most, each of a list is one.")
        terms.append(_once(term))
    return tuple(dict.fromkeys(terms))  # what is said twice would be looked at twice in every issue


def _once(term: Term) -> Term:
    """Return a term whose list has each element once."""
    different = tuple(dict.fromkeys(term.conditions))
    if len(different) == len(term.conditions):
        return term
    return replace(term, condition=different[0] if len(different) == 1 else AnyOf(different))


def quoted(text: str) -> str:
    """Return a text as it stands between quotes in a query, with them."""
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    return f'"{escaped}"'


class _Reading:
    """One query on its way from a tree to terms."""

    def __init__(self, query: str, offset: int, asker: Asker, find: Callable[[str], Key]) -> None:
        self.query, self.offset, self.asker, self.find = query, offset, asker, find

    def terms(self, items: Sequence[Node]) -> Iterator[Term]:
        """Yield the terms: words that stand side by side are one phrase."""
        phrase: list[Node] = []
        for item in items:
            negated, inner = _parts(item)
            word = _value(inner.children[0]) if inner.data == "text" else None
            if word is not None and not word.is_quoted and not negated:
                self._refuse_operator(word.text, item)
                phrase.append(item)
                continue
            if phrase:
                yield self._phrase(phrase)
                phrase = []
            yield self._filter(item) if word is None else self._text(item, word)
        if phrase:
            yield self._phrase(phrase)

    def _phrase(self, words: Sequence[Node]) -> Term:
        for word in words:
            self._check(word)
        text = " ".join(str(_parts(word)[1].children[0]) for word in words)
        written, place = self._where(words[0], words[-1])
        return Term(HasText(pattern(Value(text, is_quoted=False))), written=written, place=place)

    def _text(self, item: Node, word: Value) -> Term:
        """Return the term of a quoted text, or of a negated word."""
        self._check(item)
        if not word.is_quoted:
            self._refuse_operator(word.text, item)
            self._refuse_comparison(word.text, item)
        return self._term(item, HasText(pattern(word)))

    def _filter(self, item: Node) -> Term:
        self._check(item)
        key, inner = _parts(item)[1].children
        try:
            reader = self.find(str(key)[:-1])
            if isinstance(inner, Token):
                return self._term(item, reader.read(_value(inner), self.asker))
            reader.refuse_list()
            values = [_value(cast(Node, element).children[0]) for element in inner.children]
            conditions = tuple(reader.read(value, self.asker) for value in values)
        except ValueError as error:
            raise BadTerm(*self._where(item, item), str(error)) from error
        return self._term(item, conditions[0] if len(conditions) == 1 else AnyOf(conditions))

    def _term(self, item: Node, condition: Single | AnyOf) -> Term:
        written, place = self._where(item, item)
        return Term(condition, negated=_parts(item)[0], written=written, place=place)

    def _where(self, first: Node, last: Node) -> tuple[str, int]:
        """Return what was written from one item to another, and where it begins."""
        start, end = first.meta.start_pos + self.offset, last.meta.end_pos + self.offset
        return self.query[start:end], start

    def _refuse_operator(self, word: str, item: Node) -> None:
        if word in OPERATORS:
            reason = f'all terms must hold, and there is no {word}; quotes make it text: "{word}".'
            raise BadTerm(*self._where(item, item), reason)

    def _refuse_comparison(self, negated: str, item: Node) -> None:
        """Refuse ``!level=error``: it would be a text that hardly any issue has, and so a change of nearly all."""
        compared = _COMPARED.match(negated)
        if compared is None:
            return
        try:
            find_key(compared["key"])  # of issues: any word may be one of an event's
        except ValueError:
            return  # no key: a text, as any other
        key = compared["key"]
        raise BadTerm(*self._where(item, item), f"after {key} comes a colon, as in !{key}:…; quotes make it text.")

    def _check(self, item: Node) -> None:
        """Refuse what no text can hold, and what is empty.

        :raises BadTerm: it has such a value.
        """
        written, place = self._where(item, item)
        for token in item.scan_values(lambda token: isinstance(token, Token) and token.type in VALUES):
            value = _value(token)
            if not value.text:
                raise BadTerm(written, place, "there is nothing between the quotes.")
            if "\0" in value.text:
                raise BadTerm(written.replace("\0", ""), place, "it has a NUL character.")
            if NOT_UTF_8 in value.text:
                raise BadTerm(
                    written, place, f"it has bytes that are not UTF-8, or the {NOT_UTF_8} that stands for such."
                )
            if not value.is_quoted and not value.text.strip("*"):
                raise BadTerm(written, place, f"{value.text} alone stands for everything; quotes make it text.")


def _parts(item: Node) -> tuple[bool, Node]:
    """Return whether an item is negated, and what it is of."""
    *negation, inner = item.children
    return bool(negation), cast(Node, inner)


def _value(token: Any) -> Value:
    word = str(token)
    if not word.startswith('"'):
        return Value(word, is_quoted=False)
    return Value(re.sub(r'\\(["\\])', r"\1", word[1:-1]), is_quoted=True)


def _misread(query: str, given_up: int | None, offset: int) -> BadTerm:
    """Return what to say about the place where the grammar gave up: the whole word, or list, that it is in."""
    read = query if given_up is None or given_up < 0 else query[: given_up + offset]
    begun, bracket, elements = read.rpartition("[")
    if bracket and begun.endswith(":") and "]" not in elements:
        read = begun
    start = len(read) - len(re.split(r"\s", read)[-1])
    rest = query[start:]
    return BadTerm(next(iter(rest.split()), ""), start, _advice(rest))


def _advice(rest: str) -> str:
    word = next(iter(rest.split()), "")
    if any(not quoted["end"] for quoted in _QUOTED.finditer(rest)):
        return "a quote has no end."
    if re.match(r"!?[A-Za-z][A-Za-z0-9._-]*:(\s|$)", rest):
        return "nothing follows the colon; quotes make a colon part of a text."
    if re.match(r"!?[A-Za-z][A-Za-z0-9._-]*:\[", rest):
        return "a list is KEY:[a,b]; it has an element at least, and none has brackets or a ! outside quotes."
    if re.search(r"[\[\]()]", word):
        return "nothing is grouped by brackets; quotes make them text, and KEY:[a,b] is any of several."
    if re.match(r"!?[<>=]", rest):
        return "a comparison goes with a key, as in timesSeen:>5; quotes make it text."
    if re.match(r"-[A-Za-z][A-Za-z0-9._-]*:", rest):
        return "a - negates nothing, a ! does; quotes make a colon part of a text."
    if word.startswith("!"):
        return "a ! negates the word, the quotes or the filter that it stands right before, once."
    return "quotes hold spaces together and make a colon text."
