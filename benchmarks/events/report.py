"""What the report says of events."""

from collections.abc import Iterator

from benchmarks.bench import FLOOR, SERVICE
from benchmarks.events.senders import CLIENTS
from benchmarks.events.series import (
    ACCEPTED,
    BARE,
    BATCH,
    BESIDE,
    BESIDE_BARE,
    COUNTED,
    PEOPLE,
    USUAL,
    Results,
)
from benchmarks.figures import milliseconds, percentile, table
from benchmarks.plan import Plan


def sections(plan: Plan, results: Results) -> Iterator[str]:
    """Yield the lines about taking events in, and about counting them."""
    yield "## Events"
    yield ""
    yield f"{CLIENTS} clients send an event of {results.event_bytes:,} bytes over and over, as Sentry's Python SDK"
    yield f"sent it, packed by brotli and each with a new id, as fast as they are answered, {plan.event_rounds} times"
    yield f"{plan.event_seconds:g} s for each line. *Accepted and counted* has `count_events` beside the server, and"
    yield "its time ends when nothing waits any more. *Oldest* is how long an event was seen to wait at most. In ms,"
    yield "and per second."
    yield ""
    yield from table(
        ("", "events", "p50", "p95", "p99", "oldest", "events/s", "/ bare floor"),
        [
            (
                f"{way}, {issues:,} issue{'s' if issues > 1 else ''}",
                f"{taken.events:,}",
                *(milliseconds(percentile(taken.answers, share)) for share in (50, 95, 99)),
                milliseconds(taken.oldest) if way == COUNTED else "-",
                f"{taken.per_second:,.0f}",
                f"{taken.per_second / results.taken[BARE, issues].per_second:.2f}",
            )
            for issues in plan.event_issues
            for way in (BARE, ACCEPTED, COUNTED)
            for taken in [results.taken[way, issues]]
        ],
    )
    yield f"When it is counted, an event has {results.bytes_on_disk:,.0f} bytes on disk, in all tables of events and"
    yield "their indexes."
    yield ""
    yield "## Counting events"
    yield ""
    yield f"A batch that waits already, in one transaction; medians in ms. {BATCH:,} events of one issue are about"
    yield f"{PEOPLE} people."
    yield ""
    yield from table(
        ("", "times each", "floor", "service", "service / floor", "events/s"),
        [
            (
                what,
                f"{len(cell[FLOOR].seconds)}",
                *(milliseconds(cell[way].median) for way in (FLOOR, SERVICE)),
                f"{cell[SERVICE].median / cell[FLOOR].median:.2f}",
                f"{results.sizes[what] / cell[SERVICE].median:,.0f}",
            )
            for what, cell in results.folded.items()
        ],
    )
    yield "## Beside events"
    yield ""
    yield "One client that resolves single issues of another project, as usual and while"
    yield f"{results.beside_per_second:,.0f} events a second come and are counted, half of what could be sustained; ms."
    yield "*Beside the bare floor*: as many come to that, and nobody counts them. A resolve shares only the cores and"
    yield "PostgreSQL with those, so that is what two cores cost it which others use as well."
    yield ""
    yield from table(
        ("", "requests", "p50", "p95", "slowest"),
        [
            (
                shown,
                f"{len(results.single[when].seconds)}",
                *(milliseconds(percentile(results.single[when].seconds, share)) for share in (50, 95, 100)),
            )
            for when, shown in ((USUAL, "as usual"), (BESIDE, "meanwhile"), (BESIDE_BARE, "beside the bare floor"))
        ],
    )
