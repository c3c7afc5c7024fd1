"""What is measured, one section of the report after the other. Whatever is compared alternates within one run."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from random import Random
from time import perf_counter, sleep

from django.db import connection
from django.test import Client as InProcess
from django.test.utils import CaptureQueriesContext
from tqdm import tqdm

from benchmarks import seeds
from benchmarks.bench import CHEAPEST, FLOOR, HTTP, SERVICE, WAYS, Bench, Times, ask, body_of, target
from benchmarks.serving import Client, peak_memory, private_memory
from benchmarks.verbs import RESOLVE, UNRESOLVE, VERBS
from issues.enums import IssueStatus
from projects.models import Project

Cell = dict[str, Times]  # by way
BARE = "bare"  # one way more: the service, on a copy of the table with two indexes
FEW, MANY = 2, 10_000  # issues, between which the number of statements must not grow
CLIENTS = 8
USUAL, BESIDE = "usual", "beside update all"


@dataclass(slots=True)
class Load:
    """What clients saw: seconds that each answer took, and how many issues they changed in how many seconds."""

    answers: list[float] = field(default_factory=list)
    issues: int = 0
    seconds: float = 0.0
    lock_waits: int = 0  # how often somebody was seen to wait for a row of somebody else


@dataclass(slots=True)
class Results:
    """Everything that was measured. Sizes are numbers of issues."""

    named: dict[tuple[str, int], Cell] = field(default_factory=dict)  # verb, how many ids
    all: dict[tuple[str, int], Cell] = field(default_factory=dict)  # verb, how many issues
    indexes: dict[str, Times] = field(default_factory=dict)  # by the one index more than the bare copy's; "" is none
    loads: dict[tuple[int, int], Load] = field(default_factory=dict)  # clients, how many ids
    cheapest: Times = field(default_factory=Times)  # beside the loads
    lists: dict[str, Times] = field(default_factory=dict)  # by project; and the cheapest route beside them
    statements: dict[str, dict[tuple[str, int], int]] = field(default_factory=dict)  # verb; way, how many ids
    worker_memory: dict[int, int] = field(default_factory=dict)  # peak in bytes, by how many issues were changed
    backend_memory: dict[int, int] = field(default_factory=dict)  # the same of the database, without shared buffers
    singles: dict[str, Times] = field(default_factory=dict)  # changes of one issue: usual, beside "update all"
    pages: dict[str, Times] = field(default_factory=dict)  # lists: the same
    large_over_http: float = 0.0  # seconds that "update all" took meanwhile


# ---------------------------------------------------------------------------------------------------------------------
# Changes of named issues, and of all
# ---------------------------------------------------------------------------------------------------------------------


def changes_of_named(bench: Bench, results: Results) -> None:
    most = max(bench.plan.rounds)
    cells = [
        (verb, k, rounds)
        for verb in VERBS
        for k, rounds in bench.plan.rounds.items()
        if k >= verb.least and (k < most or verb.name in bench.plan.with_most)
    ]
    for verb, k, rounds in tqdm(cells, desc="changes of named issues"):
        cell: Cell = {way: Times() for way in WAYS}
        for number in range(-1, rounds):  # the first one warms up
            for way, ids in zip(turned(WAYS, number), bench.prepare(verb, k, sets=len(WAYS)), strict=True):
                bench.measure(
                    way, verb, bench.project_of(verb), ids, changes=k, into=cell[way] if number >= 0 else None
                )
        results.named[verb.name, k] = cell
        if k == most:
            bench.tested.empty()


def changes_of_all(bench: Bench, results: Results) -> None:
    """Resolve and unresolve all issues of the project under test and of the large one."""
    tested, large = bench.seeds.tested, bench.seeds.large
    bench.tested.empty()
    seeds.restore(tested)
    with bare_copy():
        _change_all(bench, results, tested, bench.plan.tested, (*WAYS, BARE), bench.plan.all_rounds)
    _change_all(bench, results, large, bench.plan.large, (FLOOR, SERVICE), bench.plan.large_rounds)


def _change_all(
    bench: Bench, results: Results, project: Project, size: int, ways: tuple[str, ...], rounds: int
) -> None:
    for verb in (RESOLVE, UNRESOLVE):
        results.all[verb.name, size] = {way: Times() for way in ways}
    # Every second call takes back what the one before it did. The copy is another table, with a state of its own.
    calls = [(way, verb) for number in range(rounds) for way in turned(ways, number) for verb in (RESOLVE, UNRESOLVE)]
    for way, verb in tqdm(calls, desc=f"update all of {size:,}"):
        seeds.settle()
        into = results.all[verb.name, size][way]
        if way == BARE:
            with on_bare_copy():
                bench.measure(SERVICE, verb, project, None, changes=size, into=into)
        else:
            bench.measure(way, verb, project, None, changes=size, into=into)


def prices_of_indexes(bench: Bench, results: Results) -> None:
    """Resolve and unresolve all on the bare copy, and again with each of the table's other indexes in turn."""
    project, size = bench.seeds.tested, bench.plan.tested
    bench.tested.empty()
    seeds.restore(project)
    with bare_copy() as others:
        results.indexes = {name: Times() for name in ("", *others)}
        calls = [name for _ in range(bench.plan.index_rounds) for name in results.indexes]
        for name in tqdm(calls, desc="what each index costs"):
            if name:
                with connection.cursor() as cursor:
                    cursor.execute(others[name])
            for verb in (RESOLVE, UNRESOLVE):
                seeds.settle()
                with on_bare_copy():
                    bench.measure(SERVICE, verb, project, None, changes=size, into=results.indexes[name])
            if name:
                with connection.cursor() as cursor:
                    cursor.execute(f"DROP INDEX bare.{name}")


