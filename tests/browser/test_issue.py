"""The page of an issue, as somebody reads it who triages: by keyboard, by mouse, on a phone."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from issues.enums import ActivityKind
from issues.models import Activity, Issue, Mutation
from projects.models import Project
from tests.browser.visit import NAME, PASSWORD, Visit, visiting
from tests.desk.issue.events import failing, frame, thrown
from tests.desk.issue.opening import came
from tests.factories import NOW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/desk/"
EVENT = failing(
    thrown("KeyError", frame("load"), value="'gauge'"),
    thrown(
        "PumpError",
        frame("main", vars={"pumps": "[1, 2, 3]"}),
        *(frame(f"library_{number}", own=False) for number in range(6)),
        frame("intake", vars={"pressure": "0.3", "long": "x" * 2_000}),
        value="pump 3 lost suction",
    ),
    environment="production",
    tags={"shop": "north", "build": "b" * 180},
    request={"method": "POST", "url": "https://pumps.example.com/" + "a" * 300, "data": {"count": 3}},
    breadcrumbs=[{"category": "query", "message": f"SELECT {number}"} for number in range(30)],
    contexts={"order": {"lines": [{"sku": "A-1"}] * 5}},
    logentry={"message": "pump %s", "params": ["3"]},
)


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    """Three kinds, the newest last; the first has three events."""
    for number in range(3):
        came(project, EVENT, "first", at=NOW + timedelta(minutes=number))
    others = [came(project, EVENT, name, at=NOW + timedelta(hours=1))[0] for name in ("second", "third")]
    return [Issue.objects.exclude(pk__in=[issue.pk for issue in others]).get(), *others]


def title(page: Page) -> str:
    return page.locator(".short-id").inner_text()


def press(page: Page, key: str) -> None:
    """Press a key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)
    page.wait_for_load_state("networkidle")


def test_is_read_by_keyboard_from_the_list_and_back(issues: list[Issue], visit: Visit) -> None:
    visit.go(f"{LIST}?query=is:unresolved&sort=new")
    page = visit.page

    page.keyboard.press("j")
    press(page, "Enter")
    newest = title(page)
    press(page, "j")
    press(page, "j")
    oldest = title(page)
    expect(page.get_by_text("PumpError").first).to_be_visible()
    press(page, "[")
    expect(page.get_by_text("Event ", exact=True)).to_be_visible()
    press(page, "]")
    press(page, "k")
    press(page, "k")

    assert (newest, oldest) == (issues[2].short_id, issues[0].short_id)
    assert title(page) == newest
    page.get_by_role("link", name="Back to the list").press("Enter")
    page.wait_for_url(lambda url: url.endswith(f"{LIST}?query=is%3Aunresolved&sort=new"))


def test_its_key_for_the_search_leads_to_that_of_the_list(issues: list[Issue], visit: Visit) -> None:
    visit.go(f"/admin/desk/issues/{issues[0].pk}/events/?from=query%3Dgauge")
    page = visit.page

    page.keyboard.press("/")
    expect(page.get_by_label("Search these events")).to_be_focused()
    visit.go(f"/admin/desk/issues/{issues[0].pk}/?from=query%3Dgauge")
    press(page, "/")
    expect(page.locator("#search")).to_be_focused()
    expect(page.locator("#search")).to_have_value("gauge")


def test_frames_of_the_program_are_open_and_the_rest_opens(issues: list[Issue], visit: Visit) -> None:
    visit.go(f"/admin/desk/issues/{issues[0].pk}/")
    page = visit.page

    expect(page.locator(".frame.own[open] .source")).to_have_count(3)
    expect(page.get_by_text("library_5", exact=True)).to_be_hidden()
    page.get_by_text("6 frames of libraries").click()
    expect(page.get_by_text("library_5", exact=True)).to_be_visible()
    page.get_by_text("2 variables").click()
    expect(page.get_by_text("0.3", exact=True)).to_be_visible()
    page.get_by_text("20 before that").click()
    expect(page.get_by_text("SELECT 0", exact=True)).to_be_visible()


def test_a_line_stands_beside_its_number_though_others_are_empty(project: Project, visit: Visit) -> None:
    failure = failing(
        thrown("KeyError", frame("load", lineno=42, pre_context=["", "", "a = 1"], post_context=["", "c"]))
    )
    issue, _ = came(project, failure)

    visit.go(f"/admin/desk/issues/{issue.pk}/")

    numbers = visit.page.locator(".source .numbers").bounding_box()
    line = visit.page.locator(".source mark").bounding_box()
    assert numbers is not None
    assert line is not None
    height = numbers["height"] / 6  # 39 to 44
    assert round((line["y"] - numbers["y"]) / height) == 3


def test_is_resolved_and_taken_back_by_keyboard(issues: list[Issue], visit: Visit) -> None:
    visit.go(f"/admin/desk/issues/{issues[0].pk}/")
    page = visit.page

    press(page, "r")
    expect(page.locator(".status .badge").first).to_have_text("Resolved")
    press(page, "z")
    expect(page.locator(".status .badge").first).to_have_text("Unresolved")


