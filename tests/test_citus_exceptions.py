"""The list of what the tests on a Citus cluster leave out, and of what fails there (tests/citus.py)."""

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import citus

ROOT = Path(__file__).parents[1]


def names_of_tests(path: Path) -> set[str]:
    """Return the functions of a file that are tests."""
    found = {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
    return {name for name in found if name.startswith("test_")}


def test_each_exception_is_there_and_has_a_reason() -> None:
    for kind, reasons in citus.exceptions().items():
        for name, reason in reasons.items():
            path, _, test = name.partition("::")
            assert (ROOT / path).exists(), name
            assert not test or test.partition("[")[0] in names_of_tests(ROOT / path), name
            assert test or kind == "elsewhere", f"{name}: only a test can fail"
            assert len(reason.split()) > 3, name
            assert reason.endswith("."), name


def test_no_name_is_excepted_twice() -> None:
    told = [name for entries in citus.told().values() for entry in entries for name in entry["tests"]]

    assert sorted(told) == sorted(set(told))


def test_what_is_excepted_has_to_fail_and_what_is_asked_elsewhere_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {
        "elsewhere": {"tests/apart/": "It has no database."},
        "fails": {"tests/api/test_x.py::test_a": "It is so.", "tests/api/test_x.py::test_b[1]": "It is so."},
    }
    monkeypatch.setattr(citus, "exceptions", lambda: listed)
    marked: dict[str, Any] = {}

    def item(nodeid: str) -> Any:
        return SimpleNamespace(nodeid=nodeid, add_marker=lambda mark: marked.update({nodeid: mark.kwargs}))

    ids = [
        "tests/apart/deep/test_y.py::test_a",
        *(f"tests/api/test_x.py::{name}" for name in ("test_a[1]", "test_a[2]", "test_b[1]", "test_b[2]", "test_c")),
    ]
    items = [item(nodeid) for nodeid in ids]

    left_out = citus.except_some(items)

    assert [each.nodeid for each in left_out] == ids[:1]
    assert [each.nodeid for each in items] == ids[1:]
    assert sorted(marked) == ids[1:4]
    assert all(mark == {"reason": "It is so.", "strict": True} for mark in marked.values())
