"""Doing something as carefully as the caller asked: only to see what would happen, or only to so many issues."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from issues.mutation import MutationOutcome, Precautions
from projects.database import transactions
from projects.refusals import Refusal

Outcome = TypeVar("Outcome", bound=MutationOutcome)


class UnexpectedNumber(Refusal):
    """The caller said how many issues would match, and it is another number."""

    status = 412

    def __init__(self, *, matched: int, expected: int) -> None:
        super().__init__(f"{matched} issues match, but Issues-Expected says {expected}. Nothing was changed.")


def run(work: Callable[[], list[Outcome]], precautions: Precautions, *, lock_timeout: int) -> list[Outcome]:
    """Return what ``work`` returns, done in one transaction (:func:`transactions.run`).

    A preview is the same work, rolled back: its outcomes are those of the change, but that there is no mutation.

    :raises UnexpectedNumber: it is not about as many issues as the caller expects; nothing was changed.
    """
    guarded = partial(_guarded, work, precautions.expected)
    outcomes = transactions.run(guarded, lock_timeout=lock_timeout, keep=not precautions.preview)
    return [replace(outcome, mutation_id=None) for outcome in outcomes] if precautions.preview else outcomes


def _guarded(work: Callable[[], list[Outcome]], expected: int | None) -> list[Outcome]:
    """Do the work, and fail if it was about another number of issues: for "all", nothing sooner knows how many.

    With an id out of scope nothing was done, and that is the answer.
    """
    outcomes = work()
    matched = sum(outcome.matched for outcome in outcomes)
    if expected not in (None, matched) and not any(outcome.out_of_scope for outcome in outcomes):
        raise UnexpectedNumber(matched=matched, expected=expected)
    return outcomes
