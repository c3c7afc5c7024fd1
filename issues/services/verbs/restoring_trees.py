"""Putting back who is merged into whom: what a mutation merged comes apart, what it took apart is merged again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from issues.enums import ActivityKind
from issues.services.ground.targets import Targets, ancestors
from issues.services.verbs import merging
from projects.callers import Caller
from projects.database.arrays import as_array


@dataclass(frozen=True, slots=True)
class Links:
    """The links, child -> parent, that a mutation made, and those that it cut."""

    made: Mapping[int, int]
    cut: Mapping[int, int]

    @property
    def issues(self) -> set[int]:
        """Both ends of all of them."""
        return {*self.made, *self.made.values(), *self.cut, *self.cut.values()}


NO_LINKS = Links({}, {})


def read_links(mutation_id: int) -> Links:
    """Return what a mutation did to trees, as its activities tell; of issues that may be deleted since.

    Of a link that was cut both sides tell, and one that is left is enough; of one that was made, the parent alone.
    """
    made: dict[int, int] = {}
    cut: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (entry ->> 'id')::bigint, activity.issue_id, activity.kind = %(merge)s
            FROM issues_activity AS activity
            CROSS JOIN LATERAL jsonb_array_elements(activity.data -> 'issues') AS entry
            WHERE activity.mutation_id = %(mutation_id)s AND activity.kind IN (%(merge)s, %(unmerge)s)
            UNION ALL
            SELECT activity.issue_id, activity.before_merged_into_id, false
            FROM issues_activity AS activity
            WHERE activity.mutation_id = %(mutation_id)s AND activity.kind = %(unmerge)s
              AND activity.before_merged_into_id IS NOT NULL
            """,
            {
                "mutation_id": mutation_id,
                "merge": ActivityKind.MERGE.value,
                "unmerge": ActivityKind.UNMERGE.value,
            },
        )
        for child, parent, is_made in cursor:
            (made if is_made else cut)[child] = parent
    return Links(made, cut)


def restore_trees(targets: Targets, links: Links, *, by: Caller, at: datetime) -> set[int]:
    """Cut the links that were made and make those that were cut, where that is still as it was left.

    Return the issues at both ends of those that were put back. Everything above them is locked.
    """
    above = _parents_of(targets.project_id, sorted(links.issues))
    to_cut = {child: parent for child, parent in links.made.items() if above.get(child) == parent}
    to_make = _without_circles({child: parent for child, parent in links.cut.items() if child in above}, above)
    if to_cut:
        merging.cut(targets, to_cut, by=by, at=at)
    if to_make:
        merging.join(targets, to_make, by=by, at=at)
    return Links(to_cut, to_make).issues


def _parents_of(project_id: int, ids: list[int]) -> dict[int, int | None]:
    """Return what each of these issues, and of all above them, is merged into; None for nothing."""
    everyone = sorted({*ids, *ancestors(project_id, ids)})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, merged_into_id FROM issues_issue WHERE project_id = %s AND id = ANY(%s::bigint[])",
            [project_id, as_array(everyone)],
        )
        return dict(cursor.fetchall())


def _without_circles(links: Mapping[int, int], above: Mapping[int, int | None]) -> dict[int, int]:
    """Return the links that can be made, one after the other: the child is free, and not above its parent."""
    tree = dict(above)
    made: dict[int, int] = {}
    for child, parent in sorted(links.items()):
        if parent not in tree or tree[child] is not None:
            continue
        over: int | None = parent
        while over not in (None, child):
            over = tree[over]
        if over is None:
            tree[child] = made[child] = parent
    return made
