"""Ways in, and what goes wrong: a page for who has a browser, JSON for programs, and the same whatever there is."""

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from projects.models import Role, User
from tests.access import world
from tests.factories import ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
DESK = "/admin/desk/"


@pytest.fixture
def member(client: Client) -> Client:
    client.force_login(world.user(world.build("ours"), Role.MEMBER, is_staff=True))
    return client


def is_page(answer: Any) -> bool:
    return str(answer.headers["Content-Type"]).startswith("text/html") and "<h1>" in answer.text


@pytest.mark.parametrize("address", ["/", "/admin", "/admin/"])
def test_lead_to_the_desk(member: Client, address: str) -> None:
    assert member.get(address).headers["Location"] == DESK
    assert member.get(address, follow=True).status_code == 200


@pytest.mark.parametrize("address", ["/", "/admin", "/admin/"])
def test_lead_to_the_log_in_who_is_a_stranger(client: Client, address: str) -> None:
    chain = client.get(address, follow=True).redirect_chain

    assert chain[-1][0].startswith("/admin/login/?next=/admin/")


@pytest.mark.parametrize("address", ["/", "/admin"])
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_lead_nobody_away_with_what_they_send(member: Client, address: str, method: str) -> None:
    assert getattr(member, method)(address).status_code == 405


@pytest.mark.parametrize("address", ["/nothing", "/admin/nothing/", "/admin/desk/nothing/", "/share/nothing/"])
def test_say_on_a_page_that_there_is_nothing(member: Client, address: str) -> None:
    answer = member.get(address, headers=BROWSER)

    assert answer.status_code == 404
    assert is_page(answer)
    assert "There is nothing here" in answer.text
    assert 'href="/"' in answer.text


@pytest.mark.parametrize("address", ["/api/0/nothing/", "/api/nothing/", "/api/1/nothing/"])
def test_answer_json_under_api_whatever_a_browser_accepts(member: Client, address: str) -> None:
    answer = member.get(address, headers=BROWSER)

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json")


@pytest.mark.parametrize("accept", ["", "*/*", "application/json"])
def test_answer_json_who_asks_for_no_page(member: Client, accept: str) -> None:
    answer = member.get("/nothing", headers={"Accept": accept})

    assert answer.json() == {"detail": "There is nothing at this address."}


def test_say_that_the_slash_is_missing(member: Client) -> None:
    assert "lacks the slash" in member.get("/admin/desk", headers=BROWSER).text


def test_say_the_same_of_what_is_not_there_and_of_what_is_not_theirs(member: Client) -> None:
    theirs = reverse("admin:projects_project_change", args=[ProjectFactory().pk])
    nothing = reverse("admin:projects_project_change", args=[999_999])

    pages = [member.get(address, headers=BROWSER | {"X-Request-Id": "1" * 32}) for address in (theirs, nothing)]

    assert [page.status_code for page in pages] == [404, 404]
    assert pages[0].text.replace(quote(theirs, safe=""), "") == pages[1].text.replace(quote(nothing, safe=""), "")


def test_say_on_a_page_that_they_may_not(member: Client) -> None:
    answer = member.get(reverse("admin:projects_organization_add"), headers=BROWSER)

    assert answer.status_code == 403
    assert "You may not do this" in answer.text


def test_say_on_a_page_that_a_form_is_out_of_date() -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(UserFactory(superuser=True))

    answer = browser.post(reverse("admin:projects_organization_add"), {"slug": "new"}, headers=BROWSER)
    as_program = browser.post(reverse("admin:projects_organization_add"), {"slug": "new"})

    assert answer.status_code == 403
    assert "This form is out of date" in answer.text
    assert "Nothing was changed" in answer.text
    assert as_program.json()["detail"].startswith("CSRF Failed: ")


def test_say_nothing_of_a_bug_but_its_number(member: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desk.list.view.visitor_of", lambda request: 1 / 0)
    member.raise_request_exception = False

    answer = member.get(DESK, headers=BROWSER | {"X-Request-Id": "7" * 32})

    assert answer.status_code == 500
    assert "Something is broken here" in answer.text
    assert "7" * 32 in answer.text
    assert not [word for word in ("ZeroDivisionError", "Traceback", "visitor_of") if word in answer.text]


def test_say_400_on_a_page(member: Client) -> None:
    answer = member.get("/admin/projects/project/?slug__startswith=a", headers=BROWSER)

    assert answer.status_code == 400
    assert "This can&#x27;t be understood" in answer.text


def test_lead_back_to_the_form_whose_session_had_ended(client: Client) -> None:
    form = "/admin/projects/project/add/?organization=1"

    answer = client.post(
        "/admin/projects/project/add/", {"slug": "new"}, headers={"Referer": f"http://testserver{form}", **BROWSER}
    )

    assert answer.headers["Location"] == "/admin/login/?next=/admin/projects/project/add/%3Forganization%3D1"
    assert "what you sent was not done" in client.get(answer.headers["Location"]).text


@pytest.mark.parametrize(
    "referer", ["", "http://elsewhere.example.com/admin/", "http://testserver:1/x", "nonsense", "http://[testserver/"]
)
def test_lead_to_no_page_of_somebody_else_s(client: Client, referer: str) -> None:
    answer = client.post("/admin/projects/project/add/", {"slug": "new"}, headers={"Referer": referer})

    assert answer.headers["Location"] == "/admin/login/?next=/admin/projects/project/add/"


def test_ask_the_database_nothing(client: Client, django_assert_num_queries: Any) -> None:
    """A page that says that the database is away must not ask it."""
    with django_assert_num_queries(0):
        assert client.get("/nothing", headers=BROWSER).status_code == 404


def test_show_in_the_settings_what_one_is_and_may(member: Client) -> None:
    page = member.get(reverse("admin:settings")).text

    assert "ours" in page
    assert "Member" in page
    assert "delete issues" in page
    assert reverse("admin:projects_project_changelist") in page
    assert reverse("admin:projects_apikey_changelist") not in page


def test_say_in_the_settings_that_one_is_nobody_s_member(client: Client) -> None:
    client.force_login(User.objects.create(username="new", is_staff=True))

    assert "A member of no organization" in client.get(reverse("admin:settings")).text
