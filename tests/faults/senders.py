"""Programs that send errors while things break, and what must have become of each of these in the end."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import NamedTuple
from uuid import uuid4

from events import meaning
from tests.faults.service import PATIENCE, Answer, Service, wait_until

SENDERS = 3
KINDS = 6  # of errors of each run: issues


class Sent(NamedTuple):
    """An error that was told to be stored."""

    event_id: str
    kind: int
    user: int
    environment: str


class Numbers(NamedTuple):
    """What is counted of one kind of errors, in its issue."""

    events: int
    users: int
    in_hours: int
    by_environment: dict[str, int]


class Sending:
    """Programs that send errors of some kinds, each with an id, until they are told that it is stored.

    :ivar acknowledged: those, which must all be counted in the end, each once.
    """

    def __init__(self, service: Service, project: str, *, kinds: int = KINDS) -> None:
        self.service, self.project, self.run, self.kinds = service, project, uuid4().hex, kinds
        self.hashes = [fingerprint_of([self.run, str(kind)]) for kind in range(kinds)]
        ((self.key, self.project_id),) = service.ask(
            """
            SELECT key, project.id FROM projects_clientkey JOIN projects_project AS project ON project.id = project_id
            WHERE slug = %s ORDER BY projects_clientkey.id LIMIT 1
            """,
            project,
        )
        self.acknowledged: list[Sent] = []
        self.answers: set[int | None] = set()
        self.ended = threading.Event()
        self._numbers = count()

    def send_until_told(self) -> None:
        while not self.ended.is_set():
            self.send_one()

    def send_one(self) -> None:
        number = next(self._numbers)
        sent = Sent(uuid4().hex, number % self.kinds, number % 10, "staging" if number % 4 == 0 else "production")
        event: dict[str, object] = {
            "event_id": sent.event_id,
            "fingerprint": [self.run, str(sent.kind)],
            "message": f"Pump {sent.kind} lost suction",
            "user": {"id": sent.user},
            "environment": sent.environment,
            "release": f"{self.run[:8]}.{number // 100}",
        }
        deadline = time.monotonic() + PATIENCE
        while (answer := self._post(event)).status != 200:  # which may have been stored all the same
            assert answer.is_try_again(), answer
            assert time.monotonic() < deadline, "the service has not recovered"
            time.sleep(0.05)
        assert answer.body == {"id": sent.event_id}
        self.acknowledged.append(sent)

    def _post(self, event: dict[str, object]) -> Answer:
        answer = self.service.request(
            "POST", f"/api/{self.project_id}/store/?sentry_key={self.key}", event, authorization=""
        )
        self.answers.add(answer.status)
        return answer

    def wait_for_more(self, more: int = 10) -> None:
        """Return when so many more are stored."""
        before = len(self.acknowledged)
        wait_until(lambda: len(self.acknowledged) >= before + more, "events are accepted")

    def issues(self) -> list[int]:
        """Return their issues, as far as they are there."""
        sql = "SELECT issue_id FROM issues_issuehash WHERE project_id = %s AND hash = ANY(%s)"
        return [pk for (pk,) in self.service.ask(sql, self.project_id, self.hashes)]

    def counted(self) -> int:
        """Return how many are counted."""
        sql = "SELECT coalesce(sum(own_times_seen), 0)::int FROM issues_issue WHERE id = ANY(%s)"
        return int(self.service.ask(sql, self.issues())[0][0])

    def numbers(self) -> dict[str, Numbers]:
        """Return what is counted, by fingerprint."""
        return {key: Numbers(*found) for key, *found in self.service.ask(COUNTED, self.project_id, self.hashes)}

    def expected(self) -> dict[str, Numbers]:
        """Return what must be counted in the end, by fingerprint: what was told to be stored, once more in Python."""
        found = {}
        for kind in {sent.kind for sent in self.acknowledged}:
            of_kind = [sent for sent in self.acknowledged if sent.kind == kind]
            found[self.hashes[kind]] = Numbers(
                events=len(of_kind),
                users=len({sent.user for sent in of_kind}),
                in_hours=len(of_kind),
                by_environment=Counter(sent.environment for sent in of_kind),
            )
        return found

    def check(self) -> None:
        """See that what was told to be stored is, and is counted, each once; so are its hours and its users."""
        wait_until(lambda: self.service.ask("SELECT count(*) FROM events_arrival") == [(0,)], "all events are counted")
        stored = self.service.ask(
            "SELECT event_id::text FROM events_eventid WHERE project_id = %s AND hash = ANY(%s::uuid[])",
            *(self.project_id, self.hashes),
        )
        told = sorted(sent.event_id for sent in self.acknowledged)
        assert sorted(event_id.replace("-", "") for (event_id,) in stored) == told
        counted, expected = self.numbers(), self.expected()
        assert counted == expected, f"counted {counted}, and not {expected}"


COUNTED = """
    SELECT
        known.hash, issue.own_times_seen, issue.own_users_seen,
        (SELECT sum(own_count)::int FROM issues_issuehour WHERE issue_id = issue.id),
        (
            SELECT jsonb_object_agg(environment.name, seen.times_seen)
            FROM issues_issueenvironment AS seen
            JOIN issues_environment AS environment ON environment.id = seen.environment_id
            WHERE seen.issue_id = issue.id
        )
    FROM issues_issuehash AS known JOIN issues_issue AS issue ON issue.id = known.issue_id
    WHERE known.project_id = %s AND known.hash = ANY(%s)
"""


def fingerprint_of(values: list[str]) -> str:
    """Return the fingerprint of an event that says it itself."""
    at = datetime.now(UTC)
    event = meaning.read({"fingerprint": values}, event_id=None, sent_at=None, at=at, peer="", keep_addresses=False)
    return event.fingerprints[0].hex


@contextmanager
def sending(service: Service, project: str) -> Iterator[Sending]:
    """Let programs send errors without a pause until the end of the block."""
    found = Sending(service, project)
    with ThreadPoolExecutor(SENDERS) as pool:
        running = [pool.submit(found.send_until_told) for _ in range(SENDERS)]
        try:
            found.wait_for_more()
            yield found
            found.wait_for_more()
        finally:
            found.ended.set()
        for future in running:
            future.result(PATIENCE)
