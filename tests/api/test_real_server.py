"""The documented request and answer on the wire: the real HTTP server, byte for byte."""

import json
from base64 import b64encode
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import quote

import pytest

from issues.models import Issue, IssueText
from projects.models import Project
from tests.answers import headers_of
from tests.factories import NOW, IssueFactory
from tests.live import serving

pytestmark = pytest.mark.django_db(transaction=True)

RELEASES = "/api/0/organizations/the-interstellar-jurisdiction/releases/"
ISSUES = "/api/0/projects/the-interstellar-jurisdiction/pump-station/issues/"
EXAMPLE = b"""{
  "status": "unresolved",
  "isPublic": false
}"""


@pytest.fixture
def address(project: Project, api_key: str) -> Iterator[str]:
    with serving() as url:
        yield url.removeprefix("http://")


def send(address: str, api_key: str, method: str, target: str, body: bytes) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection(address, timeout=60)
    authorization = "Basic " + b64encode(f"{api_key}:".encode()).decode()
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    connection.request(method, target, body, headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


def test_answers_the_published_example_as_printed(address: str, api_key: str, project: Project) -> None:
    named = [IssueFactory(project=project, resolved=True, public=True) for _ in range(2)]

    response, content = send(address, api_key, "PUT", f"{ISSUES}?id={named[0].pk}&id={named[1].pk}", EXAMPLE)

    assert (response.status, response.reason, response.version) == (200, "OK", 11)
    assert content == b'{"status": "unresolved", "isPublic": false, "statusDetails": {}}'
    headers = headers_of(response)
    assert headers.pop("Mutation-Id").isdigit()
    assert headers.pop("Date").endswith("GMT")
    assert headers == {
        # as published
        "Allow": "GET, PUT, DELETE, HEAD, OPTIONS",
        "Content-Language": "en",
        "Content-Length": "64",
        "Content-Type": "application/json",
        "Vary": "Accept-Language, Cookie",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "deny",
        "X-Xss-Protection": "1; mode=block",
        # what happened
        "Issues-Matched": "2",
        "Issues-Changed": "2",
        # the server's own
        "Server": "gunicorn",
        "Connection": "keep-alive",
    }
    assert set(Issue.objects.values_list("status", "share_id")) == {("unresolved", None)}


def test_takes_ten_thousand_ids_in_one_request(address: str, api_key: str, project: Project) -> None:
    """Of two hundred issues, fifty times each; tests/api/test_put_query.py has ten thousand."""
    numbers = range(1, 201)
    times = {"own_first_seen": NOW, "own_last_seen": NOW, "first_seen": NOW, "last_seen": NOW}
    made = Issue.objects.bulk_create([Issue(project=project, short_number=number, **times) for number in numbers])
    IssueText.objects.bulk_create([IssueText(issue=issue, project=project, title="An error") for issue in made])
    query = "&".join(f"id={issue.pk}" for issue in made * 50)

    response, content = send(address, api_key, "PUT", f"{ISSUES}?{query}", b'{"status": "resolved"}')

    assert (response.status, content) == (200, b'{"status": "resolved", "statusDetails": {}}')
    assert (response.headers["Issues-Matched"], response.headers["Issues-Changed"]) == ("200", "200")
    assert Issue.objects.filter(status="resolved").count() == 200


def test_refuses_a_request_line_that_is_too_long_in_words(address: str, api_key: str, project: Project) -> None:
    IssueFactory(project=project)

    response, content = send(address, api_key, "PUT", f"{ISSUES}?{'id=1&' * 300_000}id=1", b'{"status": "resolved"}')

    assert response.status in {414, 431}
    assert list(json.loads(content)) == ["detail"]
    assert Issue.objects.get().status == "unresolved"


def test_answers_head_like_get_without_a_body(address: str, api_key: str, project: Project) -> None:
    IssueFactory(project=project)

    got, listed = send(address, api_key, "GET", ISSUES, b"")
    head, nothing = send(address, api_key, "HEAD", ISSUES, b"")

    assert (head.status, nothing) == (200, b"")
    assert len(json.loads(listed)) == 1
    assert head.headers["X-Hits"] == got.headers["X-Hits"] == "1"
    assert head.headers["Content-Length"] == str(len(listed))


def test_finds_a_release_by_whatever_its_version_is(address: str, api_key: str) -> None:
    for version in ("1.0", "web@1.2.3+456", "feature/x@1", "50%", "%2F", "two words", "ünï→日本", "a?b#c;d"):
        assert_found_by(version, address, api_key)


def assert_found_by(version: str, address: str, api_key: str) -> None:
    body = json.dumps({"version": version, "projects": ["pump-station"]}).encode()
    path = f"{RELEASES}{quote(version, safe='')}/"

    made, release = send(address, api_key, "POST", RELEASES, body)
    answers = [
        send(address, api_key, "GET", path, b""),
        send(address, api_key, "PUT", path, b'{"dateReleased": "2026-03-01T12:00:00.123456789Z"}'),
        send(address, api_key, "POST", f"{path}deploys/", b'{"environment": "production"}'),
        send(address, api_key, "GET", f"{path}deploys/", b""),
        send(address, api_key, "GET", f"{path}previous-with-commits/", b""),
        send(address, api_key, "GET", path.removesuffix("/"), b""),
        send(address, api_key, "DELETE", path, b""),
        send(address, api_key, "GET", path, b""),
    ]

    assert (made.status, json.loads(release)["version"]) == (201, version)
    assert [response.status for response, _ in answers] == [200, 200, 201, 200, 200, 404, 204, 404]
    assert answers[0][1] == release
    assert "lacks the slash" in json.loads(answers[5][1])["detail"]


def test_tells_a_plus_in_an_address_from_a_space(address: str, api_key: str) -> None:
    for version in ("1+1", "1 1"):
        send(
            address, api_key, "POST", RELEASES, json.dumps({"version": version, "projects": ["pump-station"]}).encode()
        )

    found = [send(address, api_key, "GET", f"{RELEASES}{written}/", b"")[1] for written in ("1+1", "1%2B1", "1%201")]

    assert [json.loads(content)["version"] for content in found] == ["1+1", "1+1", "1 1"]
