"""What is measured, one section of the report after the other. Whatever is compared alternates within one run."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from random import Random
from time import perf_counter, sleep
from typing import Any

from django.db import connection
from django.test import Client as InProcess
from django.test.utils import CaptureQueriesContext
from tqdm import tqdm

from benchmarks import seeds
from benchmarks.bench import CHEAPEST, FLOOR, HTTP, SERVICE, WAYS, Bench, Times, ask, body_of, target, turned
from benchmarks.events.series import Results as EventResults
from benchmarks.events.series import measure as measure_events
from benchmarks.holding import holding
from benchmarks.serving import Client, peak_memory, private_memory, serving
from benchmarks.verbs import RESOLVE, UNRESOLVE, VERBS, Verb
from issues.enums import IssueStatus
from projects.models import Project

Cell = dict[str, Times]  # by way
Execute = Callable[[str, Any, bool, dict[str, Any]], Any]
BARE = "bare"  # one way more: the service, on a copy of the table with two indexes
FEW, MANY = 2, 10_000  # issues, between which the number of statements must not grow
CLIENTS = 8
USUAL, BESIDE, HELD = "usual", "beside update all", "held"
WITH, WITHOUT = "with", "without"
CHANGE, UNDO = "change", "undo"
UNDO_INDEX = "issues_activity_of_mutation"
WARM_UP, IN_A_ROW = 2, 5
FEW_CALLERS, CROWDED = "one of few", "one of a crowd"
WARM = 50  # requests before those that count, after the database was changed


@dataclass(slots=True)
class Load:
    """What clients saw: seconds that each answer took, and how many issues they changed in how many seconds."""

    answers: list[float] = field(default_factory=list)
    issues: int = 0
    seconds: float = 0.0
    lock_waits: int = 0  # how often somebody was seen to wait for a row of somebody else


@dataclass(slots=True)
class Spent:
    """Where the time of a request went, in this process: seconds of each, one entry for each time it was asked."""

    whole: list[float] = field(default_factory=list)
    statements: list[list[float]] = field(default_factory=list)  # without BEGIN and COMMIT
    says: list[str] = field(default_factory=list)  # those statements


@dataclass(slots=True)
class Results:
    """Everything that was measured. Sizes are numbers of issues."""

    named: dict[tuple[str, int], Cell] = field(default_factory=dict)  # verb, how many ids
    all: dict[tuple[str, int], Cell] = field(default_factory=dict)  # verb, how many issues
    carried: dict[str, dict[str, Times]] = field(default_factory=dict)  # what is added to the bare copy; verb
    loads: dict[tuple[int, int], Load] = field(default_factory=dict)  # clients, how many ids
    cheapest: Times = field(default_factory=Times)  # beside the loads
    undo: dict[int, Cell] = field(default_factory=dict)  # how many issues; with and without what undo reads
    undone: dict[int, Cell] = field(default_factory=dict)  # how many issues; the change of all, and its undo
    lists: dict[str, Times] = field(default_factory=dict)  # by project; and the cheapest route beside them
    spent: dict[str, Spent] = field(default_factory=dict)  # what is asked: what its time goes into
    crowds: dict[tuple[str, str], Times] = field(default_factory=dict)  # what is asked; of few callers, or of a crowd
    statements: dict[str, dict[tuple[str, int], int]] = field(default_factory=dict)  # verb; way, how many ids
    worker_memory: dict[int, int] = field(default_factory=dict)  # peak in bytes, by how many issues were changed
    backend_memory: dict[int, int] = field(default_factory=dict)  # the same of the database, without shared buffers
    held: dict[str, Times] = field(default_factory=dict)  # changes of one issue: usual, while clients hold on
    singles: dict[str, Times] = field(default_factory=dict)  # the same: usual, beside "update all"
    by_hand: dict[str, Times] = field(default_factory=dict)  # the same, by the floor
    pages: dict[str, Times] = field(default_factory=dict)  # lists: the same
    large_over_http: float = 0.0  # seconds that "update all" took meanwhile
    events: EventResults = field(default_factory=EventResults)


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


def prices_of_what_is_carried(bench: Bench, results: Results) -> None:
    """Resolve and unresolve all on the bare copy, and again with what the table carries beyond it, part by part."""
    if not bench.plan.carried_rounds:
        return
    project, size = bench.seeds.tested, bench.plan.tested
    bench.tested.empty()
    seeds.restore(project)
    with bare_copy() as parts:
        parts = {BARE: Part()} | parts | {"all of these": Part.of(parts.values())}
        results.carried = {name: {RESOLVE.name: Times(), UNRESOLVE.name: Times()} for name in parts}
        names = tuple(parts)
        calls = [name for number in range(-1, bench.plan.carried_rounds) for name in turned(names, number)]
        for done, name in enumerate(tqdm(calls, desc="what the table carries")):
            parts[name].add()
            for verb in (RESOLVE, UNRESOLVE):
                seeds.settle()
                into = results.carried[name][verb.name] if done >= len(names) else None  # the first round warms up
                with on_bare_copy():
                    bench.measure(SERVICE, verb, project, None, changes=size, into=into)
            parts[name].drop()


def price_of_undo(bench: Bench, results: Results) -> None:
    """Change issues with and without the index by which an undo finds them: all that a mutation pays for undo.

    What it overwrites stands in its activity since before there was an undo, and history shows it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_indexdef(%s::regclass)", [UNDO_INDEX])
        ways = {WITH: cursor.fetchone()[0], WITHOUT: f"DROP INDEX {UNDO_INDEX}"}

    def change(
        way: str, verb: Verb, project: Project, calls: Sequence[tuple[Sequence[int] | None, Times | None]]
    ) -> None:
        if way == WITHOUT:
            _execute([ways[WITHOUT]])
        try:
            for ids, into in calls:
                size = bench.plan.large if ids is None else len(ids)
                bench.measure(SERVICE, verb, project, ids, changes=size, into=into)
        finally:
            if way == WITHOUT:
                _execute([ways[WITH]])

    few, large = 1_000, bench.plan.large
    results.undo = {size: {way: Times() for way in ways} for size in (few, large)}
    with tqdm(total=bench.plan.undo_rounds + bench.plan.undo_large_rounds, desc="what undo costs") as progress:
        for number in range(bench.plan.undo_rounds):
            for way in turned(tuple(ways), number):
                # Several each time, for what a new index makes PostgreSQL look up again is no part of it.
                sets = bench.prepare(RESOLVE, few, sets=WARM_UP + IN_A_ROW)
                into = [None] * WARM_UP + [results.undo[few][way]] * IN_A_ROW
                change(way, RESOLVE, bench.seeds.tested, list(zip(sets, into, strict=True)))
            progress.update()
        bench.tested.empty()
        for number in range(bench.plan.undo_large_rounds):
            for way in turned(tuple(ways), number):
                for verb in (RESOLVE, UNRESOLVE):
                    seeds.settle()
                    change(way, verb, bench.seeds.large, [(None, results.undo[large][way])])
            progress.update()


