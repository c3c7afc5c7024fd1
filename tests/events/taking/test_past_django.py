"""The way of an event past Django's handler (issuetracker/wsgi.py) answers as the middleware does."""

from io import BytesIO
from typing import Any

import pytest
from django.db import connection, connections
from django.test import RequestFactory

from events.models import EventId
from issuetracker.wsgi import application
from tests.events.sending import Sdk

# A request of the server begins outside of any transaction.
pytestmark = pytest.mark.django_db(transaction=True)

ID = "f" * 32
# Each request has its own.
OF_THE_REQUEST = {"X-Request-Id"}


def served(sdk: Sdk, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[str, dict[str, str], bytes]:
    """Return the status line, the headers and the body of the WSGI application's answer."""
    said = {"X-Sentry-Auth": f"Sentry sentry_key={sdk.key.key}, sentry_version=7"} | headers
    environ = (
        RequestFactory()
        .generic(method, path.format(project=sdk.key.project_id), body, "application/json", headers=said)
        .environ
    ) | {"wsgi.input": BytesIO(body)}
    began: list[Any] = []
    pieces = application(environ, lambda *said: began.extend(said))  # type: ignore[arg-type] # no write
    return began[0], dict(began[1]), b"".join(pieces)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/{project}/store/", b'{"event_id": "%s"}' % ID.encode(), "200 OK"),
        ("POST", "/api/{project}/store", b"[]", "400 Bad Request"),
        ("HEAD", "/api/{project}/envelope/", b"", "405 Method Not Allowed"),
        ("OPTIONS", "/api/{project}/envelope/", b"", "200 OK"),
        ("POST", "/api/{project}/nel/", b"", "501 Not Implemented"),
    ],
)
def test_is_answered_as_by_the_middleware(sdk: Sdk, method: str, path: str, body: bytes, status: str) -> None:
    one = served(sdk, method, path, body)
    other = sdk.client.generic(
        method,
        path.format(project=sdk.key.project_id),
        body,
        "application/json",
        headers={"X-Sentry-Auth": f"Sentry sentry_key={sdk.key.key}"},
    )

    assert one[0] == status == f"{other.status_code} {other.reason_phrase}"
    told = {"X-Sentry-Rate-Limits"}  # once an hour
    assert {name: value for name, value in one[1].items() if name not in OF_THE_REQUEST | told} == {
        name: value for name, value in other.headers.items() if name not in OF_THE_REQUEST | told
    }
    assert one[1].keys() >= OF_THE_REQUEST
    assert one[2] == other.content
    assert EventId.objects.count() == (status == "200 OK" and method == "POST")


def test_a_connection_that_an_error_has_left_behind_is_not_used(sdk: Sdk, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()
    left = connection.connection
    monkeypatch.setattr(connection, "errors_occurred", True)
    monkeypatch.setattr(connections["default"], "is_usable", lambda: False)

    status, _, _ = served(sdk, "POST", "/api/{project}/store/", b'{"event_id": "%s"}' % ID.encode())

    assert status == "200 OK"
    assert connection.connection is not left
