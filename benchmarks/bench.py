"""The three ways to do the same change, each timed: by hand, by the service, over HTTP."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import psycopg2
from django.db import connection
from django.utils import timezone

from benchmarks import seeds
from benchmarks.plan import Plan
from benchmarks.seeds import ORGANIZATION, Seeds
from benchmarks.serving import Answer, Client, RunningServer
from benchmarks.verbs import RESOLVE, Verb, ask_service, parse, work
from issues.mutation import AllIssues, NamedIssues
from issues.services import bulk, undo
from projects.acting import Act
from projects.callers import Caller
from projects.models import Project

FLOOR, SERVICE, HTTP = WAYS = ("floor", "service", "http")
CHEAPEST = "/api/0/"  # the cheapest route that looks at a credential
LOCK_TIMEOUT = 60  # seconds; nobody else is there to wait for
FRESH = 5_000  # issues that are made at a time, to be deleted


@dataclass(slots=True)
class Times:
    """What one thing took each time it was done: seconds, and bytes of the write-ahead log."""

    seconds: list[float] = field(default_factory=list)
    wal: list[int] = field(default_factory=list)

    @property
    def median(self) -> float:
        return median(self.seconds)


class Pool:
    """Issues in random order, each handed out once; when there are too few left, ``fill`` makes them anew."""

    def __init__(self, fill: Callable[[int], list[int]]) -> None:
        self.fill = fill
        self.ids: list[int] = []
        self.fills = 0

    def take(self, count: int) -> list[int]:
        """Return the ids of so many issues, ascending."""
        if len(self.ids) < count:
            self.empty()
            self.ids = self.fill(count)
            self.fills += 1
            Random(self.fills).shuffle(self.ids)
        taken, self.ids = self.ids[:count], self.ids[count:]
        return sorted(taken)

    def empty(self) -> None:
        """Let the next one to take find a table without history."""
        self.ids = []


def connect() -> Any:
    """Return a connection of its own to the database of the benchmarks."""
    made = psycopg2.connect(**connection.get_connection_params())
    with made.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        # As the services do in each of their transactions.
        cursor.execute("SET random_page_cost = 1.1")
    made.commit()
    return made


class Bench:
    """What is measured with: issues, callers, connections."""

    def __init__(self, plan: Plan, there: Seeds, server: RunningServer) -> None:
        self.plan = plan
        self.seeds = there
        self.server = server
        self.jane = Caller(user=there.jane)
        self.client = self.new_client()
        self.floor = connect()
        self.observer = connect()
        self.observer.autocommit = True
        self.tested = Pool(self._all_of_tested)
        self.fresh = Pool(self._fresh)

    def _all_of_tested(self, count: int) -> list[int]:
        seeds.restore(self.seeds.tested)
        return seeds.ids_of(self.seeds.tested)

    def _fresh(self, count: int) -> list[int]:
        made = seeds.make_fresh(self.seeds.fresh, max(count, FRESH))
        seeds.settle()
        return made

    def new_client(self) -> Client:
        return Client(self.server, self.seeds.token)

    def close(self) -> None:
        """Let go of the database and the server."""
        self.client.close()
        self.floor.close()
        self.observer.close()

    def observe(self, sql: str) -> Any:
        """Return the first column of the first row, read by a connection that nothing is measured on."""
        with self.observer.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    # -----------------------------------------------------------------------------------------------------------------
    # Something to change
    # -----------------------------------------------------------------------------------------------------------------

    def project_of(self, verb: Verb) -> Project:
        return self.seeds.fresh if verb.deletes else self.seeds.tested

    def prepare(self, verb: Verb, k: int, *, sets: int) -> list[list[int]]:
        """Return so many disjoint sets of k random ids, ascending, all in the state that the verb changes."""
        pool = self.fresh if verb.deletes else self.tested
        drawn = pool.take(k * sets)
        Random(k).shuffle(drawn)
        found = [sorted(drawn[number::sets]) for number in range(sets)]
        if verb.first is not None:
            at = timezone.now()
            project = self.project_of(verb)
            first = parse(verb.first, project, at=at)
            for ids in found:
                ask_service(NamedIssues(project.pk, ids=frozenset(ids)), first, self.act(at))
        return found

    # -----------------------------------------------------------------------------------------------------------------
    # The ways to change it
    # -----------------------------------------------------------------------------------------------------------------

    def measure(
        self, way: str, verb: Verb, project: Project, ids: Sequence[int] | None, *, changes: int, into: Times | None
    ) -> None:
        """Do it once, and add what it took.

        :param into: None for a repetition that doesn't count.
        :raises RuntimeError: it didn't change that many issues.
        """
        run = {FLOOR: self.by_hand, SERVICE: self.by_service, HTTP: self.over_http}[way]
        wal = self.observe("SELECT pg_current_wal_insert_lsn()")
        seconds, changed = run(verb, project, ids)
        written = self.observe(f"SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '{wal}')::bigint")
        if changed != changes:
            raise RuntimeError(f"{verb.name} of {changes} issues ({way}) has changed {changed}.")
        if into is not None:
            into.seconds.append(seconds)
            into.wal.append(written)

    def act(self, at: datetime) -> Act:
        return Act(by=self.jane, at=at, lock_timeout=LOCK_TIMEOUT)

    def by_hand(self, verb: Verb, project: Project, ids: Sequence[int] | None) -> tuple[float, int]:
        task = work(verb, project.pk, ids, user_id=self.seeds.jane.pk, at=timezone.now())
        started = perf_counter()
        with self.floor.cursor() as cursor:
            changed = verb.floor(cursor, task)
        self.floor.commit()
        return perf_counter() - started, changed

    def by_service(self, verb: Verb, project: Project, ids: Sequence[int] | None) -> tuple[float, int]:
        at = timezone.now()
        mutation = None if verb.deletes else parse(verb.body, project, at=at)
        scope = AllIssues(project.pk) if ids is None else NamedIssues(project.pk, ids=frozenset(ids))
        started = perf_counter()
        changed = ask_service(scope, mutation, self.act(at))
        return perf_counter() - started, changed

    def over_http(self, verb: Verb, project: Project, ids: Sequence[int] | None) -> tuple[float, int]:
        answer = ask(self.client, verb, project, ids)
        return answer.seconds, answer.changed

    def resolve_all_and_take_back(self, project: Project) -> tuple[float, float]:
        """Resolve all issues of the project, and undo that; return the seconds of both.

        :raises RuntimeError: something was left alone.
        """
        at = timezone.now()
        mutation = parse(RESOLVE.body, project, at=at)
        started = perf_counter()
        changed = bulk.mutate(AllIssues(project.pk), mutation, self.act(at))
        between = perf_counter()
        undone = undo.undo(project.pk, changed.mutation_id or 0, self.act(timezone.now()))
        ended = perf_counter()
        if undone.skipped or undone.changed != changed.changed:
            raise RuntimeError(f"{undone.changed} of {changed.changed} issues were put back.")
        return between - started, ended - between


def turned(ways: tuple[str, ...], number: int) -> tuple[str, ...]:
    """Return the ways in an order of which each round has another, so that none is always first."""
    first = number % len(ways)
    return ways[first:] + ways[:first]


def ask(client: Client, verb: Verb, project: Project, ids: Sequence[int] | None) -> Answer:
    """Send the request; ``ids`` None is "update all"."""
    return client.ask(verb.method, target(project, ids), body_of(verb))


def body_of(verb: Verb) -> bytes:
    return b"" if verb.deletes else json.dumps(verb.body).encode()


def target(project: Project, ids: Sequence[int] | None) -> str:
    query = "" if ids is None else "?" + "&".join(f"id={pk}" for pk in ids)
    return f"/api/0/projects/{ORGANIZATION}/{project.slug}/issues/{query}"
