"""Three pictures of the admin, for who reads the README; `make pictures` keeps them in docs/pictures/."""

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
    SnoozeTerms,
    Unresolve,
)
from issues.services import bulk, notes
from projects.acting import Act
from projects.callers import Caller
from projects.models import Project, User
from tests.browser.visit import visiting

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


@pytest.fixture
def story(jane: User) -> Issue:
    """Thirty days of work; most of it on one issue, which is returned."""
    project = Project.objects.get(slug="pump-station")
    caller, now = Caller(user=jane), timezone.now()

    def do(ago: timedelta, ids: list[int], body: dict[str, Any], **changes: object) -> None:
        scope = NamedIssues(project.pk, ids=frozenset(ids))
        mutation = IssueMutation(body=body, **changes)  # type: ignore[arg-type] # by the names of its fields
        bulk.mutate(scope, mutation, Act(by=caller, at=now - ago, lock_timeout=5))

    ids = list(Issue.objects.filter(project=project).order_by("pk").values_list("pk", flat=True))
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
    minutes = iter(range(170, 0, -15))

    def later() -> timedelta:
        return timedelta(minutes=next(minutes))

    do(later(), ids[:4], {"merge": True}, merge=True)
    issue: Issue = Issue.objects.filter(pk__in=ids[:4]).visible().get()
    here = [issue.pk]
    do(later(), here, {"hasSeen": True, "isBookmarked": True}, has_seen=True, is_bookmarked=True)
    do(later(), here, {"assignedTo": "jane"}, assignment=Assignment(Assignee("user", jane.pk, "jane")))
    notes.add(issue, "The valve was changed in March.", Act(by=Caller(user=jane), at=now - later(), lock_timeout=5))
    do(later(), here, {"status": "unresolved"}, status=Unresolve())
    do(later(), here, {"status": "ignored", "ignoreCount": 100}, status=Ignore(SnoozeTerms(count=100)))
    do(later(), here, {"isPublic": True}, is_public=True)
    return issue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fit_into_a_readme(browser: Browser, address: str, story: Issue, tmp_path: Path, scheme: str) -> None:
    folder = Path(os.environ.get("PICTURES", tmp_path)) if scheme == "light" else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"start": "", "list": "issues/issue/", "issue": f"issues/issue/{story.pk}/change/"}

    with visiting(browser, address, scheme=scheme) as visit:
        visit.log_in()
        for name, path in pages.items():
            visit.go(f"/admin/{path}")
            visit.page.evaluate("document.fonts.ready")
            visit.page.screenshot(path=folder / f"{name}.png")

    assert {name: 0 < (folder / f"{name}.png").stat().st_size < MOST_BYTES for name in pages} == dict.fromkeys(
        pages, True
    )
