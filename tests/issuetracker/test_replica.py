"""A replica answers reads, while it has all that was committed: over HTTP, with real workers and a real replica."""

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from tests import prepared
from tests.api_client import basic
from tests.clusters import folder
from tests.issuetracker.replicas import Pair, begin, url_of
from tests.site import Answer, Site, serving_site, wait_until

KEY, TOKEN, METRICS = "5" * 32, "sntryu_" + "a" * 64, "metrics-" + "m" * 20
ISSUES = "/api/0/projects/the-interstellar-jurisdiction/pump-station/issues/"


def manage(pair: Pair, *arguments: str) -> str:
    """Return what a command says, of the primary."""
    done = prepared.run(*arguments, environment=os.environ | {"DATABASE_URL": url_of(pair.primary)})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with folder("pair") as home:
        home.mkdir()
        home.chmod(0o755)
        pair = begin(home)
        manage(pair, "seed_projects", "--api-key", KEY, "--token", TOKEN)
        manage(pair, "seed_issues", "-v0", "--project", "the-interstellar-jurisdiction/pump-station", "--count", "30")
        yield pair


@dataclass
class Service:
    site: Site
    pair: Pair

    def ask(self, method: str, path: str, body: Any = None, *, by: str = f"Bearer {TOKEN}") -> Answer:
        content = None if body is None else json.dumps(body).encode()
        return self.site.send(method, path, content, {"Authorization": by, "Content-Type": "application/json"})

    def issues(self) -> dict[str, str]:
        """Return the status of each issue, by its id, as it is listed."""
        answer = self.ask("GET", f"{ISSUES}?query=&per_page=100")
        assert answer.status == 200, answer.body
        return {item["id"]: item["status"] for item in json.loads(answer.body)}

    def counted(self, name: str) -> float:
        """Return a number of /metrics, the sum of all that have these labels."""
        answer = self.site.send("GET", "/metrics", headers={"Authorization": f"Bearer {METRICS}"})
        pattern = rf"^issuetracker_{re.escape(name)}(?:[^ ]*) (\S+)$"
        found = re.findall(pattern, answer.body.decode(), re.MULTILINE)
        assert found, answer.body.decode()
        return sum(map(float, found))

    def by_replica(self) -> float:
        return self.counted('reads_total{by="replica"')

    def by_primary(self, why: str) -> float:
        return self.counted(f'reads_total{{by="primary",why="{why}"')

    def told(self) -> Any:
        answer = self.site.send("GET", "/readyz")
        assert answer.status == 200
        return json.loads(answer.body)["replica"]

    def reads_from_replica(self) -> bool:
        """Return whether every worker reads from it again."""
        before = self.by_replica()
        for _ in range(12):
            self.issues()
        return self.by_replica() - before == 12


@pytest.fixture(scope="module")
def served(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving_site(
        tmp_path_factory.mktemp("replica") / "log",
        DATABASE_URL=url_of(pair.primary),
        READ_DATABASE_URL=url_of(pair.replica),
        METRICS_TOKEN=METRICS,
        WEB_WORKERS="2",
        WEB_THREADS="2",
        THROTTLE_PER_MINUTE="0",
    ) as site:
        yield Service(site, pair)


@pytest.fixture
def service(served: Service) -> Service:
    """The service, while the replica is there and has everything; each test leaves it so."""
    wait_until(served.reads_from_replica)
    return served


def test_answers_whoever_reads_and_says_so(service: Service) -> None:
    issue = next(iter(service.issues()))
    before = service.by_replica()

    assert service.ask("GET", f"/api/0/issues/{issue}/", by=basic(KEY)).status == 200
    assert service.site.send("GET", "/admin/login/", headers={"Accept": "text/html"}).status == 200
    assert service.by_replica() - before == 2
    assert service.told() == {"in_use": True, "lag_bytes": 0, "lag_seconds": 0.0}
    assert [service.counted(name) for name in ("replica_in_use", "replica_lag_bytes")] == [1, 0]


def test_shows_everybody_what_was_written_before(service: Service) -> None:
    """By turns two callers write and read, each by whichever worker takes it; nobody sees less than was answered."""
    ids = list(service.issues())[:2]
    stale, before = [], service.by_replica()

    def write_and_read(number: int) -> None:
        issue, by = ids[number % 2], [f"Bearer {TOKEN}", basic(KEY)]
        for turn in range(40):
            status = ("resolved", "unresolved")[turn % 2]
            assert service.ask("PUT", f"{ISSUES}?id={issue}", {"status": status}, by=by[number]).status == 200
            read = service.ask("GET", f"/api/0/issues/{issue}/", by=by[turn % 2])
            if json.loads(read.body)["status"] != status:
                stale.append(turn)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write_and_read, range(2)))

    assert stale == []
    assert service.by_replica() - before > 40  # of 80: the others didn't wait for what both had written


