"""The admin is for staff, logged in; every page of it, read from the resolver as the API's routes are."""

from urllib.parse import quote

import pytest
from django.contrib.auth.models import Permission

from tests.access import world
from tests.access.world import Realm
from tests.assertions import digest
from tests.routes import parts_of, path_of, routes

pytestmark = pytest.mark.django_db

# Django's last route takes every other address, as a pattern: it is asked as one of these.
PAGES = sorted(
    {route for route, _ in routes() if route.startswith("admin/") and "(?P" not in route} | {"admin/nothing"}
)
LOGIN = "admin/login/"
SEEN = "issues_issueseen"


@pytest.fixture
def ours(db: None) -> Realm:
    return world.build("ours")


def test_there_are_pages() -> None:
    assert len(PAGES) > 50
    assert LOGIN in PAGES


NO_STAFF = ["nobody", "owner", "superuser", "session off the team, closed"]


@pytest.mark.parametrize("name", NO_STAFF)
def test_lets_in_nobody_who_is_not_staff(ours: Realm, name: str) -> None:
    """A token, be it a superuser's, is no log-in; nor is a session of somebody who is no staff.

    Each page once by GET or POST, and by the other one for the next of them: nothing asks which it is.
    """
    caller = world.CALLERS[name](ours, ours)
    before = digest()

    for number, route in enumerate(sorted(set(PAGES) - {LOGIN}), NO_STAFF.index(name)):
        method = ("GET", "POST")[number % 2]
        path = path_of(route, dict.fromkeys(parts_of(route), str(ours.issue.pk)))
        response = caller.request(method, path, auth=None)
        led_to = "/admin/" if route == "admin/logout/" else f"/admin/login/?next={quote(path)}"
        assert (response.status_code, response.headers.get("Location")) == (302, led_to)
    assert digest() == before


def test_shows_nothing_to_staff_who_are_members_nowhere(ours: Realm) -> None:
    """Whatever permission of Django's they have: nothing asks for one."""
    clerk = world.user(ours, is_staff=True)
    clerk.user_permissions.set(Permission.objects.all())
    browser = world.with_session(clerk)
    before = digest()
    open_to_staff = {"admin/", "admin/settings/", LOGIN, "admin/logout/", "admin/jsi18n/", "admin/search/"}
    open_to_staff |= {"admin/password_change/", "admin/password_change/done/"}  # one's own
    open_to_staff |= {"admin/projects/apitoken/", "admin/projects/apitoken/add/"}  # likewise

    # The desk shows what a member sees, whatever Django's own permissions say: tests/desk.
    open_to_staff |= {route for route in PAGES if route.startswith("admin/desk/")}

    for route in set(PAGES) - open_to_staff:
        path = path_of(route, dict.fromkeys(parts_of(route), str(ours.issue.pk)))
        for method in ("GET", "POST"):
            response = browser.request(method, path, auth=None)
            # Old addresses lead to the new ones, which are tried, too.
            led_away = response.headers.get("Location") == f"{path}change/"
            assert response.status_code in {403, 404, 405} or led_away, f"{method} {path}: {response.status_code}"
    assert digest() == before


def test_takes_no_form_of_the_desk_from_elsewhere(ours: Realm) -> None:
    """Without the token of a page of its own, not from a superuser either."""
    operator = world.with_session(world.user(ours, is_staff=True, is_superuser=True), csrf_token="")
    forms = {**{"action": "resolve", "id": ours.issue.pk, "mutations": ours.mutation.pk}, "expected": "1", "text": "a"}
    before = digest()

    for route in (page for page in PAGES if page.startswith("admin/desk/")):
        path = path_of(route, dict.fromkeys(parts_of(route), str(ours.issue.pk)))
        assert operator.client.post(f"/{path.lstrip('/')}", forms).status_code == 403, path
    assert digest() == before


def test_changes_nothing_by_looking(ours: Realm) -> None:
    """Every page, asked for by somebody who may do everything; the page of an undo makes a preview.

    But for what was opened: that is marked as seen.
    """
    superuser = world.with_session(world.user(ours, is_staff=True, is_superuser=True))
    before = digest()

    for route in set(PAGES) - {"admin/logout/"}:
        for word in (str(ours.issue.pk), str(ours.mutation.pk))[: 1 + bool(parts_of(route))]:
            path = path_of(route, dict.fromkeys(parts_of(route), word))
            assert superuser.request("GET", path, auth=None).status_code < 500, path
    assert digest() | {SEEN: before[SEEN]} == before
