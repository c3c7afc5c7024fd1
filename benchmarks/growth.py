"""``python -m benchmarks.growth``: an "update all" of a very large project, its undo, and what tables grow by.

Of each step: seconds, bytes of the write-ahead log, the most memory that a worker and a backend of PostgreSQL had, and
the size of the database and of its largest tables, with rows that are dead. The database is made for it, and dropped.
Nothing of it is part of `make bench`: a run takes an hour, and some 30 GB.
"""

import json
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from urllib.parse import urlencode

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "issuetracker.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")
django.setup()

from django.db import connection  # noqa: E402 - as all below: models can't be imported before
from django.db.models import F  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks import seeds  # noqa: E402
from benchmarks.serving import Client, RunningServer, peak_memory, private_memory, serving  # noqa: E402
from issues.enums import IssueStatus  # noqa: E402
from issues.management.commands.seed_issues import make_many  # noqa: E402
from issuetracker.pruning import Kept, Pruning  # noqa: E402
from projects.credentials import create_token  # noqa: E402
from projects.models import Organization, OrganizationMember, Project, Role, Team, User  # noqa: E402

DATABASE = "issuetracker_growth"
MADE = 100_000  # issues that are made as the seeds make them; the others are copies of these
POLL_SECONDS = 0.2
MB = 1e6

# The tables that a change of status writes.
WRITTEN = ("issues_issue", "issues_activity")


@dataclass(slots=True)
class Memory:
    """The most bytes that one process of each kind has had for itself."""

    worker: int = 0
    backend: int = 0
    done: Event = field(default_factory=Event)

    def watch(self, server: RunningServer, postmaster: int) -> None:
        """Look until it is done."""
        while not self.done.wait(POLL_SECONDS):
            backends = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
            self.backend = max([self.backend, *(private_memory(int(pid)) for pid in backends)])
            self.worker = max([self.worker, *(private_memory(pid) for pid in server.workers())])


def main() -> None:
    """Measure, and print a line for each step."""
    parser = ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--issues", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=1, help="of an update of all and its undo")
    parser.add_argument("--query", default="", help="what narrows the changes, as in the API; none: all issues")
    parser.add_argument("--status", default="resolved", help="what they are changed to")
    parser.add_argument("--pause", type=int, default=0, metavar="SECONDS", help="after each, for the autovacuum")
    parser.add_argument("--kept", action="store_true", help="leave the database there, and use one that is there")
    parser.add_argument(
        "--vacuum", action="store_true", help="with the settings that docs/scale.md names (VACUUM below)"
    )
    parser.add_argument(
        "--prune", action="store_true", help="in the end, remove what all that has left, as old as it is"
    )
    options = parser.parse_args()
    seeds.use_database(DATABASE)
    try:
        measure(options)
    finally:
        if not options.kept:
            seeds.drop_database(DATABASE)


# Vacuum begins when so much of a table is dead, and does not wait in between: with PostgreSQL's defaults, it is slower
# than updates of all that follow on each other, and begins on 10^8 issues when 2 * 10^7 are dead.
VACUUM = "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0"


def measure(options: Namespace) -> None:
    token = prepare(options.issues)
    with connection.cursor() as cursor:
        for table in WRITTEN:
            if options.vacuum:
                cursor.execute(f"ALTER TABLE {table} SET ({VACUUM})")
            else:
                cursor.execute(
                    f"ALTER TABLE {table} RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay)"
                )
    say("made", sizes())
    with serving() as server:
        client = Client(server, token)
        for number in range(1, options.rounds + 1):
            issues = f"/api/0/projects/{seeds.ORGANIZATION}/large/issues/?{urlencode({'query': options.query})}"
            with step(f"{number}. update all", server) as told:
                answer = client.ask("PUT", issues, json.dumps({"status": options.status}).encode())
                told.append(f"{answer.changed:,} changed")
            sleep(options.pause)
            say("then", sizes())
            mutation = answer.headers["Mutation-Id"]
            with step(f"{number}. its undo", server) as told:
                answer = client.ask(
                    "POST", f"/api/0/projects/{seeds.ORGANIZATION}/large/mutations/{mutation}/undo/", b"{}"
                )
                told.append(f"{answer.changed:,} changed")
            sleep(options.pause)
            say("then", sizes())
        client.close()
        if options.prune:
            pruner = Pruning(
                kept=Kept(mutations=30, activities=365, hours=91, events=90),
                now=lambda: timezone.now() + timedelta(days=730),
                lock_timeout=5,
            )
            with step("prune", server) as told:
                told += [done.sentence for done in pruner.look()]
            say("then", sizes())


