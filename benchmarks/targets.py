"""What was promised, and whether it holds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from benchmarks.bench import CHEAPEST, FLOOR, HTTP, SERVICE
from benchmarks.events.series import ACCEPTED, COUNTED
from benchmarks.events.series import BARE as BARE_FLOOR
from benchmarks.events.series import BESIDE as BESIDE_EVENTS
from benchmarks.events.series import Results as EventResults
from benchmarks.figures import milliseconds, percentile
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
    USUAL,
    WITH,
    WITHOUT,
    Cell,
    Results,
)
from benchmarks.verbs import ALL_KEYS, RESOLVE

MIB = 2**20
NAMED_AT_MOST = 1.4
ALL_KEYS_AT_MOST = 1.25
ALL_AT_MOST = 1.15
ONE_OVER_HTTP_AT_MOST = 3.0
MANY_OVER_HTTP_AT_MOST = 1.8
BARE_AT_MOST = 1.3
MEMORY_AT_MOST = 20 * MIB
CLIENTS_AT_LEAST = 1.5
LIST_AT_MOST = 4.0
FLAT_AT_MOST = 1.2  # what "flat" leaves to chance
BESIDE_AT_MOST = 2.0
HELD_AT_MOST = 2.0
UNDO_AT_MOST = 1.15
UNDONE_AT_MOST = 1.25
ACCEPTED_AT_LEAST = 0.6
COUNTED_AT_LEAST = 0.4
ANSWERED_SECONDS = 0.1
UNCOUNTED_SECONDS = 1.0
FOLDED_AT_MOST = 2.5


@dataclass(frozen=True, slots=True)
class Target:
    what: str
    wanted: str
    measured: str
    holds: bool


def ratio(cell: Cell, way: str, other: str) -> float:
    """Return how much longer the one way takes than the other, by their medians."""
    return cell[way].median / cell[other].median


def check(plan: Plan, results: Results) -> list[Target]:
    """Return each target with what was measured of it; those that were not measured are left out."""
    found = [
        (results.named, _named(results)),
        (results.all, _all(results)),
        (results.undo or results.undone, _undo(results)),
        (results.loads, _over_http(results)),
        (results.statements, _statements(results)),
        (results.worker_memory, _memory(plan, results)),
        (results.loads, _clients(results)),
        (results.lists, _lists(plan, results)),
        (results.crowds, _crowds(plan, results)),
        (results.singles, _bystanders(plan, results)),
        (results.held, _holders(results)),
        (results.events.taken, _events(results.events)),
    ]
    return [target for measured, targets in found if measured for target in targets]


def _at_most(what: str, most: float, measured: float, note: str = "") -> Target:
    return Target(what, f"≤ {most:g}", f"{measured:.2f}{note}", measured <= most)


def _worst(what: str, most: float, measured: Iterable[tuple[float, str]]) -> Target:
    """Return the target for the largest of several ratios, with its name."""
    worst, name = max(measured)
    return _at_most(what, most, worst, f" ({name})")


def _named(results: Results) -> Iterator[Target]:
    for k in (1_000, 10_000):
        measured = [(ratio(cell, SERVICE, FLOOR), verb) for (verb, size), cell in results.named.items() if size == k]
        if measured:
            yield _worst(f"service / floor, {k:,} ids, the dearest of the verbs", NAMED_AT_MOST, measured)
        if cell := results.named.get((ALL_KEYS.name, k)):
            what = f"service / floor, {k:,} ids, all keys in one body"
            yield _at_most(what, ALL_KEYS_AT_MOST, ratio(cell, SERVICE, FLOOR))


def _all(results: Results) -> Iterator[Target]:
    for size in sorted({size for _, size in results.all}):
        cells = [(verb, cell) for (verb, of), cell in results.all.items() if of == size]
        yield _worst(
            f"service / floor, update all of {size:,}",
            ALL_AT_MOST,
            [(ratio(cell, SERVICE, FLOOR), verb) for verb, cell in cells],
        )
        if all(BARE in cell for _, cell in cells):
            yield _worst(
                f"update all of {size:,} / the same with the primary key and the index of the lists only",
                BARE_AT_MOST,
                [(ratio(cell, SERVICE, BARE), verb) for verb, cell in cells],
            )


def _undo(results: Results) -> Iterator[Target]:
    for size, cell in results.undo.items():
        what = f"changes of {size:,}, with what undo reads / without"
        yield _at_most(what, UNDO_AT_MOST, ratio(cell, WITH, WITHOUT))
    for size, cell in results.undone.items():
        yield _at_most(f"undo of a change of all {size:,} / that change", UNDONE_AT_MOST, ratio(cell, UNDO, CHANGE))


def _over_http(results: Results) -> Iterator[Target]:
    one = percentile(results.loads[1, 1].answers, 50)
    yield _at_most(
        "HTTP, resolve of 1 id, one client / cheapest authenticated route, p50",
        ONE_OVER_HTTP_AT_MOST,
        one / percentile(results.cheapest.seconds, 50),
    )
    if many := results.named.get((RESOLVE.name, MANY)):
        yield _at_most(f"HTTP, resolve of {MANY:,} ids / floor", MANY_OVER_HTTP_AT_MOST, ratio(many, HTTP, FLOOR))


def _statements(results: Results) -> Iterator[Target]:
    grown = [
        f"{verb}: {counts[way, FEW]} and {counts[way, MANY]}"
        for verb, counts in results.statements.items()
        for way in (SERVICE, HTTP)
        if counts[way, FEW] != counts[way, MANY]
    ]
    yield Target(
        f"statements for {MANY:,} ids and for {FEW}, each verb and all keys",
        "equal",
        "; ".join(grown) or "equal",
        not grown,
    )


def _memory(plan: Plan, results: Results) -> Iterator[Target]:
    before, after = results.worker_memory[1], results.worker_memory[plan.large]
    if before and after:
        yield Target(
            f"peak memory of a server process, update all of {plan.large:,} / changes of 1",
            f"≤ + {MEMORY_AT_MOST / MIB:g} MiB",
            f"+ {(after - before) / MIB:.1f} MiB",
            after - before <= MEMORY_AT_MOST,
        )


def _clients(results: Results) -> Iterator[Target]:
    for k in sorted({k for _, k in results.loads}):
        one, many = results.loads[1, k], results.loads[CLIENTS, k]
        times = (many.issues / many.seconds) / (one.issues / one.seconds)
        yield Target(
            f"issues per second of {CLIENTS} clients / of one, {k:,} ids each",
            f"≥ {CLIENTS_AT_LEAST:g}",
            f"{times:.2f}",
            times >= CLIENTS_AT_LEAST,
        )
    waits = sum(load.lock_waits for load in results.loads.values())
    yield Target("clients that were seen to wait for another's row", "0", f"{waits}", waits == 0)


def _lists(plan: Plan, results: Results) -> Iterator[Target]:
    cheapest = percentile(results.lists[CHEAPEST].seconds, 50)
    pages = {name: percentile(times.seconds, 50) for name, times in results.lists.items() if name != CHEAPEST}
    for name, size in (("tested", plan.tested), ("large", plan.large)):
        yield _at_most(
            f"a list of 100 issues among {size:,} / cheapest authenticated route, p50",
            LIST_AT_MOST,
            pages[name] / cheapest,
        )
    yield _at_most(
        f"a list of 100 issues among {plan.large:,} / among {plan.tested:,}, p50",
        FLAT_AT_MOST,
        pages["large"] / pages["tested"],
    )


def _crowds(plan: Plan, results: Results) -> Iterator[Target]:
    for what in dict.fromkeys(what for what, _ in results.crowds):
        few, crowded = (percentile(results.crowds[what, when].seconds, 50) for when in (FEW_CALLERS, CROWDED))
        yield _at_most(f"{what}, one of {plan.crowd:,} callers / of few, p50", FLAT_AT_MOST, crowded / few)


def _bystanders(plan: Plan, results: Results) -> Iterator[Target]:
    for what, measured in (("changes of 1 issue", results.singles), ("lists", results.pages)):
        yield _at_most(
            f"{what} in other projects beside an update all of {plan.large:,} / as usual, p95",
            BESIDE_AT_MOST,
            percentile(measured[BESIDE].seconds, 95) / percentile(measured[USUAL].seconds, 95),
        )


def _holders(results: Results) -> Iterator[Target]:
    yield _at_most(
        "resolve of 1 id while clients hold on to the server / as usual, p95",
        HELD_AT_MOST,
        percentile(results.held[HELD].seconds, 95) / percentile(results.held[USUAL].seconds, 95),
    )


def _events(results: EventResults) -> Iterator[Target]:
    for way, least in ((ACCEPTED, ACCEPTED_AT_LEAST), (COUNTED, COUNTED_AT_LEAST)):
        for (_, issues), taken in sorted(found for found in results.taken.items() if found[0][0] == way):
            times = taken.per_second / results.taken[BARE_FLOOR, issues].per_second
            what = f"events {way}, of {issues:,} issue{'s' if issues > 1 else ''} / bare floor, per second"
            yield Target(what, f"≥ {least:g}", f"{times:.2f}", times >= least)
    sustained = [taken for (way, _), taken in results.taken.items() if way == COUNTED]
    p99 = max(percentile(taken.answers, 99) for taken in sustained)
    yield _less("events accepted and counted, p99 of the answers", ANSWERED_SECONDS, p99)
    yield _less("the oldest event that was not counted", UNCOUNTED_SECONDS, max(taken.oldest for taken in sustained))
    for what, cell in results.folded.items():
        yield _at_most(f"counting {what}, service / floor", FOLDED_AT_MOST, ratio(cell, SERVICE, FLOOR))
    yield _at_most(
        "resolve of 1 id beside half of the events that can be sustained / as usual, p95",
        BESIDE_AT_MOST,
        percentile(results.single[BESIDE_EVENTS].seconds, 95) / percentile(results.single[USUAL].seconds, 95),
    )


def _less(what: str, seconds: float, measured: float) -> Target:
    return Target(what, f"< {milliseconds(seconds)} ms", f"{milliseconds(measured)} ms", measured < seconds)
