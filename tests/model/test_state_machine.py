"""The service ...: answers whatever is asked, in whatever order, as the model does."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests import soak
from tests.model import drafts, faults
from tests.model.messages import Answer, Differs, Request, Who
from tests.model.world import NAMES, NOT_TAKEN, TICK, World

pytestmark = pytest.mark.django_db(transaction=True)

COMMON = settings(
    deadline=None,  # the machine may be busy with something else
    phases=[Phase.generate, Phase.shrink],
    database=None,  # a failure prints its steps
    stateful_step_count=20,
    suppress_health_check=list(HealthCheck),
)


class SideBySide(RuleBasedStateMachine):
    """Both are asked the same; after every change, both lists must be the same."""

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

    @rule(requests=drafts.and_then(drafts.puts(drafts.ASSIGNMENTS | drafts.SHARES | drafts.PRIORITIES)))
    def assign_or_share(self, requests: list[Request]) -> None:
        self.change(*requests)

    @rule(requests=drafts.and_then(drafts.puts(drafts.MARKS)))
    def mark(self, requests: list[Request]) -> None:
        self.change(*requests)

    @rule(requests=drafts.and_then(drafts.puts(drafts.MERGES, ids=drafts.TWO_IDS)))
    def merge(self, requests: list[Request]) -> None:
        self.change(*requests)

    @rule(requests=drafts.and_then(drafts.puts(drafts.UNMERGES)))
    def unmerge(self, requests: list[Request]) -> None:
        self.change(*requests)

    @rule(requests=drafts.and_then(drafts.puts(drafts.SEVERAL)))
    def do_several_things(self, requests: list[Request]) -> None:
        self.change(*requests)

    @rule(requests=drafts.and_then(drafts.UPDATES_OF_ALL))
    def update_all(self, requests: list[Request]) -> None:
        self.change(*requests)

    @rule(requests=drafts.and_then(drafts.DELETES))
    def delete(self, requests: list[Request]) -> None:
        self.change(*requests)

    @rule(request=drafts.carefully(drafts.SEVERAL_PUTS | drafts.UPDATES_OF_ALL | drafts.DELETES))
    def ask_carefully(self, request: Request) -> None:
        self.change(request)

    @precondition(lambda self: self.world.model.mutations)
    @rule(undos=st.lists(drafts.UNDOS, min_size=1, max_size=3))
    def undo(self, undos: list[tuple[Who, int]]) -> None:
        for who, ago in undos:
            self.change(Request("POST", who, path=self.undo_of(ago)))

    @precondition(lambda self: self.world.model.mutations)
    @rule(undo=drafts.UNDOS, data=st.data())
    def undo_carefully(self, undo: tuple[Who, int], data: st.DataObject) -> None:
        who, ago = undo
        self.change(data.draw(drafts.carefully(st.just(Request("POST", who, path=self.undo_of(ago))))))

    def undo_of(self, ago: int) -> str:
        ids = list(self.world.model.mutations)
        return f"mutations/{ids[-1 - ago % len(ids)]}/undo"

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

    @precondition(lambda self: len(self.world.model.releases) < 6)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        left = [version for version in drafts.VERSIONS if version not in self.world.model.releases]
        version = data.draw(st.sampled_from(left))
        self.change(Request("POST", "jane", path="releases", body=f'{{"version": "{version}"}}'))

    @rule(name=st.sampled_from(NAMES), count=st.integers(1, 4))
    def let_events_come(self, name: str, count: int) -> None:
        self.world.let_events_come(name, count)

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
        self.look_at_everything()
        while any(issue.parent is not None for issue in self.world.model.issues.values()):
            visible = [("id", str(pk)) for pk, issue in self.world.model.issues.items() if issue.parent is None]
            self.change(Request("PUT", "key", query=tuple(visible), body='{"merge": false}'))
        self.look_at_everything()

    def look_at_everything(self) -> None:
        for who in ("jane", "sam"):
            self.ask(Request("GET", who, query=(("query", ""),)))
        for name in NAMES:
            self.ask(Request("GET", "jane", path=f"issues/<{name}>"))


def run(world: World, **how: Any) -> None:
    machine = type("SideBySide", (SideBySide,), {"world": world})
    run_state_machine_as_test(machine, settings=settings(COMMON, **how))


def test_answers_as_the_model_does(world: World) -> None:
    run(world, max_examples=10, derandomize=True)


@pytest.mark.soak
def test_answers_as_the_model_does_for_minutes(world: World) -> None:
    for _ in soak.seeds():
        run(world, max_examples=100)


@pytest.mark.soak
@pytest.mark.parametrize("fault", faults.FAULTS.values(), ids=faults.FAULTS)
def test_does_not_with_a_fault(serve: Callable[..., AbstractContextManager[World]], fault: Callable[[], None]) -> None:
    """A service that is wrong in one place is found out."""
    with serve(prepare=fault) as world, pytest.raises(Differs):
        run(world, max_examples=200, derandomize=True, phases=[Phase.generate], report_multiple_bugs=False)
