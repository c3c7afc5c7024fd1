"""`manage.py check_integrity`: after a life through the services all holds; whatever is broken by hand is named."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, connection
from django.test.utils import CaptureQueriesContext

from issues.integrity import find, one_state
from issues.integrity.events import SEEN
from issues.models import Activity, Issue, Mutation
from issues.services import pruning
from issuetracker.integrity import INVARIANTS
from projects.callers import Caller
from projects.database import citus
from projects.models import Project, Team, User
from tests.acts import act
from tests.assertions import snapshot
from tests.concurrency.sessions import Session
from tests.factories import (
    NOW,
    IssueHashFactory,
)
from tests.invariants import broken
from tests.issues.services.calls import ask, delete


def test_holds_after_all_that_the_services_do(life: None) -> None:
    assert Issue.objects.filter(merged_into__isnull=False).count() == 4
    assert broken() == set()


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 1])
def test_holds_when_mutations_are_pruned(life: None, share: float) -> None:
    """Also where what is left undoes what is gone."""
    ids = list(Mutation.objects.order_by("pk").values_list("pk", flat=True))
    old = ids[: int(len(ids) * share)]
    a_month_ago = NOW - timedelta(days=31)
    Mutation.objects.filter(pk__in=old).update(created_at=a_month_ago)
    Activity.objects.filter(mutation_id__in=old).update(created_at=a_month_ago)

    steps = list(pruning.prune_mutations(NOW - timedelta(days=30), act()))

    assert sum(step.removed for step in steps) == len(old)
    assert Mutation.objects.count() == len(ids) - len(old)
    assert broken() == set()
    notes = Activity.objects.filter(kind="note").count()
    assert sum(step.removed for step in pruning.prune_activities(NOW - timedelta(days=30), act())) > 0
    assert broken() == set()
    assert Activity.objects.filter(kind="note").count() == notes


def looked_up(plan: dict[str, Any], *, is_below: bool = False) -> Iterator[str]:
    """Yield the tables in which a plan looks up something for each row of another one."""
    is_below = is_below or plan.get("Parent Relationship") == "SubPlan"
    if is_below and {"Index Cond", "Filter"} & plan.keys():  # without, it is the same for all rows, and read once
        yield plan.get("Relation Name", "")
    for below in plan.get("Plans", ()):
        yield from looked_up(below, is_below=is_below)


def test_asks_once_which_mutations_are_kept(life: None) -> None:
    """Not again for each issue: with a million of them, and mutations of other projects, that took hours."""
    tables = dict[str, set[str]]()
    with connection.cursor() as cursor:
        for invariant in INVARIANTS:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {invariant.sql}")
            tables[invariant.name] = set(looked_up(cursor.fetchone()[0][0]["Plan"]))

    assert [name for name, asked in tables.items() if "issues_mutation" in asked] == []


def test_names_what_pruning_would_not_leave(life: None) -> None:
    first, second = Mutation.objects.order_by("pk")[:2]
    Mutation.objects.filter(pk=second.pk).delete()

    assert "mutations of activities" in broken()
    Mutation.objects.filter(pk=first.pk).delete()
    assert broken() == set()


def test_holds_when_the_assignee_is_deleted(life: None, sam: User, team: Team) -> None:
    sam.delete()
    team.delete()

    assert broken() == set()


def test_holds_when_a_parent_is_deleted_after_a_child_has_left(project: Project, jane: User) -> None:
    """Only the parent told of that merge, and both of its children were there."""
    by = Caller(user=jane)
    parent, *children = [
        IssueHashFactory(issue__project=project, issue__own_first_seen=NOW - timedelta(days=9 - number)).issue_id
        for number in range(3)
    ]
    ask(project, [parent, *children], by=by, merge=True, body={"merge": True})
    ask(project, children, by=by, merge=False, body={"merge": False})
    delete(project, [parent], by=by)

    assert broken() == set()


@pytest.mark.django_db(transaction=True)
def test_command_says_that_all_holds(life: None) -> None:
    said = StringIO()

    call_command("check_integrity", stdout=said, verbosity=0)

    assert said.getvalue() == f"{len(INVARIANTS)} invariants hold.\n"


@pytest.mark.django_db(transaction=True)
def test_command_says_what_is_wrong_and_fails(life: None) -> None:
    Issue.objects.exclude(id=13).update(users_seen=1_000)
    Issue.objects.filter(id=13).update(mutation_id=None)
    said = StringIO()
    before = snapshot()

    with pytest.raises(CommandError, match=rf"^2 of {len(INVARIANTS)} invariants do not hold\.$"):
        call_command("check_integrity", stdout=said, verbosity=0)

    assert said.getvalue().splitlines() == [
        "Not true: what an issue shows is the total of its tree. 13 issues: 1, 2, 3, 4, 5, ...",
        "Not true: every change of an issue is told by an activity, as long as the mutation is kept. 1 issue: 13",
    ]
    assert snapshot() == before


def test_is_asked_shard_by_shard_where_projects_are_spread(life: None, monkeypatch: pytest.MonkeyPatch) -> None:
    Issue.objects.update(users_seen=1_000)
    whole = {str(find(invariant)) for invariant in INVARIANTS}
    monkeypatch.setattr(citus, "is_spread", lambda: True)
    monkeypatch.setattr(citus, "apart", lambda project_ids, by: [[pk] for pk in sorted(project_ids)])

    with CaptureQueriesContext(connection) as asked:
        assert {str(find(invariant)) for invariant in INVARIANTS} == whole

    assert len(whole) == 2
    totals = [query["sql"] for query in asked.captured_queries if "AS users_seen" in query["sql"]]
    assert len(totals) == 2
    assert all(sql.startswith("WITH issues_issue AS NOT MATERIALIZED") for sql in totals)


@pytest.mark.django_db(transaction=True)
def test_sees_one_state_and_can_write_nothing(life: None) -> None:
    somebody_else = Session()
    try:
        with one_state():
            assert broken() == set()
            somebody_else.do(lambda: Issue.objects.filter(id=13).update(users_seen=1_000))
            assert broken() == set()
            with pytest.raises(InternalError, match="read-only transaction"):
                Issue.objects.filter(id=13).update(users_seen=2)
    finally:
        somebody_else.close()
    assert broken() == {"totals"}


@pytest.mark.django_db
def test_joins_what_was_seen_and_does_not_look_it_up_for_each_issue() -> None:
    """One issue with all the users there are was read once for each of the others."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {SEEN.sql}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "Join" in plan or "Nested Loop" in plan
    assert "SubPlan" not in plan
