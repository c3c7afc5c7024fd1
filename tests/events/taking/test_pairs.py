"""The pairs of grouping, from their address to issues (contract 7.6)."""

import pytest
from django.utils import timezone

from events.counting import Counting
from events.models import Arrival
from issues.models import Issue, IssueHash
from tests.events.grouping.pairs import PAIRS
from tests.events.grouping.pairs.building import Json, Pair
from tests.events.sending import Sdk, holding

pytestmark = pytest.mark.django_db


def post(sdk: Sdk, pair: Pair, body: Json) -> None:
    taken = sdk.post("/api/{project}/security/", body) if pair.is_of_security else sdk.envelope(holding(body))
    assert taken.status_code == 200


def test_each_pair_is_one_issue_or_two(sdk: Sdk) -> None:
    """All at once, since a request and a batch for each pair would take longer than all that is told by them."""
    for pair in PAIRS:
        post(sdk, pair, pair.one)
        post(sdk, pair, pair.other)
    arrived = iter(Arrival.objects.order_by("id").values_list("hash", flat=True))
    hashes = [(pair, next(arrived), next(arrived)) for pair in PAIRS]

    Counting(now=timezone.now).run_once()

    issue_of = dict(IssueHash.objects.values_list("hash", "issue_id"))
    verdicts = {
        pair.what: "same" if issue_of[one.hex] == issue_of[other.hex] else "different" for pair, one, other in hashes
    }
    assert verdicts == {pair.what: pair.verdict for pair in PAIRS}
    assert sum(Issue.objects.values_list("times_seen", flat=True)) == 2 * len(PAIRS)
