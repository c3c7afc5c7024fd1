"""Stress ...: eight callers at once, on the same few issues, with whatever comes to their minds."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import count
from random import Random
from threading import Barrier
from typing import Any

import pytest
from django.db import DatabaseError, connection

from issues import integrity
from issues.enums import ActivityKind, IssueStatus, MutationKind
from issues.models import (
    Activity,
    Issue,
    IssueBookmark,
    IssueHash,
    IssueHour,
    IssueSeen,
    IssueSubscription,
    IssueText,
    Mutation,
)
from issues.mutation import (
    AllIssues,
    Assignee,
    Assignment,
    Ignore,
    IssueMutation,
    MutationOutcome,
    NamedIssues,
    NamedRelease,
    Resolve,
    SnoozeTerms,
    StatusChange,
    Unresolve,
)
from issues.services import bulk, deletion, undo
from issues.services.ground.targets import TreeMoved
from projects.acting import Act
from projects.callers import Caller
from projects.database.failures import LOCK_NOT_AVAILABLE, sqlstate
from projects.models import Project, User
from tests.concurrency import stage
from tests.concurrency.sessions import ISSUE_LOCK, Interruption, Session
from tests.factories import NOW, IssueFactory, IssueHashFactory, IssueHourFactory, ReleaseFactory

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 8
EACH_ASKS = 24
ISSUES = 24

Ask = Callable[[], MutationOutcome]


@dataclass(slots=True)
class Log:
    """What was answered, and who was first: a ticket is drawn with the locks in hand, so who waits draws later."""

    outcomes: dict[str, MutationOutcome] = field(default_factory=dict)
    tickets: dict[str, int] = field(default_factory=dict)
    given_up: list[str] = field(default_factory=list)
    database_errors: list[str | None] = field(default_factory=list)
    next_ticket: Iterator[int] = field(default_factory=count)

    def send(self, name: str, ask: Ask) -> None:
        def draw_ticket() -> None:
            self.tickets[name] = next(self.next_ticket)

        with (
            connection.execute_wrapper(Interruption(ISSUE_LOCK, draw_ticket, times=100)),
            connection.execute_wrapper(self.note_errors),
        ):
            try:
                self.outcomes[name] = ask()
            except TreeMoved:  # the one refusal that is documented for callers who are in each other's way
                self.given_up.append(name)

    def note_errors(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        try:
            return execute(sql, params, many, context)
        except DatabaseError as error:
            self.database_errors.append(sqlstate(error))
            raise

    def in_order(self) -> list[str]:
        return sorted(self.outcomes, key=lambda name: self.tickets[name])


@pytest.fixture
def issue_ids(project: Project) -> list[int]:
    ids = []
    for number in range(ISSUES):
        issue = IssueFactory(
            project=project,
            own_first_seen=NOW - timedelta(days=5, hours=number * 7 % ISSUES),
            own_times_seen=number + 1,
            own_comment_count=number % 3,
        )
        IssueHashFactory(issue=issue)
        IssueHourFactory(issue=issue, own_count=number + 1, hour=NOW - timedelta(hours=number % 4))
        ids.append(issue.pk)
    return ids


@pytest.fixture
def bodies(project: Project, jane: User, sam: User) -> list[IssueMutation]:
    release = ReleaseFactory(projects=[project])
    status: list[StatusChange] = [
        Resolve(),
        Resolve(in_next_release=True),
        Resolve(in_release=NamedRelease(release.pk, release.version)),
        Unresolve(),
        Ignore(),
        Ignore(SnoozeTerms(count=10, user_count=5)),
    ]
    to = [Assignment(Assignee("user", user.pk, user.username)) for user in (jane, sam)]
    either = [True, False]
    return [
        *(IssueMutation(status=change) for change in status),
        *(IssueMutation(assignment=assignment) for assignment in (*to, Assignment(None))),
        *(IssueMutation(is_public=wish) for wish in either),
        *(IssueMutation(has_seen=wish) for wish in either),
        *(IssueMutation(is_bookmarked=wish) for wish in either),
        *(IssueMutation(is_subscribed=wish) for wish in either),
        IssueMutation(status=Resolve(), assignment=to[0], is_public=True, has_seen=True, is_bookmarked=True),
        IssueMutation(status=Unresolve(), assignment=to[1], is_public=False, is_bookmarked=False, is_subscribed=True),
        IssueMutation(merge=True),
        IssueMutation(merge=True, is_bookmarked=True, status=Ignore()),
        *[IssueMutation(merge=False)] * 4,
    ]


def think_of(
    seed: int,
    each: int,
    issue_ids: list[int],
    bodies: list[IssueMutation],
    caller: Caller,
    *,
    project_id: int,
    deletes: float = 0.0,
    alls: float = 0.0,
) -> dict[str, Ask]:
    """Return as many requests of one caller, by name; the same for the same seed."""
    random = Random(seed)
    statuses = [None, frozenset({IssueStatus.UNRESOLVED}), frozenset({IssueStatus.IGNORED, IssueStatus.RESOLVED})]
    asks: dict[str, Ask] = {}
    for number in range(each):
        name, at = f"caller {seed}, request {number}", NOW + timedelta(seconds=seed, milliseconds=number)
        ids = frozenset(random.sample(issue_ids, random.choice([1, 1, 2, 3, 6])))
        narrowed = random.choice([None, None, *statuses])
        scope = NamedIssues(project_id, ids=ids, statuses=narrowed)
        all_of_them = AllIssues(project_id, statuses=narrowed)
        body, dice = random.choice(bodies), random.random()
        if dice < deletes:
            work = partial(deletion.delete, NamedIssues(project_id, ids=ids))
        elif dice < deletes + alls:
            work = partial(bulk.mutate, all_of_them, IssueMutation(status=body.status or Unresolve()))
        else:
            work = partial(bulk.mutate, scope, body)
        asks[name] = partial(work, Act(by=caller, at=at, lock_timeout=30))
    return asks


def send_all_at_once(asks: list[dict[str, Ask]], new_session: Callable[[], Session]) -> Log:
    """Let each caller send its own requests, one after the other, beginning together with the others."""
    log, ready = Log(), Barrier(len(asks), timeout=60)

    def send_mine(mine: dict[str, Ask]) -> None:
        ready.wait()
        for name, ask in mine.items():
            log.send(name, ask)

    running = [new_session().start(partial(send_mine, mine)) for mine in asks]
    for future in running:
        future.result(120)
    return log


def send_one_by_one(asks: list[dict[str, Ask]], names: list[str]) -> dict[str, MutationOutcome]:
    everything = {name: ask for mine in asks for name, ask in mine.items()}
    return {name: everything[name]() for name in names}


@pytest.fixture
def start(issue_ids: list[int], bodies: list[IssueMutation]) -> Iterator[None]:
    """What is there before the first request, to be put back."""
    stage.keep()
    yield
    stage.forget()


@pytest.mark.parametrize(
    ("each", "deletes"),
    [
        pytest.param(EACH_ASKS, 0.0, id="changes"),
        pytest.param(120, 0.0, id="more changes", marks=pytest.mark.soak),
        pytest.param(EACH_ASKS, 0.04, id="with deletes"),
    ],
)
def test_leads_to_what_the_same_requests_lead_to_one_by_one(
    project: Project,
    jane: User,
    sam: User,
    issue_ids: list[int],
    bodies: list[IssueMutation],
    start: None,
    new_session: Callable[[], Session],
    each: int,
    deletes: float,
) -> None:
    asks = [
        think_of(
            seed, each, issue_ids, bodies, Caller(user=(jane, sam)[seed % 2]), project_id=project.pk, deletes=deletes
        )
        for seed in range(CALLERS)
    ]

    log = send_all_at_once(asks, new_session)

    assert log.database_errors == []  # no deadlock, not even one that was tried again
    assert log.given_up == []
    assert len(log.outcomes) == CALLERS * each
    assert_rows_agree(everything_is_left=not deletes)

    at_once = stage.tell(**log.outcomes)
    stage.put_back()
    one_by_one = stage.tell(**send_one_by_one(asks, log.in_order()))
    assert at_once == one_by_one, stage.differences(at_once, one_by_one)


def test_with_changes_of_all_leaves_no_batch_half_done(
    project: Project,
    jane: User,
    sam: User,
    issue_ids: list[int],
    bodies: list[IssueMutation],
    new_session: Callable[[], Session],
) -> None:
    asks = [
        think_of(
            seed, EACH_ASKS, issue_ids, bodies, Caller(user=(jane, sam)[seed % 2]), project_id=project.pk, alls=0.15
        )
        for seed in range(CALLERS)
    ]

    log = send_all_at_once(asks, new_session)

    # "Update all" starts over rather than wait a second time.
    assert set(log.database_errors) <= {LOCK_NOT_AVAILABLE}
    assert log.given_up == []
    assert len(log.outcomes) == CALLERS * EACH_ASKS
    assert_rows_agree(everything_is_left=True)


def undo_the_newest(project_id: int, act: Act) -> MutationOutcome:
    """Take back what somebody has just done."""
    newest = Mutation.objects.exclude(kind=MutationKind.DELETE).order_by("-id").values_list("id", flat=True)[0]
    return undo.undo(project_id, newest, act)


def think_of_trees(
    seed: int, each: int, issue_ids: list[int], caller: Caller, *, project_id: int
) -> dict[str, Callable[[], MutationOutcome]]:
    """Return as many requests that merge, unmerge, undo, resolve and now and then delete, all over the same issues."""
    random = Random(seed)
    asks: dict[str, Callable[[], MutationOutcome]] = {}
    for number in range(each):
        scope = NamedIssues(project_id, ids=frozenset(random.sample(issue_ids, random.choice([1, 2, 3, 5]))))
        works: list[tuple[int, Callable[..., MutationOutcome]]] = [
            (40, partial(bulk.mutate, scope, IssueMutation(merge=True, body={"merge": True}))),
            (35, partial(bulk.mutate, scope, IssueMutation(merge=False, body={"merge": False}))),
            (15, partial(undo_the_newest, project_id)),
            (8, partial(bulk.mutate, scope, IssueMutation(status=Resolve()))),
            (2, partial(deletion.delete, replace(scope, ids=frozenset(random.sample(issue_ids, 1))))),
        ]
        (work,) = random.choices([work for _, work in works], weights=[weight for weight, _ in works])
        at = NOW + timedelta(seconds=seed, milliseconds=number)
        asks[f"caller {seed}, request {number}"] = partial(work, Act(by=caller, at=at, lock_timeout=30))
    return asks


def test_of_trees_lets_nobody_give_up(
    project: Project, jane: User, issue_ids: list[int], new_session: Callable[[], Session]
) -> None:
    bulk.mutate(
        NamedIssues(project.pk, ids=frozenset(issue_ids)),
        IssueMutation(status=Resolve()),  # so that there is something to undo
        Act(by=Caller(user=jane), at=NOW, lock_timeout=30),
    )
    asks = [
        think_of_trees(seed, EACH_ASKS, issue_ids[:12], Caller(user=jane), project_id=project.pk)
        for seed in range(CALLERS)
    ]

    log = send_all_at_once(asks, new_session)

    assert log.given_up == []
    assert log.database_errors == []  # no deadlock, not even one that was tried again
    assert len(log.outcomes) == CALLERS * EACH_ASKS
    Issue.objects.update(own_comment_count=0, comment_count=0)  # the comments of the start have no notes
    assert [str(breach) for breach in map(integrity.find, integrity.INVARIANTS) if breach] == []
    assert_rows_agree(everything_is_left=False)


# ---------------------------------------------------------------------------------------------------------------------
# What holds at the end, however it came about
# ---------------------------------------------------------------------------------------------------------------------


def assert_rows_agree(*, everything_is_left: bool) -> None:
    """Assert that history, totals and marks fit what they are about."""
    mutations = {mutation.pk: mutation for mutation in Mutation.objects.all()}
    touched: dict[int, set[int]] = {
        pk: {*mutation.seen_ids, *mutation.bookmark_ids, *mutation.subscription_ids}
        for pk, mutation in mutations.items()
    }
    for activity in Activity.objects.all():
        assert activity.mutation_id is not None
        assert activity.created_at == mutations[activity.mutation_id].created_at
        merged = activity.data["issues"] if activity.kind == ActivityKind.MERGE else []
        touched[activity.mutation_id].update([activity.issue_id, *(int(issue["id"]) for issue in merged)])
    if everything_is_left:
        assert {pk: len(issues) for pk, issues in touched.items()} == {
            pk: mutation.changed for pk, mutation in mutations.items()
        }

    issues = {issue.pk: issue for issue in Issue.objects.all()}
    assert {issue.mutation_id for issue in issues.values()} <= {*mutations, None}
    assert totals_shown(issues) == totals_computed(issues)
    for model in (IssueText, IssueHash, IssueHour, IssueSeen, IssueBookmark, IssueSubscription, Activity):
        rows = model._default_manager.values_list("issue_id", "project_id")
        assert {(pk, issues[pk].project_id) for pk, _ in rows} == set(rows)


Totals = dict[int, tuple[Any, ...]]


def totals_shown(issues: dict[int, Issue]) -> Totals:
    hours: dict[int, Counter[Any]] = defaultdict(Counter)
    for hour in IssueHour.objects.all():
        hours[hour.issue_id][hour.hour] += hour.total_count
    return {
        pk: (issue.first_seen, issue.last_seen, issue.times_seen, issue.users_seen, issue.comment_count, hours[pk])
        for pk, issue in issues.items()
    }


def totals_computed(issues: dict[int, Issue]) -> Totals:
    """Compute them anew, in Python, from everybody's own numbers."""
    under: dict[int, list[Issue]] = defaultdict(list)
    for issue in issues.values():
        above: Issue | None = issue
        while above is not None:
            under[above.pk].append(issue)
            above = issues[above.merged_into_id] if above.merged_into_id else None
    own_hours: dict[int, Counter[Any]] = defaultdict(Counter)
    for hour in IssueHour.objects.exclude(own_count=0):
        own_hours[hour.issue_id][hour.hour] += hour.own_count
    return {
        pk: (
            min(issue.own_first_seen for issue in tree),
            max(issue.own_last_seen for issue in tree),
            sum(issue.own_times_seen for issue in tree),
            sum(issue.own_users_seen for issue in tree),
            sum(issue.own_comment_count for issue in tree),
            sum((own_hours[issue.pk] for issue in tree), Counter()),
        )
        for pk, tree in under.items()
    }
