"""A Monday at the desk, as a member spends it: by mouse and by keyboard, with a selection over pages, and a phone."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from issues.enums import IssueStatus
from issues.models import Environment, Issue, Mutation
from projects.models import Organization, Project, Release, User
from tests.browser.visit import PASSWORD, Visit, visiting
from tests.factories import IssueFactory, ReleaseFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/desk/"


@pytest.fixture
def member(jane: User) -> User:
    """Somebody of staff who is no superuser."""
    jane.is_staff = True
    jane.set_password(PASSWORD)
    jane.save()
    return jane


@pytest.fixture
def release(project: Project) -> Release:
    return ReleaseFactory(projects=[project], version="2.0.0")


@pytest.fixture
def issues(project: Project, release: Release) -> list[Issue]:
    """Sixty, the first one seen last; more than a page has."""
    now = timezone.now()
    return [
        IssueFactory(
            project=project,
            text__title=f"PressureLossError: pump {number} lost suction",
            own_first_seen=now - timedelta(days=10, minutes=number),
            own_last_seen=now - timedelta(minutes=number),
            own_times_seen=100 + number,
        )
        for number in range(60)
    ]


@pytest.fixture
def desk(browser: Browser, address: str, member: User, issues: list[Issue]) -> Iterator[Visit]:
    with visiting(browser, address) as visit:
        log_in(visit, member)
        yield visit


def log_in(visit: Visit, member: User) -> None:
    visit.go(f"/admin/login/?next={LIST}")
    visit.page.get_by_label("Username").fill(member.username)
    visit.page.get_by_label("Password").fill(PASSWORD)
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(f"{visit.address}{LIST}")
    visit.page.wait_for_load_state("networkidle")


def session_of(member: User, address: str) -> list[Any]:
    """Return the cookies of a browser that is logged in."""
    client = Client()
    client.force_login(member)
    return [{"name": name, "value": cookie.value, "url": address} for name, cookie in client.cookies.items()]


def titles(page: Page) -> list[str]:
    page.wait_for_load_state("networkidle")
    return page.locator("a.title").all_inner_texts()


def statuses() -> dict[str, int]:
    found: dict[str, int] = {}
    for status in Issue.objects.visible().values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


def test_finds_the_hot_ones_by_words_chips_and_sorting(desk: Visit, issues: list[Issue], project: Project) -> None:
    IssueFactory(project=project, level="fatal", text__title="ReactorMeltdown: core 1")
    page = desk.page

    page.locator("#search").fill("pump 15")
    page.keyboard.press("Enter")
    page.wait_for_url("**query=pump+15*")
    assert titles(page) == ["PressureLossError: pump 15 lost suction"]

    desk.go(LIST)
    page.locator(".chips summary").filter(has_text="Level").click()
    page.get_by_role("link", name="Fatal").click()
    page.wait_for_url("**level%3Afatal*")
    assert titles(page) == ["ReactorMeltdown: core 1"]
    expect(page.locator("#search")).to_have_value("is:unresolved level:fatal")

    desk.go(LIST)
    page.get_by_role("columnheader", name="Events").get_by_role("link").click()
    page.wait_for_url("**sort=freq*")
    assert titles(page)[0] == "PressureLossError: pump 59 lost suction"


def test_says_at_the_box_what_is_not_understood(desk: Visit) -> None:
    desk.page.keyboard.press("/")
    desk.page.keyboard.type(" level:blue")
    desk.page.keyboard.press("Enter")

    expect(desk.page.get_by_role("alert")).to_contain_text("say one of sample, debug, info, warning, error, fatal")


def test_resolves_forty_in_the_next_release_by_keyboard_and_takes_it_back(desk: Visit, issues: list[Issue]) -> None:
    """Over two pages: the selection comes along."""
    page, keyboard = desk.page, desk.page.keyboard

    for _ in range(35):
        keyboard.press("j")
        keyboard.press("x")
    expect(page.locator("[data-selected]")).to_have_text("35 selected")
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**cursor=*")
    for _ in range(5):
        keyboard.press("j")
        keyboard.press("x")
    expect(page.locator("[data-selected]")).to_have_text("40 selected, 35 on other pages")

    keyboard.press("e")
    expect(page.locator("form.act")).to_be_visible()
    expect(page.get_by_role("heading", name="Resolve in the next release: 40 issues")).to_be_visible()
    expect(page.locator(".compared tr")).to_have_count(40)
    assert statuses() == {IssueStatus.UNRESOLVED: 60}
    keyboard.press("Enter")  # the button has the focus

    expect(page.locator(".message")).to_contain_text("40 issues resolved in the next release.")
    assert statuses() == {IssueStatus.UNRESOLVED: 20, IssueStatus.RESOLVED: 40}
    expect(page.locator("[data-selected]")).to_be_empty()
    keyboard.press("z")

    expect(page.locator(".message")).to_contain_text("Undone: 40 issues put back.")
    assert statuses() == {IssueStatus.UNRESOLVED: 60}


def test_goes_on_where_one_was_by_keyboard(desk: Visit, issues: list[Issue]) -> None:
    page, keyboard = desk.page, desk.page.keyboard

    def row() -> str | None:
        page.wait_for_load_state("networkidle")
        return page.locator("tr:focus-within").get_attribute("data-id")

    for _ in range(20):
        keyboard.press("j")
    assert row() == str(issues[19].pk)
    keyboard.press("r")
    expect(page.locator("form.act")).to_be_visible()
    keyboard.press("Enter")
    expect(page.locator(".message")).to_be_in_viewport()
    expect(page.get_by_role("status").filter(has_text=f"{issues[19].short_id} resolved.")).to_have_count(
        1
    )  # which is read out
    assert row() == str(issues[20].pk)  # the next one that is left
    keyboard.press("z")
    expect(page.locator(".message").filter(has_text="Undone")).to_be_in_viewport()
    assert row() == str(issues[20].pk)

    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="pump 20 lost suction")).to_be_visible()
    page.wait_for_load_state("networkidle")  # the keys are the script's
    keyboard.press("j")
    expect(page.get_by_role("heading", name="pump 21 lost suction")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("form[data-acting]")).to_be_visible()
    assert row() == str(issues[21].pk)
    for _ in range(15):
        keyboard.press("k")
    bar, focused = page.locator(".bar").bounding_box(), page.locator("tr:focus-within").bounding_box()
    assert bar is not None
    assert focused is not None
    assert focused["y"] >= bar["y"] + bar["height"] - 1  # what has the focus isn't under the bar
    desk.go(LIST)
    expect(page.locator("tr:focus-within")).to_have_count(0)


def test_merges_five_by_mouse(desk: Visit, issues: list[Issue]) -> None:
    page = desk.page
    for number in range(5):
        page.locator("input[name=id]").nth(number).check()

    page.get_by_role("button", name="Merge").first.click()
    expect(page.get_by_text("All would be merged into")).to_be_visible()
    expect(page.locator(".compared .badge.is-merged")).to_have_count(4)
    page.get_by_role("button", name="Merge: 5 issues").click()

    expect(page.locator(".message")).to_contain_text("5 issues changed by the merge.")
    assert Issue.objects.visible().count() == 56
    assert titles(page)[0] == "PressureLossError: pump 4 lost suction"


def test_the_way_back_is_the_list_and_asks_to_send_nothing_again(desk: Visit) -> None:
    page = desk.page
    page.locator("input[name=id]").first.check()
    page.get_by_role("button", name="Ignore").first.click()
    page.get_by_label("Until N more users").fill("10")
    page.get_by_role("button", name="Show what would change").click()
    page.get_by_role("button", name="Ignore: 1 issue").click()
    expect(page.locator(".message")).to_contain_text(" ignored.")

    for _ in range(3):
        page.go_back()
        expect(page.locator("a.title")).to_have_count(50)


def test_ignores_one_until_ten_more_users(desk: Visit, issues: list[Issue]) -> None:
    page, keyboard = desk.page, desk.page.keyboard
    keyboard.press("j")
    keyboard.press("i")
    expect(page.locator("form.act")).to_be_visible()
    page.get_by_label("Until N more users").fill("10")
    keyboard.press("Enter")

    expect(page.locator(".compared")).to_contain_text("Ignored until 10 more users")
    expect(page.get_by_role("button", name="Ignore: 1 issue")).to_be_focused()
    keyboard.press("Enter")

    expect(page.locator(".message")).to_contain_text(" ignored.")
    ignored = Issue.objects.get(status=IssueStatus.IGNORED)
    assert (ignored.pk, ignored.snooze_ends_at_users_seen) == (issues[0].pk, issues[0].users_seen + 10)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".message")).to_contain_text("Undone")
    assert statuses() == {IssueStatus.UNRESOLVED: 60}


def test_asks_for_times_and_tells_them_in_the_zone_of_who_looks(
    browser: Browser, address: str, member: User, issues: list[Issue]
) -> None:
    with visiting(browser, address, zone="Asia/Tokyo") as visit:
        page = visit.page
        log_in(visit, member)
        page.keyboard.press("j")
        page.keyboard.press("i")
        page.get_by_label("Or until", exact=True).fill("2030-01-01T08:30")
        page.get_by_role("button", name="Show what would change").click()
        page.wait_for_load_state("networkidle")

        expect(page.get_by_label("Or until", exact=True)).to_have_value("2030-01-01T08:30")
        expect(page.locator(".compared time")).to_have_text("2030-01-01 08:30")
        page.get_by_role("button", name="Ignore: 1 issue").click()
        page.wait_for_load_state("networkidle")
    assert Issue.objects.get(status=IssueStatus.IGNORED).snooze_ends_at == datetime(2029, 12, 31, 23, 30, tzinfo=UTC)


def test_takes_all_that_match_on_every_page(desk: Visit, issues: list[Issue]) -> None:
    page = desk.page
    page.get_by_label("All 60 that match").check()
    page.keyboard.press("r")
    expect(page.locator("form.act")).to_be_visible()
    page.get_by_role("button", name="Resolve: 60 issues").click()

    expect(page.locator(".message")).to_contain_text("60 issues resolved.")
    assert Mutation.objects.get().ids is None
    expect(page.get_by_text("No issue is like that")).to_be_visible()


def test_means_no_longer_all_when_one_picks_single_ones(desk: Visit) -> None:
    page = desk.page
    page.get_by_label("All 60 that match").check()
    page.locator("input[name=id]").nth(3).check()

    expect(page.get_by_label("All 60 that match")).not_to_be_checked()
    expect(page.locator("[data-selected]")).to_have_text("1 selected")


def test_forgets_the_selection_in_another_view(desk: Visit) -> None:
    page = desk.page
    page.locator("input[name=id]").nth(0).check()
    desk.go(f"{LIST}?query=pump")
    expect(page.locator("[data-selected]")).to_be_empty()
    assert page.locator("input[name=id]:checked").count() == 0


def test_saves_a_search_and_comes_back_to_it(desk: Visit, organization: Organization) -> None:
    page = desk.page
    desk.go(f"{LIST}?query=pump+5&sort=freq")
    page.locator("input[name=id]").nth(0).check()
    page.get_by_text("+ Save").click()
    page.get_by_label("Save this search as").fill("Pump five")
    page.get_by_label("for", exact=True).select_option(label=f"all of {organization.slug}")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".message")).to_contain_text("Saved as “Pump five”")
    expect(page.locator("[data-selected]")).to_have_text("1 selected")

    desk.go(LIST)
    page.get_by_role("link", name="Pump five").click()
    page.wait_for_url("**sort=freq*")
    assert len(titles(page)) == 11


@pytest.mark.parametrize("width", [800, 1100])
def test_no_menu_reaches_beyond_the_window(desk: Visit, project: Project, width: int) -> None:
    """Events name environments, as long as they like."""
    Environment.objects.create(project=project, name="the-environment-of-our-largest-customer-" + "e" * 24)
    page = desk.page
    page.set_viewport_size({"width": width, "height": 800})
    desk.go(LIST)
    for menu in page.locator("details[name=chip]").all():
        menu.locator("summary").click()
        within = menu.locator(".menu").bounding_box()
        assert within is not None
        assert within["x"] >= 0
        assert within["x"] + within["width"] <= width
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_lists_its_keys(desk: Visit) -> None:
    desk.page.keyboard.press("?")

    keys = desk.page.get_by_role("dialog")
    expect(keys).to_contain_text("resolve in the next release")
    shown = set(re.findall(r"^\S+", keys.locator("dl").inner_text(), re.MULTILINE))
    assert {"j", "x", "r", "e", "i", "a", "/", "?"} <= shown
    desk.page.keyboard.press("Escape")
    expect(keys).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_does_the_same_on_a_phone(
    browser: Browser, address: str, member: User, issues: list[Issue], scheme: str
) -> None:
    with visiting(browser, address, scheme=scheme) as visit:
        page = visit.page
        page.set_viewport_size({"width": 390, "height": 844})
        log_in(visit, member)

        def fits() -> bool:
            return bool(page.evaluate("document.documentElement.scrollWidth <= 390"))

        assert fits()
        page.locator("input[name=id]").nth(1).check()
        page.get_by_role("button", name="Resolve", exact=True).click()
        expect(page.locator("form.act")).to_be_visible()
        assert fits()
        page.get_by_role("button", name="Resolve: 1 issue").click()
        expect(page.locator(".message")).to_contain_text(f"{issues[1].short_id} resolved.")
        assert fits()
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".message")).to_contain_text(f"Undone: {issues[1].short_id} put back.")
        for name in ("Ignore", "Assign"):  # which have forms
            page.locator("input[name=id]").nth(1).check()
            page.get_by_role("button", name=name, exact=True).click()
            expect(page.locator("form.act")).to_be_visible()
            assert fits()
            visit.go(LIST)


def test_is_switched_to_dark_and_stays_so(desk: Visit) -> None:
    page = desk.page

    def background() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = background()
    page.get_by_role("button", name="Light or dark").click()
    dark = background()
    desk.go(LIST)

    assert light != dark == background()


def test_works_without_scripts(browser: Browser, address: str, member: User, issues: list[Issue]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    visit = Visit(address, page)

    log_in(visit, member)
    page.locator("input[name=id]").nth(0).check()
    page.get_by_role("button", name="Resolve", exact=True).click()
    page.get_by_role("button", name="Resolve: 1 issue").click()
    page.get_by_role("button", name="Undo").click()

    expect(page.locator(".message")).to_contain_text(f"Undone: {issues[0].short_id} put back.")
    context.close()
