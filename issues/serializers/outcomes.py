"""What a mutation answers: the delta, and the headers that say what happened (contract 1.8)."""

from collections.abc import Sequence

from issues import answers
from issues.mutation import IssueMutation, MutationOutcome
from issues.services.verbs import MARKS, PARTS, status
from projects.callers import Caller

MAX_OUT_OF_SCOPE = 20  # ids in the header


def describe_outcome(
    mutation: IssueMutation, outcomes: Sequence[MutationOutcome], *, by: Caller
) -> answers.ChangesMade:
    """Return the answer's body: what was asked, in the order of the body, and what it led to."""
    values: dict[str, object] = {}
    for part in PARTS:
        if (wish := getattr(mutation, part.wish)) is not None:
            values |= part.answered(wish)
    for mark in MARKS:
        values[mark.key] = getattr(mutation, mark.wish)
    if mutation.substatus is not None:  # null is "not given"
        values["substatus"] = mutation.substatus
    if mutation.merge is not None:
        values |= _describe_merge(mutation.merge, outcomes)
    asked = {key: values[key] for key in mutation.body if key in values}
    return {**asked, **_led_to(mutation, outcomes, by=by)}


def _led_to(mutation: IssueMutation, outcomes: Sequence[MutationOutcome], *, by: Caller) -> answers.LedTo:
    found: answers.LedTo = {}
    share_ids = [outcome.share_id for outcome in outcomes if outcome.share_id is not None]
    if share_ids and sum(outcome.matched for outcome in outcomes) == 1:
        found["shareId"] = share_ids[0].hex
    if mutation.is_subscribed is not None:
        found["subscriptionDetails"] = {"reason": "unknown"}
    if mutation.status is not None:
        found["statusDetails"] = status.answered_details(mutation.status, by=by)
    return found


def counting_headers(outcomes: Sequence[MutationOutcome]) -> dict[str, str]:
    """Return how many issues were in scope and how many are different now; or which ids were out of scope.

    A request over several projects has a mutation for each that it changed: their ids come with commas.
    """
    out_of_scope = sorted(pk for outcome in outcomes for pk in outcome.out_of_scope)
    mutation_ids = [str(outcome.mutation_id) for outcome in outcomes if outcome.mutation_id is not None]
    headers = {
        "Issues-Matched": str(sum(outcome.matched for outcome in outcomes)),
        "Issues-Changed": str(sum(outcome.changed for outcome in outcomes)),
    }
    if out_of_scope:
        headers["Issues-Out-Of-Scope"] = ",".join(str(pk) for pk in out_of_scope[:MAX_OUT_OF_SCOPE])
    if mutation_ids:
        headers["Mutation-Id"] = ",".join(mutation_ids)
    return headers


def _describe_merge(wish: bool, outcomes: Sequence[MutationOutcome]) -> answers.Merging:
    for outcome in outcomes:
        if outcome.merged is not None:
            children = [str(pk) for pk in outcome.merged.children]
            return {"merge": {"parent": str(outcome.merged.parent), "children": children}}
    return {"merge": wish}
