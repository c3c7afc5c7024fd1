"""What a reader of the screen says of each page, and what a keyboard comes to: names, the way past the frame, sizes,
and keys that can be switched off."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from issues.models import Issue
from projects.models import Project, User
from tests.browser.visit import PASSWORD, Visit, visiting
from tests.factories import IssueFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/desk/"
# A line of Playwright's tree of what is read out, of something that needs a name and has none.
NAMELESS = re.compile(
    r"^\s*- (?:button|link|textbox|searchbox|combobox|checkbox|spinbutton|radio|img|dialog)(?=:|$| \[).*$", re.MULTILINE
)
# A word that a font draws as an icon, in a name or beside one.
ICONS = re.compile(r'(?:"[^"\n]*|text: .*)(?:bug_report|more_vert|arrow_|unfold_more|manage_search)')


def described_by_nothing(page: Page) -> list[str]:
    """Return the ids that fields name as what describes them, and that nothing has."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("[aria-describedby]")]
          .flatMap((field) => field.getAttribute("aria-describedby").split(" "))
          .filter((id) => !document.getElementById(id))"""
    )
    return found


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project, text__title=f"PressureLossError: pump {number}") for number in range(3)]


def log_in(visit: Visit, person: User) -> None:
    visit.go(f"/admin/login/?next={LIST}")
    visit.page.get_by_label("Username").fill(person.username)
    visit.page.get_by_label("Password").fill(PASSWORD)
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(f"{visit.address}{LIST}")
    visit.page.wait_for_load_state("networkidle")


def read_out(page: Page) -> str:
    return page.locator("body").aria_snapshot()


def smaller_than_a_finger(page: Page) -> list[str]:
    """Return the small links and buttons that have another within 24 px (WCAG 2.5.8), but for those in sentences."""
    found: list[str] = page.evaluate(
        """() => {
          const isInline = (control) => getComputedStyle(control).display === 'inline';
          const inSentence = (control) => control.closest('p, dd, .step') && isInline(control);
          const controls = [...document.querySelectorAll('a[href], button, summary, input, select, textarea')]
            .filter((control) => control.checkVisibility() && !control.closest('.unseen, .skip'))
            .filter((control) => !inSentence(control))
            .map((control) => {
              const { x, y, width, height } = (control.closest('label') ?? control).getBoundingClientRect();
              return { control, x: x + width / 2, y: y + height / 2, width, height };
            });
          const isSmall = ({ width, height }) => Math.min(width, height) < 24;
          const near = (one, other) => one.control !== other.control && !one.control.contains(other.control)
            && Math.hypot(one.x - other.x, one.y - other.y) < 24;
          return controls.filter((one) => isSmall(one) && controls.some((other) => near(one, other)))
            .map(({ control }) => control.outerHTML.slice(0, 120));
        }"""
    )
    return found


def test_everything_has_a_name_a_place_and_a_size(
    browser: Browser, address: str, owner: User, project: Project, issues: list[Issue]
) -> None:
    tables = ("project", "organizationmember", "team", "apikey", "apitoken", "clientkey")
    pages = [LIST, f"{LIST}?query=level:blue", f"{LIST}issues/{issues[0].pk}/", f"{LIST}issues/{issues[0].pk}/events/"]
    pages += [f"{LIST}history/", f"{LIST}search/", "/admin/settings/", "/admin/password_change/"]
    pages += [f"/admin/projects/{table}/" for table in tables] + [f"/admin/projects/{table}/add/" for table in tables]
    pages += [f"/admin/projects/project/{project.pk}/change/"]

    with visiting(browser, address) as visit:
        page = visit.page
        visit.go("/admin/login/")
        assert NAMELESS.findall(read_out(page)) == []
        expect(page.get_by_role("main")).to_have_count(1)
        log_in(visit, owner)
        page.locator("input[name=id]").first.check()  # for the history
        page.get_by_role("button", name="Resolve", exact=True).click()
        page.get_by_role("button", name="Resolve: 1 issue").click()
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".message")).to_contain_text("Undone")
        for path in pages:
            visit.go(path)
            for width in (390, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                words = read_out(page)
                assert NAMELESS.findall(words) == [], path
                assert ICONS.findall(words) == [], path
                assert smaller_than_a_finger(page) == [], (path, width)
            expect(page.get_by_role("main")).to_have_count(1)
            assert described_by_nothing(page) == [], path


@pytest.mark.parametrize("path", [LIST, "/admin/settings/", "/admin/projects/apikey/"])
def test_the_first_key_leads_past_the_frame(browser: Browser, address: str, owner: User, path: str) -> None:
    """Of pages that begin at their top: Django's form for something new begins in its first field."""
    with visiting(browser, address) as visit:
        log_in(visit, owner)
        visit.go(path)
        skip = visit.page.get_by_role("link", name="To the content")
        expect(skip).to_be_visible()  # what is hidden until a script has begun gets no focus
        visit.page.keyboard.press("Tab")
        expect(skip).to_be_focused()
        visit.page.keyboard.press("Enter")
        visit.page.keyboard.press("Tab")

        assert visit.page.evaluate("document.querySelector('#main').contains(document.activeElement)")


def test_a_field_that_completes_says_what_it_is_of(
    browser: Browser, address: str, owner: User, project: Project
) -> None:
    with visiting(browser, address) as visit:
        page = visit.page
        log_in(visit, owner)
        visit.go("/admin/projects/team/add/")
        page.get_by_role("combobox", name="Organization", exact=True).click()
        expect(page.get_by_role("searchbox", name="Organization")).to_be_focused()
        page.get_by_role("option", name=project.organization.slug).click()

        expect(page.get_by_role("combobox", name=f"Organization: {project.organization}")).to_be_visible()


def test_keys_are_switched_off_and_on_again(browser: Browser, address: str, owner: User, issues: list[Issue]) -> None:
    with visiting(browser, address) as visit:
        page, keyboard = visit.page, visit.page.keyboard
        log_in(visit, owner)
        keyboard.press("?")
        page.get_by_label("Act on these keys").uncheck()
        page.get_by_role("button", name="Close").click()
        visit.go(f"{LIST}issues/{issues[0].pk}/")
        for key in "rz?":
            keyboard.press(key)
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.get_by_text("Nothing was done to it yet.")).to_be_visible()

        page.set_viewport_size({"width": 390, "height": 800})  # no key shows the way back
        page.get_by_role("button", name="Keys").click()
        page.get_by_label("Act on these keys").check()
        page.get_by_role("button", name="Close").click()
        keyboard.press("r")
        expect(page.locator(".message")).to_contain_text("resolved.")


def test_what_is_wrong_in_a_form_is_said_of_its_field(
    browser: Browser, address: str, owner: User, issues: list[Issue]
) -> None:
    with visiting(browser, address) as visit:
        page = visit.page
        log_in(visit, owner)
        page.locator("input[name=id]").first.check()
        page.get_by_role("button", name="Assign", exact=True).click()
        page.get_by_label("To whom").fill("nobody-of-this-name")
        page.keyboard.press("Enter")

        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_label("To whom")).to_have_accessible_description(re.compile("me, .* has no member"))
        assert described_by_nothing(page) == []

        visit.go("/admin/projects/team/add/")
        page.get_by_label("Slug").fill("not a slug")
        expect(page.get_by_role("alert")).to_have_count(0)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("alert").filter(has_text="Please correct")).to_be_visible()
        expect(page.get_by_label("Slug")).to_have_accessible_description(re.compile("^A slug is small letters"))
        assert described_by_nothing(page) == []
