"""The history at the desk, as a member looks through it and takes things back: by mouse, and on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from issues.models import Issue
from issues.mutation import IssueMutation, NamedIssues, Resolve
from issues.services import bulk
from projects.acting import Act
from projects.callers import Caller
from projects.models import Project, User
from tests.browser.visit import PASSWORD, Visit, visiting
from tests.factories import NOW, IssueFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HISTORY = "/admin/desk/history/"


@pytest.fixture
def member(jane: User) -> User:
    """Somebody of staff who is no superuser."""
    jane.is_staff = True
    jane.set_password(PASSWORD)
    jane.save()
    return jane


@pytest.fixture
def issues(project: Project, member: User) -> list[Issue]:
    """Three, resolved in the next release."""
    issues = [IssueFactory(project=project, text__title=f"PumpError: pump {number}") for number in range(3)]
    scope = NamedIssues(project.pk, ids=frozenset(issue.pk for issue in issues))
    wish = IssueMutation(status=Resolve(in_next_release=True), body={"status": "resolvedInNextRelease"})
    bulk.mutate(scope, wish, Act(by=Caller(user=member), at=NOW, lock_timeout=5))
    return issues


@pytest.fixture
def desk(browser: Browser, address: str, member: User, issues: list[Issue]) -> Iterator[Visit]:
    with visiting(browser, address) as visit:
        visit.go(f"/admin/login/?next={HISTORY}")
        visit.page.get_by_label("Username").fill(member.username)
        visit.page.get_by_label("Password").fill(PASSWORD)
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url(f"{visit.address}{HISTORY}")
        visit.page.wait_for_load_state("networkidle")
        yield visit


def resolved() -> int:
    return Issue.objects.filter(status="resolved").count()


def test_takes_back_from_the_row_and_takes_that_back(desk: Visit, issues: list[Issue]) -> None:
    page = desk.page
    page.get_by_role("button", name="Undo: resolved 3 issues in the next release").click()

    expect(page.get_by_role("status")).to_contain_text("Undone: 3 issues put back.")
    expect(page.locator("a.sentence").first).to_have_text("undid “resolved 3 issues in the next release”")
    assert resolved() == 0
    page.locator(".message").get_by_role("button", name="Undo").click()
    expect(page.locator("a.sentence").first).to_have_text("undid an undo of “resolved 3 issues in the next release”")
    assert resolved() == 3


def test_looks_at_a_mutation_and_at_its_undo_before(desk: Visit, issues: list[Issue]) -> None:
    page = desk.page
    page.get_by_role("link", name="resolved 3 issues in the next release").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Jane Schmidt resolved 3 issues in the next release")
    expect(page.get_by_text("PumpError: pump 2")).to_be_visible()
    page.get_by_text("As it was sent").click()
    expect(page.get_by_text('"status": "resolvedInNextRelease"')).to_be_visible()
    page.get_by_role("link", name="Undo…").click()
    expect(page.get_by_role("button", name="Put back 3 issues")).to_be_focused()
    assert resolved() == 3
    page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("heading", name="Undone, and done again")).to_be_visible()
    assert resolved() == 0


def test_chooses_what_it_shows(desk: Visit, issues: list[Issue]) -> None:
    page = desk.page
    page.locator("summary", has_text="What").click()
    page.get_by_role("link", name="Deleted", exact=True).click()
    expect(page.get_by_text("Nothing like that was done.")).to_be_visible()
    page.get_by_role("link", name="The whole history").click()
    page.get_by_label("Who").fill("jane")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("a.sentence")).to_have_count(1)


@pytest.mark.parametrize("width", [390, 320])
def test_fits_on_a_phone(desk: Visit, issues: list[Issue], member: User, width: int) -> None:
    member.name = "Jane of the Interstellar Jurisdiction's pumps"
    member.save()
    page = desk.page
    page.set_viewport_size({"width": width, "height": 844})
    mutation = page.locator("a.sentence").first.get_attribute("href") or ""
    for path in (HISTORY, mutation, f"{mutation}undo/"):
        desk.go(path)
        assert page.evaluate("document.documentElement.scrollWidth") == width
    desk.go(HISTORY)
    expect(page.locator(".history td.by")).to_be_visible()
