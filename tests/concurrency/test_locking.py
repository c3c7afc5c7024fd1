"""Locking ...: any two requests on one issue lead to what one of the two orders leads to."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from issues.mutation import (
    Assignee,
    Assignment,
    Ignore,
    IssueMutation,
    NamedRelease,
    Resolve,
    SnoozeTerms,
    StatusChange,
    Unresolve,
)
from tests.concurrency.sessions import Session
from tests.concurrency.stage import Stage, Verb, build, differences, take_down
from tests.factories import NOW

pytestmark = pytest.mark.django_db

UNTIL_TOMORROW = SnoozeTerms(until=NOW + timedelta(days=1), count=100, user_count=10, user_window=60)


def put(**wishes: object) -> Callable[[Stage], IssueMutation]:
    mutation = IssueMutation(**wishes, body=wishes and {"asked": sorted(wishes)})  # type: ignore[arg-type] # by name
    return lambda stage: mutation


def resolve_in_release(stage: Stage) -> IssueMutation:
    return IssueMutation(status=Resolve(in_release=NamedRelease(stage.release.pk, stage.release.version)))


def assign(stage: Stage) -> IssueMutation:
    return IssueMutation(assignment=Assignment(Assignee("user", stage.jane.pk, "Jane", "jane@example.com")))


STATUS_CHANGES: dict[str, StatusChange] = {
    "resolve": Resolve(),
    "resolve in next release": Resolve(in_next_release=True),
    "unresolve": Unresolve(),
    "ignore": Ignore(UNTIL_TOMORROW),
}
VERBS = {
    **{name: Verb(put(status=change)) for name, change in STATUS_CHANGES.items()},
    "resolve in release": Verb(resolve_in_release),
    **{f"{name} all": Verb(put(status=change), all=True) for name, change in STATUS_CHANGES.items()},
    "resolve all in release": Verb(resolve_in_release, all=True),
    "assign": Verb(assign),
    "unassign": Verb(put(assignment=Assignment(None))),
    "publish": Verb(put(is_public=True)),
    "withdraw": Verb(put(is_public=False)),
    "mark seen": Verb(put(has_seen=True)),
    "mark unseen": Verb(put(has_seen=False)),
    "add bookmark": Verb(put(is_bookmarked=True)),
    "remove bookmark": Verb(put(is_bookmarked=False)),
    "subscribe": Verb(put(is_subscribed=True)),
    "unsubscribe": Verb(put(is_subscribed=False)),
    "merge": Verb(put(merge=True), also=("younger",)),
    "merge away": Verb(put(merge=True), also=("elder",)),
    "unmerge": Verb(put(merge=False)),
    "delete": Verb(None),
}
# What they write, by a word in their names; those that are about one thing are set against each other, all of them.
THINGS = ("resolve", "ignore", "assign", "publish", "withdraw", "seen", "bookmark", "subscribe", "merge", "delete")
SAME = {"ignore": "resolve", "withdraw": "publish"}
# Of each thing and each way to lock one: each against each of the others.
OF_ALL = (
    *("resolve in next release", "ignore all", "assign", "publish", "mark seen", "add bookmark", "subscribe"),
    *("merge", "merge away", "unmerge", "delete"),
)
# One of each way to lock: what a rolled back request wanted to write makes no difference.
FAILS = ("ignore", "ignore all", "assign", "add bookmark", "merge", "unmerge", "delete")


def thing(name: str) -> str:
    """Return what a request is about."""
    (found,) = [word for word in THINGS if word in name]
    return SAME.get(found, found)


def against(name: str, other: str) -> Any:
    """Return two requests as a parameter: one of those that `make soak` has more of, if others stand for it."""
    stands_for_others = thing(name) == thing(other) or {name, other} <= {*OF_ALL}
    marks = () if stands_for_others else (pytest.mark.soak,)
    return pytest.param(VERBS[name], VERBS[other], id=f"{name} - {other}", marks=marks)


def against_one_that_fails(name: str, other: str) -> Any:
    marks = () if other in OF_ALL else (pytest.mark.soak,)
    return pytest.param(VERBS[name], VERBS[other], id=f"{name} - {other}", marks=marks)


PAIRS = [against(name, other) for name in VERBS for other in VERBS]
PAIRS_OF_ONE_THAT_FAILS = [against_one_that_fails(name, other) for name in FAILS for other in VERBS]


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stage]:
    with django_db_blocker.unblock():
        one, other = sessions = (Session(), Session())
        stage = one.do(partial(build, sessions))
        yield stage
        one.do(take_down)
        one.close()
        other.close()


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_makes_two_requests_one_after_the_other(stage: Stage, first: Verb, second: Verb) -> None:
    actual = stage.against_each_other(first, second)

    in_this_order, in_the_other = stage.one_after_the_other(first, second)
    assert actual in (in_this_order, in_the_other), differences(actual, in_this_order)


@pytest.mark.parametrize(("first", "second"), PAIRS_OF_ONE_THAT_FAILS)
def test_lets_the_second_request_act_alone_when_the_first_is_rolled_back(
    stage: Stage, first: Verb, second: Verb
) -> None:
    actual = stage.against_one_rolled_back(first, second)

    assert actual == stage.alone(second), differences(actual, stage.alone(second))
