"""What a share link shows ...: to anybody who has it, as JSON and as a page for people (contract 5)."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Issue
from issuetracker.policies import SHARED
from projects.models import Project, User
from tests.answers import headers_of, iso
from tests.api.one_issue import NOT_FOUND, SHARE_ID
from tests.api_client import Api
from tests.assertions import snapshot
from tests.factories import NOW, IssueFactory, IssueSeenFactory, ReleaseFactory

pytestmark = pytest.mark.django_db

JSON = f"/api/0/shared/issues/{SHARE_ID.hex}/"
PAGE = f"/share/issue/{SHARE_ID.hex}/"
NOT_FOR_ROBOTS = {
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
ON_EVERY_ANSWER = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
    "X-Xss-Protection": "1; mode=block",
}


def words_of(page: Any) -> str:
    """Return what a page says, without its markup and its style."""
    text = re.sub(r"<(style|title)>.*?</\1>", " ", page.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


@pytest.fixture
def shared(project: Project) -> Issue:
    return IssueFactory(
        project=project,
        short_number=42,
        share_id=SHARE_ID,
        logger="pump",
        platform="python",
        own_times_seen=3,
        own_users_seen=2,
        own_last_release=ReleaseFactory(projects=[project], version="2.0.0"),
        text__title="OverflowError: too much",
        text__culprit="pump.run",
        text__metadata={"type": "OverflowError", "value": "too much"},
    )


# ---------------------------------------------------------------------------------------------------------------------
# To programs
# ---------------------------------------------------------------------------------------------------------------------


def test_is_the_issue_and_its_event(api: Api, shared: Issue) -> None:
    response = api.get(JSON, auth=None)

    event = api.get(f"/api/0/issues/{shared.pk}/events/latest/").json()
    of_strangers = {
        *("id", "eventID", "groupID", "projectID", "title", "message", "culprit", "type", "platform", "metadata"),
        *("dateCreated", "dateReceived", "user", "entries", "contexts", "context", "tags", "errors"),
        *("previousEventID", "nextEventID"),
    }
    assert (response.status_code, response.json()) == (
        200,
        {
            "id": str(shared.pk),
            "shortId": "PUMP-STATION-1A",
            "shareId": SHARE_ID.hex,
            "isPublic": True,
            "permalink": f"http://testserver{PAGE}",
            "title": "OverflowError: too much",
            "culprit": "pump.run",
            "level": "error",
            "logger": "pump",
            "platform": "python",
            "type": "error",
            "metadata": {"type": "OverflowError", "value": "too much"},
            "status": "unresolved",
            "count": "3",
            "userCount": 2,
            "firstSeen": iso(NOW - timedelta(days=2)),
            "lastSeen": iso(NOW - timedelta(hours=1)),
            "project": {
                "name": "Pump Station",
                "slug": "pump-station",
                "organization": {"name": "The Interstellar Jurisdiction", "slug": "the-interstellar-jurisdiction"},
            },
            "latestEvent": {key: value for key, value in event.items() if key in of_strangers},
        },
    )
    assert headers_of(response) == {
        **ON_EVERY_ANSWER,
        **NOT_FOR_ROBOTS,
        "Allow": "GET, HEAD, OPTIONS",
        "Content-Type": "application/json",
        "Content-Length": str(len(response.content)),
        "Content-Language": "en",
        "Vary": "Accept-Language, Cookie",
    }


# ---------------------------------------------------------------------------------------------------------------------
# To people
# ---------------------------------------------------------------------------------------------------------------------


def test_is_a_page_that_can_be_read(api: Api, shared: Issue) -> None:
    response = api.get(PAGE, auth=None, headers={"Accept": "text/html"})

    assert response.status_code == 200
    assert words_of(response) == (
        "The Interstellar Jurisdiction / Pump Station \u00b7 PUMP-STATION-1A OverflowError: too much pump.run "
        "Status Unresolved Level Error Events 3 Users 2 "
        "First seen 27 February 2026, 12:00 UTC Last seen 1 March 2026, 11:00 UTC "
        "Logger pump Platform python Release 2.0.0 "
        "Whoever has the address of this page can read it, until the issue is made private again."
    )
    assert b"<title>PUMP-STATION-1A: OverflowError: too much</title>" in response.content
    assert headers_of(response) == {
        **ON_EVERY_ANSWER,
        **NOT_FOR_ROBOTS,
        "Content-Security-Policy": SHARED,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(response.content)),
    }


def test_is_a_page_that_says_when_there_is_nothing(api: Api) -> None:
    response = api.get(PAGE, auth=None)

    assert response.status_code == 404
    assert words_of(response) == (
        "Nothing is shared here The link is incomplete, or the issue is not shared any more. "
        "Ask whoever sent it to you for a new link."
    )
    assert headers_of(response) == {
        **ON_EVERY_ANSWER,
        **NOT_FOR_ROBOTS,
        "Content-Security-Policy": SHARED,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(response.content)),
    }


MARKUP = "<script>alert('x')</script><img src=x onerror=alert(1)> \"&quot;' {{ 7|add:7 }} </title>"


def test_is_never_markup_of_the_issues_making(api: Api, project: Project) -> None:
    IssueFactory(
        project=project,
        share_id=SHARE_ID,
        logger="<b>",
        platform="<i>",
        own_last_release=ReleaseFactory(projects=[project], version="<u>"),
        text__title=MARKUP,
        text__culprit=MARKUP,
    )

    page = api.get(PAGE, auth=None)

    text = page.content.decode()
    assert not re.search(r"<(script|img|b|i|u)\b", text)
    assert text.count("</title>") == 1
    assert words_of(page).count(MARKUP) == 2  # to be read as it is: title and culprit
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in text
    assert "{{ 7|add:7 }}" in text
    assert api.get(JSON, auth=None).json()["title"] == MARKUP


def test_is_readable_however_long_the_words_are(api: Api, project: Project) -> None:
    IssueFactory(project=project, share_id=SHARE_ID, text__title="x" * 10_000)

    page = api.get(PAGE, auth=None)

    assert page.status_code == 200
    assert len(page.content.partition(b"<title>")[2].partition(b"</title>")[0]) < 120
    assert b"x" * 10_000 in page.content


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_can_only_be_looked_at(api: Api, shared: Issue, method: str) -> None:
    before = snapshot()

    program, page = api.request(method, JSON, {}, auth=None), api.request(method, PAGE, {}, auth=None)

    assert (program.status_code, program.json()) == (405, {"detail": f'Method "{method}" not allowed.'})
    assert (page.status_code, page.headers["Allow"]) == (405, "GET, HEAD")
    assert snapshot() == before


def test_is_there_for_head_and_options(api: Api, shared: Issue) -> None:
    for path in (JSON, PAGE):
        head = api.request("HEAD", path, auth=None)
        assert (head.status_code, head.content) == (200, b"")
    options = api.options(JSON, auth=None)
    assert (options.status_code, options.headers["Allow"]) == (200, "GET, HEAD, OPTIONS")


# ---------------------------------------------------------------------------------------------------------------------
# To whom
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization", ["Bearer nonsense", "Basic nonsense", "Basic !", "Basic eDp5", "Digest x", "Bearer", "\u00e4"]
)
@pytest.mark.parametrize("path", [JSON, PAGE])
def test_is_the_same_with_a_wrong_credential(api: Api, shared: Issue, path: str, authorization: str) -> None:
    plain = api.get(path, auth=None)

    response = api.get(path, headers={"Authorization": authorization})

    assert (response.status_code, response.content) == (200, plain.content)


@pytest.mark.parametrize("path", [JSON, PAGE])
def test_is_the_same_for_everybody(api: Api, shared: Issue, jane: User, path: str) -> None:
    plain = api.get(path, auth=None)

    for auth in ("jane", "sam", "kit", "key"):
        assert api.get(path, auth=auth).content == plain.content
    api.client.force_login(jane)
    assert api.get(path, auth=None).content == plain.content


@pytest.mark.parametrize("path", [JSON, PAGE])
def test_names_nobody(api: Api, shared: Issue, jane: User, sam: User, path: str) -> None:
    body = {
        "assignedTo": "jane",
        "status": "ignored",
        "ignoreCount": 9,
        "isBookmarked": True,
        "hasSeen": True,
        "isSubscribed": True,
    }
    assert api.put(api.issues_url, body, ids=[shared.pk], auth="jane").status_code == 200
    note = {"text": "Call Sam Okafor."}
    assert api.request("POST", f"/api/0/issues/{shared.pk}/notes/", note, auth="jane").status_code == 201
    IssueSeenFactory(issue=shared, user=sam)

    ignored = api.get(path, auth=None)
    api.put(api.issues_url, {"status": "resolved"}, ids=[shared.pk], auth="jane")
    resolved = api.get(path, auth=None)

    for response, status in ((ignored, "ignored"), (resolved, "resolved")):
        text = response.content.decode().lower()
        assert status in text
        for word in ("jane", "schmidt", "sam ", "okafor", "example.com", "actor", "assign", "call", "bookmark"):
            assert word not in text, word


@pytest.mark.parametrize("path", [JSON, PAGE])
def test_costs_one_statement_beside_its_time_limit(api: Api, shared: Issue, path: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        api.get(path, auth=None)

    assert len([query for query in queries if "FROM" in query["sql"]]) == 1


# ---------------------------------------------------------------------------------------------------------------------
# Until when
# ---------------------------------------------------------------------------------------------------------------------


def is_gone(api: Api) -> bool:
    program, page = api.get(JSON, auth=None), api.get(PAGE, auth=None)
    assert program.status_code == page.status_code
    assert program.status_code == 200 or program.json() == NOT_FOUND
    assert program.headers["Content-Type"] == "application/json"
    return program.status_code == 404


def test_is_gone_once_the_issue_is_private_and_never_comes_back(api: Api, shared: Issue) -> None:
    assert not is_gone(api)

    api.put(api.issues_url, {"isPublic": False}, ids=[shared.pk])
    assert is_gone(api)
    assert b"too much" not in api.get(PAGE, auth=None).content

    api.put(api.issues_url, {"isPublic": True}, ids=[shared.pk])
    assert is_gone(api)


def test_is_gone_with_the_issue(api: Api, shared: Issue) -> None:
    api.delete(api.issues_url, ids=[shared.pk])

    assert is_gone(api)


def test_is_gone_while_the_issue_is_merged(api: Api, shared: Issue, project: Project) -> None:
    elder = IssueFactory(project=project, own_first_seen=NOW - timedelta(days=9), short_number=1)

    api.put(api.issues_url, {"merge": True}, ids=[shared.pk, elder.pk])
    assert is_gone(api)

    api.put(api.issues_url, {"merge": False}, ids=[shared.pk])
    assert not is_gone(api)


def test_counts_as_unresolved_once_the_snooze_is_over(api: Api, shared: Issue) -> None:
    shared.status, shared.snooze_ends_at = "ignored", NOW - timedelta(days=999)
    shared.save(update_fields=["status", "snooze_ends_at"])

    assert api.get(JSON, auth=None).json()["status"] == "unresolved"
    assert "Status Unresolved" in words_of(api.get(PAGE, auth=None))


@pytest.mark.parametrize(
    "word",
    [
        "0",
        "1",
        "x" * 32,
        "f" * 31,
        "f" * 33,
        "f" * 10_000,
        "%00",
        "%00" * 32,
        f"{SHARE_ID.hex}%00",
        f"{SHARE_ID.hex}%0A",
        f"%20{SHARE_ID.hex[1:]}",
        f"0x{SHARE_ID.hex[2:]}",
        "%FF",
        "\u0661" * 32,
        "00000000000000000000000000000000",
        "ffffffffffffffffffffffffffffffff",
    ],
)
def test_is_not_behind(api: Api, shared: Issue, word: str) -> None:
    program, page = (api.get(f"{path}{word}/", auth=None) for path in ("/api/0/shared/issues/", "/share/issue/"))

    assert (program.status_code, program.json()) == (404, NOT_FOUND)
    assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "Nothing is shared here" in words_of(page)


@pytest.mark.parametrize("word", [SHARE_ID.hex, SHARE_ID.hex.upper(), str(SHARE_ID)])
def test_is_behind_the_id_however_it_is_written(api: Api, shared: Issue, word: str) -> None:
    assert api.get(f"/api/0/shared/issues/{word}/", auth=None).json()["id"] == str(shared.pk)
    assert api.get(f"/share/issue/{word}/", auth=None).status_code == 200


def test_is_where_the_whole_issue_says(api: Api, project: Project, settings: Any) -> None:
    issue = IssueFactory(project=project)
    share_id = api.put(f"/api/0/issues/{issue.pk}/", {"isPublic": True}).json()["shareId"]

    answer = json.loads(api.get(f"/api/0/shared/issues/{share_id}/", auth=None).content)

    assert answer["permalink"] == f"http://testserver/share/issue/{share_id}/"
    assert api.get(answer["permalink"].removeprefix("http://testserver"), auth=None).status_code == 200
    settings.BASE_URL = "https://issues.example"
    answer = api.get(f"/api/0/shared/issues/{share_id}/", auth=None).json()
    assert answer["permalink"] == f"https://issues.example/share/issue/{share_id}/"
