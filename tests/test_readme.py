"""What the README promises: short, what it is and isn't first, and a licence."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def test_is_short_and_says_first_what_it_is_and_is_not() -> None:
    lines = README.splitlines()

    assert len(lines) <= 150
    assert "Bulk Mutate a List of Issues" in " ".join(lines[:10])
    assert "It is not" in " ".join(lines[:10])


def test_names_the_licence_that_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert (ROOT / "LICENSE").read_text().startswith("BSD 3-Clause License\n")
    assert project["license"] == "BSD-3-Clause"
    assert "[BSD 3-Clause](LICENSE)" in README
