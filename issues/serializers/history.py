"""The mutations of a project, and what one did to its issues (contract section 6)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from django.db import connection
from django.db.models import Max

from issues.enums import IssueStatus, MutationKind
from issues.models import Mutation
from issues.mutation import Assignee, UndoOutcome
from issues.serializers.issues import describe_status_details
from issues.serializers.items import Person, look_up_names
from issues.serializers.outcomes import describe_assignee
from issues.services.ground.parts import Part
from issues.services.verbs import PARTS, assignment, sharing, status
from projects.database.arrays import as_array
from projects.serializers import describe_user, iso

Sides = dict[str, dict[str, Any]]  # before and after: the API's words with their values


def read_undone_by(mutations: Iterable[Mutation]) -> dict[int, int]:
    """Return by which mutation each of these was undone, the last time."""
    undos = Mutation.objects.filter(undoes__in=[mutation.pk for mutation in mutations])
    return dict(undos.values_list("undoes").annotate(Max("pk")))


def describe_mutation(
    mutation: Mutation, undone_by: Mapping[int, int], scopes: Mapping[int, Mutation], *, body: Mapping[str, Any]
) -> dict[str, Any]:
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


def describe_undo(mutation_id: int, outcome: UndoOutcome) -> dict[str, Any]:
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
        DESCRIBED[part.name](changes, _read(mutation, ids, part), mutation.created_at)
    for key, value, marked in (
        ("hasSeen", mutation.has_seen, mutation.seen_ids),
        ("isBookmarked", mutation.is_bookmarked, mutation.bookmark_ids),
        ("isSubscribed", mutation.is_subscribed, mutation.subscription_ids),
    ):
        for pk in marked if with_marks else ():
            _add(changes[pk], key, not value, value)
    _add_links(changes, made, cut)
    return [{"id": str(pk), **changes[pk]} for pk in ids]


def _read(mutation: Mutation, ids: Sequence[int], part: Part) -> list[Any]:
    """Return the issues of which it changed this part: the columns ``before`` and ``after``, and its numbers now."""
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
                issue_id=row[0],
                numbers={"times_seen": row[1], "users_seen": row[2]},
                before=dict(zip(columns, row[3 : 3 + len(columns)], strict=True)),
                after=dict(zip(columns, row[3 + len(columns) :], strict=True)),
            )
            for row in cursor.fetchall()
        ]


def _add(sides: Sides, key: str, before: Any, after: Any) -> None:
    sides["before"][key], sides["after"][key] = before, after


def _add_status(changes: Mapping[int, Sides], rows: Sequence[Any], at: datetime) -> None:
    """Add the status as it counted at that time, and its details; of a count, what would be left of it now."""
    states = [state for row in rows for state in (row.before, row.after)]
    names = look_up_names(
        (state["status_by_id"] for state in states), release_ids=(state["resolution_release_id"] for state in states)
    )
    for row in rows:
        before, after = (_status(state, row.numbers, at) for state in (row.before, row.after))
        _add(changes[row.issue_id], "status", before.status_shown, after.status_shown)
        details = describe_status_details(before, names), describe_status_details(after, names)
        _add(changes[row.issue_id], "statusDetails", *details)


def _status(state: Mapping[str, Any], numbers: Mapping[str, int], at: datetime) -> SimpleNamespace:
    """Return a state of the status under the names of an item. Events may have used up a count since: 0 are left."""
    ends_at = state["snooze_ends_at"]
    is_over = ends_at is not None and ends_at <= at
    counts = {
        f"snooze_ends_at_{name}": None if end is None else max(end, number)
        for name, number in numbers.items()
        for end in [state[f"snooze_ends_at_{name}"]]
    }
    shown = IssueStatus.UNRESOLVED.value if is_over else state["status"]
    return SimpleNamespace(**{**state, **counts}, **numbers, status_shown=shown)


def _add_share(changes: Mapping[int, Sides], rows: Sequence[Any], at: datetime) -> None:
    for row in rows:
        _add(changes[row.issue_id], "isPublic", row.before["share_id"] is not None, row.after["share_id"] is not None)


def _add_assignee(changes: Mapping[int, Sides], rows: Sequence[Any], at: datetime) -> None:
    states = [state for row in rows for state in (row.before, row.after)]
    names = look_up_names(
        (state["assignee_user_id"] for state in states), (state["assignee_team_id"] for state in states)
    )

    def assignee(state: Mapping[str, Any]) -> dict[str, str | None] | None:
        user_id, team_id = state["assignee_user_id"], state["assignee_team_id"]
        if user_id is not None:  # who may be gone, but for the id
            user = names.people.get(user_id, Person(user_id, "", "", ""))
            return describe_assignee(Assignee("user", user_id, user.name or user.username, user.email))
        if team_id is not None:
            return describe_assignee(names.teams.get(team_id, Assignee("team", team_id, "")))
        return None

    for row in rows:
        _add(changes[row.issue_id], "assignedTo", assignee(row.before), assignee(row.after))


# How each part is told, from the rows that :func:`_read` returns.
DESCRIBED: Mapping[str, Callable[[Mapping[int, Sides], Sequence[Any], datetime], None]] = {
    status.PART.name: _add_status,
    assignment.PART.name: _add_assignee,
    sharing.PART.name: _add_share,
}


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
