"""What is measured of events: taking them in, counting them, both at once, and what others notice of it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from time import perf_counter, sleep

from django.conf import settings
from django.db import connection
from django.db.models import Sum
from django.utils import timezone
from tqdm import tqdm

from benchmarks import floor
from benchmarks.bench import FLOOR, SERVICE, Bench, Times, ask, turned
from benchmarks.events import sql
from benchmarks.events.sample import Sample
from benchmarks.events.senders import WARM_UP, Senders, Sent, senders
from benchmarks.seeds import ORGANIZATION
from benchmarks.serving import database_url, serving
from benchmarks.verbs import RESOLVE
from events.counting import counting
from events.models import Arrival
from events.weeks import make_ahead
from issues.models import Issue, IssueHash
from projects.database.arrays import as_array
from projects.models import ClientKey, Organization, Project

ONE, MANY = 1, 500  # issues
BARE, ACCEPTED, COUNTED = "bare floor", "accepted", "accepted and counted"
USUAL, BESIDE, BESIDE_BARE = "usual", "beside events", "beside events of the bare floor"
BARE_PROGRAM = ("-m", "benchmarks.events")
BATCH = 2_000
PEOPLE = 100  # whom a batch is about
UNCOUNTED_SECONDS = 60  # for which the rest is waited for
LOOKS_PER_SECOND = 20


@dataclass(slots=True)
class Taken:
    """Events that were sent by all clients at once, as fast as they were answered."""

    events: int = 0
    seconds: float = 0.0  # until the last was answered; or counted, where that is asked
    answers: list[float] = field(default_factory=list)
    oldest: float = 0.0  # seconds that an event waited, at most, as it was seen

    def add(self, sent: Sent, seconds: float | None = None) -> None:
        self.events += len(sent.answers)
        self.seconds += sent.seconds if seconds is None else seconds
        self.answers += sent.answers

    @property
    def per_second(self) -> float:
        return self.events / self.seconds


@dataclass(slots=True)
class Results:
    """What was measured of events."""

    event_bytes: int = 0  # of one event, as JSON
    bytes_on_disk: float = 0.0  # of one event, in all tables and indexes of events, when it is counted
    taken: dict[tuple[str, int], Taken] = field(default_factory=dict)  # way, how many issues
    folded: dict[str, dict[str, Times]] = field(default_factory=dict)  # what a batch is of; floor or service
    sizes: dict[str, int] = field(default_factory=dict)  # events in it
    beside_per_second: float = 0.0
    single: dict[str, Times] = field(default_factory=dict)  # resolve of 1 issue: usual, beside events, of the floor too


class Place:
    """A project that events are sent to."""

    def __init__(self, project: Project, key: ClientKey) -> None:
        self.project, self.key = project, key

    @classmethod
    def made(cls) -> "Place":
        """Return that of the benchmarks, made if it isn't there."""
        organization = Organization.objects.get(slug=ORGANIZATION)
        project, _ = Project.objects.get_or_create(
            organization=organization, slug="events", defaults={"name": "Events", "platform": "python"}
        )
        key, _ = ClientKey.objects.get_or_create(project=project)
        make_ahead(timezone.now())
        return cls(project, key)

    def empty(self) -> None:
        """Take all events and issues away."""
        ids = as_array(Issue.objects.filter(project=self.project).values_list("pk", flat=True))
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(TABLES)}")
            for table in HANGING:
                cursor.execute(f"DELETE FROM {table} WHERE issue_id = ANY(%s::bigint[])", [ids])
            cursor.execute("DELETE FROM issues_issue WHERE id = ANY(%s::bigint[])", [ids])
        self.settle()

    def settle(self) -> None:
        """Clean up: what is measured next starts from tables that are known."""
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM (ANALYZE) {', '.join([*TABLES, *HANGING, 'issues_issue'])}")
            cursor.execute("CHECKPOINT")

    def is_waiting(self) -> bool:
        return Arrival.objects.exists()

    def oldest(self) -> float:
        """Return for how many seconds the oldest event has waited."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT now() - received_at FROM events_arrival ORDER BY id LIMIT 1")
            row = cursor.fetchone()
            return 0.0 if row is None else row[0].total_seconds()

    def fill(self, size: int, issues: int) -> None:
        """Let so many events wait, as if they had come just now: of an issue that is there, else of new ones."""
        sample = Sample().read(at=timezone.now())
        known = IssueHash.objects.filter(project=self.project).values_list("hash", flat=True)
        with connection.cursor() as cursor:
            cursor.execute(
                FILL,
                {
                    "project_id": self.project.pk,
                    "size": size,
                    "issues": issues,
                    "known": known.first() if issues == 1 else None,
                    "people": PEOPLE,
                    "level": sample.level,
                    "release": sample.release,
                    "environment": sample.environment,
                    "data": sample.packed,
                },
            )

    def counted(self) -> int:
        """Return how many events all issues have together."""
        total: int | None = Issue.objects.filter(project=self.project).aggregate(Sum("times_seen"))["times_seen__sum"]
        return total or 0

    def bytes_on_disk(self) -> int:
        """Return how large the tables and indexes of events are."""
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT sum(pg_total_relation_size(leaf.relid))::bigint
                FROM unnest(%s::regclass[]) AS root, pg_partition_tree(root) AS leaf
                """,
                [list(TABLES)],
            )
            size: int = cursor.fetchone()[0]
            return size


