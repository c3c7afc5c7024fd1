"""The mutations of a project, and what one did to its issues (contract section 6)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from django.db.models import Max

from issues import answers
from issues.enums import MutationKind
from issues.models import Mutation
from issues.mutation import UndoOutcome
from issues.serializers.items import look_up_names
from issues.services.ground.parts import Part
from issues.services.verbs import MARKS, PARTS
from projects.database.arrays import as_array
from projects.database.reading import connection
from projects.serializers import describe_user, iso

Sides = dict[str, dict[str, Any]]  # before and after: the API's words with their values


def read_undone_by(mutations: Iterable[Mutation]) -> dict[int, int]:
    """Return by which mutation each of these was undone, the last time."""
    undos = Mutation.objects.filter(undoes__in=[mutation.pk for mutation in mutations])
    return dict(undos.values_list("undoes").annotate(Max("pk")))


def describe_mutation(
    mutation: Mutation, undone_by: Mapping[int, int], scopes: Mapping[int, Mutation], *, body: Mapping[str, Any]
) -> answers.Mutation:
    """Return one entry of the history; its user and key are at hand.

    :param scopes: the mutations whose scope undos show, by undo.
    :param body: what the caller may see of it.
    """
    scope = scopes.get(mutation.pk, mutation)
    key, undo = mutation.api_key, undone_by.get(mutation.pk)
    is_undo = mutation.kind == MutationKind.UNDO
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
        "mutation": {"undo": str(mutation.undoes)} if is_undo else body,
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


def read_changes(
    mutation: Mutation,
    ids: Sequence[int],
    *,
    made: Mapping[int, int],
    cut: Mapping[int, int],
    with_marks: bool,
) -> list[dict[str, Any]]:
    """Return what a mutation changed of these issues: only the parts that it did, before and after.

    "After" is what it left, whatever came later. ``made`` and ``cut`` are the links, child -> parent, that it did.
    ``with_marks`` shows whose they are what became of them.
    """
    changes: dict[int, Sides] = defaultdict(lambda: {"before": {}, "after": {}})
    for part in PARTS:
        rows = _read(mutation, ids, part)
        states = [state for row in rows for state in (row.before, row.after)]
        names = look_up_names(
            ((of, getattr(state, column)) for column, of in part.names.items() for state in states), tells_of_gone=True
        )
        for row in rows:
            for side, state in (("before", row.before), ("after", row.after)):
                changes[row.issue_id][side] |= part.shown(part.counted(state, mutation.created_at), names)
    for mark in MARKS if with_marks else ():
        value = getattr(mutation, mark.wish)
        for pk in getattr(mutation, mark.ids):
            _add(changes[pk], mark.key, not value, value)
    _add_links(changes, made, cut)
    return [{"id": str(pk), **changes[pk]} for pk in ids]


def _read(mutation: Mutation, ids: Sequence[int], part: Part) -> list[Any]:
    """Return the issues of which it changed this part: the states ``before`` and ``after``, with the numbers now."""
    columns = part.columns
    before = ", ".join(f"activity.before_{name}" for name in columns)
    after = ", ".join(f"CASE WHEN later.id IS NULL THEN issue.{name} ELSE later.before_{name} END" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT issue.id, issue.times_seen, issue.users_seen, {before}, {after}
            FROM issues_activity AS activity
            JOIN issues_issue AS issue ON issue.id = activity.issue_id
            {part.next_change}
            WHERE activity.mutation_id = %s AND activity.issue_id = ANY(%s::bigint[]) AND activity.kind = ANY(%s)
            """,
            [mutation.pk, as_array(ids), [kind.value for kind in part.kinds]],
        )
        return [
            SimpleNamespace(
                issue_id=issue_id,
                **{
                    side: SimpleNamespace(
                        **dict(zip(columns, state, strict=True)), times_seen=times_seen, users_seen=users_seen
                    )
                    for side, state in (("before", states[: len(columns)]), ("after", states[len(columns) :]))
                },
            )
            for issue_id, times_seen, users_seen, *states in cursor.fetchall()
        ]


def _add(sides: Sides, key: str, before: Any, after: Any) -> None:
    sides["before"][key], sides["after"][key] = before, after


def _add_links(changes: Mapping[int, Sides], made: Mapping[int, int], cut: Mapping[int, int]) -> None:
    """Add the parent to each child, and to each parent those children that came or went."""
    for links, is_made in ((made, True), (cut, False)):
        under: dict[int, list[str]] = defaultdict(list)
        for child, parent in sorted(links.items()):
            under[parent].append(str(child))
            without, having = None, str(parent)
            _add(changes[child], "parent", *((without, having) if is_made else (having, without)))
        for parent, children in under.items():
            _add(changes[parent], "children", *(([], children) if is_made else (children, [])))
