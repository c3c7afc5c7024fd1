"""What a cluster does step by step leaves the same as the one statement of one machine (projects/database/steps.py).

Each step is SQL that one PostgreSQL takes, too; that they are sent one by one is only said here.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from issues.models import Issue
from projects.callers import Caller
from projects.database import citus
from projects.models import Project
from tests.assertions import snapshot
from tests.factories import NOW
from tests.issues.services.calls import ask
from tests.issues.services.undoing import WISHES, state, undo, wishes_of

pytestmark = pytest.mark.django_db

BY_CHANCE = {"share_id", "before_share_id"}


def told() -> list[dict[str, Any]]:
    """Return all activities in their order, without ids, which are others each time."""
    activities = snapshot(ignoring={"id", "mutation_id", *BY_CHANCE})["issues_activity"]
    return [activities[pk] for pk in sorted(activities)]


ABOUT_ALL = [wish for wish in WISHES if wish.split()[0] in {"resolve", "unresolve", "ignore"}]
CASES = [("named", wish) for wish in WISHES] + [("all", wish) for wish in ABOUT_ALL]


@pytest.mark.parametrize(("which", "wish"), CASES)
def test_step_by_step_leaves_the_same(
    project: Project, issues: list[Issue], by_jane: Caller, which: str, wish: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = wishes_of(project)[wish]
    named = issues if which == "named" else None
    left = []
    for is_spread in (False, True):
        monkeypatch.setattr(citus, "is_spread", lambda is_spread=is_spread: is_spread)
        beginning = transaction.savepoint()
        changed = ask(project, named, by=by_jane, at=NOW + timedelta(seconds=1), **wishes)
        after = state(ignoring=BY_CHANCE), told()
        undone = undo(project, changed, by=by_jane, at=NOW + timedelta(minutes=1))
        left.append(
            (changed.matched, changed.changed, undone.changed, undone.skipped, after, state(ignoring=BY_CHANCE), told())
        )
        transaction.savepoint_rollback(beginning)

    assert changed.changed
    assert left[1] == left[0]
