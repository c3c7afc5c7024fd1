"""What the documents point at is there: files and headings, commands, settings. Their words about the API are tested
where the API is.
"""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
CONTAINERS = [ROOT / "Dockerfile", ROOT / "compose.yaml"]
A_LINK = re.compile(r"\]\(([^)\s]+)\)")
A_SETTING = re.compile(r'(?:text|flag|number|required_in_production|os\.environ\.get)\(\s*"([A-Z_]+)"')
OF_COMPOSE = {"DATABASE_PASSWORD"}  # in .env, for compose.yaml alone


def anchors(page: Path) -> set[str]:
    """Return what a link may name after `#`, made of the headings as GitHub makes it."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def settings_read() -> set[str]:
    """Return the variables that the service reads."""
    sources = (ROOT / "issuetracker").rglob("*.py")
    return {name for source in sources for name in A_SETTING.findall(source.read_text())}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in A_LINK.findall(page.read_text()):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("page", [*PAGES, *CONTAINERS], ids=lambda page: page.name)
def test_commands_exist(page: Path) -> None:
    text = page.read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= get_commands().keys() | {"help"}
    assert set(re.findall(r"(?:^\$ |^RUN |`)make ([a-z-]+)", text, re.MULTILINE)) <= targets


def test_every_setting_stands_in_the_table_and_no_other() -> None:
    rows = [line for line in (ROOT / "docs/deploy.md").read_text().splitlines() if re.match(r"\| `[A-Z_]+`", line)]
    documented = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])}

    assert documented == settings_read()


def test_deploying_sets_nothing_that_is_not_read() -> None:
    text = (ROOT / "docs/deploy.md").read_text()
    named = set(re.findall(r"^([A-Z_]+)=|`([A-Z]+_[A-Z_]+)`", text, re.MULTILINE))
    composed = set(re.findall(r"^      ([A-Z_]+):", (ROOT / "compose.yaml").read_text(), re.MULTILINE))

    assert composed
    assert {name for pair in named for name in pair if name} - OF_COMPOSE <= settings_read()
    assert composed <= settings_read()


# ---------------------------------------------------------------------------------------------------------------------
# The map of the code
# ---------------------------------------------------------------------------------------------------------------------

APPS = ("issuetracker", "desk", "events", "issues", "projects")


def mapped() -> set[str]:
    """Return the files and folders, these with a slash, that CONTRIBUTING.md's map names, from the root."""
    block = (ROOT / "CONTRIBUTING.md").read_text().split("```")[1]
    above: list[str] = []
    found = set()
    for line in filter(None, block.splitlines()):
        depth = (len(line) - len(line.lstrip())) // 4
        above = above[:depth]
        names = re.match(r"(?:[\w./]+(?:  ?(?=[\w.]+[/.])|$|\s))+", line.strip())
        assert names, line
        for name in names[0].split():
            if not ("/" in name or "." in name or name == "Makefile" or name == "Dockerfile"):
                break
            found.add("".join(above) + name)
        above.append(names[0].split()[-1])
    return found


def test_the_map_names_what_is_there() -> None:
    assert {name for name in mapped() if not (ROOT / name).exists()} == set()


def test_the_map_leaves_no_module_of_an_app_out() -> None:
    there = {
        f"{app}/{path.name}{'/' if path.is_dir() else ''}"
        for app in APPS
        for path in (ROOT / app).iterdir()
        if path.name not in {"__init__.py", "__pycache__"}
    }

    assert there - mapped() == set()


# ---------------------------------------------------------------------------------------------------------------------
# The recipe of a key
# ---------------------------------------------------------------------------------------------------------------------

MOST_FILES = 8  # that a new key may cost, beside migrations and what commands write
# What a key looks like at the desk is for each key to say; the API doesn't need it.
NOT_OF_THE_API = "desk"


def test_the_recipe_of_a_key_names_the_files_that_know_one() -> None:
    recipe = (ROOT / "CONTRIBUTING.md").read_text().split("## Adding a key\n")[1].split("\n## ")[0]
    named = re.findall(r"^\d+\. `([\w/.]+)`", recipe, re.MULTILINE)
    apps = [app for app in APPS if app != NOT_OF_THE_API]
    sources = [path for app in apps for path in (ROOT / app).rglob("*") if path.suffix in {".py", ".html", ".js"}]
    knowing = {
        str(path.relative_to(ROOT))
        for path in sources
        if "migrations" not in path.parts and re.search("priorit", path.read_text(), re.IGNORECASE)
    }

    assert set(named) == knowing
    assert len(named) <= MOST_FILES
    assert [name for name in re.findall(r"`(tests/[\w/.]+)`", recipe) if not (ROOT / name).exists()] == []
