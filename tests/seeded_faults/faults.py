"""What a fault is, where faults are read from, and whether they still fit the tree."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent
MEND = "this fault no longer applies: mend it"
PATIENCE = 180  # seconds for the tests of one fault: one that lets them hang is found, too


@dataclass(frozen=True, slots=True)
class Edit:
    """One text of a file that is replaced by another; it stands there exactly so many ``times``."""

    file: str
    old: str
    new: str
    times: int = 1

    def apply(self, text: str) -> str:
        """Return the text with the fault in it."""
        return text.replace(self.old, self.new)

    def misfit(self, text: str) -> str | None:
        """Return why the text is not as this edit expects it; None when it is."""
        found = text.count(self.old)
        if found != self.times:
            return f"{self.file} has the text {found} times, not {self.times}: {self.old.strip()[:100]!r}"
        return f"the edit of {self.file} changes nothing" if self.old == self.new else None


@dataclass(frozen=True, slots=True)
class Fault:
    """A protection that is taken away, and the tests of which one must fail then.

    :ivar area: the file that it is read from, without its ending.
    :ivar takes: what is taken away, as a sentence.
    :ivar tests: files, or tests in them as pytest writes them: ``tests/test_x.py::test_y``.
    :ivar patience: how many seconds these may take; few where it is known that the fault lets them hang.
    """

    area: str
    name: str
    takes: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    patience: int = PATIENCE

    @property
    def changes_the_schema(self) -> bool:
        """Whether the database of the tests must be made anew with it, and again after it."""
        return any("/migrations/" in edit.file for edit in self.edits)

    def put_into(self, root: Path) -> dict[str, str]:
        """Return the files of the tree with the fault in them, by name; write none. One edit comes after the other."""
        texts = {edit.file: (root / edit.file).read_text() for edit in self.edits}
        for edit in self.edits:
            texts[edit.file] = edit.apply(texts[edit.file])
        return texts

    def misfits(self, root: Path) -> Iterator[str]:
        """Yield what is in the way of putting it into the tree and running its tests."""
        texts: dict[str, str] = {}
        for edit in self.edits:
            path = root / edit.file
            if not path.is_file():
                yield f"there is no file {edit.file}"
                continue
            text = texts[edit.file] if edit.file in texts else path.read_text()
            yield from filter(None, [edit.misfit(text)])
            texts[edit.file] = edit.apply(text)  # as the next edit finds it
        for test in self.tests:
            file, *names = test.split("::")
            if not (root / file).is_file():
                yield f"there is no file {file}"
            elif names and not re.search(rf"^(?:def|class) {re.escape(names[0])}\b", (root / file).read_text(), re.M):
                yield f"{file} has no {names[0]}"


def read_faults() -> list[Fault]:
    """Return all faults, in the order of their files."""
    return [
        _fault(path.stem, entry)
        for path in sorted(FOLDER.glob("*.toml"))
        for entry in tomllib.loads(path.read_text())["fault"]
    ]


def _fault(area: str, entry: dict[str, Any]) -> Fault:
    """Return one of a file: its only edit, or its first, stands in the entry itself."""
    keys = {"file", "old", "new", "times"}
    edits = [{key: value for key, value in entry.items() if key in keys}, *entry.get("also", ())]
    known = {key: value for key, value in entry.items() if key not in keys | {"also", "tests"}}
    return Fault(area=area, edits=tuple(Edit(**edit) for edit in edits), tests=tuple(entry["tests"]), **known)
