"""Every page has a policy: nothing from elsewhere, nothing that stands in the page, and strings are evaluated on
unfold's pages alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from issuetracker.policies import DESK, DOCS, HEADER, PLAIN, POLICIES, SETTINGS, SHARED, policy_of
from tests.access import world
from tests.access.world import Realm
from tests.routes import parts_of, path_of, routes

pytestmark = pytest.mark.django_db

ROOT = Path(settings.BASE_DIR)
BROWSER = {"Accept": "text/html"}
OWN = [
    path
    for app in ("issuetracker", "issues", "desk", "projects", "events")
    for path in sorted((ROOT / app / "templates").rglob("*.html"))
]


@pytest.fixture
def ours(db: None) -> Realm:
    return world.build("ours")


def addresses(ours: Realm, who: str) -> Iterator[str]:
    """Yield an address of each route, with what is there, and with what isn't for a superuser, who would see it."""
    for route, _ in routes():
        if "(?P" not in route:
            yield path_of(route, ours.words | {"object_id": str(ours.project.pk)})
            if who == "a superuser":
                yield path_of(route, dict.fromkeys(parts_of(route), "1"))
    yield from ("/nothing", "/admin/nothing", "/api/0/nothing/")


@pytest.mark.parametrize("who", ["nobody", "a member", "a superuser"])
def test_every_page_has_its_policy_and_nothing_else_has_one(ours: Realm, who: str) -> None:
    browser = Client(raise_request_exception=False)
    if who != "nobody":
        browser.force_login(world.user(ours, is_staff=True, is_superuser=who == "a superuser"))
    pages = set()

    for address in sorted(set(addresses(ours, who)) - {"/admin/logout/"}):
        answer = browser.get(address, headers=BROWSER)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            pages.add(address)
            assert answer.headers.get(HEADER) == policy_of(address), address
        else:
            assert HEADER not in answer.headers, address

    assert len(pages) > 40 if who == "a superuser" else pages


@pytest.mark.parametrize("policy", {policy for _, policy in POLICIES})
def test_every_policy_keeps_to_this_site(policy: str) -> None:
    words = set(re.findall(r"[^\s;]+", policy))

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert not [word for word in words if "://" in word or word in {"*", "https:", "http:", "blob:"}]


def test_strings_are_evaluated_on_the_settings_pages_alone() -> None:
    assert [policy for policy in (DESK, DOCS, SHARED, PLAIN) if "unsafe-eval" in policy] == []
    assert "script-src 'self' 'unsafe-eval'" in SETTINGS
    assert "script-src" not in SHARED + PLAIN
    scripts = re.findall(r"script-src ([^;]+)", " ; ".join((DESK, DOCS, SETTINGS)))
    assert [script for script in scripts if "unsafe-inline" in script] == []


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        *(("/admin/desk/", DESK), ("/admin/desk/issues/1/", DESK), ("/admin/desktop/", SETTINGS)),
        *(("/admin/projects/project/", SETTINGS), ("/admin/login/", SETTINGS)),
        *(("/api/0/docs/", DOCS), ("/api/0/docs/x", PLAIN), ("/share/issue/x/", SHARED), ("/", PLAIN), ("/x", PLAIN)),
    ],
)
def test_a_page_s_address_says_which(path: str, policy: str) -> None:
    assert policy_of(path) == policy


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_no_template_has_a_script_in_it(path: Path) -> None:
    assert re.findall(r"<script(?![^>]*\bsrc=)|\son\w+=|javascript:", path.read_text()) == []