def test_is_not_read_from_while_it_lacks_what_was_committed(service: Service) -> None:
    issue = next(iter(service.issues()))
    service.pair.pause()
    try:
        for status in ("ignored", "unresolved"):
            assert service.ask("PUT", f"{ISSUES}?id={issue}", {"status": status}).status == 200
            assert service.issues()[issue] == status
        told = service.told()
        assert told["in_use"] is False
        assert told["detail"] == "It has not replayed what was committed."
        assert told["lag_bytes"] > 0 < told["lag_seconds"]
        assert service.by_primary("behind") >= 1
        assert service.counted("replica_in_use") == 0
    finally:
        service.pair.resume()
    wait_until(service.reads_from_replica)


def test_does_not_let_in_who_was_shut_out(service: Service) -> None:
    by = basic(manage(service.pair, "create_api_key", "--organization", "the-interstellar-jurisdiction"))
    assert service.ask("GET", ISSUES, by=by).status == 200
    service.pair.pause()
    try:
        assert service.ask("GET", ISSUES, by=by).status == 200
        service.pair.ask(service.pair.primary, "UPDATE projects_apikey SET is_active = id = 1")
        assert service.ask("GET", ISSUES, by=by).status == 401
    finally:
        service.pair.resume()
    wait_until(service.reads_from_replica)
    assert service.ask("GET", ISSUES, by=by).status == 401


def test_may_be_dead(service: Service) -> None:
    service.pair.signal(service.pair.replica, signal.SIGKILL)

    issues = service.issues()
    started = time.monotonic()
    for _ in range(20):
        assert service.issues() == issues

    assert service.told() == {"in_use": False, "detail": "It does not answer."}
    assert service.counted("replica_in_use") == 0
    assert service.by_primary("left alone") >= 10
    assert time.monotonic() - started < 20
    service.pair.start_replica()
    wait_until(service.reads_from_replica)


def test_may_be_frozen(service: Service) -> None:
    """It takes what is asked, and never says a word."""
    issues = service.issues()
    service.pair.signal(service.pair.replica, signal.SIGSTOP)
    try:
        for _ in range(10):
            assert service.issues() == issues
        assert service.told() == {"in_use": False, "detail": "It does not answer."}
    finally:
        service.pair.signal(service.pair.replica, signal.SIGCONT)
    wait_until(service.reads_from_replica)


def test_is_not_read_from_once_it_is_none_any_more(service: Service) -> None:
    pair = service.pair
    issue = next(iter(service.issues()))
    pair.ask(pair.replica, "SELECT pg_promote()")
    pair.ask(pair.replica, f"UPDATE issues_issue SET status = 'ignored' WHERE id = {issue}")

    for status in ("resolved", "unresolved"):
        assert service.ask("PUT", f"{ISSUES}?id={issue}", {"status": status}).status == 200
        assert service.issues()[issue] == status
    assert service.told()["detail"] == "It is not, or no longer, a replica of this database."
    assert service.by_primary("no copy") >= 1
    pair.follow_anew()
