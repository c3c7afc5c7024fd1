"""Stress ...: three counters at once, and four callers who change the issues that they count for."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from django.db import DatabaseError

from issues.models import Issue, IssueHash, Mutation
from issues.mutation import AllIssues, Ignore, IssueMutation, NamedIssues, NamedRelease, Resolve, SnoozeTerms, Unresolve
from issues.services import bulk, deletion, undo
from issues.services.occurrences import Counted, Occurrence
from projects.callers import Caller
from projects.database import transactions
from projects.database.failures import DEADLOCK_DETECTED, sqlstate
from projects.models import Project, Release, User
from projects.refusals import Refusal
from tests.acts import act
from tests.concurrency.sessions import Session
from tests.factories import NOW, ReleaseFactory
from tests.invariants import breaches
from tests.issues.services.occurrences.batches import event, fingerprint, known, take

pytestmark = pytest.mark.django_db(transaction=True)

COUNTERS, CALLERS, EACH = 3, 4, 15
PATIENCE = 120
NAMES = [f"error {number}" for number in range(12)]
LOCK_TIMEOUT = 10


@dataclass
class Log:
    """What was counted, and what PostgreSQL ended."""

    events: list[Occurrence] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)
    database_errors: list[str | None] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def note_errors(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        try:
            return execute(sql, params, many, context)
        except DatabaseError as error:
            self.database_errors.append(sqlstate(error))
            raise

    def count(self, project: Project, dice: Random, prefix: str) -> None:
        """Count batch after batch."""
        for number in range(EACH):
            batch = [
                event(
                    dice.choice([*NAMES, f"new {dice.randrange(60)}"]),
                    at=NOW + timedelta(seconds=dice.randrange(600)),
                    user=dice.choice(["", "id:1", "id:2"]),
                    release=dice.choice(["", "app@1.0", f"app@2.{prefix}.{number}"]),
                    environment=dice.choice(["", "production", f"e{dice.randrange(9)}"]),
                )
                for _ in range(dice.randrange(1, 30))
            ]
            for attempt in transactions.attempts(lock_timeout=LOCK_TIMEOUT):
                with attempt:
                    counted = take(project, batch, at=NOW)
            self.events += batch
            self.counted.append(counted)

    def change(self, project: Project, dice: Random, by: Caller, *, deletes: bool) -> None:
        """Ask for one change after the other."""
        for _ in range(EACH):
            try:
                self.ask(project, dice, by, deletes=deletes)
            except Refusal as refusal:
                self.refused.append(refusal)

    def ask(self, project: Project, dice: Random, by: Caller, *, deletes: bool) -> None:
        doing, chance = (
            act(by, at=NOW + timedelta(seconds=dice.randrange(600)), lock_timeout=LOCK_TIMEOUT),
            dice.random(),
        )
        ids = list(Issue.objects.filter(project=project, merged_into=None).values_list("id", flat=True))
        scope = NamedIssues(project.pk, ids=frozenset(dice.sample(ids, min(len(ids), 4))))
        if deletes and chance < 0.1:
            deletion.delete(scope, doing)
        elif chance < 0.2:
            bulk.mutate(AllIssues(project.pk), IssueMutation(status=some_status(dice, project)), doing)
        elif chance < 0.3:
            newest = Mutation.objects.filter(project=project).order_by("-id").values_list("id", flat=True)[:5]
            if newest:
                undo.undo(project.pk, dice.choice(list(newest)), doing)
        elif chance < 0.5:
            merge = dice.choice([True, False])
            # With its body: of a tree that was taken apart and then deleted, nothing else tells that it was.
            bulk.mutate(scope, IssueMutation(merge=merge, body={"merge": merge}), doing)
        else:
            bulk.mutate(scope, IssueMutation(status=some_status(dice, project)), doing)


def some_status(dice: Random, project: Project) -> Any:
    release = Release.objects.get(project=project, version="app@1.0")
    return dice.choice(
        [
            Resolve(),
            Resolve(in_next_release=True),
            Resolve(in_release=NamedRelease(release.pk, release.version)),
            Unresolve(),
            Ignore(SnoozeTerms(count=3)),
            Ignore(SnoozeTerms(count=2, window=5, user_count=2, user_window=5)),
        ]
    )


@pytest.fixture
def sessions(new_session: Callable[[], Session]) -> list[Session]:
    return [new_session() for _ in range(COUNTERS + CALLERS)]


@pytest.mark.parametrize("deletes", [False, True])
def test_loses_no_event_and_counts_none_twice(
    project: Project, jane: User, sessions: list[Session], deletes: bool
) -> None:
    ReleaseFactory(projects=[project], version="app@1.0")
    for name in NAMES:
        known(project, name)
    log = Log()

    works = [partial(log.count, project, Random(f"counter {n}"), str(n)) for n in range(COUNTERS)]
    callers = [Caller(user=jane), Caller()]
    changes = [
        partial(log.change, project, Random(f"caller {n}"), callers[n % 2], deletes=deletes) for n in range(CALLERS)
    ]
    running = [session.start(work, log.note_errors) for session, work in zip(sessions, [*works, *changes], strict=True)]
    for each in running:
        each.result(PATIENCE)

    assert DEADLOCK_DETECTED not in log.database_errors
    assert sum(each.events + each.forgotten for each in log.counted) == len(log.events)
    assert breaches() == []
    shown = dict(IssueHash.objects.values_list("hash", "issue__own_times_seen"))
    sent = Counter(each.hash for each in log.events)
    if not deletes:
        before = {fingerprint(name) for name in NAMES}
        assert shown == {key.hex: sent[key] + (key in before) for key in before | sent.keys()}
        assert sum(each.forgotten for each in log.counted) == 0
    else:
        assert all(shown[key.hex] <= sent[key] + 1 for key in sent if key.hex in shown)