def undos(bench: Bench, results: Results) -> None:
    """Resolve all issues of the project under test and of the large one, and take that back at once."""
    plan, there = bench.plan, bench.seeds
    bench.tested.empty()
    for project, size, rounds in (
        (there.tested, plan.tested, plan.undone_rounds),
        (there.large, plan.large, plan.undone_large_rounds),
    ):
        cell = results.undone[size] = {CHANGE: Times(), UNDO: Times()}
        for _ in tqdm(range(rounds), desc=f"undo of {size:,}"):
            seeds.restore(project)
            for way, seconds in zip((CHANGE, UNDO), bench.resolve_all_and_take_back(project), strict=True):
                cell[way].seconds.append(seconds)


@dataclass(frozen=True, slots=True)
class Part:
    """Something that the table has and the bare copy lacks: statements that add it to the copy, and that drop it."""

    adding: Sequence[str] = ()
    dropping: Sequence[str] = ()

    @classmethod
    def of(cls, parts: Iterable["Part"]) -> "Part":
        """Return all of these parts as one."""
        every = list(parts)
        return cls([sql for part in every for sql in part.adding], [sql for part in every for sql in part.dropping])

    def add(self) -> None:
        _execute(self.adding)

    def drop(self) -> None:
        _execute(self.dropping)


