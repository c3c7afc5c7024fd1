"""Why a request is refused: the first of its mistakes (contract 7.3)."""

import json
from typing import Any

import pytest
from django.db import OperationalError

from events import accepting
from projects.models import ClientKey, Project
from tests.events.sending import Sdk, holding, stored
from tests.factories import ClientKeyFactory

pytestmark = pytest.mark.django_db

GOOD = holding({"message": "x"})
REJECTED = "event submission rejected with_reason: ProjectId"
TOO_LONG = "x" * 3000


@pytest.mark.parametrize(
    ("auth", "status", "sentence"),
    [
        ("", 401, "missing authorization information"),
        ("Sentry sentry_version=7", 401, "bad x-sentry-auth header"),
        ("Basic abc", 401, "bad x-sentry-auth header"),
        ("Sentry sentry_key=abc", 400, "bad sentry DSN public key"),
        ("Sentry sentry_key={key}, sentry_version=8", 400, "unsupported protocol version (8)"),
        ("Sentry sentry_key={key}, sentry_version=1", 400, "unsupported protocol version (1)"),
        ("Sentry sentry_key=" + "0" * 32, 403, REJECTED),
    ],
)
def test_a_key_is_looked_for_first(sdk: Sdk, auth: str, status: int, sentence: str) -> None:
    # Only where no header has a key, the envelope is looked into, and has to be in order for that.
    wrong = {"Content_Encoding": "nonsense"} if "sentry_key" in auth else {}

    answer = sdk.post("/api/{project}/envelope/", b"{}", auth=auth.format(key=sdk.key.key), **wrong)

    assert (answer.status_code, answer.json()["detail"]) == (status, sentence)
    assert answer.headers["X-Sentry-Error"] == sentence
    assert stored() == []


@pytest.mark.parametrize("version", ["2", "5", "6", "7"])
def test_old_versions_of_the_protocol_are_taken(sdk: Sdk, version: str) -> None:
    auth = f"Sentry sentry_key={sdk.key.key}, sentry_version={version}"

    assert sdk.post("/api/{project}/envelope/", GOOD, auth=auth).status_code == 200


def test_nothing_tells_why_a_key_is_not_good(sdk: Sdk, other_project: Project) -> None:
    elsewhere = ClientKeyFactory(project=other_project)
    disabled = ClientKeyFactory(project=sdk.key.project, is_active=False)
    answers = [
        Sdk(key).post(f"/api/{project}/envelope/", GOOD)
        for key, project in (
            (elsewhere, sdk.key.project_id),
            (sdk.key, other_project.pk),
            (sdk.key, 9_000_000_000_000_000_000),
            (disabled, sdk.key.project_id),
            (ClientKey(key="0" * 32, project=sdk.key.project), sdk.key.project_id),
        )
    ]

    assert {(answer.status_code, answer.content) for answer in answers} == {
        (403, json.dumps({"detail": REJECTED}).encode())
    }
    assert stored() == []


def test_a_key_that_was_disabled_stores_nothing_from_then_on(sdk: Sdk) -> None:
    assert sdk.envelope(GOOD).status_code == 200

    ClientKey.objects.update(is_active=False)

    assert [sdk.envelope(GOOD).status_code for _ in range(2)] == [403, 403]
    assert len(stored()) == 1


def test_a_key_that_was_ended_or_made_counts_at_once(sdk: Sdk) -> None:
    late = ClientKey(key="a" * 32, project=sdk.key.project)
    assert Sdk(late).envelope(GOOD).status_code == 403
    late.save()
    assert Sdk(late).envelope(GOOD).status_code == 200
    late.delete()
    late.pk = None
    assert Sdk(late).envelope(GOOD).status_code == 403


@pytest.mark.parametrize(
    ("body", "headers", "status", "sentence"),
    [
        (GOOD, {"Content_Encoding": "snappy"}, 415, "unsupported content encoding 'snappy'"),
        (GOOD, {"Content_Encoding": "gzip"}, 400, "the body is not valid gzip"),
        (b"[]", {}, 400, "invalid envelope header"),
        (b"{}\nx", {}, 400, "invalid item header"),
        (b'{}\n{"type":"event","length":9}\n{}', {}, 400, "unexpected end of file"),
        (b'{}\n{"type":"event","length":2}\n{}x', {}, 400, "missing newline after payload"),
        (b'{}\n{"type":"event","length":1.5}\n{}', {}, 400, "invalid item header"),
        (b"x" * 3000, {}, 413, "the body is larger than 2048 bytes"),
    ],
)
def test_then_the_form(
    sdk: Sdk, settings: Any, body: bytes, headers: dict[str, str], status: int, sentence: str
) -> None:
    settings.INGEST_REQUEST_BYTES = 2048

    answer = sdk.envelope(body, **headers)

    assert (answer.status_code, answer.json()["detail"]) == (status, sentence)
    if status == 400:
        assert isinstance(answer.json()["causes"], list)
    assert stored() == []


@pytest.mark.parametrize("path", ["store", "security"])
@pytest.mark.parametrize("body", [b"nonsense", b"", b"[1]", b"3", b'{"a":' * 101 + b"1" + b"}" * 101])
def test_other_bodies_need_a_form_too(sdk: Sdk, path: str, body: bytes) -> None:
    answer = sdk.post(f"/api/{{project}}/{path}/", body)

    assert answer.status_code == 400
    assert set(answer.json()) == {"detail", "causes"}
    assert stored() == []


def test_nothing_in_an_event_makes_it_refused(sdk: Sdk) -> None:
    values: list[Any] = [None, 1, -1.5, "x", [], {}, [[]], {"values": 1}, True, "\0\ud800", 10**300, 10**400]
    for value in values:
        event = dict.fromkeys(
            (
                *("event_id", "timestamp", "level", "platform", "logger", "environment", "release", "dist", "tags"),
                *("exception", "message", "logentry", "user", "fingerprint", "threads", "request", "contexts"),
                *("extra", "breadcrumbs", "transaction", "server_name", "sdk", "modules", "culprit"),
            ),
            value,
        )
        assert sdk.store(event).status_code == 200
    assert len(stored()) == len(values)


def test_the_database_is_away(sdk: Sdk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(accepting, "accept", fails)

    answer = sdk.envelope(GOOD)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json()["detail"] == answer.headers["X-Sentry-Error"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
