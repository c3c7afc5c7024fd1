"""The command line."""

import sys
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from time import monotonic

from django.conf import settings

from benchmarks import report, seeds, series
from benchmarks.bench import Bench
from benchmarks.plan import QUICK, WHOLE
from benchmarks.serving import serving
from benchmarks.targets import check

DOCS = Path("docs")
REPORT, CHART = "benchmarks.md", "benchmarks.svg"

SECTIONS = (
    series.lists,
    series.small_requests,
    series.changes_of_named,
    series.statements,
    series.clients,
    series.changes_of_all,
    series.prices_of_what_is_carried,
    series.price_of_undo,
    series.undos,
    series.bystanders,
    series.holders,
    series.events,
    series.crowds,  # last: it leaves this process with another database
)


def main() -> None:
    """Measure, and print the report; keep it with its chart, unless it was the quick one."""
    parser = ArgumentParser(
        prog="make bench",
        description="Measure what requests cost beside PostgreSQL's own floor, on a database that is made for it and "
        "kept. Options go into ARGS, as in: make bench ARGS=--quick",
    )
    parser.add_argument(
        "--quick", action="store_true", help="a small database and few repetitions, in some 7 minutes; only prints"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=[section.__name__ for section in SECTIONS],
        default=[],
        metavar="SECTION",
        help="measure these alone, and only print: %(choices)s",
    )
    parser.add_argument("--into", type=Path, metavar="FOLDER", help=f"where the report is kept (default: {DOCS})")
    parser.add_argument("--drop", action="store_true", help="only drop the database that is kept between runs")
    options = parser.parse_args()
    if options.only and options.into:
        parser.error("What is measured alone makes no report that could be kept: leave out --into.")
    plan = QUICK if options.quick else WHOLE
    if options.drop:
        seeds.drop_database(plan.database)
        return

    started = monotonic()
    seeds.use_database(plan.database)
    there = seeds.seed(plan)
    results = series.Results()
    with serving() as server:
        bench = Bench(plan, there, server)
        for section in SECTIONS:
            if not options.only or section.__name__ in options.only:
                section(bench, results)
    text = report.write(plan, results, check(plan, results), chart=CHART, today=date.today())
    sys.stdout.write(text)
    sys.stderr.write(f"Measured in {(monotonic() - started) / 60:.1f} minutes.\n")

    folder = options.into or (None if options.quick or options.only else settings.BASE_DIR / DOCS)
    if folder is not None:
        (folder / REPORT).write_text(text)
        (folder / CHART).write_text(report.picture(plan, results))
