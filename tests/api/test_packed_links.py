"""Long queries in the links of a list are packed, so that clients and proxies take the header (contract section 2)."""

import zlib
from base64 import urlsafe_b64encode
from random import Random
from urllib.parse import quote, urlsplit

import pytest

from issues.models import Issue
from projects.api.packing import pack, unpack
from projects.models import Project
from tests.api_client import Api
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db

NODE_TAKES = 16 * 1024
LETTERS = [*range(0x4E00, 0x9FFF), *range(0x1F600, 0x1F64F), *range(0x20000, 0x2A6DF), 0x3B1, 0x431, 0xFFFD]
OF_NO_LINK = {"packed": ["This is of no link of ours; take one from the Link header of an answer."]}


def packed(query: bytes) -> str:
    return urlsafe_b64encode(zlib.compress(query)).decode().rstrip("=")


@pytest.fixture
def issues(project: Project) -> list[Issue]:
    return [IssueFactory(project=project) for _ in range(3)]


def walk(api: Api, query: str) -> tuple[list[int], list[str]]:
    """Return the ids that the links lead to, and the headers."""
    found, headers, more = [], [], True
    while more:
        response = api.get(api.issues_url, raw_query=query)
        assert response.status_code == 200, response.content[:200]
        assert "Ignored-Parameters" not in response.headers
        found += [int(item["id"]) for item in response.json()]
        headers.append(response.headers["Link"])
        link = headers[-1].split("<")[2]
        more = 'results="true"' in link
        query = urlsplit(link.partition(">")[0]).query
    return found, headers


@pytest.mark.parametrize("letters", [[*map(chr, LETTERS)], ["\U0001f980"], ["\xe9", "%", "&", "+", "#", " "]], ids=repr)
def test_the_longest_search_is_walked_by_links_that_node_takes(
    api: Api, issues: list[Issue], letters: list[str]
) -> None:
    """What is looked for is in no issue. Negated it is all of them; and a link that lost it would lead to some."""
    text = "".join(Random(7).choices(letters, k=1_990))

    found, headers = walk(
        api, f"query={quote(f'!{chr(34)}{text}{chr(34)}', safe='')}&limit=1&sort=new&status=unresolved"
    )
    none, _ = walk(api, f"query={quote(f'{chr(34)}{text}{chr(34)}', safe='')}&limit=1")

    assert sorted(found) == [issue.pk for issue in issues]
    assert none == []
    assert max(map(len, headers)) < NODE_TAKES - 1_000
    assert all("packed=" in header for header in headers)


def test_what_is_packed_is_what_was_said(api: Api, issues: list[Issue], project: Project) -> None:
    padding = "x" * 1_600
    resolved = IssueFactory(project=project, resolved=True)

    by_query, headers = walk(api, f"query=is%3Aresolved+%21{padding}&limit=1")
    by_status, _ = walk(api, f"query=%21{padding}&limit=1&status=ignored&status=resolved")

    assert by_query == by_status == [resolved.pk]
    assert "packed=" in headers[0]


def test_escapes_that_are_no_letters_stay_as_they_are() -> None:
    assert unpack(pack("a=%FF%E2%82&b=%41+%26%C3%A9")) == "a=%FF%E2%82&b=%41+%26\xc3\xa9"


@pytest.mark.parametrize(
    "word",
    [
        "",
        "x",
        "eJw",
        "\xe9",
        packed(b"status=resolved")[:-3],
        packed(b"status=resolved") + "AAAA",
        packed(b"a" * 40_000),
    ],
    ids=["empty", "short", "cut", "no base64", "no end", "more behind", "too much"],
)
def test_what_nobody_packed_is_refused(api: Api, issues: list[Issue], word: str) -> None:
    response = api.get(api.issues_url, raw_query=f"limit=1&packed={quote(word)}")

    assert (response.status_code, response.json()) == (400, OF_NO_LINK)


def test_a_change_takes_nothing_packed(api: Api, issues: list[Issue]) -> None:
    query = f"packed={packed(b'status=resolved')}"

    response = api.put(api.issues_url, {"status": "ignored"}, raw_query=query)

    assert response.status_code == 400
    assert set(Issue.objects.values_list("status", flat=True)) == {"unresolved"}
