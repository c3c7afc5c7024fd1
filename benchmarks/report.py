"""The report, in Markdown; every figure in it is computed here from what was measured."""

import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from statistics import median

import django
from django.conf import settings
from django.db import connection

from benchmarks.bench import CHEAPEST, FLOOR, HTTP, SERVICE, Times
from benchmarks.chart import draw
from benchmarks.events import report as of_events
from benchmarks.figures import kibibytes, mebibytes, milliseconds, percentile, table
from benchmarks.holding import DRIPPING, SILENT, UNREAD
from benchmarks.plan import Plan
from benchmarks.series import (
    BARE,
    BESIDE,
    CHANGE,
    CLIENTS,
    CROWDED,
    FEW,
    FEW_CALLERS,
    HELD,
    MANY,
    UNDO,
    UNDO_INDEX,
    USUAL,
    WITH,
    WITHOUT,
    Results,
)
from benchmarks.targets import Target, ratio
from benchmarks.verbs import RESOLVE, VERBS

SQL_SHOWN = 90  # characters of a statement
LABELS = {FLOOR: "floor", SERVICE: "service", HTTP: "HTTP", BARE: "bare copy"}


def write(plan: Plan, results: Results, targets: Sequence[Target], *, chart: str, today: date) -> str:
    """Return the report of what was measured; ``chart`` is where its picture is."""
    found = [
        (True, _beginning(plan, chart, today)),
        (targets, _targets(targets)),
        (results.named, _named(results)),
        (results.all, _all(results)),
        (results.carried, _carried(plan, results)),
        (results.undo, _undo(results)),
        (results.undone, _undone(results)),
        (results.named and results.all, _growth(plan, results)),
        (results.loads, _clients(results)),
        (results.lists, _lists(plan, results)),
        (results.spent, _small(results)),
        (results.crowds, _crowds(plan, results)),
        (results.statements, _statements(results)),
        (results.named, _wal(results)),
        (results.worker_memory, _memory(plan, results)),
        (results.singles, _bystanders(plan, results)),
        (results.held, _holders(results)),
        (results.events.taken, of_events.sections(plan, results.events)),
        (True, _how(plan)),
    ]
    return "\n".join(line for measured, lines in found if measured for line in lines)


def picture(plan: Plan, results: Results) -> str:
    """Return the chart of resolving."""
    lines = {}
    for way in (HTTP, SERVICE, FLOOR):
        cells = [(k, cell) for (verb, k), cell in results.named.items() if verb == RESOLVE.name]
        cells += [(size, cell) for (verb, size), cell in results.all.items() if verb == RESOLVE.name and way in cell]
        lines[LABELS[way]] = [(k, cell[way].median) for k, cell in sorted(cells, key=lambda found: found[0])]
    return draw("Time to resolve issues", {name: lines[name] for name in ("floor", "service", "HTTP")})


def _beginning(plan: Plan, chart: str, today: date) -> Iterator[str]:
    yield from (
        "# What a request costs",
        "",
        "Written by `make bench`; no figure is typed by hand. The *floor* is the best SQL that we could write by hand",
        "with the same end effect on the same tables, in one transaction by psycopg2; the *service* is `bulk.mutate`",
        "called in-process; *HTTP* is what `manage.py serve` runs, asked by one client. Compare ratios, not machines.",
        "",
        f"![Time against the number of issues: floor, service and HTTP]({chart})",
        "",
    )
    yield from table(
        ("", ""),
        [
            ("date, commit", f"{today.isoformat()}, {commit()}"),
            ("machine", machine()),
            ("versions", versions()),
            (
                "server",
                f"{settings.WEB_WORKERS} workers with {settings.WEB_THREADS} threads",
            ),
            (
                "issues",
                f"{plan.issues:,}: {plan.tested:,} in the project under test, {plan.large:,} in a large one, "
                f"{plan.each:,} in each of {plan.others} others",
            ),
        ],
    )


def commit() -> str:
    """Return what of the project was measured; marked when files differ from that."""
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "unknown"


def machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
        memory = f", {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (OSError, ValueError):
        memory = ""
    return f"{os.cpu_count()} x {model}{memory}, {platform.system()}"


def versions() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (postgres,) = cursor.fetchone()
    return f"PostgreSQL {postgres.split()[0]}, Python {platform.python_version()}, Django {django.get_version()}"


