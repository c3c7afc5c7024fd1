"""The admin, as an operator uses it: with eyes, hands and a keyboard."""

import pytest
from playwright.sync_api import Browser, expect

from issues.admin.actions import VERBS
from issues.enums import ActivityKind
from issues.models import Issue, Mutation
from projects.models import ApiKey, Organization, Project, User
from tests.browser.visit import Visit, visiting
from tests.factories import ActivityFactory, IssueFactory, MutationFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def issues(project: Project, jane: User) -> list[Issue]:
    """One of each status; the first has a story."""
    mutation = MutationFactory(project=project, user=jane, body={"status": "unresolved"})
    issue = IssueFactory(project=project, text__title="PressureLossError: pump 3 lost suction")
    ActivityFactory(issue=issue, kind=ActivityKind.SET_UNRESOLVED, user=mutation.user, mutation_id=mutation.pk)
    IssueFactory(merged_into=issue)
    return [issue, IssueFactory(project=project, ignored=True), IssueFactory(project=project, resolved=True)]


def test_lets_in_by_keyboard_and_shows_how_things_stand(issues: list[Issue], visit: Visit) -> None:
    visit.go("/admin/start/")

    page = visit.page
    expect(page.get_by_role("heading", name="Issues by project and status")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="the-interstellar-jurisdiction / pump-station").first
    assert row.get_by_role("cell").all_inner_texts()[1:] == ["1", "1", "1", "3"]
    expect(page.get_by_role("figure")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="jane")).to_contain_text('{"status": "unresolved"}')


def test_says_when_the_password_is_wrong(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        visit.go("/admin/")
        visit.page.get_by_label("Username").fill("operator")
        visit.page.get_by_label("Password").fill("wrong")
        visit.page.keyboard.press("Enter")

        expect(visit.page.get_by_text("Please enter the correct username and password")).to_be_visible()


def test_filters_by_keyboard(issues: list[Issue], visit: Visit) -> None:
    visit.go("/admin/issues/issue/")

    visit.tab_to("Filters")
    visit.page.keyboard.press("Enter")
    visit.tab_to("Ignored")
    visit.page.keyboard.press("Enter")

    visit.page.wait_for_url("**/?status=ignored")
    expect(visit.page.locator("#result_list tbody tr")).to_have_count(1)
    expect(visit.page.locator("#result_list .badge.is-ignored")).to_have_count(1)


def test_finds_an_issue_and_tells_its_story(issues: list[Issue], visit: Visit) -> None:
    visit.go("/admin/issues/issue/")

    visit.page.keyboard.press("/")
    expect(visit.page.locator("#searchbar")).to_be_focused()
    visit.page.keyboard.type(issues[0].short_id)
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**/?q=*")
    visit.page.get_by_role("link", name="PressureLossError").press("Enter")

    story = visit.page.locator(".story")
    expect(story.get_by_role("heading", name="PressureLossError: pump 3 lost suction")).to_be_visible()
    expect(story.locator(".timeline")).to_contain_text("jane reopened it")
    expect(story.locator(".tree li")).to_have_count(2)


def test_finds_an_issue_from_everywhere(issues: list[Issue], visit: Visit) -> None:
    visit.page.keyboard.press("Control+k")
    expect(visit.page.locator("#search-input-command")).to_be_focused()
    visit.page.keyboard.type(issues[0].short_id, delay=10)
    expect(visit.page.locator("#command-results")).to_contain_text("PressureLossError")
    visit.page.wait_for_load_state("networkidle")
    visit.page.keyboard.press("ArrowDown")
    expect(visit.page.locator("#command-results li.active")).to_have_count(1)
    visit.page.keyboard.press("Enter")

    visit.page.wait_for_url(f"**/admin/issues/issue/{issues[0].pk}/change/")


def background(visit: Visit) -> str:
    color: str = visit.page.evaluate("getComputedStyle(document.querySelector('#main')).backgroundColor")
    return color


def test_is_dark_for_who_likes_it_dark(browser: Browser, address: str, issues: list[Issue]) -> None:
    backgrounds = []
    for scheme in ("light", "dark"):
        with visiting(browser, address, scheme=scheme) as visit:
            visit.log_in()
            backgrounds.append(background(visit))

    assert len(set(backgrounds)) == 2


def test_is_switched_to_dark_by_keyboard_and_stays_so(issues: list[Issue], visit: Visit) -> None:
    light = background(visit)

    visit.tab_to("operator")
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_role("button", name="Dark")).to_be_visible()
    visit.page.get_by_role("button", name="Dark").press("Enter")
    visit.go("/admin/issues/issue/")

    assert background(visit) != light


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_fault(
    browser: Browser, address: str, issues: list[Issue], organization: Organization, scheme: str
) -> None:
    lists = ["issues/issue", "issues/activity", "issues/mutation"]
    lists += [f"projects/{name}" for name in ("organization", "project", "release", "deploy", "user", "team")]
    lists += [f"projects/{name}" for name in ("organizationmember", "apikey", "apitoken")]
    pages = [
        "",
        "start/",
        *(f"{name}/" for name in lists),
        "projects/apikey/add/",
        "projects/apitoken/add/",
        "password_change/",
    ]
    pages += [f"issues/issue/{issues[0].pk}/change/", f"projects/organization/{organization.pk}/change/"]

    with visiting(browser, address, scheme=scheme) as visit:
        visit.log_in()
        for page in pages:
            visit.go(f"/admin/{page}")
            assert visit.page.locator("h1").first.is_visible(), page


