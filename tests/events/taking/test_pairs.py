"""The pairs of grouping, as they come in: one fingerprint waits to be counted, or two (contract 7.6)."""

import pytest

from events.models import Arrival
from tests.events.grouping.pairs import PAIRS
from tests.events.grouping.pairs.building import Json, Pair
from tests.events.sending import Sdk, holding

pytestmark = pytest.mark.django_db


def post(sdk: Sdk, pair: Pair, body: Json) -> None:
    taken = sdk.post("/api/{project}/security/", body) if pair.is_of_security else sdk.envelope(holding(body))
    assert taken.status_code == 200


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.what)
def test_a_pair_is_one_issue_or_two(sdk: Sdk, pair: Pair) -> None:
    post(sdk, pair, pair.one)
    post(sdk, pair, pair.other)

    hashes = list(Arrival.objects.values_list("hash", flat=True))
    assert len(hashes) == 2
    assert ("same" if len(set(hashes)) == 1 else "different") == pair.verdict, pair.because