def turned(ways: tuple[str, ...], number: int) -> tuple[str, ...]:
    """Return the ways in an order of which each round has another, so that none is always first."""
    first = number % len(ways)
    return ways[first:] + ways[:first]


@contextmanager
def bare_copy() -> Iterator[dict[str, str]]:
    """Keep a copy of the table of issues with its primary key and the index of unresolved, its checks and no more.

    Yields the statements that would make the table's other indexes on it, by name.
    """
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS bare CASCADE")
        cursor.execute("CREATE SCHEMA bare")
        cursor.execute(
            "CREATE TABLE bare.issues_issue (LIKE public.issues_issue INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        )
        cursor.execute("ALTER TABLE bare.issues_issue SET (autovacuum_enabled = false)")
        cursor.execute("INSERT INTO bare.issues_issue SELECT * FROM public.issues_issue ORDER BY id")
        cursor.execute("ALTER TABLE bare.issues_issue ADD PRIMARY KEY (id)")
        cursor.execute(
            """
            SELECT indexname, replace(indexdef, 'public.', 'bare.') FROM pg_indexes
            WHERE schemaname = 'public' AND tablename = 'issues_issue' AND indexname <> 'issues_issue_pkey'
            ORDER BY indexname
            """
        )
        others = dict(cursor.fetchall())
        cursor.execute(others.pop("issues_issue_unresolved"))
        cursor.execute("VACUUM ANALYZE bare.issues_issue")
    try:
        yield others
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA bare CASCADE")


@contextmanager
def on_bare_copy() -> Iterator[None]:
    """Let the services find the copy under the table's name."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE bare.issues_issue")
        cursor.execute("SET search_path = bare, public")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET search_path")


# ---------------------------------------------------------------------------------------------------------------------
# Clients
# ---------------------------------------------------------------------------------------------------------------------


def clients(bench: Bench, results: Results) -> None:
    """Resolve issues of the project under test by one client, then by eight, and so on."""
    cells = [(k, issues) for _ in range(bench.plan.client_rounds) for k, issues in bench.plan.client_issues.items()]
    for k, issues in tqdm(cells, desc="one client and eight"):
        for count in (1, CLIENTS):
            requests = bench.prepare(RESOLVE, k, sets=-(-issues * (2 if count > 1 else 1) // k))
            load = results.loads.setdefault((count, k), Load())
            _run_clients(bench, count, requests, load)
        for _ in range(20):
            results.cheapest.seconds.append(bench.client.ask("GET", CHEAPEST).seconds)


def _run_clients(bench: Bench, count: int, requests: list[list[int]], load: Load) -> None:
    """Send the requests by so many clients at once, each the next one when it has its answer."""
    waiting: SimpleQueue[list[int] | None] = SimpleQueue()
    for ids in [*requests, *[None] * count]:
        waiting.put(ids)

    def call(client: Client) -> None:
        while (ids := waiting.get()) is not None:
            answer = ask(client, RESOLVE, bench.seeds.tested, ids)
            if answer.changed != len(ids):
                raise RuntimeError(f"{answer.changed} of {len(ids)} issues were changed.")
            load.answers.append(answer.seconds)

    callers = [bench.new_client() for _ in range(count)]
    for client in callers:
        client.ask("GET", CHEAPEST)  # connects, before anything counts
    with ThreadPoolExecutor(count) as pool:
        started = perf_counter()
        running = [pool.submit(call, client) for client in callers]
        while not all(future.done() for future in running):
            load.lock_waits += bench.observe(ROWS_WAITED_FOR)
            sleep(0.02)
        load.seconds += perf_counter() - started
    for future in running:
        future.result()
    load.issues += sum(map(len, requests))
    for client in callers:
        client.close()


# Not those who wait for a table to grow, a matter of microseconds that PostgreSQL calls a lock, too.
ROWS_WAITED_FOR = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event IN ('transactionid', 'tuple')
"""


# ---------------------------------------------------------------------------------------------------------------------
# Lists
# ---------------------------------------------------------------------------------------------------------------------


def lists(bench: Bench, results: Results) -> None:
    """Read a page of a hundred issues, as it comes by default, of the project under test and of the large one."""
    bench.tested.empty()
    seeds.restore(bench.seeds.tested)
    pages = {project.slug: target(project, None) + "?limit=100" for project in (bench.seeds.tested, bench.seeds.large)}
    routes = pages | {CHEAPEST: CHEAPEST}
    results.lists = {name: Times() for name in routes}
    for number in tqdm(range(-1, bench.plan.list_rounds), desc="lists"):
        for name, route in routes.items():
            for _ in range(bench.plan.lists):
                answer = bench.client.ask("GET", route)
                if number >= 0:
                    results.lists[name].seconds.append(answer.seconds)


# ---------------------------------------------------------------------------------------------------------------------
# Statements
# ---------------------------------------------------------------------------------------------------------------------


def statements(bench: Bench, results: Results) -> None:
    """Count the statements of a request, and of the service alone, for few issues and for many."""
    for verb in tqdm(VERBS, desc="statements"):
        for k in (FEW, MANY):
            for_service, for_request = bench.prepare(verb, k, sets=2)
            with CaptureQueriesContext(connection) as service:
                bench.measure(SERVICE, verb, bench.project_of(verb), for_service, changes=k, into=None)
            with CaptureQueriesContext(connection) as request:
                answer = InProcess(SERVER_NAME="127.0.0.1").generic(
                    verb.method,
                    target(bench.project_of(verb), for_request),
                    body_of(verb),
                    content_type="application/json",
                    headers={"Authorization": f"Bearer {bench.seeds.token}"},
                )
            if answer.headers["Issues-Changed"] != str(k):
                raise RuntimeError(f"{verb.name} was answered {answer.status_code}: {answer.content[:500]!r}")
            results.statements.setdefault(verb.name, {}).update({(SERVICE, k): len(service), (HTTP, k): len(request)})
    bench.tested.empty()


# ---------------------------------------------------------------------------------------------------------------------
# "Update all" of a large project, and those who call meanwhile
# ---------------------------------------------------------------------------------------------------------------------


def bystanders(bench: Bench, results: Results) -> None:
    """Time changes of single issues in other projects, and lists: as usual, then while all of the large one change."""
    seeds.settle()
    singles = [
        (project, pk)
        for project in bench.seeds.others
        for pk in seeds.ids_of(project, status=IssueStatus.UNRESOLVED, snooze_ends_at=None)
    ]
    Random(1).shuffle(singles)
    results.singles = {USUAL: Times(), BESIDE: Times()}
    results.pages = {USUAL: Times(), BESIDE: Times()}

    def call(when: str, *, until: Callable[[], bool]) -> None:
        while not until():
            project, pk = singles.pop()
            for verb in (RESOLVE, UNRESOLVE):
                results.singles[when].seconds.append(ask(bench.client, verb, project, [pk]).seconds)
            results.pages[when].seconds.append(bench.client.ask("GET", target(project, None)).seconds)

    with tqdm(total=2, desc="changes beside update all") as progress, ThreadPoolExecutor(1) as other:
        started = perf_counter()
        call(USUAL, until=lambda: perf_counter() - started > bench.plan.idle_seconds)
        progress.update()
        results.worker_memory[1] = peak_memory(bench.server.workers())
        results.backend_memory[1] = _most_of_a_backend(bench)

        client = bench.new_client()
        all_of_large = other.submit(ask, client, RESOLVE, bench.seeds.large, None)
        most = [0]

        def over() -> bool:
            most[0] = max(most[0], _most_of_a_backend(bench))
            return all_of_large.done()

        call(BESIDE, until=over)
        if all_of_large.result().changed != bench.plan.large:
            raise RuntimeError(f"{all_of_large.result().changed} of {bench.plan.large} issues were changed.")
        client.close()
        progress.update()
    results.worker_memory[bench.plan.large] = peak_memory(bench.server.workers())
    results.backend_memory[bench.plan.large] = most[0]
    results.large_over_http = all_of_large.result().seconds
    seeds.restore(bench.seeds.large)


def _most_of_a_backend(bench: Bench) -> int:
    """Return the private bytes of the largest of the server's connections now; 0 where nobody tells."""
    with bench.observer.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return max((private_memory(pid) for (pid,) in cursor.fetchall()), default=0)
