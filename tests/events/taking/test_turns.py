"""Large requests are read one after the other; small ones wait for none of them, however many these are."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener
from uuid import UUID

import pytest

from events.models import EventId
from events.taking import reading
from events.taking.turns import LARGE, TURN, in_turn
from tests.events.sending import Sdk, an_envelope, holding
from tests.live import serving

ATTACHMENT = {"type": "attachment"}, bytes(2 * LARGE)
THREADS = 2
_fork = multiprocessing.get_context("fork")


@pytest.mark.parametrize(
    ("sizes", "passed"),
    [([], None), ([LARGE], None), ([LARGE, 1, 1], 1), ([LARGE + 1, LARGE], 0), ([1, LARGE - 1, 0], None)],
)
def test_the_turn_is_taken_once_and_before_what_is_too_much(sizes: list[int], passed: int | None) -> None:
    seen: list[int] = []
    taken: list[int] = []

    for piece in in_turn(map(bytes, sizes), {TURN: lambda: taken.append(len(seen))}):
        seen.append(len(piece))

    assert seen == sizes
    assert taken == ([] if passed is None else [passed])


class Held:
    """A reading that stops at events with ``held``, until it is let go."""

    def __init__(self) -> None:
        self.began = _fork.Semaphore(0)
        self.may_go_on = _fork.Event()

    def prepare(self) -> None:
        read = reading.read

        def waits(event: dict[str, Any], **how: Any) -> Any:
            if "held" in event:
                self.began.release()
                self.may_go_on.wait(60)
            return read(event, **how)

        reading.read = waits


def sender(address: str, sdk: Sdk) -> Callable[[bytes], int]:
    """Return what sends an envelope, by a connection of its own, and returns the status."""
    directly = build_opener(ProxyHandler({}))

    def send(body: bytes) -> int:
        said = f"Sentry sentry_key={sdk.key.key}, sentry_version=7"
        request = Request(f"{address}/api/{sdk.key.project_id}/envelope/", body, {"X-Sentry-Auth": said})
        with directly.open(request, timeout=30) as response:
            return int(response.status)

    return send


@pytest.fixture
def held() -> Iterator[Held]:
    made = Held()
    yield made
    made.may_go_on.set()


@pytest.mark.django_db(transaction=True)
def test_small_ones_pass_more_large_ones_than_there_are_threads(sdk: Sdk, held: Held) -> None:
    ids = [UUID(int=number + 1) for number in range(2 * THREADS + 1)]
    large = [an_envelope(({"type": "event"}, b'{"held": 1}'), ATTACHMENT, event_id=each.hex) for each in ids[1:]]
    with serving(threads=THREADS, prepare=held.prepare) as address, ThreadPoolExecutor(len(large)) as beside:
        send = sender(address, sdk)
        sent = [beside.submit(send, body) for body in large]
        assert held.began.acquire(timeout=30)

        assert [send(holding({"event_id": ids[0].hex})) for _ in range(3)] == [200] * 3

        assert not held.began.acquire(block=False)  # of the others
        assert not any(each.done() for each in sent)
        held.may_go_on.set()
        assert [each.result(60) for each in sent] == [200] * len(large)
    assert set(EventId.objects.values_list("event_id", flat=True)) == set(ids)