def _targets(targets: Sequence[Target]) -> Iterator[str]:
    yield "## Targets"
    yield ""
    yield from table(
        ("what", "target", "measured", "holds"),
        [(target.what, target.wanted, target.measured, "yes" if target.holds else "**no**") for target in targets],
    )


def _named(results: Results) -> Iterator[str]:
    sizes = sorted({k for _, k in results.named})
    yield "## Changes of named issues"
    yield ""
    yield "How many times the floor's time the service and HTTP take; then the times in ms. Medians of "
    yield ", ".join(
        f"{len(next(cell for (_, size), cell in results.named.items() if size == k)[FLOOR].seconds)} ({k:,} ids)"
        for k in sizes
    )
    yield "rounds, each with the three of them in turn."
    yield ""
    yield from table(
        ("service / floor, HTTP / floor", *(f"{k:,}" for k in sizes)),
        [
            (
                verb.name,
                *(
                    f"{ratio(cell, SERVICE, FLOOR):.2f}, {ratio(cell, HTTP, FLOOR):.2f}"
                    if (cell := results.named.get((verb.name, k)))
                    else "-"
                    for k in sizes
                ),
            )
            for verb in VERBS
        ],
    )
    yield from table(
        ("floor, service, HTTP (ms)", *(f"{k:,}" for k in sizes)),
        [
            (
                verb.name,
                *(
                    ", ".join(milliseconds(cell[way].median) for way in (FLOOR, SERVICE, HTTP))
                    if (cell := results.named.get((verb.name, k)))
                    else "-"
                    for k in sizes
                ),
            )
            for verb in VERBS
        ],
    )


def _all(results: Results) -> Iterator[str]:
    yield "## Update all"
    yield ""
    yield "Medians in ms. The *bare copy* is the service on a copy of the table of issues with its checks, its primary"
    yield "key, the index of the lists, and no foreign keys."
    yield ""
    ways = (FLOOR, SERVICE, HTTP, BARE)
    yield from table(
        ("", "times each", *(LABELS[way] for way in ways), "service / floor"),
        [
            (
                f"{verb} all of {size:,}",
                f"{len(cell[FLOOR].seconds)}",
                *(milliseconds(cell[way].median) if way in cell else "-" for way in ways),
                f"{ratio(cell, SERVICE, FLOOR):.2f}",
            )
            for (verb, size), cell in results.all.items()
        ],
    )


def _carried(plan: Plan, results: Results) -> Iterator[str]:
    yield "## What the table carries"
    yield ""
    count = len(results.carried[BARE][RESOLVE.name].seconds)
    yield f"Update all of {plan.tested:,} on the bare copy, and on the copy with one part more of what the table has:"
    yield f"medians of {count}, in ms, and against the bare copy. A row that changes its status is written anew into"
    yield "every index that holds it; which query reads each of them stands beside it in `issues/models.py`."
    yield ""
    bare = results.carried[BARE]
    verbs = list(bare)
    yield from table(
        ("", *(f"{verb}, / bare copy" for verb in verbs)),
        [
            (
                LABELS.get(name, f"and {name}"),
                *(
                    f"{milliseconds(times[verb].median)}, {times[verb].median / bare[verb].median:.2f}"
                    for verb in verbs
                ),
            )
            for name, times in results.carried.items()
        ],
    )


def _undo(results: Results) -> Iterator[str]:
    yield "## What undo costs those who change"
    yield ""
    yield f"The service with and without the index `{UNDO_INDEX}`, by which an undo finds the issues: medians in ms, of"
    yield "resolving a thousand, and of resolving and unresolving all."
    yield ""
    yield from table(
        ("", "times each", WITH, WITHOUT, "with / without"),
        [
            (
                f"{size:,} issues",
                f"{len(cell[WITH].seconds)}",
                *(milliseconds(cell[way].median) for way in (WITH, WITHOUT)),
                f"{ratio(cell, WITH, WITHOUT):.2f}",
            )
            for size, cell in results.undo.items()
        ],
    )


def _undone(results: Results) -> Iterator[str]:
    yield "## What an undo costs"
    yield ""
    yield "The service resolves all issues, and takes that back at once: medians in ms. Decision 18 says what an undo"
    yield "writes beyond the change."
    yield ""
    yield from table(
        ("", "times each", CHANGE, UNDO, "undo / change"),
        [
            (
                f"{size:,} issues",
                f"{len(cell[UNDO].seconds)}",
                *(milliseconds(cell[way].median) for way in (CHANGE, UNDO)),
                f"{ratio(cell, UNDO, CHANGE):.2f}",
            )
            for size, cell in results.undone.items()
        ],
    )


