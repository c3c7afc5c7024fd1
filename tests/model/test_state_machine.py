"""The service ...: answers whatever is asked, in whatever order, as the model does."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from operator import sub
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from issuetracker.integrity import INVARIANTS
from tests import soak
from tests.invariants import breaches
from tests.model import drafts, faults
from tests.model.messages import Answer, Differs, Request, Who
from tests.model.things import Event
from tests.model.world import NOT_TAKEN, TICK, World

pytestmark = pytest.mark.django_db(transaction=True)

COMMON = settings(
    deadline=None,  # the machine may be busy with something else
    phases=[Phase.generate, Phase.shrink],
    database=None,  # a failure prints its steps
    stateful_step_count=20,
    suppress_health_check=list(HealthCheck),
)


# At the start, comments are numbers alone.
SOUND = [invariant for invariant in INVARIANTS if invariant.name != "notes"]
MICROSECOND = timedelta(microseconds=1)


def turning_points(world: World) -> list[datetime]:
    """Return when issues were resolved or ignored, and when a snooze ends, as far as an event may say so."""
    issues = world.model.issues.values()
    found = {when for issue in issues for when in (issue.resolved_at, issue.since, issue.terms.until) if when}
    return sorted(when for when in found if when <= world.clock.now() + timedelta(seconds=50))


class Counted(RuleBasedStateMachine):
    """Both are asked the same, and count the same events; after every change, both lists must be the same."""

    world: World  # set on a subclass, which is what Hypothesis asks for

    def __init__(self) -> None:
        super().__init__()
        self.agreed = True
        self.world.begin_again()

    def ask(self, request: Request) -> Answer:
        self.agreed = False  # until it is known
        answer = self.world.ask(request)
        self.agreed = True
        return answer

    def change(self, *requests: Request) -> None:
        for request in requests:
            self.ask(request)
            self.ask(Request("GET", request.who, query=(("query", ""),)))

    @rule(requests=drafts.and_then(drafts.puts(drafts.STATUS_BODIES)))
    def change_status(self, requests: list[Request]) -> None:
        self.change(*requests)

    @rule(requests=drafts.and_then(drafts.puts(drafts.MERGES, ids=drafts.TWO_IDS)))
    def merge(self, requests: list[Request]) -> None:
        self.change(*requests)

    @rule(requests=drafts.and_then(drafts.puts(drafts.UNMERGES)))
    def unmerge(self, requests: list[Request]) -> None:
        self.change(*requests)

    @rule(requests=drafts.and_then(drafts.DELETES))
    def delete(self, requests: list[Request]) -> None:
        self.change(*requests)

    @precondition(lambda self: self.world.model.mutations)
    @rule(undos=st.lists(drafts.UNDOS, min_size=1, max_size=3))
    def undo(self, undos: list[tuple[Who, int]]) -> None:
        for who, ago in undos:
            self.change(Request("POST", who, path=self.undo_of(ago)))

    def undo_of(self, ago: int) -> str:
        ids = list(self.world.model.mutations)
        return f"mutations/{ids[-1 - ago % len(ids)]}/undo"

    @precondition(lambda self: len(self.world.model.releases) < 6)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        left = [version for version in drafts.VERSIONS if version not in self.world.model.versions]
        version = data.draw(st.sampled_from(left))
        self.change(Request("POST", "jane", path="releases", body=f'{{"version": "{version}"}}'))

    @rule(data=st.data(), said=drafts.SEVERAL_EVENTS)
    def send_events(self, data: st.DataObject, said: list[drafts.Said]) -> None:
        for fields in said:
            self.world.clock.move_to(self.world.clock.now() + TICK)
            self.send_event(data, fields)

    def send_event(self, data: st.DataObject, said: drafts.Said) -> None:
        """Often one of an instant that makes a difference; sometimes twice."""
        now = self.world.clock.now()
        turns = [when + early * MICROSECOND for when in turning_points(self.world) for early in (-1, 0, 1)]
        ages = drafts.AGES.map(partial(sub, now))
        told_at = data.draw(st.one_of(ages, st.sampled_from(turns)) if turns else ages)
        is_believed = now - timedelta(days=30) <= told_at <= now + timedelta(seconds=60)
        event = Event(
            id=UUID(int=len(self.world.sent) + 1).hex, at=told_at if is_believed else now, received=now, **said
        )
        for _ in range(data.draw(st.sampled_from([1, 1, 1, 2]))):
            self.world.send_event(event, told_at.isoformat())

    @precondition(lambda self: self.world.model.waiting)
    @rule(most=drafts.BATCHES)
    def count_events(self, most: int) -> None:
        self.agreed = False
        self.world.count_events(most)
        self.ask(Request("GET", "jane", query=(("query", ""),)))

    @initialize(data=st.data(), changes=st.lists(drafts.CHANGES_OF_STATUS, min_size=3, max_size=5))
    def begin(self, data: st.DataObject, changes: list[Request]) -> None:
        self.change_status_and_count(data, changes)

    @rule(data=st.data(), changes=st.lists(drafts.CHANGES_OF_STATUS, min_size=1, max_size=3))
    def change_status_and_count(self, data: st.DataObject, changes: list[Request]) -> None:
        """Events come of issues whose status was changed."""
        for request in changes:
            self.change(request)
            kind = request.query[0][1].strip("<>")
            self.send_events(data, [said | {"kind": kind} for said in data.draw(drafts.SEVERAL_EVENTS)])
            self.count_events(data.draw(drafts.BATCHES))

    @rule(minutes=st.sampled_from([1, 31, 60 * 24]))
    def let_time_pass(self, minutes: int) -> None:
        self.world.clock.move_to(self.world.clock.now() + timedelta(minutes=minutes))

    @rule(early=st.sampled_from([0, 1]))
    def let_a_snooze_end(self, early: int) -> None:
        """The next request comes at the very instant at which a snooze ends, or a microsecond before it."""
        now = self.world.clock.now()
        ends = [issue.terms.until for issue in self.world.model.issues.values() if issue.terms.until is not None]
        for end in sorted(end for end in ends if end > now + TICK)[:1]:
            self.world.clock.move_to(end - TICK - timedelta(microseconds=early))

    def teardown(self) -> None:
        """At the end, look at everything; then take all merges back, and look at everything again."""
        if not self.agreed:
            return
        self.world.count_events(2_000)
        self.look_at_everything()
        while any(issue.parent is not None for issue in self.world.model.issues.values()):
            visible = [("id", str(pk)) for pk, issue in self.world.model.issues.items() if issue.parent is None]
            self.change(Request("PUT", "key", query=tuple(visible), body='{"merge": false}'))
        self.look_at_everything()

    def look_at_everything(self) -> None:
        for who in ("jane", "sam"):
            self.ask(Request("GET", who, query=(("query", ""),)))
        for pk in list(self.world.model.issues):
            self.ask(Request("GET", "jane", path=f"issues/{pk}"))
        self.world.compare_environments()
        assert breaches(SOUND) == []


class SideBySide(Counted):
    """The same, with all else that there is to ask."""

    @rule(requests=drafts.and_then(drafts.puts(drafts.ASSIGNMENTS | drafts.SHARES | drafts.PRIORITIES)))
    def assign_or_share(self, requests: list[Request]) -> None:
        self.change(*requests)

    @rule(requests=drafts.and_then(drafts.puts(drafts.MARKS)))
    def mark(self, requests: list[Request]) -> None:
        self.change(*requests)

    @rule(requests=drafts.and_then(drafts.puts(drafts.SEVERAL)))
    def do_several_things(self, requests: list[Request]) -> None:
        self.change(*requests)

    @rule(requests=drafts.and_then(drafts.UPDATES_OF_ALL))
    def update_all(self, requests: list[Request]) -> None:
        self.change(*requests)

    @rule(request=drafts.carefully(drafts.SEVERAL_PUTS | drafts.UPDATES_OF_ALL | drafts.DELETES))
    def ask_carefully(self, request: Request) -> None:
        self.change(request)

    @precondition(lambda self: self.world.model.mutations)
    @rule(undo=drafts.UNDOS, data=st.data())
    def undo_carefully(self, undo: tuple[Who, int], data: st.DataObject) -> None:
        who, ago = undo
        self.change(data.draw(drafts.carefully(st.just(Request("POST", who, path=self.undo_of(ago))))))

    @rule(who=drafts.WHO, other=drafts.WHO, sender=st.sampled_from(["by itself", "whole"]))
    def send_back(self, who: Who, other: Who, sender: str) -> None:
        """What one was told of an issue, anybody may send back, and nothing changes; but for whom no PUT assigns,
        and for a snooze that has ended meanwhile."""
        for item in json.loads(self.ask(Request("GET", who, query=(("query", ""),))).body):
            body = item if sender == "whole" else {key: item[key] for key in ("status", "statusDetails", "assignedTo")}
            back = who if sender == "whole" else other  # marks are of who was told
            answer = self.ask(Request("PUT", back, query=(("id", item["id"]),), body=json.dumps(body)))
            until = item["statusDetails"].get("ignoreUntil")
            refused = {
                "assignedTo": (item["assignedTo"] or {}).get("name") in NOT_TAKEN,
                "statusDetails": until is not None and datetime.fromisoformat(until) <= self.world.clock.now(),
            }
            if any(refused.values()):
                keys = {key for key, is_refused in refused.items() if is_refused}
                assert (answer.status, json.loads(answer.body).keys()) == (400, keys), (body, answer)
                continue
            assert (answer.status, answer.headers.get("Issues-Changed")) == (200, "0"), (body, answer)

    @rule(requests=drafts.and_then(drafts.WRONGS | drafts.STRANGE))
    def ask_wrongly(self, requests: list[Request]) -> None:
        self.change(*requests)

    @rule(request=drafts.LISTS | drafts.LOOKS)
    def look(self, request: Request) -> None:
        self.ask(request)


def run(world: World, kind: type[Counted] = SideBySide, **how: Any) -> None:
    machine = type(kind.__name__, (kind,), {"world": world})
    run_state_machine_as_test(machine, settings=settings(COMMON, **how))


def test_answers_as_the_model_does(world: World) -> None:
    run(world, max_examples=3, derandomize=True)


def test_counts_as_the_model_does(world: World) -> None:
    run(world, Counted, max_examples=3, derandomize=True)


@pytest.mark.soak
def test_answers_as_the_model_does_for_minutes(world: World) -> None:
    for _ in soak.seeds():
        run(world, max_examples=100)


@pytest.mark.soak
def test_counts_as_the_model_does_for_minutes(world: World) -> None:
    for _ in soak.seeds():
        run(world, Counted, max_examples=100)


@pytest.mark.soak
@pytest.mark.parametrize("fault", faults.FAULTS.values(), ids=faults.FAULTS)
def test_does_not_with_a_fault(serve: Callable[..., AbstractContextManager[World]], fault: Callable[[], None]) -> None:
    """A service that is wrong in one place is found out."""
    with serve(prepare=fault) as world, pytest.raises(Differs):
        run(world, max_examples=200, derandomize=True, phases=[Phase.generate], report_multiple_bugs=False)
