"""Three pictures of the desk, for who reads the README; `make pictures` keeps them in docs/pictures/."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Browser

from issues.models import Issue
from issues.mutation import (
    Assignee,
    Assignment,
    Ignore,
    IssueMutation,
    NamedIssues,
    Resolve,
    Unresolve,
)
from issues.services import bulk, notes
from projects.acting import Act
from projects.callers import Caller
from projects.models import Project, User
from tests.browser.visit import visiting
from tests.desk.issue.events import failing, thrown
from tests.desk.issue.opening import came

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST_BYTES = 200_000


@pytest.fixture
def jane(operator: User) -> User:
    """The demo's owner, in the demo's projects, which hold some made-up issues."""
    call_command("seed_projects", verbosity=0)
    call_command("seed_issues", verbosity=0)
    for project, count in (("pump-station", 400), ("prime-mover", 150)):
        named = f"the-interstellar-jurisdiction/{project}"
        call_command("seed_issues", project=named, count=count, status="mixed", verbosity=0)
    return User.objects.get(username="jane")


SOURCE = {
    "suction": (
        "intake.py",
        57,
        "    if pressure < LEAST:",
        '        raise SuctionLost(f"pump {pump} lost suction")',
        "    return pressure",
    ),
    "read_gauge": ("gauges.py", 24, "    with reading(gauge) as line:", "        return float(line.split()[1])", ""),
    "balance": (
        "control.py",
        112,
        "    for pump in station.pumps:",
        "        pressure = suction(pump, read_gauge(pump))",
        "        level(pump, pressure)",
    ),
}


def frame(name: str, **variables: str) -> dict[str, Any]:
    file, line, before, here, after = SOURCE[name]
    return {
        **{"function": name, "module": f"pump_station.{file[:-3]}", "filename": file, "lineno": line, "in_app": True},
        **{"pre_context": ["", before], "context_line": here, "post_context": [after], "vars": variables},
    }


FAILURE = failing(
    thrown(
        "IndexError",
        frame("balance", pump="7"),
        frame("read_gauge", gauge="'north-7'"),
        value="list index out of range",
    ),
    thrown(
        "SuctionLost",
        frame("balance", station="<Station north: 12 pumps>", pump="7"),
        frame("suction", pump="7", pressure="0.31", LEAST="0.8"),
        value="pump 7 lost suction",
    ),
    level="error",
    environment="production",
    release="1.1.0",
    user={"id": "7"},
    request={"method": "POST", "url": "https://pumps.example.com/balance/", "data": {"station": "north"}},
    breadcrumbs=[{"category": "valve", "message": "opened 7", "level": "info"}],
)


@pytest.fixture
def story(jane: User) -> Issue:
    """Thirty days of work, and an issue of many events, which is returned."""
    project = Project.objects.get(slug="pump-station")
    caller, now = Caller(user=jane), timezone.now()
    ids = list(Issue.objects.filter(project=project).order_by("pk").values_list("pk", flat=True))

    def do(ago: timedelta, ids: list[int], body: dict[str, Any], **changes: object) -> None:
        scope = NamedIssues(project.pk, ids=frozenset(ids))
        mutation = IssueMutation(body=body, **changes)  # type: ignore[arg-type] # by the names of its fields
        bulk.mutate(scope, mutation, Act(by=caller, at=now - ago, lock_timeout=5))

    verbs = [
        ({"status": "resolved"}, Resolve()),
        ({"status": "ignored"}, Ignore()),
        ({"status": "unresolved"}, Unresolve()),
    ]
    for day in reversed(range(30)):
        for number, (body, status) in enumerate(verbs):
            first = (day * 37 + number * 11) % 300 + 10
            some = ids[first : first + 4 + (day * 7 + number * 5) % 23]
            do(timedelta(days=day, hours=3 - number), some, body, status=status)
    for number in range(24):
        said = {"server_name": f"pump-{number % 3}", "tags": {"station": "south" if number % 4 else "north"}}
        issue, _ = came(project, FAILURE | said, at=now - timedelta(minutes=50 * (24 - number)))
    here = [issue.pk]
    do(timedelta(minutes=40), here, {"assignedTo": "jane"}, assignment=Assignment(Assignee("user", jane.pk, "jane")))
    notes.add(issue, "The valve was changed in March.", Act(by=caller, at=now - timedelta(minutes=30), lock_timeout=5))
    do(timedelta(minutes=20), here, {"isBookmarked": True}, is_bookmarked=True)
    return issue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fit_into_a_readme(browser: Browser, address: str, story: Issue, tmp_path: Path, scheme: str) -> None:
    folder = Path(os.environ.get("PICTURES", tmp_path)) if scheme == "light" else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"list": "", "issue": f"issues/{story.pk}/", "history": "history/"}

    with visiting(browser, address, scheme=scheme) as visit:
        visit.log_in()
        for name, path in pages.items():
            visit.go(f"/admin/desk/{path}")
            visit.page.evaluate("document.fonts.ready")
            visit.page.screenshot(path=folder / f"{name}.png")

    assert {name: 0 < (folder / f"{name}.png").stat().st_size < MOST_BYTES for name in pages} == dict.fromkeys(
        pages, True
    )
