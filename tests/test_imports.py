"""Which module may import which: what the contracts in pyproject.toml can't say."""

import json
import subprocess
import sys
from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import grimp
import pytest
from django.db import connection
from django.test import Client

from projects.models import Organization, Team
from projects.refusals import TryAgain
from tests.api_client import basic

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("issuetracker", "desk", "events", "issues", "projects", "benchmarks", "tests")


def imports_of(*packages: str) -> Mapping[str, Collection[str]]:
    """Return what each module imports, where only the type checker does, too."""
    graph = grimp.build_graph(*packages, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def circle_in(imports: Mapping[str, Collection[str]]) -> list[str]:
    """Return modules of which each imports the next one, the last one being the first; nothing if there are none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1][::-1]
        return circle
    return []


def test_no_modules_import_each_other() -> None:
    imports = imports_of(*PACKAGES)

    assert len(imports) > 300
    assert circle_in(imports) == []


@pytest.mark.parametrize(
    "backwards",
    [
        "from roundabout.west import WEST",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from roundabout.west import WEST",
        "def later():\n    from roundabout.west import WEST",
    ],
    ids=["plain", "for types only", "in a function"],
)
def test_a_circle_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backwards: str) -> None:
    package = tmp_path / "roundabout"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "east.py").write_text(backwards)
    (package / "north.py").write_text("import roundabout.east")
    (package / "west.py").write_text("import roundabout.north")
    monkeypatch.syspath_prepend(tmp_path)

    circle = circle_in(imports_of("roundabout"))

    assert set(circle) == {"roundabout.east", "roundabout.north", "roundabout.west"}
    assert circle[0] == circle[-1]


# ---------------------------------------------------------------------------------------------------------------------
# A third app stands on projects alone
# ---------------------------------------------------------------------------------------------------------------------

ALONE = """
import sys
import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "projects"],
    AUTH_USER_MODEL="projects.User",
)
django.setup()
import tests.third_app.urls
import projects.api.authentication, projects.api.negotiation, projects.api.permissions, projects.api.throttling
import projects.database.statements, projects.management.base
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"issues", "issuetracker", "projects"}))
"""


def test_a_third_app_is_loaded_without_issues() -> None:
    loaded = subprocess.run([sys.executable, "-c", ALONE], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (loaded.stdout, loaded.stderr) == ("projects\n", "")


def ask(path: str, api_key: str, body: object = None) -> Any:
    return Client().generic(
        "GET" if body is None else "PUT",
        path,
        json.dumps(body),
        "application/json",
        headers={"Authorization": basic(api_key)},
    )


@pytest.mark.urls("tests.third_app.urls")
def test_a_third_app_has_what_every_app_needs(
    organization: Organization, team: Team, other_team: Team, api_key: str
) -> None:
    teams = f"/{organization.slug}/teams/"

    listed = ask(f"{teams}?per_page=1", api_key)
    unknown = ask(teams, "6" * 32)
    elsewhere = ask("/outer-rim/teams/", api_key)

    assert (listed.status_code, listed.json()) == (200, [team.name])
    assert f"/{organization.slug}/teams/?per_page=1&cursor=" in listed.headers["Link"]
    assert (unknown.status_code, unknown.json()) == (401, {"detail": "API key is not valid"})
    assert elsewhere.status_code == 404


@pytest.mark.urls("tests.third_app.urls")
@pytest.mark.django_db(transaction=True)
def test_a_third_app_refuses_and_nothing_is_changed(
    organization: Organization, team: Team, other_team: Team, api_key: str
) -> None:
    teams = f"/{organization.slug}/teams/"

    renamed = ask(teams, api_key, {"slug": team.slug, "name": "Abolitionists"})
    refused = ask(teams, api_key, {"slug": team.slug, "name": other_team.name})

    assert (renamed.status_code, renamed.json()) == (200, {"name": "Abolitionists"})
    assert (refused.status_code, refused.json()) == (409, {"team": {"name": ["Another team is called so."]}})
    assert Team.objects.get(pk=team.pk).name == "Abolitionists"


@pytest.mark.urls("tests.third_app.urls")
@pytest.mark.django_db(transaction=True)
def test_a_third_app_asks_for_another_try_while_a_row_is_held(
    organization: Organization, team: Team, api_key: str, settings: Any
) -> None:
    settings.LOCK_TIMEOUT_SECONDS = 0.2
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT FROM projects_team WHERE id = %s FOR UPDATE", [team.pk])
        busy = ask(f"/{organization.slug}/teams/", api_key, {"slug": team.slug, "name": "Abolitionists"})
        other.rollback()
    finally:
        other.close()

    assert (busy.status_code, busy.json(), busy.headers["Retry-After"]) == (503, TryAgain().body, "5")
