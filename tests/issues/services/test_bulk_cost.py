"""What a bulk mutation costs: as many statements for two issues as for thousands, and its locks (contract 1.9)."""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from issues.enums import IssueStatus
from issues.models import Issue
from issues.mutation import (
    Ignore,
    MutationOutcome,
    NamedRelease,
    Resolve,
    SnoozeTerms,
    StatusChange,
    Unresolve,
)
from projects.callers import Caller
from projects.models import Project, Release, Team, User
from tests.assertions import locks_before_first_write, snapshot
from tests.factories import (
    NOW,
    IssueFactory,
    UserFactory,
)
from tests.issues.services.calls import (
    ask,
    delete,
    statements,
)
from tests.issues.services.wishes import to

pytestmark = pytest.mark.django_db

Wishes = dict[str, Any]

HOUR = timedelta(hours=1)


# ---------------------------------------------------------------------------------------------------------------------
# What it costs: the same number of statements for two issues and for thousands
# ---------------------------------------------------------------------------------------------------------------------


SIZES = [2, 300]
MANY = 4_000


def make_many(project: Project, count: int) -> list[int]:
    issues = [
        Issue(
            project=project,
            short_number=number,
            own_first_seen=NOW - HOUR,
            own_last_seen=NOW - HOUR,
            first_seen=NOW - HOUR,
            last_seen=NOW - HOUR,
        )
        for number in range(1, count + 1)
    ]
    ids = [issue.pk for issue in Issue.objects.bulk_create(issues)]
    with connection.cursor() as cursor:
        # The worst that statistics can say of tables that were just filled: they were empty when last looked at. A plan
        # that reads the table once for each target would take minutes here.
        cursor.execute("UPDATE pg_class SET reltuples = 0, relpages = 1 WHERE relname LIKE 'issues_issue%'")
    return ids


def every_verb(jane: User, team: Team, release: Release) -> dict[str, Wishes]:
    """Return bodies that change something each, when they are asked for in this order."""
    return {
        "resolve": {"status": Resolve()},
        "resolve in next": {"status": Resolve(in_next_release=True)},
        "resolve in release": {"status": Resolve(in_release=NamedRelease(release.pk, release.version))},
        "unresolve": {"status": Unresolve()},
        "ignore": {"status": Ignore(SnoozeTerms(NOW + HOUR, 5, 60, 5))},
        "assign to user": {"assignment": to(jane)},
        "assign to team": {"assignment": to(team)},
        "unassign": {"assignment": to(None)},
        "publish": {"is_public": True},
        "withdraw": {"is_public": False},
        "mark seen": {"has_seen": True},
        "mark unseen": {"has_seen": False},
        "bookmark": {"is_bookmarked": True},
        "take bookmark away": {"is_bookmarked": False},
        "unsubscribe": {"is_subscribed": False},
        "subscribe": {"is_subscribed": True},
        "everything": {
            "status": Resolve(in_next_release=True),
            "assignment": to(team),
            "is_public": True,
            "has_seen": True,
            "is_bookmarked": True,
            "is_subscribed": True,
            "merge": True,
        },
        "unmerge": {"merge": False},
    }


ALL: dict[str, StatusChange] = {
    "unresolve all": Unresolve(),
    "resolve all": Resolve(),
    "ignore all": Ignore(SnoozeTerms(count=5)),
}


def cost_of_each(project: Project, ids: list[int], wishes: dict[str, Wishes], by: Caller) -> dict[str, int]:
    """Return how many statements each verb makes on these issues; each of them changes every one."""
    cost = {}
    for verb, wish in wishes.items():
        with statements() as queries:
            outcome = ask(project, ids, by=by, **wish)
        cost[verb] = len(queries)
        assert (outcome.matched, outcome.changed) == (len(ids), len(ids)), verb
    return cost