def _small(results: Results) -> Iterator[str]:
    yield "## What small requests are made of"
    yield ""
    yield "Medians in ms, in one process without HTTP. *The rest* is Django, DRF, the service's own code, BEGIN and"
    yield "COMMIT."
    yield ""
    yield from table(
        ("", "requests", "whole", "statements", "their time", "the rest"),
        [
            (
                f"`GET {what}`" if what == CHEAPEST else what,
                f"{len(spent.whole)}",
                milliseconds(median(spent.whole)),
                f"{len(spent.says)}",
                milliseconds(median(map(sum, spent.statements))),
                milliseconds(
                    median(whole - sum(each) for whole, each in zip(spent.whole, spent.statements, strict=True))
                ),
            )
            for what, spent in results.spent.items()
        ],
    )
    for what, spent in results.spent.items():
        if what != CHEAPEST:
            yield from table(
                (f"statements of a {what}", "ms"),
                [
                    (f"`{' '.join(sql.split())[:SQL_SHOWN]}`", milliseconds(median(each)))
                    for sql, each in zip(spent.says, zip(*spent.statements, strict=True), strict=True)
                ],
            )


def _crowds(plan: Plan, results: Results) -> Iterator[str]:
    yield "## In a crowd"
    yield ""
    yield f"One client, as one of few callers, and with {plan.crowd:,} more members with a token each and"
    yield f"{plan.crowd // 10:,} more projects and teams in the organization; p50 in ms."
    yield ""
    asked = list(dict.fromkeys(what for what, _ in results.crowds))
    yield from table(
        ("", "requests", FEW_CALLERS, CROWDED),
        [
            (
                f"`GET {what}`" if what == CHEAPEST else what,
                f"{len(results.crowds[what, CROWDED].seconds)}",
                *(milliseconds(percentile(results.crowds[what, when].seconds, 50)) for when in (FEW_CALLERS, CROWDED)),
            )
            for what in asked
        ],
    )


def _growth(plan: Plan, results: Results) -> Iterator[str]:
    yield "## Growth"
    yield ""
    yield "Resolving, µs for each issue."
    yield ""
    cells = [(f"{k:,} ids", k, cell) for (verb, k), cell in results.named.items() if verb == RESOLVE.name and k >= 100]
    cells += [(f"all {size:,}", size, cell) for (verb, size), cell in results.all.items() if verb == RESOLVE.name]
    yield from table(
        ("", *(name for name, _, _ in cells)),
        [
            (
                LABELS[way],
                *(f"{cell[way].median / k * 1e6:.1f}" if way in cell else "-" for _, k, cell in cells),
            )
            for way in (FLOOR, SERVICE, HTTP)
        ],
    )


def _clients(results: Results) -> Iterator[str]:
    yield "## Clients"
    yield ""
    yield "Resolving over HTTP with kept connections; clients have no ids in common, and call from the same machine."
    yield "ms, and per second."
    yield ""

    def row(name: str, answers: Sequence[float], rest: Sequence[str]) -> Sequence[str]:
        return (name, f"{len(answers)}", *(milliseconds(percentile(answers, share)) for share in (50, 95, 99)), *rest)

    rows = [row(f"`GET {CHEAPEST}`, 1 client", results.cheapest.seconds, ("-", "-"))]
    for (count, k), load in sorted(results.loads.items(), key=lambda found: (found[0][1], found[0][0])):
        rates = (f"{len(load.answers) / load.seconds:,.0f}", f"{load.issues / load.seconds:,.0f}")
        rows.append(row(f"{k:,} ids, {count} client{'s' if count > 1 else ''}", load.answers, rates))
    yield from table(("", "requests", "p50", "p95", "p99", "requests/s", "issues/s"), rows)


def _lists(plan: Plan, results: Results) -> Iterator[str]:
    yield "## Lists"
    yield ""
    yield "A page of 100 issues with all their keys, by the default query; ms."
    yield ""
    names = {
        "tested": f"among {plan.tested:,} issues",
        "large": f"among {plan.large:,} issues",
        CHEAPEST: f"`GET {CHEAPEST}`",
    }
    yield from _times(names, results.lists)


