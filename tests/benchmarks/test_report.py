"""The report, and the targets that it judges."""

from datetime import date

import pytest

from benchmarks import report
from benchmarks.bench import CHEAPEST, Pool, Times
from benchmarks.events import series as of
from benchmarks.figures import milliseconds, percentile
from benchmarks.plan import QUICK
from benchmarks.series import (
    BARE,
    BESIDE,
    CHANGE,
    CLIENTS,
    CROWDED,
    FEW_CALLERS,
    HELD,
    ONE_ISSUE,
    UNDO,
    USUAL,
    WITH,
    WITHOUT,
    Load,
    Results,
    Spent,
)
from benchmarks.targets import MIB, check
from benchmarks.verbs import VERBS

FLOOR, SERVICE, HTTP = 1.0, 1.2, 1.5


def cell(service: float = SERVICE, http: float = HTTP, **more: float) -> dict[str, Times]:
    ways = {"floor": FLOOR, "service": service, "http": http, **more}
    return {way: Times([seconds] * 3, [1024] * 3) for way, seconds in ways.items()}


def of_events() -> of.Results:
    rates = {of.BARE: 1_000, of.ACCEPTED: 700, of.COUNTED: 500}
    return of.Results(
        event_bytes=5_905,
        bytes_on_disk=3_000,
        taken={(way, 1): of.Taken(rate, 1.0, [0.01] * rate, oldest=0.2) for way, rate in rates.items()},
        folded={"2,000 of one issue": {"floor": Times([0.05]), "service": Times([0.1])}},
        sizes={"2,000 of one issue": 2_000},
        beside_per_second=250,
        single={of.USUAL: Times([0.01]), of.BESIDE: Times([0.015]), of.BESIDE_BARE: Times([0.012])},
    )


@pytest.fixture
def results() -> Results:
    """What holds every target."""
    return Results(
        named={(verb.name, k): cell() for verb in VERBS for k in (1_000, 10_000)},
        all={
            ("resolve", QUICK.tested): cell(1.1, **{BARE: 1.0}),
            ("resolve", QUICK.large): {way: times for way, times in cell(1.1).items() if way != "http"},
        },
        loads={(1, 1): Load([0.004], 1, 1.0), (CLIENTS, 1): Load([0.009], 2, 1.0)},
        cheapest=Times([0.002]),
        lists={"tested": Times([0.006]), "large": Times([0.006]), CHEAPEST: Times([0.002])},
        carried={
            BARE: {"resolve": Times([1.0]), "unresolve": Times([2.0])},
            "`issues_issue_listed`": {"resolve": Times([1.1]), "unresolve": Times([2.4])},
        },
        undo={1_000: {WITH: Times([0.011]), WITHOUT: Times([0.010])}},
        undone={100_000: {CHANGE: Times([2.0]), UNDO: Times([2.4])}},
        spent={
            CHEAPEST: Spent([0.001], [[0.0002]], ["SELECT 1"]),
            ONE_ISSUE: Spent([0.004, 0.006], [[0.001, 0.002], [0.0015, 0.003]], ["SELECT 2", "UPDATE\n   issues"]),
        },
        crowds={(ONE_ISSUE, when): Times([0.006]) for when in (FEW_CALLERS, CROWDED)},
        statements={"resolve": {(way, k): 8 for way in ("service", "http") for k in (2, 10_000)}},
        worker_memory={1: 80 * MIB, QUICK.large: 90 * MIB},
        backend_memory={1: 20 * MIB, QUICK.large: 40 * MIB},
        held={USUAL: Times([0.01]), HELD: Times([0.012])},
        singles={USUAL: Times([0.01]), BESIDE: Times([0.015])},
        by_hand={USUAL: Times([0.01]), BESIDE: Times([0.02])},
        pages={USUAL: Times([0.01]), BESIDE: Times([0.015])},
        large_over_http=30.0,
        events=of_events(),
    )


def broken(results: Results) -> list[str]:
    return [f"{target.what}: {target.measured}" for target in check(QUICK, results) if not target.holds]


def test_every_target_holds_when_everything_is_fast(results: Results) -> None:
    assert broken(results) == []


@pytest.mark.django_db
def test_tells_of_what_was_measured_alone(results: Results) -> None:
    alone = Results(lists=results.lists)
    targets = check(QUICK, alone)
    text = report.write(QUICK, alone, targets, chart="benchmarks.svg", today=date(2026, 11, 5))

    assert len(targets) == 3
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["## Targets", "## Lists", "## How it is measured"]


def test_names_the_verb_that_is_too_dear(results: Results) -> None:
    results.named["merge", 1_000] = cell(service=1.6)

    assert broken(results) == ["service / floor, 1,000 ids, the dearest of the verbs: 1.60 (merge)"]


def test_counts_all_keys_among_the_verbs_and_by_themselves(results: Results) -> None:
    results.named["all keys", 1_000] = cell(service=1.3)
    assert broken(results) == ["service / floor, 1,000 ids, all keys in one body: 1.30"]

    results.named["all keys", 1_000] = cell(service=1.5)
    assert broken(results) == [
        "service / floor, 1,000 ids, the dearest of the verbs: 1.50 (all keys)",
        "service / floor, 1,000 ids, all keys in one body: 1.50",
    ]


