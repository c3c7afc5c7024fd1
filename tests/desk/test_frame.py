"""What all pages of the desk have: who may come in, the policy, the theme, and ways that lead nowhere else."""

import re
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from desk.ways import way_back
from issuetracker.policies import DESK, HEADER
from projects.models import Project, User
from tests.desk.acting.steps import choose
from tests.desk.reading import LIST
from tests.factories import IssueFactory
from tests.routes import parts_of, path_of, routes

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent.parent
ADDRESSES = sorted({path_of(route, dict.fromkeys(parts_of(route), "1")) for route, _ in routes() if "desk/" in route})
THEME = reverse("desk:theme")


def test_there_are_addresses() -> None:
    assert {LIST, THEME} <= set(ADDRESSES)


@pytest.mark.parametrize("method", ["get", "post"])
def test_every_answer_has_the_policy(as_jane: Client, method: str) -> None:
    for address in ADDRESSES:
        answer = getattr(as_jane, method)(address)
        if answer.headers.get("Content-Type") == "application/json":  # of what no page posts
            assert answer.status_code == 400
            continue
        assert answer.headers.get(HEADER) == DESK, address


def test_the_policy_lets_no_page_run_or_style_what_stands_in_it() -> None:
    assert "unsafe" not in DESK
    assert "default-src 'none'" in DESK


@pytest.mark.parametrize("path", sorted((ROOT / "desk" / "templates").rglob("*.html")), ids=lambda path: path.stem)
def test_no_template_has_what_the_policy_forbids(path: Path) -> None:
    source = path.read_text()

    assert re.findall(r"<style|<script(?![^>]*\bsrc=)|\bstyle=|\son\w+=|javascript:", source) == []


def test_leads_to_the_log_in_who_is_not_staff(client: Client, sam: User) -> None:
    for browser in (client, Client()):
        assert browser.get(LIST).headers["Location"].startswith(reverse("admin:login"))
        client.force_login(sam)


def test_the_theme_leads_from_the_page_of_an_action_to_where_one_was(as_jane: Client, project: Project) -> None:
    page = choose(as_jane, "assign", [IssueFactory(project=project)])

    form = page.content.decode().split(f'action="{THEME}"')[1].split("</form>")[0]
    (back,) = re.findall(r'name="back" value="([^"]*)"', form)

    assert as_jane.post(THEME, {"theme": "dark", "back": back})["Location"] == f"{LIST}?query=pump"


@pytest.mark.parametrize(("chosen", "kept"), [("dark", "dark"), ("light", "light"), ("pink", ""), ("", "")])
def test_keeps_the_theme(as_jane: Client, chosen: str, kept: str) -> None:
    answer = as_jane.post(THEME, {"theme": chosen, "back": f"{LIST}?query=pump"})

    assert answer.headers["Location"] == f"{LIST}?query=pump"
    page = as_jane.get(LIST).content.decode()
    assert re.findall(r'<html lang="en"(?: data-theme="(\w+)")?>', page) == [kept]


def test_takes_no_other_theme_from_a_cookie(as_jane: Client) -> None:
    as_jane.cookies = SimpleCookie(as_jane.cookies | {"theme": '"><script>'})

    assert as_jane.get(LIST).context["theme"] == ""


@pytest.mark.parametrize(
    "word",
    [
        "",
        "https://elsewhere.example.com/",
        "//elsewhere.example.com/admin/desk/",
        "/admin/",
        "javascript:alert(1)",
        "/admin/desk/\\elsewhere",
        "/admin/desk/\r\nSet-Cookie: a=b",
    ],
)
def test_leads_back_to_the_desk_alone(word: str) -> None:
    assert way_back(word) == LIST
    assert way_back(f"{LIST}?query=a%20b") == f"{LIST}?query=a%20b"


def test_changes_the_theme_by_a_post_only(as_jane: Client) -> None:
    answer: Any = as_jane.get(THEME)

    assert answer.status_code == 405