def _times(names: dict[str, str], measured: dict[str, Times]) -> list[str]:
    return table(
        ("", "requests", "p50", "p95", "slowest"),
        [
            (
                shown,
                f"{len(measured[name].seconds)}",
                *(milliseconds(percentile(measured[name].seconds, share)) for share in (50, 95, 100)),
            )
            for name, shown in names.items()
        ],
    )


def _statements(results: Results) -> Iterator[str]:
    yield "## Statements"
    yield ""
    yield f"BEGIN and COMMIT included; for {FEW} issues, and for {MANY:,}."
    yield ""
    yield from table(
        ("", "service", "whole request"),
        [
            (verb, *(f"{counts[way, FEW]}, {counts[way, MANY]}" for way in (SERVICE, HTTP)))
            for verb, counts in results.statements.items()
        ],
    )


def _wal(results: Results) -> Iterator[str]:
    sizes = sorted({k for _, k in results.named})
    yield "## Write-ahead log"
    yield ""
    yield "KiB for each request over HTTP, and by how much that is more than the floor's."
    yield ""

    def shown(times: Times, floor: Times) -> str:
        mine, least = (percentile(found.wal, 50) for found in (times, floor))
        return f"{kibibytes(mine)} ({mine / least:.2f})"

    yield from table(
        ("", *(f"{k:,}" for k in sizes)),
        [
            (
                verb.name,
                *(
                    shown(cell[HTTP], cell[FLOOR]) if (cell := results.named.get((verb.name, k))) else "-"
                    for k in sizes
                ),
            )
            for verb in VERBS
        ],
    )


def _memory(plan: Plan, results: Results) -> Iterator[str]:
    yield "## Memory"
    yield ""
    yield "MiB. Of a server process, its peak; of a database connection, the most that it was seen to have for itself,"
    yield "without PostgreSQL's shared buffers."
    yield ""
    yield from table(
        ("", "server process", "database connection"),
        [
            (name, mebibytes(results.worker_memory[count]), mebibytes(results.backend_memory[count]))
            for name, count in (("changes of 1", 1), (f"update all of {plan.large:,}", plan.large))
        ],
    )


def _bystanders(plan: Plan, results: Results) -> Iterator[str]:
    yield "## Beside a long mutation"
    yield ""
    yield "One client that changes single issues in other projects and reads lists there, as usual and while an update"
    yield f"all of {plan.large:,} runs over HTTP, which took {results.large_over_http:.1f} s; ms."
    yield ""
    for what, measured in (
        ("changes of 1 issue", results.singles),
        ("the same by the floor", results.by_hand),
        ("lists of 25", results.pages),
    ):
        yield from _times({USUAL: f"{what}, as usual", BESIDE: f"{what}, meanwhile"}, measured)


def _holders(results: Results) -> Iterator[str]:
    yield "## While clients hold on"
    yield ""
    yield f"One client that resolves single issues, as usual and meanwhile: {SILENT:,} connections say nothing,"
    yield f"{DRIPPING} send a byte of a request every second, {UNREAD} ask for a large file and don't read it; ms."
    yield ""
    yield from _times({USUAL: "as usual", HELD: "meanwhile"}, results.held)


def _how(plan: Plan) -> Iterator[str]:
    yield from (
        "## How it is measured",
        "",
        "- On a database of its own in the same PostgreSQL, with autovacuum off for its tables: they are vacuumed and",
        "  analyzed, and the history is emptied but for a little, between measurements. All else is as it comes,",
        "  `fsync` and `synchronous_commit` too.",
        "- Every call changes exactly as many issues as it says, or the run fails. Ids are random and disjoint. What a",
        "  verb has to find (resolved issues to unresolve, merged ones to unmerge, new ones to delete) is prepared by",
        "  the service, and not timed. *All keys* is one body with a status, its terms, an assignee and every boolean,",
        "  merge too.",
        "- Floor, service and HTTP take turns in each round, in another order each time; one round before warms up.",
        "  The floor of each verb is tested to write the rows that the service writes.",
        "- Events are sent by one process, which has made them before. Their floor is `benchmarks/events/bare.py` on",
        "  the same server, with as many workers and threads: it decodes, groups, compresses and commits one",
        "  statement. The floor of counting is one statement, too (for new issues, after one that reads what they",
        "  are called).",
        f"- Merge and unmerge begin at two issues. For {CLIENTS} clients, latency is that of a machine they share with",
        "  the server and the database.",
        "",
    )
