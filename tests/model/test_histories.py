"""Requests at once ...: lead to what they would lead to one after the other, in some order (contract 1.9)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from functools import partial
from random import Random
from time import monotonic, sleep

import pytest

from tests import soak
from tests.concurrency.sessions import PATIENCE, Foreign, waiters
from tests.model import faults
from tests.model.faults import Noise
from tests.model.histories import CALLERS, Event, History, Unexplained, explain, play
from tests.model.messages import Answer, Request
from tests.model.world import World

pytestmark = pytest.mark.django_db(transaction=True)

Serve = Callable[..., AbstractContextManager[World]]

ROUNDS = 8
MANY = 100  # rounds in which a fault must show; it takes a few


def prepare(noise: Noise, *others: Callable[[], None]) -> None:
    noise.prepare()
    for other in others:
        other()


def play_and_explain(world: World, seed: int) -> int:
    """Play one history, find an order that explains it; return how many requests were given up."""
    history = play(world, Random(seed), each=1 + seed % 2)
    explain(world.start, history)
    return sum(event.was_given_up for event in history.events)


def test_are_explained_by_some_order(serve: Serve) -> None:
    noise = Noise()
    with serve(threads=CALLERS, prepare=noise.prepare) as world:
        given_up = sum(play_and_explain(world, seed) for seed in range(ROUNDS))

    assert noise.deadlocks == 0
    assert given_up == 0


@pytest.mark.soak
def test_are_explained_by_some_order_for_minutes(serve: Serve) -> None:
    noise = Noise()
    given_up = 0
    with serve(threads=CALLERS, prepare=noise.prepare) as world:
        for seed in soak.seeds():
            given_up += play_and_explain(world, seed)

    assert noise.deadlocks == 0
    assert given_up == 0


# ---------------------------------------------------------------------------------------------------------------------
# With the protection taken away, it shows
# ---------------------------------------------------------------------------------------------------------------------


def test_that_lock_in_any_order_are_caught_in_deadlocks(serve: Serve) -> None:
    noise = Noise()
    with serve(threads=CALLERS, prepare=partial(prepare, noise, faults.lock_in_any_order)) as world:
        for seed in range(MANY):
            play(world, Random(seed), each=2)
            if noise.deadlocks:
                return

    pytest.fail(f"no deadlock in {MANY} histories")


def test_that_lock_nothing_are_not_explained(serve: Serve) -> None:
    with serve(threads=CALLERS, prepare=partial(prepare, Noise(), faults.lock_nothing)) as world:
        assert any(has_no_order(world, seed) for seed in range(MANY))


@pytest.mark.soak  # rare: one history of forty
def test_that_look_once_are_not_explained(serve: Serve) -> None:
    with serve(threads=CALLERS, prepare=partial(prepare, Noise(), faults.look_once)) as world:
        assert any(has_no_order(world, seed) for seed in soak.seeds())


def has_no_order(world: World, seed: int) -> bool:
    try:
        play_and_explain(world, seed)
    except Unexplained as found:
        return "requests can be explained" in str(found)  # and not an error of the server
    return False


# ---------------------------------------------------------------------------------------------------------------------
# The search itself, on histories made by hand
# ---------------------------------------------------------------------------------------------------------------------


def made_by_hand(world: World, *sent: tuple[str, str, float, float]) -> History:
    """Return a history of PUTs on A with the answers that the model gives in the order of the list."""
    model, history = world.start.copy(), History(world.clock.now())
    for who, body, begin, end in sent:
        request = world.spell(Request("PUT", who, query=(("id", "<A>"),), body=body))  # type: ignore[arg-type] # a word
        expected = model.answer(request, history.at)
        answer = Answer(expected.status, expected.body, expected.headers)
        history.events.append(Event(request, answer, begin, end))
    return history


RESOLVE, UNRESOLVE = '{"status": "resolved"}', '{"status": "unresolved"}'


def test_are_explained_in_another_order_than_they_were_sent(world: World) -> None:
    history = made_by_hand(world, ("jane", RESOLVE, 2, 5), ("sam", RESOLVE, 1, 6), ("key", UNRESOLVE, 3, 4))

    order = explain(world.start, history)

    assert [event.request.who for event in order] == ["jane", "sam", "key"]


def test_are_not_explained_when_the_answer_was_there_before_the_question(world: World) -> None:
    """Sam's changed nothing, which only jane's explains; but it was answered before hers was sent."""
    history = made_by_hand(world, ("jane", RESOLVE, 3, 4), ("sam", RESOLVE, 1, 2))

    with pytest.raises(Unexplained, match="0 of 2 requests can be explained"):
        explain(world.start, history)


def test_are_not_explained_when_both_say_that_they_changed_it(world: World) -> None:
    history = made_by_hand(world, ("jane", RESOLVE, 1, 4), ("sam", RESOLVE, 2, 3))
    first, second = history.events
    history.events = [first, replace(second, answer=first.answer)]

    with pytest.raises(Unexplained, match="1 of 2 requests can be explained"):
        explain(world.start, history)


def test_are_not_explained_with_an_error_of_the_server(world: World) -> None:
    history = made_by_hand(world, ("jane", RESOLVE, 1, 2))
    history.events[0] = replace(history.events[0], answer=Answer(500))

    with pytest.raises(Unexplained, match="was answered 500"):
        explain(world.start, history)


# ---------------------------------------------------------------------------------------------------------------------
# Disjoint requests
# ---------------------------------------------------------------------------------------------------------------------

OF_EACH_KIND: dict[str, Request] = {
    body: Request("PUT", "jane", query=(("id", "<D>"), ("id", "<C>")), body=body)
    for body in (
        '{"status": "resolvedInNextRelease", "assignedTo": "sam", "isPublic": true, "isSubscribed": true}',
        '{"status": "resolved", "statusDetails": {"inRelease": "latest"}, "assignedTo": "#powerful-abolitionist"}',
        '{"status": "ignored", "ignoreCount": 5, "hasSeen": true, "isBookmarked": true}',
        '{"merge": true}',
        '{"merge": false}',
    )
} | {"DELETE": Request("DELETE", "jane", query=(("id", "<F>"),))}


def test_over_other_issues_do_not_wait(serve: Serve) -> None:
    """A request of each kind has A, and waits for B, which somebody else has; those over C, D and F don't wait."""
    with serve() as world, closing(Foreign()) as foreign, ThreadPoolExecutor(1) as threads:

        def send(request: Request) -> Answer:
            try:
                return world.send(request)
            finally:
                world.hang_up()

        for on_cd in OF_EACH_KIND.values():
            world.begin_again()
            foreign.lock(world.words["B"])
            on_ab = replace(on_cd, method="PUT", query=(("id", "<B>"), ("id", "<A>")), body=on_cd.body or RESOLVE)
            waiting = threads.submit(send, world.spell(on_ab))
            wait_until_blocked(by=foreign)

            answers = {kind: send(world.spell(request)) for kind, request in OF_EACH_KIND.items()}

            assert {kind: answer.status for kind, answer in answers.items()} == {
                kind: 204 if kind == "DELETE" else 200 for kind in OF_EACH_KIND
            }
            assert not waiting.done()
            foreign.roll_back()
            assert waiting.result(60).status == 200


def wait_until_blocked(*, by: Foreign) -> None:
    """Return once PostgreSQL says that a session of the server waits for a lock that this one has."""
    deadline = monotonic() + PATIENCE
    while len(waiters(by.pid)) != 1:
        assert monotonic() < deadline, "nobody waits"
        sleep(0.001)