def cost_of_everything(project: Project, count: int, wishes: dict[str, Wishes], by: Caller) -> dict[str, int]:
    """Return how many statements each verb makes on so many issues, "update all" and a deletion too."""
    ids = make_many(project, count)
    cost = cost_of_each(project, ids, wishes, by)
    for verb, change in ALL.items():
        with statements() as queries:
            outcome = ask(project, None, by=by, status=change)
        cost[verb] = len(queries)
        assert (outcome.matched, outcome.changed) == (count, count), verb
    with statements() as queries:
        outcome = delete(project, ids, by=by)
    cost["delete"] = len(queries)
    assert (outcome.matched, outcome.changed) == (count, count)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE issues_issue")  # Django looks at all foreign keys in the end, which took seven seconds
    return cost


def test_makes_the_same_number_of_statements_for_two_issues_and_for_hundreds(
    project: Project, team: Team, jane: User, by_jane: Caller, newest: Release
) -> None:
    team.members.add(UserFactory())

    few, many = (cost_of_everything(project, size, every_verb(jane, team, newest), by_jane) for size in SIZES)

    assert many == few


def test_makes_the_same_number_of_statements_for_two_issues_and_for_thousands(
    project: Project, team: Team, jane: User, by_jane: Caller, newest: Release
) -> None:
    """With all keys in one body, and the verb that is a walk of its own; each verb by itself would take minutes."""
    wishes = every_verb(jane, team, newest)
    together = {verb: wishes[verb] for verb in ("everything", "unmerge")}

    few_ids = make_many(project, 2)
    few = cost_of_each(project, few_ids, together, by_jane)
    delete(project, few_ids, by=by_jane)
    many_ids = make_many(project, MANY)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE issues_issue")
    many = cost_of_each(project, many_ids, together, by_jane)

    assert many == few


def test_makes_the_same_number_of_statements_whoever_is_in_the_team(
    project: Project, team: Team, jane: User, by_jane: Caller
) -> None:
    issues = [IssueFactory(project=project), IssueFactory(project=project)]

    with statements() as alone:
        ask(project, issues[:1], by=by_jane, assignment=to(team))
    team.members.add(*(UserFactory() for _ in range(20)))
    with statements() as together:
        ask(project, issues[1:], by=by_jane, assignment=to(team))

    assert len(together) == len(alone)


# ---------------------------------------------------------------------------------------------------------------------
# Locks
# ---------------------------------------------------------------------------------------------------------------------


def test_locks_in_the_order_of_ids_before_it_writes(
    project: Project, team: Team, jane: User, by_jane: Caller, newest: Release
) -> None:
    ids = make_many(project, 3)

    for wish in every_verb(jane, team, newest).values():
        with statements() as queries:
            ask(project, ids, by=by_jane, **wish)
        locks_before_first_write(queries)
    for change in ALL.values():
        with statements() as queries:
            ask(project, None, by=by_jane, status=change)
        locks_before_first_write(queries)


def test_of_all_changes_them_in_one_statement_and_looks_once_whether_others_came(
    project: Project, by_jane: Caller
) -> None:
    make_many(project, 3)

    for change in ALL.values():
        with statements() as queries:
            ask(project, None, by=by_jane, status=change)
        about_issues = [query["sql"].split()[0] for query in queries if "issues_issue" in query["sql"]]
        assert about_issues == ["SELECT", "WITH", "SELECT"]  # the first asks which is the newest


def touched_tables(queries: Iterable[dict[str, str]]) -> set[str]:
    return {table for query in queries for table in re.findall(r"\bissues_[a-z]+\b", query["sql"])}


def test_of_all_touches_no_table_but_the_issues_their_history_and_its_own(project: Project, by_jane: Caller) -> None:
    make_many(project, 2)

    for change in ALL.values():
        with statements() as queries:
            ask(project, None, by=by_jane, status=change)
        assert touched_tables(queries) <= {"issues_issue", "issues_activity", "issues_mutation"}


@pytest.mark.parametrize("statuses", [None, [IssueStatus.RESOLVED]])
def test_of_all_in_an_empty_project_is_a_success(
    statuses: list[IssueStatus] | None, project: Project, other_project: Project, by_jane: Caller
) -> None:
    IssueFactory(project=other_project, resolved=True)
    before = snapshot()

    outcome = ask(project, None, by=by_jane, statuses=statuses, status=Unresolve())

    assert outcome == MutationOutcome(matched=0, changed=0)
    assert snapshot() == before
