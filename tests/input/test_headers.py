"""Headers that nobody means well with: the answer is a 4xx in words, or the one without them."""

import pytest

from issues.models import Issue
from tests.input.attacker import Attacker

pytestmark = pytest.mark.django_db(transaction=True)

ISSUES = "/api/0/projects/the-interstellar-jurisdiction/pump-station/issues/"

MEDIA_TYPES = [
    "application/json; charset=hex",  # a codec of Python's, but none of texts
    "application/json; charset=undefined",
    "application/json; charset=idna",
    "application/json; charset=utf-16",
    "application/json; charset=nonsense",
    "application/json; charset=" + "a" * 8000,
    "application/json; title*=nonsense'en'%41",
    "application/json; title*=utf-8'en'%ff",
    "application/json; =;;=",
    'application/json; a="',
]


def test_what_a_media_type_says_beside_its_name_is_not_looked_at(attacker: Attacker, issue: Issue) -> None:
    for media_type in MEDIA_TYPES:
        listed = attacker.send("GET", f"{ISSUES}?query=id:{issue.pk}&status=unresolved", media_type=media_type)
        put = attacker.send("PUT", f"{ISSUES}?id={issue.pk}&status=unresolved", b"{}", media_type=media_type)

        assert (listed.status, len(listed.json())) == (200, 1), media_type
        assert (put.status, put.content, put.headers["issues-matched"]) == (200, b"{}", "1"), media_type


def test_another_media_type_is_refused_whatever_it_says_beside(attacker: Attacker, issue: Issue) -> None:
    for media_type in ["text/plain; charset=hex", "multipart/form-data; boundary=x; charset=hex", "x; y*=z'z'z", ";"]:
        put = attacker.send("PUT", f"{ISSUES}?id={issue.pk}", b"{}", media_type=media_type)

        assert put.status == 415, media_type
        assert "Send application/json." in put.sentences


COOKIES = [
    'sessionid="\\000aaaaaaaaaaaaaaa"',  # NUL, as a quoted cookie may write it
    'sessionid="\\377aaaaaaaaaaaaaaa"',
    "sessionid=" + "a" * 8000,
    "sessionid=",
    "sessionid=%00aaaaaaaaaaaaaaa",
    'csrftoken="\\000aaaaaaaaaaaaaaa"',
    'messages="\\000"',
    "=;;=",
]


def test_a_cookie_of_no_session_is_no_cookie(attacker: Attacker) -> None:
    for cookie in COOKIES:
        for target in (ISSUES, "/admin/"):
            lines = [f"GET {target} HTTP/1.1", "Host: localhost", "Connection: close", f"Cookie: {cookie}", "", ""]
            answer = attacker.send_raw("\r\n".join(lines).encode())

            assert answer.status == (401 if target == ISSUES else 302), cookie
