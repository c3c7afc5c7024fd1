"""Metrics ...: what Prometheus reads, with a token, from any worker for all of them."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from events.models import Arrival
from issues.models import Issue
from issuetracker import health
from projects.models import Project
from tests.api_client import Api, basic
from tests.events.counting.arriving import arrive, fingerprint
from tests.factories import ClientKeyFactory, IssueFactory
from tests.issuetracker.test_settings import manage
from tests.site import Answer, Site, serving_site, wait_until

TOKEN = "0123456789abcdefghij"
ISSUES = "/api/0/projects/{organization}/{project}/issues/"


def counted(name: str, **labels: str) -> float:
    """Return what this process has counted so far."""
    return REGISTRY.get_sample_value(name, labels) or 0


def told(text: bytes, name: str, **labels: str) -> float:
    """Return a sample of what was answered."""
    families = text_string_to_metric_families(text.decode())
    found = [
        sample.value
        for family in families
        for sample in family.samples
        if (sample.name, sample.labels) == (name, labels)
    ]
    assert len(found) <= 1
    return found[0] if found else 0


# ---------------------------------------------------------------------------------------------------------------------
# Who may read
# ---------------------------------------------------------------------------------------------------------------------


def test_are_nowhere_without_a_token(client: Client) -> None:
    response = client.get("/metrics", headers={"Authorization": "Bearer "})

    assert (response.status_code, response.json()) == (404, {"detail": "There is nothing at this address."})


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        TOKEN,
        f"Basic {TOKEN}",
        f"bearer {TOKEN}",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        "é",
    ],
)
def test_are_refused_without_the_token(client: Client, settings: Any, authorization: str) -> None:
    settings.METRICS_TOKEN = TOKEN

    response = client.get("/metrics", headers={"Authorization": authorization})

    assert response.status_code == 401
    assert response.json() == {"detail": "Send METRICS_TOKEN as Authorization: Bearer."}
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="metrics"'


@pytest.mark.parametrize("host", ["localhost", "10.1.2.3"])
def test_are_told_who_has_the_token(client: Client, settings: Any, host: str) -> None:
    settings.METRICS_TOKEN = TOKEN

    response = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}", "Host": host})

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert response.headers["Cache-Control"] == "no-store"
    assert b"# TYPE issuetracker_requests_total counter" in response.content


@pytest.mark.parametrize("token", ["short", "0123456789 0123456789", "é" * 20])
def test_don_t_take_a_token_that_can_t_be_one(token: str) -> None:
    done = manage("check", METRICS_TOKEN=token)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "METRICS_TOKEN must have 20 to 200 characters, letters and digits for example; make one with: "
        "openssl rand -hex 32\n"
    )


# ---------------------------------------------------------------------------------------------------------------------
# What is counted
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_count_requests_by_route_and_not_by_address(api: Api) -> None:
    before = {
        status: counted("issuetracker_requests_total", route=ISSUES, method="GET", status=status)
        for status in ("200", "404")
    }
    timed = counted("issuetracker_request_seconds_count", route=ISSUES, method="GET")

    api.get(api.issues_url)
    api.get("/api/0/projects/the-interstellar-jurisdiction/nothing/issues/")

    assert {
        status: counted("issuetracker_requests_total", route=ISSUES, method="GET", status=status) - before[status]
        for status in before
    } == {"200": 1, "404": 1}
    assert counted("issuetracker_request_seconds_count", route=ISSUES, method="GET") - timed == 2


@pytest.mark.django_db
def test_have_no_more_series_whatever_is_sent(api: Api) -> None:
    def series() -> set[tuple[str, ...]]:
        return {
            tuple(sample.labels.values())
            for family in REGISTRY.collect()
            if family.name == "issuetracker_requests"
            for sample in family.samples
        }

    def send(number: int) -> None:
        api.request(f"METHOD{number}", f"/nowhere/{number}/")
        api.request(f"METHOD{number}", f"/api/0/projects/nobody/{number}/issues/")
        api.get(f"/api/0/issues/{number}/")

    send(0)
    before = series()
    send(1)

    assert series() == before


@pytest.mark.django_db
def test_count_the_issues_of_mutations(api: Api, project: Project) -> None:
    ids = [IssueFactory(project=project).pk, IssueFactory(project=project, resolved=True).pk]
    names = {
        "done": ("issuetracker_mutations_total", {"kind": "update", "outcome": "done"}),
        "out of scope": ("issuetracker_mutations_total", {"kind": "update", "outcome": "out_of_scope"}),
        "deletions": ("issuetracker_mutations_total", {"kind": "delete", "outcome": "done"}),
        "undos": ("issuetracker_mutations_total", {"kind": "undo", "outcome": "done"}),
        "undone": ("issuetracker_issues_changed_total", {"kind": "undo"}),
        "matched": ("issuetracker_issues_matched_total", {"kind": "update"}),
        "changed": ("issuetracker_issues_changed_total", {"kind": "update"}),
        "deleted": ("issuetracker_issues_changed_total", {"kind": "delete"}),
        "locks": ("issuetracker_locking_seconds_count", {"kind": "update"}),
        "locks of undos": ("issuetracker_locking_seconds_count", {"kind": "undo"}),
    }
    before = {word: counted(name, **labels) for word, (name, labels) in names.items()}

    api.put(api.issues_url, {"status": "resolved"}, ids=ids, raw_query="preview=true")
    done = api.put(api.issues_url, {"status": "resolved"}, ids=ids)
    api.put(api.issues_url, {"status": "resolved"}, ids=[*ids, 999_999])
    undo = f"{api.issues_url.replace('issues', 'mutations')}{done.headers['Mutation-Id']}/undo/"
    api.request("POST", undo, raw_query="preview=true")
    api.request("POST", undo)
    api.delete(api.issues_url, ids=ids)

    assert {word: counted(name, **labels) - before[word] for word, (name, labels) in names.items()} == {
        "done": 1,
        "out of scope": 1,
        "deletions": 1,
        "undos": 1,
        "undone": 1,
        "matched": 2,
        "changed": 1,
        "deleted": 2,
        "locks": 3,  # that of the preview, too
        "locks of undos": 2,
    }
    assert counted("issuetracker_mutations_in_flight", kind="update") == 0


@pytest.mark.django_db(transaction=True)
def test_tell_how_much_waits_to_be_counted_and_how_long(
    client: Client, settings: Any, project: Project, other_project: Project
) -> None:
    settings.METRICS_TOKEN = TOKEN
    now = timezone.now()
    for place, minutes in ((project, 5), (project, 4), (other_project, 30)):
        arrive(place, received_at=now - timedelta(minutes=minutes))
    arrive(project, "odd", received_at=now - timedelta(hours=5))
    Arrival.objects.filter(hash=fingerprint("odd")).update(set_aside_at=now)

    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content

    assert (told(text, "issuetracker_events_waiting"), told(text, "issuetracker_events_set_aside")) == (4, 1)
    assert 30 <= told(text, "issuetracker_events_lag_seconds") / 60 < 31


@pytest.mark.django_db(transaction=True)
def test_tell_that_nothing_waits(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN

    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content

    assert b"issuetracker_events_waiting 0.0\n" in text
    assert b"issuetracker_events_lag_seconds 0.0\n" in text


def test_say_nothing_of_events_when_the_database_is_away(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.METRICS_TOKEN = TOKEN
    monkeypatch.setattr(health, "ask", is_away)

    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    assert answer.status_code == 200
    assert b"issuetracker_requests_total" in answer.content
    assert b"issuetracker_events_waiting" not in answer.content
    assert b"issuetracker_events_lag" not in answer.content


def is_away(sql: str) -> None:
    raise health.NotReady


# ---------------------------------------------------------------------------------------------------------------------
# Over several workers
# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def serve_site(tmp_path: Path, project: Project, api_key: str) -> Callable[..., Any]:
    return lambda **environment: serving_site(
        tmp_path / "log", **{"WEB_WORKERS": "2", "METRICS_TOKEN": TOKEN, **environment}
    )


def read(site: Site) -> bytes:
    answer = site.send("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status == 200
    return answer.body


def put(site: Site, api_key: str, issue_id: int) -> Answer:
    target = f"/api/0/projects/the-interstellar-jurisdiction/pump-station/issues/?id={issue_id}"
    headers = {"Authorization": basic(api_key), "Content-Type": "application/json"}
    return site.send("PUT", target, b'{"status": "resolved"}', headers)


@pytest.mark.django_db(transaction=True)
def test_add_up_over_workers_and_survive_them(serve_site: Callable[..., Any], project: Project, api_key: str) -> None:
    issues = [IssueFactory(project=project).pk for _ in range(20)]
    with serve_site() as site:
        assert told(read(site), "issuetracker_mutations_total", kind="delete", outcome="done") == 0
        for issue_id in issues:
            assert put(site, api_key, issue_id).status == 200
        counts = [told(read(site), "issuetracker_issues_changed_total", kind="update") for _ in range(10)]
        folders = site.mapped(r"/\S*/issuetracker-metrics-[^/\s]+")

        site.replace_workers()

        assert put(site, api_key, issues[0]).status == 200
        text = read(site)

    assert counts == [20] * 10
    assert told(text, "issuetracker_issues_changed_total", kind="update") == 20
    assert told(text, "issuetracker_issues_matched_total", kind="update") == 21
    assert told(text, "issuetracker_requests_total", route=ISSUES, method="PUT", status="200") == 21
    assert told(text, "issuetracker_request_seconds_count", route=ISSUES, method="PUT") == 21
    assert [Path(folder).exists() for folder in folders] == [False]


@pytest.mark.django_db(transaction=True)
def test_add_up_events_that_were_taken_and_lost(serve_site: Callable[..., Any], project: Project) -> None:
    address = f"/api/{project.pk}/store/?sentry_key={ClientKeyFactory(project=project).key}"

    def send(site: Site, *bodies: bytes) -> list[int]:
        return [site.send("POST", address, body).status for body in bodies]

    with serve_site() as site:
        # A series that began at 1 would show no increase.
        assert b'issuetracker_events_taken_total{category="error"} 0.0\n' in read(site)
        assert b'issuetracker_events_lost_total{reason="invalid"} 0.0\n' in read(site)
        assert send(site, *[b"{}", b"nonsense"] * 20) == [200, 400] * 20
        taken = [told(read(site), "issuetracker_events_taken_total", category="error") for _ in range(10)]

        site.replace_workers()

        assert send(site, *[b'{"event_id": "0123456789abcdef0123456789abcdef"}'] * 2) == [200, 200]
        text = read(site)

    assert taken == [20] * 10
    assert told(text, "issuetracker_events_taken_total", category="error") == 21
    assert told(text, "issuetracker_events_lost_total", reason="invalid") == 20
    assert told(text, "issuetracker_events_lost_total", reason="again") == 1
    assert told(text, "issuetracker_event_storing_seconds_count", category="error") == 22


@pytest.mark.django_db(transaction=True)
def test_forget_what_a_dead_worker_was_at(serve_site: Callable[..., Any], project: Project, api_key: str) -> None:
    issue = IssueFactory(project=project)
    with serve_site(LOCK_TIMEOUT_SECONDS="60") as site, ThreadPoolExecutor(1) as client:
        with transaction.atomic():
            Issue.objects.select_for_update().get(project=project, pk=issue.pk)
            sent = client.submit(put, site, api_key, issue.pk)
            wait_until(lambda: told(read(site), "issuetracker_mutations_in_flight", kind="update") == 1)

            site.replace_workers()

            assert isinstance(sent.exception(), ConnectionError)
            wait_until(lambda: told(read(site), "issuetracker_mutations_in_flight", kind="update") == 0)
        assert put(site, api_key, issue.pk).status == 200


@pytest.mark.django_db(transaction=True)
def test_tell_of_locks_that_others_held_too_long(
    serve_site: Callable[..., Any], project: Project, api_key: str
) -> None:
    issue = IssueFactory(project=project)
    with serve_site(LOCK_TIMEOUT_SECONDS="1") as site:
        with transaction.atomic():
            Issue.objects.select_for_update().get(project=project, pk=issue.pk)
            answer = put(site, api_key, issue.pk)
        text = read(site)

    assert (answer.status, list(json.loads(answer.body))) == (503, ["detail"])
    assert told(text, "issuetracker_unavailable_total", reason="55P03") == 1
    assert told(text, "issuetracker_mutations_total", kind="update", outcome="unavailable") == 1
    assert 1 <= told(text, "issuetracker_locking_seconds_sum", kind="update") < 100  # seconds, not milliseconds


@pytest.mark.django_db(transaction=True)
def test_leave_no_folder_when_nobody_may_read_them(serve_site: Callable[..., Any], api_key: str) -> None:
    with serve_site(METRICS_TOKEN="") as site:
        put(site, api_key, 1)

        assert site.mapped("issuetracker-metrics-") == set()
