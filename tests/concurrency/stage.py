"""A small project that two requests are set against each other on, put back to its start between the scenes.

Made once for all scenes, and by SQL put back: hundreds of pairs would take minutes with a flush for each. Everything
happens in the two sessions, whose transactions are real; a test's own connection, which pytest-django keeps in a
transaction that it rolls back, only watches who waits for whom.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, transaction

from issues.models import Activity, Issue, Mutation
from issues.mutation import AllIssues, IssueMutation, MutationOutcome, NamedIssues
from issues.services import bulk, deletion
from projects.acting import Act
from projects.callers import Caller
from projects.models import Project, Release, User
from tests.assertions import snapshot
from tests.concurrency.sessions import HISTORY, ISSUE_LOCK, RolledBack, Session, stopped, wait_until_blocked
from tests.factories import (
    NOW,
    IssueBookmarkFactory,
    IssueFactory,
    IssueHashFactory,
    IssueHourFactory,
    IssueSubscriptionFactory,
    OrganizationMemberFactory,
    ProjectFactory,
    ReleaseFactory,
    TeamFactory,
    UserFactory,
)

AT = {"first": NOW + timedelta(minutes=1), "second": NOW + timedelta(minutes=2)}
LOCK_TIMEOUT = 10

Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verb:
    """A request as a test names it: on the issue alone, on others with it, or on all."""

    mutation: Callable[["Stage"], IssueMutation] | None  # None deletes
    also: tuple[str, ...] = ()
    all: bool = False


@dataclass(slots=True)
class Stage:
    """One issue in the middle: ignored for a while, assigned to sam, followed by sam, with a child under it.

    ``younger`` and ``elder`` can be merged with it: one goes under it, it goes under the other.
    """

    project: Project
    release: Release
    jane: User
    sam: User
    issues: Mapping[str, int]
    sessions: tuple[Session, Session]
    told_before: dict[tuple[tuple[str, Verb], ...], Told] = field(default_factory=dict)

    def against_each_other(self, first: Verb, second: Verb) -> Told:
        """Stop the first request when it has its locks, see the second wait for it, and let both end."""
        one, other = self.sessions
        one.do(put_back)
        with stopped(one, partial(self.ask, first, AT["first"]), after=ISSUE_LOCK) as to_commit:
            waiting = other.start(partial(self.ask, second, AT["second"]))
            wait_until_blocked(other, by=one)
        return one.do(partial(tell, first=to_commit.result(), second=waiting.result()))

    def against_one_rolled_back(self, first: Verb, second: Verb) -> Told:
        """The same, but the first request fails after all, when everything is written."""
        one, other = self.sessions
        one.do(put_back)
        with stopped(one, partial(self.ask, first, AT["first"]), after=HISTORY, rolled_back=True) as to_fail:
            waiting = other.start(partial(self.ask, second, AT["second"]))
            wait_until_blocked(other, by=one)
        assert isinstance(to_fail.exception(), RolledBack)
        return one.do(partial(tell, second=waiting.result()))

    def one_after_the_other(self, first: Verb, second: Verb) -> tuple[Told, Told]:
        """Return what both requests lead to, in either order."""
        return self._serially(first=first, second=second), self._serially(second=second, first=first)

    def alone(self, second: Verb) -> Told:
        return self._serially(second=second)

    def _serially(self, **verbs: Verb) -> Told:
        key = tuple(verbs.items())
        if key not in self.told_before:
            self.told_before[key] = self.sessions[0].do(partial(self._play, verbs))
        return self.told_before[key]

    def _play(self, verbs: Mapping[str, Verb]) -> Told:
        put_back()
        return tell(**{name: self.ask(verb, AT[name]) for name, verb in verbs.items()})

    def ask(self, verb: Verb, at: Any) -> MutationOutcome:
        ids = frozenset([self.issues["issue"], *(self.issues[name] for name in verb.also)])
        scope = AllIssues(self.project.pk) if verb.all else NamedIssues(self.project.pk, ids=ids)
        act = Act(by=Caller(user=self.jane), at=at, lock_timeout=LOCK_TIMEOUT)
        if verb.mutation is None:
            return deletion.delete(scope, act)
        return bulk.mutate(scope, verb.mutation(self), act)


# ---------------------------------------------------------------------------------------------------------------------
# What is told of it
# ---------------------------------------------------------------------------------------------------------------------


def tell(**outcomes: MutationOutcome) -> Told:
    """Return the outcomes and every row, in words that don't depend on what sequences and chance gave."""
    requests = {outcome.mutation_id: name for name, outcome in outcomes.items() if outcome.mutation_id}
    links = {outcome.share_id: f"the link that {name} answered" for name, outcome in sorted(outcomes.items())}

    def in_words(column: str, value: Any) -> Any:
        if column == "mutation_id":
            return requests.get(value, value)
        if isinstance(value, list):
            return sorted(value)  # ids, as a set
        return links.get(value, "a link") if isinstance(value, UUID) else value

    told: Told = {
        name: {column: in_words(column, getattr(outcome, column)) for column in MutationOutcome.__slots__}
        for name, outcome in sorted(outcomes.items())
    }
    tables = snapshot()
    for row in tables[Mutation._meta.db_table].values():
        row["mutation_id"] = row["id"]
    for table, rows in tables.items():
        keeps_id = table == Issue._meta.db_table
        plain = [
            {column: in_words(column, value) for column, value in row.items() if keeps_id or column != "id"}
            for row in rows.values()
        ]
        # History of one issue is in order; anything else is a set.
        told[table] = (
            sorted(plain, key=lambda row: int(row["issue_id"]))
            if table == Activity._meta.db_table
            else sorted(plain, key=repr)
        )
    return told