TABLES = ("events_event", "events_eventid", "events_arrival")
HANGING = (*floor.HANGING, "issues_issueuser", "issues_issueenvironment", "issues_issueminute")


FILL = """
    WITH issue AS MATERIALIZED (
        SELECT issue, coalesce(%(known)s::uuid, gen_random_uuid()) AS hash
        FROM generate_series(0, %(issues)s - 1) AS issue
    ),
    event AS MATERIALIZED (
        SELECT number, hash, gen_random_uuid() AS event_id, now() - number * interval '1 millisecond' AS seen_at
        FROM generate_series(1, %(size)s) AS number
        JOIN issue ON issue.issue = number %% %(issues)s
    ),
    kept AS (
        INSERT INTO events_event (project_id, hash, seen_at, event_id, received_at, data)
        SELECT %(project_id)s, hash, seen_at, event_id, now(), %(data)s FROM event
    )
    INSERT INTO events_arrival
        (project_id, hash, older_hashes, event_id, seen_at, received_at, level, "user", release, environment)
    SELECT %(project_id)s, hash, '{}', event_id, seen_at, now(), %(level)s,
           encode(sha256((number %% %(people)s)::text::bytea), 'hex'), %(release)s, %(environment)s
    FROM event ORDER BY number
"""


def measure(bench: Bench, results: Results) -> None:
    """Measure all of it."""
    place = Place.made()
    results.event_bytes = Sample().event_bytes
    _take(bench, place, results)
    _fold(bench, place, results)
    _beside(bench, place, results)
    place.empty()


# ---------------------------------------------------------------------------------------------------------------------
# Taking in, and counting meanwhile
# ---------------------------------------------------------------------------------------------------------------------


def _take(bench: Bench, place: Place, results: Results) -> None:
    """Send as fast as answers come: to the floor, to the service, and to the service while a counter runs."""
    plan = bench.plan
    calls = [
        (way, issues)
        for number in range(plan.event_rounds)
        for issues in plan.event_issues
        for way in turned((BARE, ACCEPTED, COUNTED), number)
    ]
    with serving(BARE_PROGRAM) as bare:
        for way, issues in tqdm(calls, desc="taking events in"):
            taken = results.taken.setdefault((way, issues), Taken())
            place.empty()
            empty = place.bytes_on_disk()
            port = bare.port if way == BARE else bench.server.port
            with (
                counter() if way == COUNTED else nullcontext(),
                senders(port, place.project.pk, place.key.key, issues=issues, seconds=plan.event_seconds) as sending,
            ):
                if way == COUNTED:
                    sent = _look_on(place, sending, taken)
                    place.settle()
                    results.bytes_on_disk = (place.bytes_on_disk() - empty) / (len(sent.answers) + WARM_UP)
                else:
                    sending.begin()
                    taken.add(sending.end())


def _look_on(place: Place, sending: Senders, taken: Taken) -> Sent:
    """Let them send, see how long events wait, and wait until all are counted.

    :raises RuntimeError: other events were counted than were sent.
    """
    started = perf_counter()
    sending.begin()
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(sending.end)
        while not sent.done() or place.is_waiting():
            taken.oldest = max(taken.oldest, place.oldest())
            sleep(1 / LOOKS_PER_SECOND)
            if perf_counter() - started > UNCOUNTED_SECONDS:
                raise RuntimeError("Events were not counted in a minute.")
    taken.add(sent.result(), perf_counter() - started)
    if place.counted() != len(sent.result().answers) + WARM_UP:
        raise RuntimeError(f"{place.counted()} of {len(sent.result().answers) + WARM_UP} events were counted.")
    return sent.result()