def test_a_key_that_is_held_takes_back_once(issues: list[Issue], visit: Visit) -> None:
    """Each undo can be undone: a key that repeats would go to and fro."""
    visit.go(f"/admin/desk/issues/{issues[0].pk}/")
    page = visit.page
    press(page, "r")

    with page.expect_navigation():
        page.keyboard.down("z")
    for _ in range(5):
        page.keyboard.down("z")  # which repeats, while it is down
    page.keyboard.up("z")
    visit.go(f"/admin/desk/issues/{issues[0].pk}/")

    expect(page.locator(".status .badge").first).to_have_text("Unresolved")
    assert Mutation.objects.count() == 2


def test_a_note_is_written_by_keyboard(issues: list[Issue], visit: Visit) -> None:
    visit.go(f"/admin/desk/issues/{issues[0].pk}/")
    page = visit.page

    page.keyboard.press("n")
    page.keyboard.type("It was the valve. r i a")
    page.keyboard.press("Tab")
    press(page, "Enter")

    expect(page.locator(".note")).to_have_text("It was the valve. r i a")
    expect(page.locator(".status .badge").first).to_have_text("Unresolved")


def test_a_double_click_writes_one_note(issues: list[Issue], visit: Visit) -> None:
    visit.go(f"/admin/desk/issues/{issues[0].pk}/")
    page = visit.page
    page.get_by_label("Write a note").fill("It was the valve.")

    page.get_by_role("button", name="Write").dblclick(delay=20)  # of each of its clicks

    expect(page.locator(".note")).to_have_text("It was the valve.")
    assert Activity.objects.filter(kind=ActivityKind.NOTE).count() == 1


def test_a_note_outlives_the_session_in_which_it_was_typed(issues: list[Issue], visit: Visit) -> None:
    page = visit.page
    field = page.get_by_label("Write a note")

    def write() -> None:
        with page.expect_navigation():
            page.get_by_role("button", name="Write").click()
        page.wait_for_load_state("networkidle")

    visit.go(f"/admin/desk/issues/{issues[0].pk}/")
    field.fill("It was the seal.")
    write()
    expect(field).to_have_value("")  # it stands below
    field.fill("It was the valve.")
    page.context.clear_cookies(name="sessionid")
    write()
    expect(page.get_by_text("Your session had ended")).to_be_visible()
    page.get_by_label("Username").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")

    expect(field).to_have_value("It was the valve.")
    visit.go(f"/admin/desk/issues/{issues[1].pk}/")
    expect(field).to_have_value("")
    visit.go(f"/admin/desk/issues/{issues[0].pk}/")
    write()
    expect(page.locator(".note")).to_have_text(["It was the valve.", "It was the seal."])
    expect(field).to_have_value("")


def test_a_note_on_several_outlives_the_session_in_which_it_was_typed(issues: list[Issue], visit: Visit) -> None:
    page, field = visit.page, visit.page.get_by_label("Note")

    def press(name: str) -> None:
        with page.expect_navigation():
            page.get_by_role("button", name=name).click()
        page.wait_for_load_state("networkidle")

    def choose(*places: int) -> None:
        for place in places:
            page.locator("input[name=id]").nth(place).check()
        with page.expect_navigation():
            page.keyboard.press("n")
        page.wait_for_load_state("networkidle")

    visit.go("/admin/desk/")
    choose(0, 1)
    field.fill("It was the valve.")
    page.context.clear_cookies(name="sessionid")
    press("Show what would change")
    expect(page.get_by_text("Your session had ended")).to_be_visible()
    page.get_by_label("Username").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("[data-selected]")).to_have_text("2 selected")
    page.wait_for_load_state("networkidle")

    choose()
    expect(field).to_have_value("It was the valve.")
    visit.go("/admin/desk/")
    choose(2)
    expect(field).to_be_empty()  # of these it says nothing
    visit.go("/admin/desk/")
    page.locator("input[name=id]").nth(2).uncheck()
    choose()
    press("Show what would change")
    press("Add a note: 2 issues")
    expect(page.locator(".message")).to_contain_text("2 issues given a note.")
    choose(0, 1)
    expect(field).to_be_empty()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_of_it(browser: Browser, address: str, issues: list[Issue], scheme: str) -> None:
    with visiting(browser, address, scheme=scheme) as visit:
        visit.log_in()
        visit.page.set_viewport_size({"width": 390, "height": 844})
        visit.go(f"/admin/desk/issues/{issues[0].pk}/")
        page = visit.page
        for summary in page.locator("main details:not([open]) > summary").all():
            if summary.is_visible():
                summary.click()

        width: Any = page.evaluate("document.documentElement.scrollWidth")
        assert width == 390
        page.evaluate("window.scrollTo(0, 0)")
        expect(page.get_by_role("link", name="Issue tracker")).to_be_in_viewport()  # its mark alone, by its name
        for name in ("Resolve", "Ignore", "Assign"):
            expect(page.get_by_role("button", name=name, exact=True)).to_be_in_viewport()
