"""The mutations of a project, and what one did to its issues (contract section 6)."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from issues import answers
from issues.enums import MutationKind
from issues.mutation import UndoOutcome
from issues.reading.history import Changes, ToldMutation
from issues.services.verbs import MARKS
from issues.services.verbs.merging import Links
from projects.serializers import describe_user, iso


@dataclass(slots=True)
class Sides:
    """What an issue was like before a mutation, and after it."""

    before: answers.ChangedParts = field(default_factory=dict)
    after: answers.ChangedParts = field(default_factory=dict)


def describe_mutation(told: ToldMutation) -> answers.Mutation:
    """Return one entry of the history."""
    mutation, scope, key, undo = told.mutation, told.scope, told.mutation.api_key, told.undone_by
    return {
        "id": str(mutation.pk),
        "user": None if mutation.user is None else describe_user(mutation.user),
        "apiKey": None if key is None else {"id": str(key.pk), "label": key.label},
        "dateCreated": iso(mutation.created_at),
        "scope": {
            "ids": None if scope.ids is None else [str(pk) for pk in scope.ids],
            "status": scope.statuses,
            "query": scope.query,
        },
        "mutation": {"undo": str(mutation.undoes)} if mutation.kind == MutationKind.UNDO else dict(told.body),
        "matched": mutation.matched,
        "changed": mutation.changed,
        "undoneBy": None if undo is None else str(undo),
    }


def describe_undo(mutation_id: int, outcome: UndoOutcome) -> answers.Undone:
    """Return the answer to an undo."""
    return {
        "undoes": str(mutation_id),
        "restored": outcome.changed,
        "skipped": outcome.skipped,
        "skippedIds": [str(pk) for pk in outcome.skipped_ids],
    }


# ---------------------------------------------------------------------------------------------------------------------
# What it did to issues
# ---------------------------------------------------------------------------------------------------------------------


def describe_mutation_in_full(told: ToldMutation, changes: Changes) -> answers.MutationInFull:
    """Return one entry of the history, with some of the issues that it changed."""
    return {**describe_mutation(told), "issues": describe_changes(changes)}


def describe_changes(changes: Changes) -> list[answers.ChangedIssue]:
    """Return what a mutation changed of its issues: only the parts that it did, before and after.

    "After" is what it left, whatever came later.
    """
    told, mutation = defaultdict[int, Sides](Sides), changes.mutation
    for part, change in changes.of_parts:
        sides = told[change.issue_id]
        sides.before |= part.shown(part.counted(change.before, mutation.created_at), changes.names)
        sides.after |= part.shown(part.counted(change.after, mutation.created_at), changes.names)
    for mark in MARKS if changes.with_marks else ():
        value = getattr(mutation, mark.wish)
        for pk in getattr(mutation, mark.ids):
            _add(told[pk], mark.key, not value, value)
    _add_links(told, changes.links)
    return [{"id": str(pk), "before": told[pk].before, "after": told[pk].after} for pk in changes.issue_ids]


def _add(sides: Sides, key: str, before: object, after: object) -> None:
    sides.before[key], sides.after[key] = before, after


def _add_links(changes: Mapping[int, Sides], links: Links) -> None:
    """Add the parent to each child, and to each parent those children that came or went."""
    for done, is_made in ((links.made, True), (links.cut, False)):
        under: dict[int, list[str]] = defaultdict(list)
        for child, parent in sorted(done.items()):
            under[parent].append(str(child))
            without, having = None, str(parent)
            _add(changes[child], "parent", *((without, having) if is_made else (having, without)))
        for parent, children in under.items():
            _add(changes[parent], "children", *(([], children) if is_made else (children, [])))
