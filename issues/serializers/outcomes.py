"""What a mutation answers: the delta, and the headers that say what happened (contract 1.8)."""

from collections.abc import Sequence
from typing import Any

from issues.enums import IssueStatus
from issues.mutation import Assignee, Ignore, IssueMutation, MutationOutcome, Resolve, SnoozeTerms, Unresolve
from projects.callers import Caller
from projects.serializers import describe_user, iso

MAX_OUT_OF_SCOPE = 20  # ids in the header


def describe_outcome(mutation: IssueMutation, outcomes: Sequence[MutationOutcome], *, by: Caller) -> dict[str, Any]:
    """Return the answer's body: what was asked, in the order of the body, and what it led to."""
    values = {
        "status": _status_word(mutation),
        "substatus": mutation.substatus,
        "assignedTo": mutation.assignment and describe_assignee(mutation.assignment.to),
        "isPublic": mutation.is_public,
        "merge": _describe_merge(mutation, outcomes),
        "hasSeen": mutation.has_seen,
        "isBookmarked": mutation.is_bookmarked,
        "isSubscribed": mutation.is_subscribed,
    }
    answer = {key: values[key] for key in mutation.body if key in values}
    if mutation.substatus is None:  # null is "not given"
        answer.pop("substatus", None)
    share_ids = [outcome.share_id for outcome in outcomes if outcome.share_id is not None]
    if share_ids and sum(outcome.matched for outcome in outcomes) == 1:
        answer["shareId"] = share_ids[0].hex
    if mutation.is_subscribed is not None:
        answer["subscriptionDetails"] = {"reason": "unknown"}
    if mutation.status is not None:
        answer["statusDetails"] = _status_details(mutation, by=by)
    return answer


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


def describe_assignee(assignee: Assignee | None) -> dict[str, str | None] | None:
    match assignee:
        case None:
            return None
        case Assignee(type="team"):
            return {"type": "team", "id": str(assignee.id), "name": assignee.name}
        case _:
            return {"type": "user", "id": str(assignee.id), "name": assignee.name, "email": assignee.email}


def describe_terms(terms: SnoozeTerms) -> dict[str, Any]:
    """Return the terms of a snooze, without its actor; nothing when it has none."""
    if not terms:
        return {}
    return {
        "ignoreCount": terms.count,
        "ignoreUntil": None if terms.until is None else iso(terms.until),
        "ignoreUserCount": terms.user_count,
        "ignoreUserWindow": terms.user_window,
        "ignoreWindow": terms.window,
    }


def _status_word(mutation: IssueMutation) -> str | None:
    match mutation.status:
        case Resolve():
            return IssueStatus.RESOLVED.value
        case Unresolve():
            return IssueStatus.UNRESOLVED.value
        case Ignore():
            return IssueStatus.IGNORED.value
        case None:
            return None


def _status_details(mutation: IssueMutation, *, by: Caller) -> dict[str, Any]:
    match mutation.status:
        case Ignore(terms):
            details = describe_terms(terms)
        case Resolve(in_release=release) if release is not None:
            details = {"inRelease": release.version}
        case Resolve(in_next_release=True):
            details = {"inNextRelease": True}
        case _:
            details = {}
    if details and by.user is not None:
        details["actor"] = describe_user(by.user)
    return details


def _describe_merge(mutation: IssueMutation, outcomes: Sequence[MutationOutcome]) -> Any:
    for outcome in outcomes:
        if outcome.merged is not None:
            return {"parent": str(outcome.merged.parent), "children": [str(pk) for pk in outcome.merged.children]}
    return mutation.merge
