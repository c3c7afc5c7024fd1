"""Texts for people who work on the code name modules; a module that moved is not found by its old name."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXTS = ["requirements.txt", "CONTRIBUTING.md", "pyproject.toml", "Makefile", ".ci/run"]
FOLDERS = "benchmarks|desk|docs|events|issues|issuetracker|projects|tests"


def named_in(text: str) -> set[str]:
    """Return the paths that a text names, from the root on."""
    return {path.rstrip("./") for path in re.findall(rf"(?<![\w/.])(?:{FOLDERS})/[\w/.-]*", text)}


def is_there(path: str) -> bool:
    """Whether there is such a file or folder; a decision is named by its number alone."""
    return any(ROOT.glob(f"{path}-*")) if re.fullmatch(r"docs/decisions/\d{4}", path) else (ROOT / path).exists()


@pytest.mark.parametrize("name", TEXTS)
def test_every_path_that_it_names_is_there(name: str) -> None:
    assert [path for path in sorted(named_in((ROOT / name).read_text())) if not is_there(path)] == []


def test_every_path_that_a_comment_names_is_there() -> None:
    """In code and in docstrings: only those that end in a module, as others may be addresses."""
    missing = [
        f"{module.relative_to(ROOT)}: {path}"
        for folder in FOLDERS.split("|")
        if folder != "tests"  # where some are made up
        for module in (ROOT / folder).rglob("*.py")
        for path in sorted(named_in(module.read_text()))
        if (path.endswith(".py") or path.startswith("docs/")) and not is_there(path)
    ]

    assert missing == []


def test_paths_are_found_in_a_text() -> None:
    text = "reads (issues/search/parsing.py), `tests/model/`, docs/decisions/0001. /api/0/projects/acme/ x/issues/y.py"

    assert named_in(text) == {"issues/search/parsing.py", "tests/model", "docs/decisions/0001"}


def test_every_logger_that_a_text_names_is_one() -> None:
    """Whoever filters the log by a name that is none any more finds nothing, and thinks that nothing is wrong."""
    texts = "".join(path.read_text() for path in sorted((ROOT / "docs").glob("*.md")))
    named = set(re.findall(r"\(logger `([\w.]+)`", texts))
    loggers = set()
    for module in (module for folder in FOLDERS.split("|") for module in (ROOT / folder).rglob("*.py")):
        code, itself = module.read_text(), ".".join(module.relative_to(ROOT).with_suffix("").parts)
        loggers |= {name or itself for name in re.findall(r'getLogger\((?:"([\w.]+)"|__name__)\)', code)}

    assert named
    assert named - loggers == set()
