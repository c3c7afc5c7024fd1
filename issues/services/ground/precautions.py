"""Changing only as many issues as the caller expects (contract section 6)."""

from collections.abc import Sequence

from issues.mutation import MutationOutcome
from projects.acting import Act
from projects.refusals import Refusal


class UnexpectedNumber(Refusal):
    """The caller said how many issues would match, and it is another number."""

    status = 412

    def __init__(self, *, matched: int, expected: str) -> None:
        found = "1 issue matches" if matched == 1 else f"{matched} issues match"
        super().__init__(f"{found}, but Issues-Expected says {expected}. Nothing was changed.")


def check(outcomes: Sequence[MutationOutcome], act: Act) -> None:
    """Check that as many issues matched as the caller expects: for "all", nothing sooner knows how many.

    With an id out of scope nothing was done, and that is the answer.

    :raises UnexpectedNumber: it is another number; the transaction takes all of it back.
    """
    matched = sum(outcome.matched for outcome in outcomes)
    if any(outcome.out_of_scope for outcome in outcomes):
        return
    if act.expected not in (None, matched):
        raise UnexpectedNumber(matched=matched, expected=str(act.expected))
    if act.more_than is not None and matched <= act.more_than:
        raise UnexpectedNumber(matched=matched, expected=f"more than {act.more_than}")