@contextmanager
def counter() -> Iterator[None]:
    """Run what counts events, as `serve` does, until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "count_events"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": database_url(), "LOG_LEVEL": "ERROR"},
    )
    try:
        yield
    finally:
        process.terminate()
        if process.wait():
            raise RuntimeError(f"What counts events has ended with {process.returncode}.")


# ---------------------------------------------------------------------------------------------------------------------
# Counting alone
# ---------------------------------------------------------------------------------------------------------------------


def _fold(bench: Bench, place: Place, results: Results) -> None:
    """Count batches that wait already: of one issue, and of new issues, one event each."""
    place.empty()
    place.fill(BATCH, 1)
    _fold_by_service(place, BATCH)  # makes the issue
    _fold_each(bench, place, results, f"{BATCH:,} of one issue", BATCH, 1)
    for count in bench.plan.new_issues:
        _fold_each(bench, place, results, f"{count:,}, each of a new issue", count, count)


def _fold_each(bench: Bench, place: Place, results: Results, what: str, size: int, issues: int) -> None:
    is_new = issues > 1
    results.sizes[what] = size
    cell = results.folded[what] = {way: Times() for way in (FLOOR, SERVICE)}
    for number in tqdm(range(-1, bench.plan.fold_rounds), desc=f"counting {what}"):
        for way in turned((FLOOR, SERVICE), number):
            if is_new:
                place.empty()
            place.fill(size, issues)
            place.settle()
            took = _fold_by_hand(bench, place, size, is_new=is_new) if way == FLOOR else _fold_by_service(place, size)
            if number >= 0:
                cell[way].seconds.append(took)


def _fold_by_hand(bench: Bench, place: Place, size: int, *, is_new: bool) -> float:
    started = perf_counter()
    with bench.floor.cursor() as cursor:
        counted = (sql.count_new if is_new else sql.count)(cursor, place.project.pk, size)
    bench.floor.commit()
    return _seconds_since(started, counted, size)


def _fold_by_service(place: Place, size: int) -> float:
    started = perf_counter()
    return _seconds_since(started, len(counting.count_next(place.project.pk, now=timezone.now, most=size)), size)


def _seconds_since(started: float, counted: int, size: int) -> float:
    took = perf_counter() - started
    if counted != size:
        raise RuntimeError(f"{counted} of {size} events were counted.")
    return took


# ---------------------------------------------------------------------------------------------------------------------
# Others
# ---------------------------------------------------------------------------------------------------------------------


def _beside(bench: Bench, place: Place, results: Results) -> None:
    """Resolve single issues of another project, as usual and beside half of the events that can be sustained.

    And beside as many that the bare floor takes, by workers of its own, and that nobody counts: clients, floor and
    PostgreSQL have the same two cores then, and a resolve shares nothing else with them.
    """
    plan = bench.plan
    per_second = min(results.taken[COUNTED, issues].per_second for issues in plan.event_issues) / 2
    results.beside_per_second = per_second
    results.single = {USUAL: Times(), BESIDE: Times(), BESIDE_BARE: Times()}
    bench.tested.empty()
    with serving(BARE_PROGRAM) as bare:
        for number in tqdm(range(plan.event_rounds), desc="a resolve beside events"):
            for when in turned((USUAL, BESIDE, BESIDE_BARE), number):
                place.empty()
                ids = bench.prepare(RESOLVE, 1, sets=plan.event_singles)
                with (
                    counter() if when == BESIDE else nullcontext(),
                    senders(
                        bare.port if when == BESIDE_BARE else bench.server.port,
                        place.project.pk,
                        place.key.key,
                        issues=MANY,
                        seconds=plan.event_seconds,
                        per_second=per_second,
                    ) as sending,
                ):
                    if when != USUAL:
                        sending.begin()
                    until = perf_counter() + plan.event_seconds
                    while ids and perf_counter() < until:
                        answer = ask(bench.client, RESOLVE, bench.seeds.tested, ids.pop())
                        results.single[when].seconds.append(answer.seconds)
                    if when != USUAL:
                        sending.end()
    bench.tested.empty()