def _execute(statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


@contextmanager
def bare_copy() -> Iterator[dict[str, Part]]:
    """Keep a copy of the table of issues with its primary key and the index of the lists, its checks and no more.

    Yields what the table has beyond that, by name: each index that holds most rows, the other indexes, and the foreign
    keys.
    """
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS bare CASCADE")
        cursor.execute("CREATE SCHEMA bare")
        cursor.execute(
            "CREATE TABLE bare.issues_issue (LIKE public.issues_issue INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        )
        cursor.execute("ALTER TABLE bare.issues_issue SET (autovacuum_enabled = false)")
        cursor.execute("INSERT INTO bare.issues_issue SELECT * FROM public.issues_issue ORDER BY id")
        cursor.execute("ALTER TABLE bare.issues_issue ADD PRIMARY KEY (id, project_id)")
        cursor.execute(INDEXES)
        indexes = {name: (sql, holds_most) for name, sql, holds_most in cursor.fetchall()}
        cursor.execute(indexes.pop("issues_issue_listed_by_status")[0])
        cursor.execute("VACUUM ANALYZE bare.issues_issue")
        cursor.execute(FOREIGN_KEYS)
        keys = [Part([adding], [dropping]) for adding, dropping in cursor.fetchall()]
    large = {
        f"`{name}`": Part([sql], [f"DROP INDEX bare.{name}"])
        for name, (sql, holds_most) in indexes.items()
        if holds_most
    }
    small = [Part([sql], [f"DROP INDEX bare.{name}"]) for name, (sql, holds_most) in indexes.items() if not holds_most]
    try:
        yield large | {
            f"the {len(small)} other indexes": Part.of(small),
            f"the {len(keys)} foreign keys": Part.of(keys),
        }
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA bare CASCADE")


INDEXES = """
    SELECT indexname, replace(indexdef, 'public.', 'bare.'), held.reltuples > whole.reltuples / 2
    FROM pg_indexes
    JOIN pg_class AS held ON held.oid = format('public.%I', indexname)::regclass
    JOIN pg_class AS whole ON whole.oid = 'public.issues_issue'::regclass
    WHERE schemaname = 'public' AND tablename = 'issues_issue' AND indexname <> 'issues_issue_pkey'
    ORDER BY indexname
"""
FOREIGN_KEYS = """
    SELECT format('ALTER TABLE bare.issues_issue ADD CONSTRAINT %I %s', conname,
                  replace(pg_get_constraintdef(oid), 'REFERENCES issues_issue', 'REFERENCES public.issues_issue')),
           format('ALTER TABLE bare.issues_issue DROP CONSTRAINT %I', conname)
    FROM pg_constraint
    WHERE conrelid = 'public.issues_issue'::regclass AND contype = 'f'
    ORDER BY conname
"""


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
# What small requests cost
# ---------------------------------------------------------------------------------------------------------------------

LIST_OF_100 = "list of 100"
ONE_ISSUE = "resolve of 1 id"


def small_requests(bench: Bench, results: Results) -> None:
    """Time what a small request is made of, in this process: each statement, and all that is no statement."""
    project = bench.seeds.tested
    client = InProcess(SERVER_NAME="127.0.0.1")
    results.spent = {CHEAPEST: Spent(), ONE_ISSUE: Spent(), LIST_OF_100: Spent()}

    def ask_for(what: str, verb: Verb | None, path: str) -> None:
        into, took = results.spent[what], []
        into.says = []

        def timed(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
            started = perf_counter()
            found = execute(sql, params, many, context)
            took.append(perf_counter() - started)
            into.says.append(sql)
            return found

        started = perf_counter()
        with connection.execute_wrapper(timed):
            answer = client.generic(
                "GET" if verb is None else verb.method,
                path,
                b"" if verb is None else body_of(verb),
                content_type="application/json",
                headers={"Authorization": f"Bearer {bench.seeds.token}"},
            )
        into.whole.append(perf_counter() - started)
        into.statements.append(took)
        if answer.status_code != 200:
            raise RuntimeError(f"{what} was answered {answer.status_code}: {answer.content[:500]!r}")

    for ids in tqdm(bench.prepare(RESOLVE, 1, sets=bench.plan.small_rounds), desc="small requests"):
        ask_for(CHEAPEST, None, CHEAPEST)
        ask_for(ONE_ISSUE, RESOLVE, target(project, ids))
        ask_for(LIST_OF_100, None, target(project, None) + "?limit=100")


def crowds(bench: Bench, results: Results) -> None:
    """Send small requests as one of few callers, then as one of very many, on a database that is made for it.

    On one of its own: to take users away again, PostgreSQL would read all issues for each of them (no foreign key that
    a bulk action writes has an index). It is the last section, for this process stays with that database.
    """
    plan = replace(bench.plan, database=f"{bench.plan.database}_crowd", tested=5_000, large=0, others=1, each=5_000)
    seeds.drop_database(plan.database)
    seeds.use_database(plan.database)
    there = seeds.seed(plan)
    with serving() as server:
        small = Bench(plan, there, server)
        for when in (FEW_CALLERS, CROWDED):
            if when == CROWDED:
                seeds.add_crowd(plan.crowd)
            for number, ids in enumerate(small.prepare(RESOLVE, 1, sets=plan.small_rounds + WARM)):
                answers = {
                    CHEAPEST: small.client.ask("GET", CHEAPEST),
                    ONE_ISSUE: ask(small.client, RESOLVE, there.tested, ids),
                    LIST_OF_100: small.client.ask("GET", target(there.tested, None) + "?limit=100"),
                }
                for what, answer in answers.items():
                    if number >= WARM:
                        results.crowds.setdefault((what, when), Times()).seconds.append(answer.seconds)
        small.close()
    seeds.drop_database(plan.database)


def holders(bench: Bench, results: Results) -> None:
    """Time changes of one issue as usual, and while clients hold on to the server without asking for anything whole."""
    results.held = {USUAL: Times(), HELD: Times()}
    rounds = bench.prepare(RESOLVE, 1, sets=2 * bench.plan.held_rounds * bench.plan.held)
    with tqdm(total=2 * bench.plan.held_rounds, desc="changes while clients hold on") as progress:
        for when in (USUAL, HELD) * bench.plan.held_rounds:
            with holding(bench.server.port) if when == HELD else nullcontext():
                for _ in range(WARM_UP):
                    bench.client.ask("GET", CHEAPEST)
                for _ in range(bench.plan.held):
                    answer = ask(bench.client, RESOLVE, bench.seeds.tested, rounds.pop())
                    results.held[when].seconds.append(answer.seconds)
            progress.update()


def events(bench: Bench, results: Results) -> None:
    """Take events in, and count them."""
    measure_events(bench, results.events)


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
            of_service = len(service)  # before a request begins, which empties the log of statements
            client = InProcess(SERVER_NAME="127.0.0.1", headers={"Authorization": f"Bearer {bench.seeds.token}"})
            client.get(CHEAPEST)  # once a minute a request also notes that its credential was used
            with CaptureQueriesContext(connection) as request:
                answer = client.generic(
                    verb.method,
                    target(bench.project_of(verb), for_request),
                    body_of(verb),
                    content_type="application/json",
                )
            if answer.headers["Issues-Changed"] != str(k):
                raise RuntimeError(f"{verb.name} was answered {answer.status_code}: {answer.content[:500]!r}")
            results.statements.setdefault(verb.name, {}).update({(SERVICE, k): of_service, (HTTP, k): len(request)})
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
    results.by_hand = {USUAL: Times(), BESIDE: Times()}
    results.pages = {USUAL: Times(), BESIDE: Times()}

    def call(when: str, *, until: Callable[[], bool]) -> None:
        while not until():
            project, pk = singles.pop()
            for verb in (RESOLVE, UNRESOLVE):
                results.singles[when].seconds.append(ask(bench.client, verb, project, [pk]).seconds)
            for verb in (RESOLVE, UNRESOLVE):
                results.by_hand[when].seconds.append(bench.by_hand(verb, project, [pk])[0])
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
