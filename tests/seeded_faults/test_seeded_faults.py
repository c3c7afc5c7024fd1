"""A seeded fault ...: still fits the tree, so that ``make faults`` can put it in. Texts only; no test is run here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.seeded_faults.faults import MEND, ROOT, Edit, Fault, read_faults

FAULTS = read_faults()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_still_applies(fault: Fault) -> None:
    assert list(fault.misfits(ROOT)) == [], f"{MEND}, in tests/seeded_faults/{fault.area}.toml"


def test_is_found_by_what_it_takes_away_and_not_by_a_crash(tmp_path: Path) -> None:
    """A name that there is not fails any test, whatever that is about."""
    faults = {}
    for number, fault in enumerate(FAULTS):
        for name, text in fault.put_into(ROOT).items():
            path = tmp_path / f"{number}_{Path(name).name}"
            path.write_text(text)
            faults[str(path)] = fault.name

    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--target-version", "py311", "--select", "F821,E9"]
    ruff = subprocess.run(
        [*command, "--no-cache", "--output-format", "json", str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert ruff.stderr == ""
    assert [(faults[found["filename"]], found["message"]) for found in json.loads(ruff.stdout)] == []


def test_has_a_name_of_its_own_and_tests() -> None:
    names = [fault.name for fault in FAULTS]

    assert len(names) == len(set(names))
    assert [fault.name for fault in FAULTS if not fault.tests or not fault.takes.endswith(".")] == []


def test_is_told_when_its_text_or_its_tests_are_gone() -> None:
    here = "tests/seeded_faults/faults.py"
    edits = (
        Edit(here, "no such " + "text", ""),
        Edit("no/such/file.py", "", ""),
        Edit(here, "import re\n", "import re\n"),
        Edit(here, "import re\n", "", times=2),
        Edit(here, "import re\n", "\n"),
    )
    fault = Fault("here", "a fault", "Nothing.", edits, ("tests/no_such.py", f"{here}::test_nothing", here))

    assert list(fault.misfits(ROOT)) == [
        f"{here} has the text 0 times, not 1: 'no such text'",
        "there is no file no/such/file.py",
        f"the edit of {here} changes nothing",
        f"{here} has the text 1 times, not 2: 'import re'",
        f"{here} has the text 0 times, not 1: 'import re'",
        "there is no file tests/no_such.py",
        f"{here} has no test_nothing",
    ]
