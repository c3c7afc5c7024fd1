"""What an operator sees of mutations: counts for Prometheus, and a line in the log for each.

Services call this as they call anything else. Who reads the counts (issuetracker/metrics.py), and how a line looks
(issuetracker/logs.py), they don't know (docs/decisions/0016).
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from issues.enums import MutationKind
from issues.mutation import IssueScope, MutationOutcome, NamedIssues
from projects.acting import Act
from projects.callers import Caller
from projects.database.failures import refusal_of, sqlstate
from projects.database.transactions import STARTED_OVER
from projects.refusals import Refusal, TryAgain

logger = logging.getLogger("issues.mutations")

LOGGED_CHARACTERS = 1000  # of a query, and of a body, in a line: both may have a million

# Every label has few values, whatever callers send: a series is kept for as long as the server runs.
MUTATIONS = Counter("issuetracker_mutations_total", "Mutations, by how they ended.", ["kind", "outcome"])
MATCHED = Counter("issuetracker_issues_matched_total", "Issues in scope of mutations.", ["kind"])
CHANGED = Counter("issuetracker_issues_changed_total", "Issues that mutations changed or deleted.", ["kind"])
IN_FLIGHT = Gauge(
    "issuetracker_mutations_in_flight", "Mutations just now.", ["kind"], multiprocess_mode="livesum"
)  # "live": a worker that was killed is at nothing any more
LOCKING_SECONDS = Histogram(
    "issuetracker_locking_seconds",
    "How long it took to lock the issues that a mutation names.",
    ["kind"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)

DONE, OUT_OF_SCOPE, REFUSED, UNAVAILABLE, FAILED = "done", "out_of_scope", "refused", "unavailable", "failed"
OUTCOMES = (DONE, OUT_OF_SCOPE, REFUSED, UNAVAILABLE, FAILED)


def begin_at_zero() -> None:
    """Make the series that are known beforehand: Prometheus sees no increase in what begins at 1."""
    for kind in MutationKind.values:
        for outcome in OUTCOMES:
            MUTATIONS.labels(kind, outcome)
        for metric in (MATCHED, CHANGED, IN_FLIGHT, LOCKING_SECONDS):
            metric.labels(kind)
    for reason in ("40P01", "40001", "23503", "StartOver", "TreeMoved"):
        STARTED_OVER.labels(reason)


@contextmanager
def locking(kind: MutationKind) -> Iterator[None]:
    """Time the statement that locks what a mutation names, also when it fails."""
    started = perf_counter()
    try:
        yield
    finally:
        LOCKING_SECONDS.labels(kind.value).observe(perf_counter() - started)


@dataclass(slots=True)
class Observed:
    """What was done in an observed block, whose last line assigns it: one outcome for each scope."""

    outcomes: Sequence[MutationOutcome] = field(init=False)


@contextmanager
def mutation(kind: MutationKind, scopes: Sequence[IssueScope], body: Mapping[str, Any], act: Act) -> Iterator[Observed]:
    """Count what is done within, and log a line for each scope.

    A preview changes nothing and counts for nothing, but is logged: it locks and takes its time as the change does.

    :raises AttributeError: the block went well, and has not assigned its outcomes.
    """
    observed = Observed()
    outcomes: Sequence[MutationOutcome] = ()
    result, reason = FAILED, None
    started = perf_counter()
    in_flight = IN_FLIGHT.labels(kind.value)
    if not act.preview:
        in_flight.inc()
    try:
        yield observed
        outcomes = observed.outcomes
        result = OUT_OF_SCOPE if any(outcome.out_of_scope for outcome in outcomes) else DONE
    except Exception as error:
        result, reason = _result(error), _reason(error)
        raise
    finally:
        if not act.preview:
            in_flight.dec()
            MUTATIONS.labels(kind.value, result).inc()
            MATCHED.labels(kind.value).inc(sum(outcome.matched for outcome in outcomes))
            CHANGED.labels(kind.value).inc(sum(outcome.changed for outcome in outcomes))
        if logger.isEnabledFor(logging.INFO):
            asked = _asked(kind, body, act.by) | {"preview": act.preview}
            ended = {"outcome": result, "reason": reason, "seconds": round(perf_counter() - started, 6)}
            for scope, outcome in zip(scopes, outcomes or [MutationOutcome()] * len(scopes), strict=True):
                _log(asked | _scope(scope) | ended | _counts(outcome))


def _result(error: Exception) -> str:
    match refusal_of(error):
        case TryAgain():
            return UNAVAILABLE
        case Refusal():
            return REFUSED
    return FAILED


def _reason(error: Exception) -> str:
    """Return PostgreSQL's code of what went wrong; without one, the kind of the exception: neither quotes a caller."""
    return sqlstate(error) or type(error).__name__


# ---------------------------------------------------------------------------------------------------------------------
# The line
# ---------------------------------------------------------------------------------------------------------------------


def _asked(kind: MutationKind, body: Mapping[str, Any], by: Caller) -> dict[str, Any]:
    return {
        "kind": kind.value,
        "user_id": by.user_id,
        "username": None if by.user is None else by.user.get_username(),
        "api_key_id": by.api_key_id,
        # As text: whatever a caller sends, it is one field of one type for who collects the lines.
        "body": _cut(json.dumps(dict(body))),
    }


def _scope(scope: IssueScope) -> dict[str, Any]:
    """Return what was named: of ten thousand ids only how many."""
    return {
        "project_id": scope.project_id,
        "ids": len(scope.ids) if isinstance(scope, NamedIssues) else None,
        "statuses": None if scope.statuses is None else sorted(status.value for status in scope.statuses),
        "query": None if scope.query is None else _cut(scope.query),
    }


def _counts(outcome: MutationOutcome) -> dict[str, Any]:
    return {
        "matched": outcome.matched,
        "changed": outcome.changed,
        "out_of_scope": len(outcome.out_of_scope),
        "mutation_id": outcome.mutation_id,
    }


def _cut(text: str) -> str:
    return text if len(text) <= LOGGED_CHARACTERS else f"{text[:LOGGED_CHARACTERS]}…"


def _log(line: dict[str, Any]) -> None:
    """Log it as a sentence for people, with every part by its name for machines."""
    who = f"API key {line['api_key_id']}" if line["user_id"] is None else f"user {line['user_id']} ({line['username']})"
    # As JSON: what a caller wrote must not look like the next line.
    ids = "all" if line["ids"] is None else line["ids"]
    filters = [f", {name} {json.dumps(line[name])}" for name in ("statuses", "query") if line[name] is not None]
    logger.info(
        "%s%s by %s, project %d, ids: %s%s, %s: %s%s, %d matched, %d changed, %.3f s",
        "preview of " if line["preview"] else "",
        line["kind"],
        who,
        line["project_id"],
        ids,
        "".join(filters),
        line["body"],
        line["outcome"],
        "" if line["reason"] is None else f" ({line['reason']})",
        line["matched"],
        line["changed"],
        line["seconds"],
        extra=line,
    )
