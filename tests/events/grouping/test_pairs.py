"""Pairs of events that are one issue, or two: from what an SDK sends to the fingerprint."""

import re

import pytest

from events.meaning.grouping import VERSION
from tests.events.grouping.pairs import PAIRS
from tests.events.grouping.pairs.building import Pair
from tests.events.grouping.reading import fingerprint_of, read_event

THREAD = re.compile(r"[\w.-]+/[\w.-]+#\d+")


def test_there_are_pairs_and_each_says_why() -> None:
    assert len(PAIRS) >= 70
    assert len({pair.what for pair in PAIRS}) == len(PAIRS)
    assert {pair.verdict for pair in PAIRS} == {"same", "different"}
    assert [pair.what for pair in PAIRS if not pair.because.endswith(".") or pair.one == pair.other] == []
    assert [pair.what for pair in PAIRS if not (pair.threads and all(map(THREAD.fullmatch, pair.threads)))] == []


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.what)
def test_a_pair_is_one_issue_or_two(pair: Pair) -> None:
    verdict = "same" if fingerprint_of(pair.one) == fingerprint_of(pair.other) else "different"

    assert verdict == pair.verdict, pair.because


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.what)
def test_a_pair_is_sent_as_sdks_send_it(pair: Pair) -> None:
    """What the reader would throw away would prove nothing."""
    for body in (pair.one, pair.other):
        event = read_event(body)

        assert event.data.get("errors", []) == []
        assert len(event.fingerprints) == VERSION
