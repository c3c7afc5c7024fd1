"""How much is measured: the whole, or what takes some 7 minutes on two cores."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.verbs import RESOLVE, VERBS


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes in issues, repetitions as numbers of rounds; a round does everything that is compared once."""

    database: str
    tested: int  # in the project under test
    large: int  # in the project that is large
    others: int  # so many projects more ...
    each: int  # ... with so many each
    rounds: Mapping[int, int]  # of changes of so many ids
    with_most: Collection[str]  # the verbs that are asked of the most of those
    all_rounds: int  # of "update all" in the project under test
    large_rounds: int  # of "update all" in the large one
    carried_rounds: int  # of "update all" on the copy of the table, with each part of what the table carries
    undo_rounds: int  # of a few changes of a thousand, with and without what undo reads
    undo_large_rounds: int  # of changes of all in the large project, the same
    undone_rounds: int  # of "update all" in the project under test, each taken back
    undone_large_rounds: int  # the same in the large one
    client_rounds: int
    client_issues: Mapping[
        int, int
    ]  # changed by one client in a round, so many at once; eight clients change twice that
    list_rounds: int
    lists: int  # in a round
    small_rounds: int  # of the smallest requests
    held_rounds: int  # of changes of one issue, as usual and while clients hold on
    held: int  # changes in each of those
    crowd: int  # so many users with a token each, and a tenth as many projects, among which a caller is found
    event_rounds: int  # of sending events, for each way and number of issues
    event_issues: Sequence[int]  # of so many issues
    event_seconds: float  # in each of those
    event_singles: int  # changes of one issue beside events, at most
    fold_rounds: int  # of counting a batch of events
    new_issues: Sequence[int]  # in such a batch
    idle_seconds: float  # for which single changes are timed while nothing else runs

    @property
    def issues(self) -> int:
        return self.tested + self.large + self.others * self.each


WHOLE = Plan(
    database="issuetracker_benchmarks",
    tested=100_000,
    large=1_000_000,
    others=20,
    each=5_000,
    rounds={1: 31, 10: 31, 100: 21, 1_000: 11, 10_000: 5},
    with_most=[verb.name for verb in VERBS],
    all_rounds=5,
    large_rounds=5,
    carried_rounds=3,
    undo_rounds=6,
    undo_large_rounds=1,
    undone_rounds=5,
    undone_large_rounds=2,
    client_rounds=5,
    client_issues={1: 100, 10: 600, 100: 3_000, 1_000: 6_000},
    list_rounds=5,
    lists=20,
    small_rounds=200,
    held_rounds=4,
    held=300,
    crowd=20_000,
    event_rounds=3,
    event_issues=(1, 500),
    event_seconds=6,
    event_singles=300,
    fold_rounds=7,
    new_issues=(500, 2_000),
    idle_seconds=10,
)
QUICK = Plan(
    database="issuetracker_benchmarks_quick",
    tested=40_000,
    large=200_000,
    others=10,
    each=1_000,
    rounds={1: 5, 100: 5, 1_000: 5, 10_000: 3},
    with_most=[RESOLVE.name],
    all_rounds=2,
    large_rounds=1,
    carried_rounds=0,
    undo_rounds=2,
    undo_large_rounds=1,
    undone_rounds=2,
    undone_large_rounds=1,
    client_rounds=2,
    client_issues={1: 40, 100: 1_000},
    list_rounds=5,
    lists=5,
    small_rounds=100,
    held_rounds=2,
    held=200,
    crowd=2_000,
    event_rounds=1,
    event_issues=(1,),
    event_seconds=4,
    event_singles=200,
    fold_rounds=3,
    new_issues=(500,),
    idle_seconds=3,
)