def differences(actual: Told, expected: Told) -> dict[str, object]:
    """Return the parts that differ, for a message: both sides of each."""
    return {part: (actual[part], expected[part]) for part in actual if actual[part] != expected[part]}


# ---------------------------------------------------------------------------------------------------------------------
# How it is made, put back, and taken down
# ---------------------------------------------------------------------------------------------------------------------


def keep() -> None:
    """Remember every row of the issues as the start."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS stage CASCADE; CREATE SCHEMA stage")
        for table in _tables():
            cursor.execute(f"CREATE TABLE stage.{table} AS TABLE {table}")


def put_back() -> None:
    """Put every row back to what it was at the start."""
    statements = [
        *(f"DELETE FROM {table}" for table in _tables()),
        *(f"INSERT INTO {table} SELECT * FROM stage.{table}" for table in _tables()),
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("; ".join(statements))


def forget() -> None:
    """Forget the start."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA stage CASCADE")


def take_down() -> None:
    """Leave no row behind."""
    forget()
    tables = [model._meta.db_table for app in ("issues", "projects") for model in apps.get_app_config(app).get_models()]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


def _tables() -> list[str]:
    return [model._meta.db_table for model in apps.get_app_config("issues").get_models()]


def build(sessions: tuple[Session, Session]) -> Stage:
    """Make the project and everything in it."""
    jane, sam = UserFactory(username="jane"), UserFactory(username="sam")
    team = TeamFactory(members=[jane])
    for user in (jane, sam):
        OrganizationMemberFactory(organization=team.organization, user=user)
    project = ProjectFactory(teams=[team])
    release = ReleaseFactory(projects=[project])

    # Ids in another order than the tree's, so that "parent first" would not be the order of locks.
    child_seen = NOW - timedelta(days=1)
    younger = IssueFactory(project=project, own_first_seen=NOW - timedelta(days=1), own_times_seen=3)
    issue = IssueFactory(
        project=project,
        snoozed=True,
        snooze_ends_at_times_seen=50,
        assignee_user=sam,
        own_times_seen=5,
        times_seen=12,
        users_seen=2,
    )
    child = IssueFactory(
        merged_into=issue,
        resolved_in_release=True,
        resolution_release=release,
        own_times_seen=7,
        own_first_seen=child_seen,
    )
    elder = IssueFactory(project=project, own_first_seen=NOW - timedelta(days=9), own_times_seen=11)
    for row, count in ((younger, 3), (issue, 5), (child, 7), (elder, 11)):
        IssueHashFactory(issue=row)
        IssueHourFactory(issue=row, own_count=count, total_count=12 if row == issue else count)
    IssueSubscriptionFactory(issue=issue, user=sam)
    IssueBookmarkFactory(issue=younger, user=jane)
    IssueSubscriptionFactory(issue=younger, user=sam, ended=True)

    stage = Stage(
        project,
        release,
        jane,
        sam,
        {"younger": younger.pk, "issue": issue.pk, "child": child.pk, "elder": elder.pk},
        sessions,
    )
    keep()
    return stage
