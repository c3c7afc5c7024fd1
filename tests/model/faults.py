"""What is done to the server of a test: noise, to make races likely, and faults, which the tests must then find.

A fault is set in the server's own process (``prepare`` of tests/live.py), and is gone with it.
"""

import multiprocessing
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from random import random
from time import sleep
from typing import Any
from unittest.mock import patch

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import Q

from issues import querysets
from issues.enums import MutationKind
from issues.mutation import AllIssues, IssueMutation, IssueScope, MutationOutcome
from issues.services import bulk, undo
from issues.services.ground import activity, history, names, targets
from issues.services.ground.targets import AllTargets
from issues.services.verbs import merging, status, subscriptions
from projects.acting import Act
from projects.database import transactions
from projects.database.failures import DEADLOCK_DETECTED, sqlstate

_fork = multiprocessing.get_context("fork")


class Noise:
    """Lets every third statement of the server come up to two milliseconds late, and counts deadlocks.

    Deadlocks are counted here since nobody sees them otherwise: who was aborted is tried again.
    """

    def __init__(self) -> None:
        self._deadlocks = _fork.Value("i", 0)

    @property
    def deadlocks(self) -> int:
        count: int = self._deadlocks.value
        return count

    def prepare(self) -> None:
        connection_created.connect(self._wrap, weak=False)

    def _wrap(self, connection: BaseDatabaseWrapper, **_: Any) -> None:
        if self.execute not in connection.execute_wrappers:
            _wrap(connection, self.execute)
        with connection.cursor() as cursor:
            cursor.execute("SET deadlock_timeout = '20ms'")  # a second each would make a slow test

    def execute(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if random() < 1 / 3:
            sleep(random() * 0.002)
        try:
            return execute(sql, params, many, context)
        except OperationalError as error:
            if sqlstate(error) == DEADLOCK_DETECTED:
                with self._deadlocks.get_lock():
                    self._deadlocks.value += 1
            raise


def _wrap(connection: BaseDatabaseWrapper, execute: Callable[..., Any]) -> None:
    """Let this wrap each statement of the connection, as the outermost.

    A connection is made by the first statement of a request, within a wrapper that goes when that is answered: Django
    takes away whichever is the last then, and would take this one if it were appended.
    """
    connection.execute_wrappers.insert(0, execute)


LOCK = re.compile(
    r'ORDER BY (?:id|1|"issues_issue"\."id")(?: ASC)?(\s+FOR (?:NO KEY )?UPDATE(?: OF "issues_issue")?(?: NOWAIT)?)',
    re.IGNORECASE,
)


def lock_in_any_order() -> None:
    """Lock issues in no order at all, and one only a moment after the other: the row is made before it is locked."""
    _rewrite_locks(r"ORDER BY random()\1", "SELECT CASE WHEN pg_sleep(0.005) IS NOT NULL THEN id END AS id,")


def lock_nothing() -> None:
    """Read issues without locking them."""
    _rewrite_locks("ORDER BY 1", "SELECT id,")


def _rewrite_locks(order: str, columns: str) -> None:
    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        rewritten, locks = LOCK.subn(order, sql)
        return run(rewritten.replace("SELECT id,", columns) if locks else sql, params, many, context)

    connection_created.connect(lambda connection, **_: _wrap(connection, execute), weak=False)


def look_once() -> None:
    """Let "update all" not look whether others came while it waited."""

    def change_all(scope: AllIssues, up_to: int, change: Any, mutation: IssueMutation, act: Act) -> MutationOutcome:
        targets = AllTargets(scope, history.next_id(), up_to)
        done = activity.rewrite_all(targets, status.PART.change(scope.project_id, change, act), act)
        outcome = MutationOutcome(done.matched, done.changed, mutation_id=targets.mutation_id)
        return history.record(outcome, MutationKind.UPDATE, scope, mutation.body, act)

    patch.object(bulk, "_change_all", change_all).start()


# ---------------------------------------------------------------------------------------------------------------------
# A service that does something else than it is asked, or says something else than it did
# ---------------------------------------------------------------------------------------------------------------------

Scopes = Sequence[IssueScope]
Mutate = Callable[..., Sequence[MutationOutcome]]

_mutate: Mutate = bulk.mutate_each
_undo_named = undo._undo_named
_transaction = transactions._transaction


def _instead(mutate: Mutate) -> Callable[[], None]:
    def prepare() -> None:
        patch.object(bulk, "mutate_each", mutate).start()

    return prepare


def _asking(change: Callable[[IssueMutation], IssueMutation]) -> Callable[[], None]:
    return _instead(lambda scopes, mutation, act: _mutate(scopes, change(mutation), act))


def _without(module: Any, name: str, instead: Callable[..., Any] = lambda *_, **__: None) -> Callable[[], None]:
    def prepare() -> None:
        patch.object(module, name, instead).start()

    return prepare


def _skip_what_is_out_of_scope(scopes: Scopes, mutation: IssueMutation, act: Act) -> Sequence[MutationOutcome]:
    outcomes = _mutate(scopes, mutation, act)
    missing = outcomes[0].out_of_scope
    if not missing:
        return outcomes
    named = targets.named_only(scopes)
    return _mutate([replace(scope, ids=scope.ids - {*missing}) for scope in named], mutation, act)


def _make_another_link(scopes: Scopes, mutation: IssueMutation, act: Act) -> Sequence[MutationOutcome]:
    if mutation.is_public:
        _mutate(scopes, IssueMutation(is_public=False), act)
    return _mutate(scopes, mutation, act)


def _the_other_way_round(undone: Any, act: Act) -> Any:
    undone.is_reversed = not undone.is_reversed
    return _undo_named(undone, act)


FAULTS: dict[str, Callable[[], None]] = {
    "seen is not undone": _asking(lambda wish: replace(wish, has_seen=wish.has_seen or None)),
    "nobody can stop following": _asking(lambda wish: replace(wish, is_subscribed=wish.is_subscribed or None)),
    "nobody is unassigned": _asking(
        lambda wish: replace(wish, assignment=wish.assignment if wish.assignment and wish.assignment.to else None)
    ),
    "one too many is counted": _instead(
        lambda scopes, wish, act: [replace(done, changed=done.changed + 1) for done in _mutate(scopes, wish, act)]
    ),
    "everything that is matched counts as changed": _instead(
        lambda scopes, wish, act: [replace(done, changed=done.matched) for done in _mutate(scopes, wish, act)]
    ),
    "the status filter is forgotten": _instead(
        lambda scopes, wish, act: _mutate([replace(scope, statuses=None) for scope in scopes], wish, act)
    ),
    "ids out of scope are skipped": _instead(_skip_what_is_out_of_scope),
    "a link that exists is replaced": _instead(_make_another_link),
    "a request is a second late": _instead(
        lambda scopes, wish, act: _mutate(scopes, wish, replace(act, at=act.at + timedelta(seconds=1)))
    ),
    "side effects subscribe nobody": _without(subscriptions, "subscribe"),
    "totals are not computed": _without(merging, "compute_totals"),
    "followers of a child are lost": _without(merging, "_copy_followers"),
    "an undo takes back the first step first": _without(undo, "_undo_named", _the_other_way_round),
    "a preview is kept": _without(
        transactions, "_transaction", lambda lock_timeout, keep: _transaction(lock_timeout=lock_timeout, keep=True)
    ),
    "what a search names need not be there": _without(names, "refuse_unknown"),
    "a snooze never runs out": _without(querysets, "snooze_is_over", lambda at: Q(pk__in=[])),
}