@contextmanager
def step(name: str, server: RunningServer) -> Iterator[list[str]]:
    """Do what is within, and say what it took; what is added to the list, too."""
    told: list[str] = []
    memory = Memory()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_lsn(), pg_backend_pid()")
        began_at, backend = cursor.fetchone()
    postmaster = parent_of(backend)
    watching = Thread(target=memory.watch, args=[server, postmaster], daemon=True)
    watching.start()
    started = monotonic()
    try:
        yield told
    finally:
        seconds = monotonic() - started
        memory.done.set()
        watching.join()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_lsn() - %s::pg_lsn", [began_at])
        wal = int(cursor.fetchone()[0])
    say(
        name,
        f"{seconds:.1f} s, {wal / MB:,.0f} MB of WAL, worker {memory.worker / MB:,.0f} MB (ever "
        f"{peak_memory(server.workers()) / MB:,.0f}), backend {memory.backend / MB:,.0f} MB",
        *told,
    )


def parent_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))


def say(name: str, *what: str) -> None:
    print(f"{name}: {', '.join(what)}", flush=True)


def sizes() -> str:
    """Return how large the database is, the tables that are written, with how many dead rows, and their indexes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        told = [f"database {cursor.fetchone()[0] / MB:,.0f} MB"]
        for table in WRITTEN:
            cursor.execute(
                """
                SELECT pg_table_size(relid), pg_indexes_size(relid), n_dead_tup, autovacuum_count
                FROM pg_stat_user_tables WHERE relid = %s::regclass
                """,
                [table],
            )
            rows, indexes, dead, vacuumed = cursor.fetchone()
            told.append(
                f"{table} {rows / MB:,.0f} + indexes {indexes / MB:,.0f} MB, {dead:,} dead, vacuumed {vacuumed} times"
            )
        cursor.execute(
            """
            SELECT indexrelid::regclass::text, pg_relation_size(indexrelid) FROM pg_index
            WHERE indrelid = ANY(%s::regclass[]) AND pg_relation_size(indexrelid) >= %s ORDER BY 2 DESC
            """,
            [list(WRITTEN), MB],
        )
        told.append(", ".join(f"{name} {size / MB:,.0f}" for name, size in cursor.fetchall()))
    return "; ".join(told)


def prepare(count: int) -> str:
    """Make what is missing of one project with so many issues; return a token for it."""
    organization, _ = Organization.objects.get_or_create(slug=seeds.ORGANIZATION, defaults={"name": "Benchmarks"})
    team, _ = Team.objects.get_or_create(organization=organization, slug="engineers", defaults={"name": "Engineers"})
    jane, _ = User.objects.get_or_create(username="jane", defaults={"email": "jane@example.com"})
    OrganizationMember.objects.get_or_create(organization=organization, user=jane, defaults={"role": Role.MEMBER})
    team.members.add(jane)
    project, is_new = Project.objects.get_or_create(
        organization=organization, slug="large", defaults={"name": "Large", "platform": "python"}
    )
    if is_new:
        started = monotonic()
        project.teams.add(team)
        make_many(
            f"{seeds.ORGANIZATION}/large",
            min(count, MADE),
            seed=0,
            status=IssueStatus.UNRESOLVED,
            now=timezone.now(),
            show_progress=False,
        )
        # One in ten is somebody's, so that the index of those is written, too.
        project.issues.annotate(tenth=F("id") % 10).filter(tenth=0).update(assignee_user=jane)
        copies(project, count // MADE - 1)
        say("seeds", f"{monotonic() - started:.0f} s")
    _, token = create_token(jane)
    return token


def copies(project: Project, times: int) -> None:
    """Copy the issues of the project so many times, without what hangs on them: no change of status looks at that."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id) FROM issues_issue WHERE project_id = %s", [project.pk])
        (first,) = cursor.fetchone()
        cursor.execute("SELECT attname FROM pg_attribute WHERE attrelid = 'issues_issue'::regclass AND attnum > 0")
        columns = [name for (name,) in cursor.fetchall()]
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET session_replication_role = replica")  # what they point at is there
        with without_indexes():
            for number in range(1, times + 1):
                values = [f"{name} + {number * MADE}" if name in {"id", "short_number"} else name for name in columns]
                cursor.execute(
                    f"INSERT INTO issues_issue ({', '.join(columns)}) SELECT {', '.join(values)} FROM issues_issue "
                    "WHERE id BETWEEN %s AND %s",
                    [first, first + MADE - 1],
                )
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("SELECT setval(pg_get_serial_sequence('issues_issue', 'id'), max(id)) FROM issues_issue")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


@contextmanager
def without_indexes() -> Iterator[None]:
    """Leave out the indexes of issues that are no constraints, and build them anew, each in one go."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
            WHERE indrelid = 'issues_issue'::regclass AND NOT indisunique
            """
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for _, definition in indexes:
            cursor.execute(definition)


main()
