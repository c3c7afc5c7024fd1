"""What goes away in the background: in steps of some milliseconds, one at a time, while no batch waits."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from time import monotonic
from uuid import UUID

from django.db import DatabaseError, InterfaceError

from events.counting import forgetting, trimming
from issues.instants import is_ahead
from issues.services.occurrences import Forgotten

ROUND_SECONDS = 10.0  # from the end of a round to the next one
FINGERPRINTS = 1_000  # looked at in a step
SWEPT_IN_A_ROUND = 20  # steps


class Tidying:
    """Takes away what whole events are more than issues keep, and those of issues that were deleted.

    :param per_issue: how many of the newest events an issue keeps, beside its first.
    """

    def __init__(self, *, per_issue: int, now: Callable[[], datetime]) -> None:
        self.per_issue, self.now = per_issue, now
        self._counted: dict[int, set[UUID]] = defaultdict(set)
        self._swept: int | None = 0  # the issue up to which a counter that starts has looked at them all
        self._round: Iterator[None] = iter(())
        self._next_round = 0.0

    def note(self, project_id: int, fingerprints: Iterable[UUID]) -> None:
        """Note that there are new events of these fingerprints."""
        self._counted[project_id].update(fingerprints)

    def step(self) -> bool:
        """Do the next thing. False when there is nothing to do for now."""
        for _ in self._round:
            return True
        if monotonic() < self._next_round:
            return False
        self._next_round = monotonic() + ROUND_SECONDS
        self._round = self._steps()
        return True

    def _steps(self) -> Iterator[None]:
        yield from self._trim_what_was_counted()
        for _ in range(SWEPT_IN_A_ROUND):
            if self._swept is not None:
                self._swept, issues = trimming.next_after(self._swept, self.per_issue)
                yield from self._trim(issues)
        yield from self._forget()
        self._next_round = monotonic() + ROUND_SECONDS

    def _trim_what_was_counted(self) -> Iterator[None]:
        counted, self._counted = self._counted, defaultdict(set)
        try:
            for project_id, fingerprints in counted.items():
                in_turn = list(fingerprints)
                for start in range(0, len(in_turn), FINGERPRINTS):
                    some = in_turn[start : start + FINGERPRINTS]
                    yield from self._trim(trimming.counted_more(project_id, some, self.per_issue))
        except (DatabaseError, InterfaceError):
            for project_id, fingerprints in counted.items():
                self.note(project_id, fingerprints)
            raise

    def _trim(self, issues: Iterable[trimming.Issue]) -> Iterator[None]:
        yield
        for issue in issues:
            while trimming.trim(issue, self.per_issue):
                yield
            yield

    def _forget(self) -> Iterator[None]:
        last: Forgotten | None = None
        while fingerprints := forgetting.next_after(last):
            last = fingerprints[-1]
            # Of a clock that was ahead: by it, what comes now came before. Counting corrects it, or time does.
            believed = [each for each in fingerprints if not is_ahead(each[2], now=self.now())]
            while forgetting.forget(believed):
                yield
            forgetting.close(believed, now=self.now())
            yield
