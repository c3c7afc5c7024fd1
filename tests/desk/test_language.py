"""The page that says how to search: what it shows is understood, and none of the language is missing."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from issues.search import parse
from tests.desk.reading import LIST, browser_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PAGE = reverse("desk:language")
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "search.md"


@pytest.fixture
def client() -> Client:
    return browser_of(UserFactory())


def shown(client: Client) -> list[str]:
    cells = re.findall(r'<td class="words">(.*?)</td>', client.get(PAGE).content.decode())
    return [unescape(words) for cell in cells for words in re.findall("<code>(.*?)</code>", cell)]


def keys_of(words: list[str]) -> set[str]:
    return {match[1] for each in words if (match := re.match(r"(\w+):", each))}


def test_shows_what_is_understood(client: Client) -> None:
    examples = shown(client)

    assert len(examples) > 30
    for words in examples:
        assert parse(words, user_id=1, max_length=2_000, of_organization=True)


def test_shows_every_key_of_the_document(client: Client) -> None:
    rows = [row.split(" | ")[0] for row in DOCUMENT.read_text().splitlines() if row.startswith("| `")]
    described = [words for row in rows for words in re.findall("`(.*?)`", row)]

    assert keys_of(described) - {"user"} == keys_of(shown(client))  # "user:1" is somebody, behind "assigned:"


def test_leads_back_to_the_list_from_which_one_came(client: Client) -> None:
    view = "query=is%3Aresolved+pump&sort=freq"
    (way,) = re.findall(r'class="button how" href="([^"]*)"', client.get(f"{LIST}?{view}").content.decode())

    answer = client.get(unescape(way))

    assert answer.context["back"] == f"{LIST}?{view}"
    assert client.get(PAGE, {"from": "//elsewhere.example.com"}).context["back"].startswith(f"{LIST}?")


def test_is_at_hand_on_every_page(client: Client) -> None:
    for address in (LIST, reverse("desk:history"), PAGE):
        keys = client.get(address).content.decode().split('<dialog id="keys"')[1]
        assert f'href="{PAGE}"' in keys
