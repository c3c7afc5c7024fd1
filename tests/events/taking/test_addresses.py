"""What SDKs send, and where (contract 7.2, 7.4)."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

import brotli
import pytest
import zstandard
from django.test import Client

from events.meaning import unpack
from events.models import Arrival, Event, EventId
from events.views import taking
from projects.models import ClientKey
from projects.remembering import Remembered
from tests.events.sending import Clock, Sdk, an_envelope, holding, stored

pytestmark = pytest.mark.django_db

ID = "0123456789abcdef0123456789abcdef"
EVENT: dict[str, Any] = {"event_id": ID, "message": "The pump has stopped"}
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": (
        "X-Sentry-Auth, X-Requested-With, X-Forwarded-For, Origin, Referer, Accept, Content-Type, Authentication, "
        "Authorization, Content-Encoding, Transfer-Encoding, sentry-trace, baggage, X-CSRFToken"
    ),
    "Access-Control-Expose-Headers": "X-Sentry-Error, X-Sentry-Rate-Limits, Retry-After",
}


def kept() -> dict[str, Any]:
    return unpack(bytes(Event.objects.get().data))


@pytest.mark.parametrize("slash", ["/", ""])
def test_an_envelope_is_on_disk_when_it_is_answered(sdk: Sdk, slash: str) -> None:
    answer = sdk.post(f"/api/{{project}}/envelope{slash}", holding(EVENT, event_id=ID))

    assert (answer.status_code, answer.json(), answer.headers["Content-Type"]) == (200, {"id": ID}, "application/json")
    assert stored() == [ID]
    arrival = Arrival.objects.get()
    assert (arrival.project_id, arrival.level, arrival.user) == (sdk.key.project_id, "error", "")
    assert kept()["title"] == "The pump has stopped"
    assert EventId.objects.get().hash == Event.objects.get().hash == arrival.hash


@pytest.mark.parametrize("path", ["/api/{project}/store/", "/api/{project}/store", "/api/store/", "/api/store"])
@pytest.mark.parametrize(
    "written",
    [
        pytest.param(lambda event: json.dumps(event).encode(), id="json"),
        pytest.param(lambda event: base64.b64encode(zlib.compress(json.dumps(event).encode())), id="base64 of zlib"),
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "application/octet-stream", "text/plain;charset=UTF-8"])
def test_an_old_sdk_stores_one_event(sdk: Sdk, path: str, written: Callable[[Any], bytes], content_type: str) -> None:
    answer = sdk.post(path, written(EVENT), Content_Type=content_type)

    assert (answer.status_code, answer.json()) == (200, {"id": ID})
    assert stored() == [ID]


def test_store_takes_an_envelope_that_says_so(sdk: Sdk) -> None:
    answer = sdk.post("/api/{project}/store/", holding(EVENT), Content_Type="application/x-sentry-envelope")

    assert (answer.json(), stored()) == ({"id": ID}, [ID])


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstandard.compress),
        ("identity", bytes),
        ("", bytes),
        ("utf-8", bytes),
    ],
)
def test_each_encoding_is_decoded(sdk: Sdk, encoding: str, encode: Callable[[bytes], bytes]) -> None:
    answer = sdk.client.generic(
        "POST",
        f"/api/{sdk.key.project_id}/envelope/?sentry_key={sdk.key.key}",
        encode(holding(EVENT)),
        headers={"Content-Encoding": encoding},
    )

    assert (answer.status_code, stored()) == (200, [ID])


@pytest.mark.parametrize(
    "how", ["X-Sentry-Auth", "Authorization", "query", "dsn", "X-Sentry-Auth before a wrong query"]
)
def test_the_key_is_found_wherever_sdks_say_it(sdk: Sdk, how: str) -> None:
    said = f"Sentry sentry_version=7, sentry_client=x/1, sentry_key={sdk.key.key}"
    headers: dict[str, Any] = {}
    query, dsn = "", {}
    match how:
        case "X-Sentry-Auth" | "Authorization":
            headers = {how: said}
        case "query":
            query = f"?sentry_key={sdk.key.key}&sentry_version=7"
        case "dsn":
            dsn = {"dsn": f"https://{sdk.key.key}@issues.example.com/{sdk.key.project_id}"}
        case _:
            headers, query = {"X-Sentry-Auth": said}, f"?sentry_key={'0' * 32}"

    path = f"/api/{sdk.key.project_id}/envelope/{query}"
    answer = sdk.client.generic("POST", path, holding(EVENT, **dsn), headers=headers)

    assert (answer.status_code, stored()) == (200, [ID])


@pytest.mark.parametrize("address", ["security/", "csp-report/", "csp-report"])
def test_a_browser_reports_a_violated_policy(sdk: Sdk, address: str) -> None:
    report = {"csp-report": {"effective-directive": "img-src", "blocked-uri": "https://evil.example.com/x.png"}}
    query = f"?sentry_key={sdk.key.key}&sentry_release=1.2.3&sentry_environment=staging"

    answer = sdk.post(f"/api/{{project}}/{address}{query}", report, auth="", Content_Type="application/csp-report")

    assert (answer.status_code, answer.content) == (200, b"")
    assert len(stored()) == 1
    arrival = Arrival.objects.get()
    assert (arrival.release, arrival.environment) == ("1.2.3", "staging")
    assert kept()["title"] == "Blocked 'img' from 'evil.example.com'"


def test_the_reporting_api_sends_several_at_once(sdk: Sdk) -> None:
    reports = [
        {"type": "csp-violation", "body": {"effectiveDirective": "img-src", "blockedURL": f"https://{host}/x.png"}}
        for host in ("a.example.com", "b.example.com")
    ]

    answer = sdk.post("/api/{project}/security/", json.dumps(reports).encode())

    assert (answer.status_code, answer.content, len(stored())) == (200, b"", 2)


def test_an_envelope_without_an_event_names_none(sdk: Sdk) -> None:
    for body in (b"{}", b"{}\n", an_envelope(({"type": "session"}, b"{}"))):
        assert sdk.envelope(body).json() == {}
    assert sdk.envelope(an_envelope(({"type": "session"}, b"{}"), event_id=ID)).json() == {"id": ID}
    assert stored() == []


def test_the_first_event_is_taken_and_the_rest_passed_over(sdk: Sdk) -> None:
    second = ({"type": "event"}, json.dumps({"event_id": "f" * 32}).encode())
    body = an_envelope(
        ({"type": "attachment", "filename": "dump"}, b"\0\n" * 100_000),
        ({"type": "transaction"}, b"{}"),
        ({"type": "event"}, json.dumps(EVENT).encode()),
        second,
        ({"type": "of tomorrow"}, b"\n\n"),
    )

    assert (sdk.envelope(body).json(), stored()) == ({"id": ID}, [ID])


@pytest.mark.parametrize(
    ("in_header", "in_event", "expected"),
    [
        (ID, "f" * 32, ID),
        (str(UUID(ID)), None, ID),
        ("0" * 32, ID, ID),
        (None, str(UUID(ID)), ID),
        ("nonsense", ID, ID),
        (None, "0" * 32, None),
        (None, None, None),
    ],
)
def test_the_id_of_the_header_wins_unless_it_is_none(
    sdk: Sdk, in_header: str | None, in_event: str | None, expected: str | None
) -> None:
    answer = sdk.envelope(holding({"event_id": in_event}, event_id=in_header)).json()

    assert [answer["id"]] == stored()
    assert answer["id"] == expected if expected else answer["id"] != "0" * 32


def test_a_preflight_is_answered(sdk: Sdk) -> None:
    for path in ("envelope/", "store/", "security/", "csp-report"):
        answer = sdk.client.options(f"/api/{sdk.key.project_id}/{path}")
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["Access-Control-Max-Age"] == "3600"
        assert {name: answer.headers[name] for name in CORS} == CORS


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(sdk: Sdk, method: str) -> None:
    answer = sdk.client.generic(method, f"/api/{sdk.key.project_id}/envelope/")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, OPTIONS")
    assert {name: answer.headers[name] for name in CORS} == CORS


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("minidump/", "A minidump"),
        ("unreal/abc/", "A crash of Unreal"),
        ("otlp/v1/traces", "OTLP"),
        ("integration/otlp/v1/traces/", "OTLP"),
        ("nel/", "A report of network errors"),
        ("cron/nightly/abc/", "A check-in"),
    ],
)
def test_what_is_not_taken_is_said(sdk: Sdk, path: str, what: str) -> None:
    answer = sdk.post(f"/api/{{project}}/{path}")

    assert (answer.status_code, answer.json()) == (501, {"detail": f"{what} is not taken."})
    assert answer.headers["X-Sentry-Error"] == f"{what} is not taken."
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_errors_can_be_read_by_browsers_and_have_an_id(sdk: Sdk) -> None:
    answer = sdk.envelope(b"nonsense", X_Request_Id="abc")

    assert answer.status_code == 400
    assert answer.headers["X-Sentry-Error"] == answer.json()["detail"] == "invalid envelope header"
    assert {name: answer.headers[name] for name in CORS} == CORS
    assert answer.headers["X-Request-Id"] == "abc"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_key_opens_nothing_else(key: ClientKey) -> None:
    said = {"Authorization": f"Bearer {key.key}", "X-Sentry-Auth": f"Sentry sentry_key={key.key}"}

    assert Client(headers=said).get("/api/0/").status_code == 401
    assert Client().get(f"/api/0/projects/?sentry_key={key.key}").status_code == 401


def test_sdks_are_told_once_an_hour_what_is_not_kept(sdk: Sdk, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(taking, "told", Remembered[bool](taking.TOLD_EVERY, clock))
    first, second = sdk.envelope(b"{}"), sdk.envelope(b"{}")

    told = first.headers["X-Sentry-Rate-Limits"]
    assert told.startswith("3600:transaction;transaction_indexed;span;")
    assert told.endswith(":organization:not_kept")
    assert "error" not in told.split(":")[1].split(";")
    assert "X-Sentry-Rate-Limits" not in second.headers
    clock.now += 3601
    assert sdk.envelope(b"{}").headers["X-Sentry-Rate-Limits"] == told
