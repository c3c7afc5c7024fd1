"""Pairs of events that are one issue, or two: what the rules of grouping are for (contract 7.6).

A thread is where people met the case, as owner/repository#number on GitHub.
"""

from tests.events.grouping.pairs import chains, languages, messages, security, stacks, wishes
from tests.events.grouping.pairs.building import Pair

PAIRS: tuple[Pair, ...] = (
    *messages.PAIRS,
    *stacks.PAIRS,
    *languages.PAIRS,
    *chains.PAIRS,
    *wishes.PAIRS,
    *security.PAIRS,
)
