"""Behind a proxy that ends TLS: what browsers and clients of the API are told there, read from the real settings."""

import json
from typing import Any

import pytest

from issuetracker.middleware import ON_API_ANSWERS, ON_EVERY_ANSWER
from tests import prepared
from tests.issuetracker.test_settings import PRODUCTION

# In a process of its own, since settings are read once. None of these requests needs a database.
SCRIPT = """
import json
from django.test import Client
method, path, scheme = {words}
client = Client(headers={{"Host": "issues.example", "X-Forwarded-Proto": scheme}} if scheme else {{}})
response = client.generic(method, path)
cookies = {{name: cookie.OutputString() for name, cookie in response.cookies.items()}}
print(json.dumps([response.status_code, dict(response.headers), cookies]))
"""


def ask(method: str, path: str, scheme: str, **environment: str) -> tuple[int, dict[str, str], dict[str, str]]:
    script = SCRIPT.format(words=[method, path, scheme])
    done = prepared.run("shell", "-v0", "-c", script, environment={"PATH": "/usr/bin:/bin"} | environment)
    assert (done.returncode, done.stderr) == (0, "")
    answer: Any = json.loads(done.stdout)
    return tuple(answer)


def test_tells_browsers_to_come_by_tls_only() -> None:
    status, headers, cookies = ask("GET", "/admin/login/", "https", **PRODUCTION)

    assert status == 200
    assert headers["Strict-Transport-Security"] == "max-age=2592000"
    assert (headers["Referrer-Policy"], headers["Cross-Origin-Opener-Policy"]) == ("same-origin", "same-origin")
    assert headers["X-Frame-Options"] == "deny"
    assert "; Secure" in cookies["csrftoken"]


def test_takes_how_long_from_a_setting() -> None:
    _, headers, _ = ask("GET", "/admin/login/", "https", **PRODUCTION, HSTS_SECONDS="60")
    _, without, _ = ask("GET", "/admin/login/", "https", **PRODUCTION, HSTS_SECONDS="0")

    assert headers["Strict-Transport-Security"] == "max-age=60"
    assert "Strict-Transport-Security" not in without


@pytest.mark.parametrize("path", ["/admin/login/", "/share/issue/1/", "/organizations/one/issues/1/"])
def test_leads_people_who_come_by_plain_http_to_tls(path: str) -> None:
    status, headers, _ = ask("GET", path, "http", **PRODUCTION)

    assert (status, headers["Location"]) == (301, f"https://issues.example{path}")
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_answers_the_api_as_published(scheme: str) -> None:
    """A redirect would drop the body of a PUT, and look like success to who doesn't follow it."""
    status, headers, _ = ask("PUT", "/api/0/projects/one/two/issues/", scheme, **PRODUCTION)

    assert status == 401
    told = headers.pop("Strict-Transport-Security", None)
    assert told == ("max-age=2592000" if scheme == "https" else None)
    own = {"Content-Type", "Content-Length", "Allow", "WWW-Authenticate", "X-Request-Id"}
    assert {name: value for name, value in headers.items() if name not in own} == ON_API_ANSWERS | ON_EVERY_ANSWER


def test_believes_no_header_without_a_proxy() -> None:
    status, headers, cookies = ask("GET", "/admin/login/", "", ALLOWED_HOSTS="testserver")
    forged, told, _ = ask("GET", "/admin/login/", "https", ALLOWED_HOSTS="issues.example")

    assert (status, forged) == (200, 200)
    assert "Strict-Transport-Security" not in headers.keys() | told.keys()
    assert "Secure" not in cookies["csrftoken"]
