"""Trees ...: merge, unmerge and delete against each other, where one changes what the other has just read."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from itertools import cycle

import pytest

from issues.enums import ActivityKind
from issues.models import Activity, Issue, Mutation
from issues.mutation import IssueMutation, Merged, MutationOutcome, NamedIssues, Resolve
from issues.services import bulk, deletion
from issues.services.ground.targets import TreeMoved
from projects.acting import Act
from projects.callers import Caller
from projects.database import transactions
from projects.models import Project, User
from tests.assertions import snapshot
from tests.concurrency.sessions import (
    BEGIN,
    HISTORY,
    ISSUE_LOCK,
    Counter,
    Foreign,
    Session,
    interrupted,
    stopped,
    wait_until_blocked,
)
from tests.factories import NOW, IssueFactory

pytestmark = pytest.mark.django_db(transaction=True)

LOCK_TIMEOUT = 10


@pytest.fixture
def caller(jane: User) -> Caller:
    return Caller(user=jane)


@pytest.fixture
def issues(project: Project) -> dict[str, Issue]:
    """Five, each with 1, 10, 100 ... events of its own, the first of them seen first: it becomes the parent."""
    return {
        name: IssueFactory(project=project, own_times_seen=10**place, own_first_seen=NOW - timedelta(days=9 - place))
        for place, name in enumerate(["root", "other root", "parent", "child", "grandchild"])
    }


def put(issues: Iterable[Issue], mutation: IssueMutation, by: Caller) -> MutationOutcome:
    scope = scope_of(issues)
    return bulk.mutate(scope, mutation, Act(by=by, at=NOW, lock_timeout=LOCK_TIMEOUT))


def merge(*issues: Issue, by: Caller) -> MutationOutcome:
    return put(issues, IssueMutation(merge=True), by)


def unmerge(*issues: Issue, by: Caller) -> MutationOutcome:
    return put(issues, IssueMutation(merge=False), by)


def delete(*issues: Issue, by: Caller) -> MutationOutcome:
    return deletion.delete(scope_of(issues), Act(by=by, at=NOW, lock_timeout=LOCK_TIMEOUT))


def scope_of(issues: Iterable[Issue]) -> NamedIssues:
    return NamedIssues(next(iter(issues)).project_id, ids=frozenset(issue.pk for issue in issues))


def tree(issues: dict[str, Issue]) -> dict[str, tuple[str | None, int]]:
    """Return ``{name: (parent's name, events shown)}`` of what is left."""
    names = {issue.pk: name for name, issue in issues.items()}
    rows = Issue.objects.order_by("id").values_list("id", "merged_into", "times_seen")
    return {names[pk]: (names.get(parent), times_seen) for pk, parent, times_seen in rows}


def test_are_merged_and_unmerged_one_after_the_other(
    issues: dict[str, Issue], caller: Caller, session: Session, other_session: Session
) -> None:
    root, parent, child = issues["root"], issues["parent"], issues["child"]
    merge(parent, child, by=caller)

    with stopped(session, partial(merge, root, parent, by=caller), after=HISTORY) as merging:
        attempts = Counter(BEGIN)
        unmerging = other_session.start(partial(unmerge, child, by=caller), attempts)
        wait_until_blocked(other_session, by=session)

    assert merging.result().merged == Merged(root.pk, (parent.pk,))
    assert unmerging.result().changed == 2
    assert attempts.count == 2  # the root above the parent was not there when it was read
    assert tree(issues) == {
        "root": (None, 1 + 100),
        "other root": (None, 10),
        "parent": ("root", 100),
        "child": (None, 1000),
        "grandchild": (None, 10000),
    }


def test_are_unmerged_and_merged_one_after_the_other(
    issues: dict[str, Issue], caller: Caller, session: Session, other_session: Session
) -> None:
    root, parent, child = issues["root"], issues["parent"], issues["child"]
    merge(parent, child, by=caller)

    with stopped(session, partial(unmerge, parent, by=caller), after=HISTORY):
        merging = other_session.start(partial(merge, root, parent, by=caller))
        wait_until_blocked(other_session, by=session)

    assert merging.result().merged == Merged(root.pk, (parent.pk,))
    assert tree(issues) == {
        "root": (None, 1 + 100),
        "other root": (None, 10),
        "parent": ("root", 100),
        "child": (None, 1000),
        "grandchild": (None, 10000),
    }


@pytest.mark.parametrize("merge_first", [True, False])
def test_lose_a_grandchild_while_their_root_is_merged_elsewhere(
    issues: dict[str, Issue], caller: Caller, session: Session, other_session: Session, merge_first: bool
) -> None:
    merge(issues["child"], issues["grandchild"], by=caller)
    merge(issues["parent"], issues["child"], by=caller)
    merge(issues["other root"], issues["parent"], by=caller)
    take_out = partial(unmerge, issues["grandchild"], by=caller)
    move = partial(merge, issues["root"], issues["other root"], by=caller)
    first, second = (move, take_out) if merge_first else (take_out, move)

    with stopped(session, first, after=HISTORY) as leading:
        following = other_session.start(second)
        wait_until_blocked(other_session, by=session)

    assert (leading.result().changed, following.result().changed) == (2, 2)
    assert tree(issues) == {
        "root": (None, 1 + 10 + 100 + 1000),
        "other root": ("root", 10 + 100 + 1000),
        "parent": ("other root", 100 + 1000),
        "child": ("parent", 1000),
        "grandchild": (None, 10000),
    }


def test_go_as_a_whole_when_deleted_after_a_merge(
    issues: dict[str, Issue], caller: Caller, session: Session, other_session: Session
) -> None:
    parent, child = issues["parent"], issues["child"]

    with stopped(session, partial(merge, parent, child, by=caller), after=HISTORY):
        deleting = other_session.start(partial(delete, parent, by=caller))
        wait_until_blocked(other_session, by=session)

    assert (deleting.result().matched, deleting.result().changed) == (1, 2)
    assert tree(issues) == {"root": (None, 1), "other root": (None, 10), "grandchild": (None, 10000)}


def test_are_out_of_scope_for_a_merge_when_deleted_before(
    issues: dict[str, Issue], caller: Caller, session: Session, other_session: Session
) -> None:
    parent, child = issues["parent"], issues["child"]

    with stopped(session, partial(delete, parent, by=caller), after=HISTORY) as deleting:
        merging = other_session.start(partial(merge, parent, child, by=caller))
        wait_until_blocked(other_session, by=session)

    assert deleting.result().changed == 1
    assert merging.result() == MutationOutcome(out_of_scope=(parent.pk,))
    assert tree(issues) == {
        "root": (None, 1),
        "other root": (None, 10),
        "child": (None, 1000),
        "grandchild": (None, 10000),
    }


def test_are_read_again_when_a_relative_arrives_before_the_lock(
    issues: dict[str, Issue], caller: Caller, other_session: Session
) -> None:
    parent, child, grandchild = issues["parent"], issues["child"], issues["grandchild"]
    merge(parent, child, by=caller)
    arrives = partial(other_session.do, partial(merge, parent, grandchild, by=caller))

    with interrupted(ISSUE_LOCK, arrives, before=True):
        outcome = unmerge(parent, by=caller)

    assert (outcome.matched, outcome.changed) == (1, 3)
    assert tree(issues)["parent"] == (None, 100)
    assert tree(issues)["grandchild"] == (None, 10000)
    recorded = Activity.objects.filter(kind=ActivityKind.UNMERGE).order_by("issue_id")
    assert list(recorded.values_list("issue_id", "mutation_id")) == [
        (issue.pk, outcome.mutation_id) for issue in (parent, child, grandchild)
    ]


@pytest.fixture
def grandchild_comes_and_goes(
    issues: dict[str, Issue], caller: Caller, other_session: Session
) -> Callable[[], MutationOutcome]:
    """Somebody else merges a grandchild into the parent, or takes it out again."""
    parent, grandchild = issues["parent"], issues["grandchild"]
    turns = cycle([partial(merge, parent, grandchild, by=caller), partial(unmerge, grandchild, by=caller)])
    return lambda: other_session.do(next(turns))


@pytest.mark.parametrize("verb", [unmerge, delete])
def test_are_read_again_as_often_as_a_relative_comes_or_goes(
    issues: dict[str, Issue],
    caller: Caller,
    grandchild_comes_and_goes: Callable[[], MutationOutcome],
    verb: Callable[..., MutationOutcome],
) -> None:
    merge(issues["parent"], issues["child"], by=caller)

    with interrupted(ISSUE_LOCK, grandchild_comes_and_goes, before=True, times=8):
        outcome = verb(issues["parent"], by=caller)

    assert (outcome.matched, outcome.changed) == (1, 2)  # the grandchild has come and gone four times
    left = tree(issues)
    assert left["grandchild"] == (None, 10000)
    assert (left["child"] == (None, 1000)) if verb is unmerge else ("child" not in left)


def test_are_given_up_when_that_goes_on_until_the_time_for_a_lock_is_over(
    issues: dict[str, Issue],
    caller: Caller,
    grandchild_comes_and_goes: Callable[[], MutationOutcome],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    merge(issues["parent"], issues["child"], by=caller)
    now, before = [0.0], {}

    def takes_a_second() -> None:
        grandchild_comes_and_goes()
        before.update(snapshot())
        now[0] += 1

    monkeypatch.setattr(transactions, "monotonic", lambda: now[0])
    with interrupted(ISSUE_LOCK, takes_a_second, before=True, times=LOCK_TIMEOUT), pytest.raises(TreeMoved):
        unmerge(issues["parent"], by=caller)

    assert snapshot() == before
    assert Mutation.objects.count() == 1 + LOCK_TIMEOUT  # the merge at the start, and somebody else's


@pytest.mark.parametrize("verb", [unmerge, delete])
def test_are_locked_with_their_relatives_in_the_order_of_ids(
    project: Project, caller: Caller, foreign: Foreign, session: Session, verb: Callable[..., MutationOutcome]
) -> None:
    """The child's id is lower than the named parent's: named first and relatives second would hold the parent now."""
    child = IssueFactory(project=project)
    parent = IssueFactory(project=project, own_first_seen=NOW - timedelta(days=9))
    merge(parent, child, by=caller)
    foreign.lock(child.pk)

    verbing = session.start(partial(verb, parent, by=caller))
    wait_until_blocked(session, by=foreign)
    row = [parent.project_id, parent.pk]
    foreign.run("SELECT FROM issues_issue WHERE project_id = %s AND id = %s FOR UPDATE NOWAIT", *row)
    foreign.roll_back()

    assert verbing.result().changed == 2


def test_that_are_merged_show_up_in_no_change_that_waited_for_it(
    issues: dict[str, Issue], caller: Caller, session: Session, other_session: Session
) -> None:
    parent, child = issues["parent"], issues["child"]
    resolve = partial(put, [child, issues["root"]], IssueMutation(status=Resolve()), caller)

    with stopped(session, partial(merge, parent, child, by=caller), after=HISTORY):
        resolving = other_session.start(resolve)
        wait_until_blocked(other_session, by=session)

    assert resolving.result() == MutationOutcome(out_of_scope=(child.pk,))
    assert not Issue.objects.filter(status="resolved").exists()