def test_makes_a_key_and_shows_its_secret_once(visit: Visit, organization: Organization) -> None:
    page = visit.page
    visit.go("/admin/projects/apikey/add/")

    page.get_by_role("combobox").first.click()
    page.get_by_role("option", name=organization.slug).click()
    page.get_by_label("Label").fill("deploy")
    page.get_by_role("button", name="Save", exact=True).click()

    secret = page.locator("code").first.inner_text()
    key = ApiKey.objects.get()
    assert (key.label, key.hint, len(secret)) == ("deploy", secret[-4:], 32)
    page.reload()
    expect(page.get_by_text(secret)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_acts_and_takes_it_back_by_keyboard(browser: Browser, address: str, issues: list[Issue], scheme: str) -> None:
    """Log in, look, filter, select, resolve, confirm, read, undo: no mouse is touched, and all is as it was."""
    another = IssueFactory(project=issues[0].project)
    open_issues = [issues[0].pk, another.pk]
    before = list(Issue.objects.order_by("pk").values("pk", "status", "resolved_at", "resolution_kind"))

    def now() -> list[dict[str, object]]:
        return list(Issue.objects.order_by("pk").values("pk", "status", "resolved_at", "resolution_kind"))

    with visiting(browser, address, scheme=scheme) as visit:
        page, keyboard = visit.page, visit.page.keyboard
        visit.log_in()
        visit.go("/admin/issues/issue/")
        visit.tab_to("Filters")
        keyboard.press("Enter")
        visit.tab_to("Unresolved")
        keyboard.press("Enter")
        page.wait_for_url("**/?status=unresolved")
        page.wait_for_load_state("networkidle")

        for pk in open_issues:
            page.locator(f'[name="_selected_action"][value="{pk}"]').focus()
            keyboard.press("Space")
        expect(page.locator(".action-counter")).to_contain_text("2 of 3 selected")
        page.get_by_label("Select action to run").focus()
        keyboard.type("Resolve")
        visit.tab_to("Run")
        keyboard.press("Enter")

        page.wait_for_load_state("networkidle")
        expect(page.get_by_role("heading", name="Resolve: 2 selected issues")).to_be_visible()
        shown = page.get_by_role("row").filter(has_text="pump-station")
        assert shown.get_by_role("cell").all_inner_texts() == ["2", "2"]
        assert now() == before
        visit.tab_to("Resolve: 2 issues")
        keyboard.press("Enter")

        page.wait_for_url("**/issues/issue/?status=unresolved")
        page.wait_for_load_state("networkidle")
        expect(page.get_by_text("2 issues resolved: mutation")).to_be_visible()
        page.wait_for_load_state("networkidle")  # the page of the action had this address, too
        assert set(Issue.objects.filter(status="resolved").values_list("pk", flat=True)) >= set(open_issues)
        visit.tab_to("undo")
        keyboard.press("Enter")

        page.wait_for_url("**/undo/")
        page.wait_for_load_state("networkidle")
        expect(page.get_by_role("heading", name="Undo mutation").last).to_be_visible()
        visit.tab_to("Put back 2 issues")
        keyboard.press("Enter")

        page.wait_for_url("**/change/")
        page.wait_for_load_state("networkidle")
        expect(page.get_by_text("2 issues put back, 0 left alone")).to_be_visible()
        assert now() == before
        visit.tab_to("undo")  # the button on the page of the undo itself leads on, and forward again
        keyboard.press("Enter")
        page.wait_for_url("**/undo/")
        expect(page.get_by_role("button", name="Put back 2 issues")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_that_asks_has_a_fault(
    browser: Browser, address: str, issues: list[Issue], jane: User, scheme: str
) -> None:
    child = issues[0].children.get()

    with visiting(browser, address, scheme=scheme) as visit:
        page = visit.page
        visit.log_in()

        def choose(action: str, *chosen: Issue) -> None:
            visit.go("/admin/issues/issue/")
            for issue in chosen:
                page.locator(f'[name="_selected_action"][value="{issue.pk}"]').check()
            page.get_by_label("Select action to run").select_option(action)
            page.get_by_role("button", name="Run").click()
            page.wait_for_load_state("networkidle")
            expect(page.get_by_role("link", name="Back to the list")).to_be_visible()

        for action in VERBS:
            choose(action, *issues)
        choose("resolve", *issues, child)
        expect(page.get_by_role("alert")).to_contain_text("1 of the issues is gone, or merged into another")
        page.get_by_role("button", name="Go on with the other 3").click()
        expect(page.get_by_role("button", name="Resolve: 2 issues")).to_be_visible()

        choose("assign", *issues)
        expect(page.get_by_label("To whom")).to_be_focused()
        page.keyboard.type("kit")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Unknown actor input")).to_be_visible()
        page.get_by_label("To whom").fill("jane")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Assign: 3 issues").click()
        expect(page.get_by_text("3 issues assigned: mutation")).to_be_visible()

        mutation = Mutation.objects.latest("pk")
        visit.go(f"/admin/issues/mutation/{mutation.pk}/change/")
        page.get_by_role("link", name="Undo", exact=True).click()
        expect(page.get_by_role("button", name="Put back 3 issues")).to_be_visible()
