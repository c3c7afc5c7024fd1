"""docs/search-grammar.md, query by query: what its table says is what is read."""

import re
from html import unescape
from pathlib import Path

import pytest

from issues.enums import IssueLevel, IssueStatus
from issues.search import AnyOf, BadTerm, Condition, Pattern, parse
from issues.search.conditions import HasStatus, HasText, HasWord, NamesId, NamesRelease

ROOT = Path(__file__).resolve().parents[2]

# A condition, with "!" before it when it is negated; or a part of the sentence that refuses.
Meaning = list[tuple[str, Condition]] | str


def text(*parts: str, sign: str = "") -> tuple[str, Condition]:
    return sign, HasText(Pattern(parts))


def title(word: str) -> tuple[str, Condition]:
    return "", HasText(Pattern((word,)), title_only=True)


def release(*parts: str, is_quoted: bool = False) -> NamesRelease:
    return NamesRelease(Pattern(parts), is_quoted=is_quoted)


ERROR, FATAL = HasWord("level", IssueLevel.ERROR), HasWord("level", IssueLevel.FATAL)
UNRESOLVED, RESOLVED, IGNORED = (HasStatus(status) for status in IssueStatus)
A_COLON = "nothing follows the colon"
NO_KEY = "there is no key"
LEVELS = "say one of sample, debug, info, warning, error, fatal"
BRACKETS = "nothing is grouped by brackets"

TABLE: dict[str, Meaning] = {
    "a b": [text("a b")],
    "a level:error b": [text("a"), ("", ERROR), text("b")],
    "!a b": [text("a", sign="!"), text("b")],
    "a !b c": [text("a"), text("b", sign="!"), text("c")],
    '"a" b': [text("a"), text("b")],
    '"a b"': [text("a b")],
    "a:b": NO_KEY,
    "http://x": NO_KEY,
    "KeyError:'x'": NO_KEY,
    "KeyError: 'x'": A_COLON,
    "-x": [text("-x")],
    "-is:resolved": "a - negates nothing",
    "!": "a ! negates",
    "! a": "a ! negates",
    "!!a": "a ! negates",
    "[a]": BRACKETS,
    "a]": BRACKETS,
    "foo(bar)": BRACKETS,
    "!(a)": BRACKETS,
    "level:[]": "a list is KEY:[a,b]",
    "level:[error,]": "a list is KEY:[a,b]",
    "level:[error, fatal]": [("", AnyOf((ERROR, FATAL)))],
    'level:"error"': [("", ERROR)],
    'level:"[error,fatal]"': LEVELS,
    "level:error,fatal": LEVELS,
    "level: error": A_COLON,
    'release:"1.*"': [("", release("1.*", is_quoted=True))],
    "release:1.*": [("", release("1.", ""))],
    "release:a:b": [("", release("a:b"))],
    'release:["a,b",c]': [("", AnyOf((release("a,b", is_quoted=True), release("c"))))],
    'title:"x y"': [title("x y")],
    "title:x y": [title("x"), text("y")],
    "id:[1,2]": [("", AnyOf((NamesId(1), NamesId(2))))],
    "is:[unresolved,resolved]": [("", AnyOf((UNRESOLVED, RESOLVED)))],
    '"OR"': [text("OR")],
    "a or b": [text("a or b")],
    "a AND": "there is no AND; quotes make it text",
    "NOT a": "there is no NOT; quotes make it text",
    "a<NBSP>b": [text("a b")],
    "a<TAB>b": [text("a b")],
    "*": "stands for everything",
    "a * b": "stands for everything",
    r'"a\"b"': [text('a"b')],
    r'"a\"': "a quote has no end",
    ">3": "a comparison goes with a key",
    "a>3": [text("a>3")],
    "is:unresolved is:ignored": [("", UNRESOLVED), ("", IGNORED)],
}


@pytest.mark.parametrize(("query", "meaning"), TABLE.items(), ids=TABLE)
def test_is_read_as_the_table_says(query: str, meaning: Meaning) -> None:
    spelt = query.replace("<NBSP>", "\u00a0").replace("<TAB>", "\t")

    if isinstance(meaning, str):
        with pytest.raises(BadTerm, match=re.escape(meaning)):
            parse(spelt, user_id=None)
    else:
        assert [("!" * term.negated, term.condition) for term in parse(spelt, user_id=None)] == meaning


def test_every_query_of_the_document_is_here() -> None:
    lines = (ROOT / "docs" / "search-grammar.md").read_text().splitlines()
    rows = [unescape(line).strip("|").split(" | ") for line in lines if line.startswith("| `")]
    queries = {query for cells in rows for cell in cells[::2] for query in re.findall("`([^`]+)`", cell)}

    assert len(queries) >= 40
    assert queries <= set(TABLE)
