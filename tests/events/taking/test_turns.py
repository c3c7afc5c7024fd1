"""Large requests are read one after the other; small ones wait for none of them."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotDone

import pytest
from django.db import connection

from events.taking.turns import LARGE, Turn
from tests.events.sending import Sdk, an_envelope, holding, stored

pytestmark = pytest.mark.django_db(transaction=True)

ID = "0123456789abcdef0123456789abcdef"
ATTACHMENT = {"type": "attachment"}, bytes(2 * LARGE)
EVENT = {"type": "event"}, b"{}"


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


def send(sdk: Sdk, body: bytes) -> int:
    try:
        return int(sdk.envelope(body).status_code)
    finally:
        connection.close()


def waits(sent: "Future[int]") -> bool:
    try:
        sent.result(0.3)
    except NotDone:
        return True
    return False


def test_a_large_one_waits_for_another_and_small_ones_do_not(sdk: Sdk, beside: ThreadPoolExecutor) -> None:
    with Turn() as other:
        for _ in other.awaited(iter([bytes(LARGE + 1)])):
            large = beside.submit(send, sdk, an_envelope(EVENT, ATTACHMENT, event_id=ID))
            assert waits(large)
            assert sdk.envelope(holding({})).status_code == 200
            assert len(stored()) == 1

    assert large.result(60) == 200
    assert ID in stored()


@pytest.mark.parametrize("size", [0, LARGE])
def test_what_is_not_large_leaves_the_turn_to_others(size: int) -> None:
    with Turn() as small, Turn() as large:
        assert [len(piece) for piece in small.awaited(iter([bytes(size)]))] == [size]
        assert sum(len(piece) for piece in large.awaited(iter([bytes(LARGE), b"1", b"2"]))) == LARGE + 2


def test_one_that_is_refused_gives_its_turn_back(sdk: Sdk) -> None:
    for _ in range(3):
        assert sdk.envelope(an_envelope(ATTACHMENT) + b"nonsense").status_code == 400
