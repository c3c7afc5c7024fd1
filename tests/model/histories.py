"""Many requests at once: who sent what, what came back, and whether *some* order of the requests explains it.

A history is explained by an order in which the model, asked one request after the other, gives the very answers that
were seen; and in which no request comes before one that was answered before it was sent. What is read at the end is
part of the history, so that the order explains the final state and everybody's activity too. (Linearizability, checked
as by Wing and Gong: a depth-first search that remembers where it has been.)
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from json import dumps, loads
from random import Random
from threading import Barrier
from time import monotonic
from typing import Any

from tests.model.messages import Answer, Differs, Links, Request, Who, compare
from tests.model.model import Model
from tests.model.world import World

CALLERS = 8
NAMES = "ABCD"  # few, so that everybody is in everybody's way
MAX_STEPS = 100_000  # of one search; far more than any honest history was seen to need


@dataclass(frozen=True, slots=True)
class Event:
    """One request: when it was sent, and when its answer was there."""

    request: Request
    answer: Answer
    sent: float
    answered: float

    @property
    def was_given_up(self) -> bool:
        """Whether the answer is the one 503 of the contract: nothing was done, try again (1.9)."""
        return self.answer.status == 503


@dataclass(slots=True)
class History:
    at: datetime
    events: list[Event] = field(default_factory=list)

    def ask(self, world: World, request: Request) -> Answer:
        sent = monotonic()
        answer = world.send(request)
        self.events.append(Event(request, answer, sent, monotonic()))  # list.append is atomic
        return answer


class Unexplained(AssertionError):
    """No order of the requests leads to what was seen."""


# ---------------------------------------------------------------------------------------------------------------------
# Playing one
# ---------------------------------------------------------------------------------------------------------------------


def play(world: World, random: Random, *, each: int) -> History:
    """Begin again, let a few requests set the scene, let eight callers loose at once, and look at everything."""
    world.begin_again()
    history = History(world.clock.now())
    for _ in range(3):
        history.ask(world, world.spell(think_of(random)))
    plans = [[world.spell(think_of(random)) for _ in range(each)] for _ in range(CALLERS)]
    ready = Barrier(CALLERS, timeout=60)

    def send(plan: list[Request]) -> None:
        ready.wait()
        try:
            for request in plan:
                history.ask(world, request)
        finally:
            world.hang_up()

    with ThreadPoolExecutor(CALLERS) as threads:
        for done in [threads.submit(send, plan) for plan in plans]:
            done.result()
    look_at_everything(world, history)
    return history


def look_at_everything(world: World, history: History) -> None:
    """Read the lists; take every merge back; and read everything."""
    while True:
        listed = [history.ask(world, Request("GET", who, query=(("query", ""),))) for who in ("jane", "sam")]
        ids = tuple(("id", item["id"]) for item in loads(listed[0].body))
        if not ids:
            return
        unmerged = history.ask(world, Request("PUT", "key", query=ids, body='{"merge": false}'))
        if unmerged.headers["Issues-Changed"] == "0":
            break
    for name in NAMES:
        history.ask(world, world.spell(Request("GET", "jane", path=f"issues/<{name}>")))


BODIES: Sequence[dict[str, Any]] = (
    {"status": "resolved"},
    {"status": "unresolved"},
    {"status": "ignored", "ignoreCount": 5},
    {"status": "ignored", "ignoreDuration": 30},
    {"status": "resolvedInNextRelease"},
    {"status": "resolved", "statusDetails": {"inRelease": "1.0"}},
    {"assignedTo": "jane"},
    {"assignedTo": "#powerful-abolitionist"},
    {"assignedTo": None},
    {"priority": "high"},
    {"priority": "low"},
    {"isPublic": True},
    {"isPublic": False},
    {"hasSeen": True, "isBookmarked": True},
    {"hasSeen": False, "isBookmarked": False},
    {"isSubscribed": True},
    {"isSubscribed": False},
    {"status": "resolved", "assignedTo": "sam", "isPublic": True, "hasSeen": True, "isBookmarked": True},
    {"status": "unresolved", "assignedTo": None, "isPublic": False, "isSubscribed": False},
    {"merge": True, "status": "ignored", "isBookmarked": True},
    *[{"merge": True}] * 4,
    *[{"merge": False}] * 5,
)
FILTERS = ((), (), (), (("status", "unresolved"),), (("status", "resolved"), ("status", "ignored")))


def think_of(random: Random) -> Request:
    """Return a request on a few of the issues, in any order of their ids; or on all of them."""
    who: Who = random.choice(("jane", "sam", "key"))
    ids = tuple(("id", f"<{name}>") for name in random.sample(NAMES, random.choice([1, 2, 2, 3, 4])))
    filters = random.choice(FILTERS)
    dice, body = random.random(), random.choice(BODIES)
    if dice < 0.05:
        return Request("DELETE", who, query=ids[:1])
    if dice < 0.2 and set(body) <= {"status", "statusDetails", "ignoreCount", "ignoreDuration"}:
        return Request("PUT", who, query=filters, body=dumps(body))
    return Request("PUT", who, query=ids + filters, body=dumps(body))


# ---------------------------------------------------------------------------------------------------------------------
# Explaining it
# ---------------------------------------------------------------------------------------------------------------------


def explain(start: Model, history: History) -> list[Event]:
    """Return the events in an order that explains them.

    :raises Unexplained: there is none; or an answer is one that nobody may ever see.
    """
    for event in history.events:
        if event.answer.status >= 500 and not event.was_given_up:
            raise Unexplained(f"{event.request} was answered {event.answer.status}")
    events = [event for event in history.events if not event.was_given_up]
    search = _Search(sorted(events, key=lambda event: event.sent), history.at)
    order = search.order(start, {}, frozenset())
    if order is None:
        raise Unexplained(search.report())
    return order


class _Search:
    def __init__(self, events: Sequence[Event], at: datetime) -> None:
        self.events, self.at, self.steps = events, at, 0
        self.everything = frozenset(range(len(events)))
        self.dead_ends: set[object] = set()
        self.longest: list[Event] = []
        self.why: list[str] = []
        self.path: list[Event] = []
        self.last_seen_activity = _activity_at_the_end(events)

    def order(self, model: Model, links: Links, done: frozenset[int]) -> list[Event] | None:
        """Return an order of all events that are not ``done``, after ``done`` has led to this model; None: no order."""
        if done == self.everything:
            return []
        place = (done, model.key(), frozenset(links.items()))
        if place in self.dead_ends:
            return None
        reasons = []
        for number in self._may_be_next(done):
            event = self.events[number]
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise Unexplained(f"no order was found in {MAX_STEPS} steps\n{self.report()}")
            after = model.copy()
            try:
                known = compare(after.answer(event.request, self.at), event.answer, links)
                self._foresee(after)
            except Differs as difference:
                reasons.append(f"{_told(event)}: {difference}")
                continue
            self.path.append(event)
            order = self.order(after, known, done | {number})
            self.path.pop()
            if order is not None:
                return [event, *order]
            if after.key() == model.key() and known == links:
                break  # it changed nothing: now is as good as later, and it is not what stands in the way
        self.dead_ends.add(place)
        if len(self.path) >= len(self.longest):
            self.longest, self.why = list(self.path), reasons
        return None

    def _may_be_next(self, done: frozenset[int]) -> list[int]:
        """Return the events that may come next: no other one was answered before they were sent.

        Those that changed nothing first, the others as their mutations are numbered: most often, that is the order.
        """
        left = self.everything - done
        first_answer = min(self.events[number].answered for number in left)
        possible = [number for number in left if self.events[number].sent <= first_answer]
        return sorted(possible, key=lambda number: (self.events[number].answer.mutation_id or 0, number))

    def _foresee(self, model: Model) -> None:
        """Activity is only ever added to: what is not the beginning of what is read at the end leads nowhere.

        :raises Differs: it isn't.
        """
        for pk, seen in self.last_seen_activity.items():
            if pk in model.issues:
                now = [(entry.kind, entry.user) for entry in model.issues[pk].activity]
                if now != seen[: len(now)]:
                    raise Differs(f"the activity of {pk} would begin with {now}, and is {seen}")

    def report(self) -> str:
        lines = [f"{len(self.longest)} of {len(self.events)} requests can be explained, these:"]
        lines += [f"  {_told(event)}" for event in self.longest]
        return "\n".join([*lines, "and then none of these:", *(f"  {reason}" for reason in self.why)])


def _activity_at_the_end(events: Iterable[Event]) -> dict[int, list[tuple[str, int | None]]]:
    """Return kind and user of every activity of every issue that was read, oldest first."""
    found: dict[int, list[tuple[str, int | None]]] = {}
    for event in events:
        if event.request.path.startswith("issues/") and event.answer.status == 200:
            whole = loads(event.answer.body)
            found[int(whole["id"])] = []  # unless there is some
            for pk, entries in whole["activity"].items():  # of what is merged into it, too
                found[int(pk)] = [
                    (entry["type"], None if entry["user"] is None else int(entry["user"]["id"]))
                    for entry in reversed(entries)
                ]
    return found


def _told(event: Event) -> str:
    request, answer = event.request, event.answer
    query = "&".join(f"{name}={value}" for name, value in request.query)
    return (
        f"[{event.sent:.4f}-{event.answered:.4f}] {request.who} {request.method} {request.path}?{query} {request.body}"
        f" -> {answer.status} {answer.body[:120]} {dict(answer.headers)}"
    )