def test_says_where_statements_grow(results: Results) -> None:
    results.statements["resolve"]["http", 10_000] = 9

    assert broken(results) == ["statements for 10,000 ids and for 2, each verb and all keys: resolve: 8 and 9"]


def test_sees_clients_that_wait_and_lists_that_grow(results: Results) -> None:
    results.loads[CLIENTS, 1].lock_waits = 1
    results.lists["large"] = Times([0.0075])

    assert broken(results) == [
        "clients that were seen to wait for another's row: 1",
        f"a list of 100 issues among {QUICK.large:,} / among {QUICK.tested:,}, p50: 1.25",
    ]


def test_sees_what_grows_with_the_number_of_callers(results: Results) -> None:
    results.crowds[ONE_ISSUE, CROWDED] = Times([0.009])

    assert broken(results) == [f"{ONE_ISSUE}, one of {QUICK.crowd:,} callers / of few, p50: 1.50"]


def test_sees_what_undo_costs_too_much(results: Results) -> None:
    results.undo[1_000][WITH] = Times([0.012])

    assert broken(results) == ["changes of 1,000, with what undo reads / without: 1.20"]


def test_sees_an_undo_that_takes_longer_than_its_change(results: Results) -> None:
    results.undone[100_000][UNDO] = Times([2.6])

    assert broken(results) == ["undo of a change of all 100,000 / that change: 1.30"]


def test_sees_when_clients_that_hold_on_slow_others_down(results: Results) -> None:
    results.held[HELD] = Times([0.025])

    assert broken(results) == ["resolve of 1 id while clients hold on to the server / as usual, p95: 2.50"]


def test_sees_events_that_are_taken_in_or_counted_too_slowly(results: Results) -> None:
    results.events.taken[of.ACCEPTED, 1].seconds = 1.4
    results.events.taken[of.COUNTED, 1].seconds = 2.0
    results.events.taken[of.COUNTED, 1].oldest = 1.5
    results.events.taken[of.COUNTED, 1].answers += [0.2] * 10
    results.events.folded["2,000 of one issue"]["service"] = Times([0.2])
    results.events.single[of.BESIDE] = Times([0.03])

    assert broken(results) == [
        "events accepted, of 1 issue / bare floor, per second: 0.50",
        "events accepted and counted, of 1 issue / bare floor, per second: 0.25",
        "events accepted and counted, p99 of the answers: 200 ms",
        "the oldest event that was not counted: 1,500 ms",
        "counting 2,000 of one issue, service / floor: 4.00",
        "resolve of 1 id beside half of the events that can be sustained / as usual, p95: 3.00",
    ]


@pytest.mark.django_db
def test_the_report_shows_every_target_and_verb(results: Results) -> None:
    targets = check(QUICK, results)

    text = report.write(QUICK, results, targets, chart="benchmarks.svg", today=date(2026, 3, 1))

    assert all(f"| {target.what} | {target.wanted} | {target.measured} | yes |" in text for target in targets)
    assert all(f"| {verb.name} | 1.20, 1.50 | 1.20, 1.50 |" in text for verb in VERBS)
    assert "| and `issues_issue_listed` | 1,100, 1.10 | 2,400, 1.20 |" in text
    assert f"| {ONE_ISSUE} | 2 | 5.00 | 2 | 3.75 | 1.25 |" in text
    assert "| `UPDATE issues` | 2.50 |" in text
    assert "| 1,000 issues | 1 | 11.0 | 10.0 | 1.10 |" in text
    assert f"| {ONE_ISSUE} | 1 | 6.00 | 6.00 |" in text
    assert "| accepted, 1 issue | 700 | 10.0 | 10.0 | 10.0 | - | 700 | 0.70 |" in text
    assert "| accepted and counted, 1 issue | 500 | 10.0 | 10.0 | 10.0 | 200 | 500 | 0.50 |" in text
    assert "| 2,000 of one issue | 1 | 50.0 | 100 | 2.00 | 20,000 |" in text
    assert "an event has 3,000 bytes on disk" in text
    assert "(benchmarks.svg)" in text
    assert report.picture(QUICK, results).startswith("<svg")


def test_a_percentile_is_one_of_the_values() -> None:
    values = [5.0, 1.0, 3.0, 2.0, 4.0]

    assert [percentile(values, share) for share in (1, 50, 95, 100)] == [1.0, 3.0, 5.0, 5.0]


def test_times_have_three_digits_that_count() -> None:
    assert [milliseconds(seconds) for seconds in (0.0009124, 0.01234, 4.5604)] == ["0.91", "12.3", "4,560"]


def test_a_pool_hands_out_each_issue_once_and_is_filled_when_it_has_too_few() -> None:
    fills: list[int] = []

    def fill(count: int) -> list[int]:
        fills.append(count)
        return list(range(10))

    pool = Pool(fill)
    first, second = pool.take(4), pool.take(6)
    third = pool.take(3)

    assert sorted([*first, *second]) == list(range(10))
    assert first == sorted(first) != [0, 1, 2, 3]
    assert len(set(third)) == 3
    assert fills == [4, 3]
