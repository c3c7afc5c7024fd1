"""The settings and the API's page, as an owner uses them who is no superuser: nothing may go wrong on any page."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from projects.models import ApiToken, ClientKey, OrganizationMember, Project, Team, User
from projects.serializers import dsn
from tests.browser.visit import PASSWORD, Visit, visiting

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def log_in(visit: Visit, person: User, *, leads_to: str = "/admin/desk/") -> None:
    visit.page.get_by_label("Username").fill(person.username)
    visit.page.get_by_label("Password").fill(PASSWORD)
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(f"{visit.address}{leads_to}")
    visit.page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_fault(
    browser: Browser, address: str, owner: User, project: Project, team: Team, scheme: str
) -> None:
    tables = ("organization", "project", "release", "deploy", "user", "organizationmember", "team", "apikey")
    pages = ["settings/", "password_change/", *(f"projects/{table}/" for table in (*tables, "apitoken", "clientkey"))]
    pages += [f"projects/{table}/add/" for table in ("project", "organizationmember", "team", "apikey", "apitoken")]
    pages += [f"projects/project/{project.pk}/change/", f"projects/team/{team.pk}/change/"]

    with visiting(browser, address, scheme=scheme) as visit:
        visit.go("/")
        log_in(visit, owner)
        for page in pages:
            visit.go(f"/admin/{page}")
            assert visit.page.locator("h1").first.is_visible(), page
        visit.go("/api/0/docs/")
        expect(visit.page.get_by_text("Logged in as jane")).to_be_visible()


def test_makes_a_project_and_shows_its_dsn(browser: Browser, address: str, owner: User, project: Project) -> None:
    with visiting(browser, address) as visit:
        page = visit.page
        visit.go("/admin/projects/project/add/")
        log_in(visit, owner, leads_to="/admin/projects/project/add/")
        page.locator(".field-organization .select2-selection").click()
        page.get_by_role("option", name=project.organization.slug).click()
        page.get_by_label("Slug").fill("valve")
        page.get_by_label("Name").fill("Valve")
        page.get_by_role("button", name="Save", exact=True).click()

        page.wait_for_url("**/change/")
        key = ClientKey.objects.get(project__slug="valve")
        expect(page.get_by_text(dsn(key, base_url=address))).to_be_visible()


def test_the_table_of_roles_stays_in_its_card_on_the_smallest_phone(
    browser: Browser, address: str, owner: User
) -> None:
    with visiting(browser, address) as visit:
        visit.go("/admin/settings/")
        log_in(visit, owner, leads_to="/admin/settings/")
        visit.page.set_viewport_size({"width": 320, "height": 640})

        beyond = visit.page.evaluate(
            "[...document.querySelectorAll('.card')].map((card) => card.scrollWidth - card.clientWidth)"
        )
        assert beyond
        assert set(beyond) == {0}


def test_a_double_click_makes_one_token(browser: Browser, address: str, owner: User) -> None:
    with visiting(browser, address) as visit:
        page = visit.page
        visit.go("/admin/projects/apitoken/add/")
        log_in(visit, owner, leads_to="/admin/projects/apitoken/add/")
        page.get_by_role("button", name="Save", exact=True).dblclick(delay=20)

        expect(page.get_by_text("The secret of")).to_have_count(1)
        assert ApiToken.objects.filter(user=owner).count() == 1


def test_leads_back_to_the_form_whose_session_had_ended(browser: Browser, address: str, owner: User) -> None:
    with visiting(browser, address) as visit:
        page = visit.page
        visit.go("/admin/projects/team/add/")
        log_in(visit, owner, leads_to="/admin/projects/team/add/")
        page.context.clear_cookies(name="sessionid")
        page.get_by_role("button", name="Save", exact=True).click()

        expect(page.get_by_text("what you sent was not done")).to_be_visible()
        log_in(visit, owner, leads_to="/admin/projects/team/add/")


def test_shows_times_in_the_zone_of_the_browser(browser: Browser, address: str, owner: User) -> None:
    context = browser.new_context(timezone_id="Asia/Kolkata")
    try:
        visit = Visit(address, context.new_page())
        visit.go("/admin/projects/organizationmember/")
        log_in(visit, owner, leads_to="/admin/projects/organizationmember/")
        created_at = OrganizationMember.objects.get(user=owner).created_at
        made = timezone.localtime(created_at, timezone.get_fixed_timezone(330))

        expect(visit.page.locator("#result_list time")).to_have_text(f"{made:%Y-%m-%d %H:%M}")
        expect(visit.page.locator("#result_list time")).to_have_attribute("title", re.compile("GMT\\+5:30"))
    finally:
        context.close()


@pytest.mark.parametrize("logged_in", [False, True])
def test_tries_the_api_out(browser: Browser, address: str, owner: User, project: Project, logged_in: bool) -> None:
    """With the session, and its proof that the page is ours; without one, a 401 in words and no question for a name."""
    context = browser.new_context()
    try:
        visit = Visit(address, context.new_page())
        page = visit.page
        visit.go("/admin/login/?next=/api/0/docs/" if logged_in else "/api/0/docs/")
        if logged_in:
            log_in(visit, owner, leads_to="/api/0/docs/")
        route = page.locator(".opblock-put").nth(1)
        route.locator(".opblock-summary-control").click()
        route.get_by_role("button", name="Try it out").click()
        route.locator("tr[data-param-name=organization] input").fill(project.organization.slug)
        route.locator("tr[data-param-name=project] input").fill(project.slug)
        route.get_by_role("button", name="Execute").click()

        expect(route.locator(".live-responses-table .response-col_status").last).to_contain_text(
            "204" if logged_in else "401"
        )
        expect(page.locator("#refused")).to_be_visible(visible=not logged_in)
    finally:
        context.close()
