"""The command line."""

import pickle
from argparse import ArgumentParser
from pathlib import Path

from benchmarks import seeds, series
from benchmarks.bench import Bench
from benchmarks.plan import QUICK, WHOLE
from benchmarks.serving import serving

SECTIONS = (
    series.lists,
    series.changes_of_named,
    series.statements,
    series.clients,
    series.changes_of_all,
    series.bystanders,
)


def main() -> None:
    parser = ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two minutes, on a smaller database; keeps nothing")
    options = parser.parse_args()
    plan = QUICK if options.quick else WHOLE
    seeds.use_database(plan.database)
    there = seeds.seed(plan)
    results = series.Results()
    with serving() as server:
        bench = Bench(plan, there, server)
        for section in SECTIONS:
            section(bench, results)
    Path("/tmp/results.pickle").write_bytes(pickle.dumps(results))
