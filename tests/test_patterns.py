"""Regular expressions find the same on every Python that the README names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
APPS = ("desk", "events", "issues", "issuetracker", "projects")
MODULES = sorted(path for app in APPS for path in (ROOT / app).rglob("*.py"))
# `(ab?)++` as it stands in a string; `(?>(ab?)+)` says the same.
POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{[0-9]*,?[0-9]*\})\+")


def texts(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.parametrize("app", APPS)
def test_no_group_is_possessive(app: str) -> None:
    """Python matched one wrongly after going back in it until 3.11.5 (gh-106052); Debian 12 has 3.11.2."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in MODULES
        if path.is_relative_to(ROOT / app)
        for line, text in texts(path)
        if POSSESSIVE_GROUP.search(text)
    ]

    assert found == []


@pytest.mark.parametrize("pattern", [r"(?:a)++", r"(?:a)*+b", r"(?:a)?+", r"(a|b){2}+", r"(a){1,}+", r"(a){,3}+\d"])
def test_such_a_group_is_known(pattern: str) -> None:
    assert POSSESSIVE_GROUP.search(pattern)


@pytest.mark.parametrize("pattern", [r"(?>(?:a)+)", r"\d++(a)+", r"[)]++", r"(a){2}\+", r"(?:\d++[hm])+"])
def test_others_are_no_such_group(pattern: str) -> None:
    assert not POSSESSIVE_GROUP.search(pattern)
