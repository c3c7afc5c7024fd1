"""Merge and unmerge (contract 1.6).

A merge hides issues under one of their number, their *parent*; it moves nothing. Each keeps its own rows and numbers,
so that an unmerge only has to take the link away. What the parent shows are totals over its tree (totals.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from issues.enums import ActivityKind
from issues.models import Mutation
from issues.mutation import Merged
from issues.services.ground.targets import NamedTargets
from issues.services.ground.trees import ancestors
from issues.services.verbs.totals import compute_totals
from projects.acting import Act
from projects.database.arrays import as_array
from projects.database.reading import connection
from projects.database.steps import named, read_and_write

# What becomes of the rows that hang on an issue while it is merged into another. A relation that is missing here fails
# tests/test_house_rules.py: whoever adds one has to decide.
WHAT_FOLLOWS_A_MERGE = {
    "children": "stay: the tree under a child comes along with it",
    "text": "stays with the child",
    "hashes": "stay with the child: events of its fingerprints are looked up through the tree",
    "hours": "own counts stay, the totals of the parent are computed over the tree",
    "minutes": "stay with the child, and are added up over the tree",
    "users": "likewise, each once over the tree",
    "environments": "stay with the child, and are shown over the tree",
    "releases": "stay with the child, and what the tree shows is one of them",
    "seen_marks": "stay with the child",
    "bookmarks": "are copied to the parent where it had none, and stay there after an unmerge",
    "subscriptions": "are copied to the parent where it had none, and stay there after an unmerge",
    "activities": "stay with the child",
}


@dataclass(frozen=True, slots=True)
class Unmerged:
    """The issues that came back, and those that they were merged into, each ascending."""

    children: list[int]
    parents: list[int]


def is_merge(targets: NamedTargets) -> bool:
    """Return whether there is something to merge; what links them then is written with all else of their rows."""
    return len(targets.ids) >= 2


def finish(targets: NamedTargets, parent: int, act: Act) -> Merged:
    """Let the parent of targets that are linked to it show what their tree has, and who follows or marked it."""
    children = [pk for pk in targets.ids if pk != parent]

    compute_totals(targets, [parent])
    _copy_followers(targets, parent, at=act.at)
    _copy_bookmarks(targets, parent, at=act.at)
    return Merged(parent=parent, children=tuple(children))


def unmerge(targets: NamedTargets, act: Act) -> Unmerged:
    """Give back what is merged into the targets that are visible, and take out the targets that are hidden.

    By the relations as they were before: each comes back with its own tree under it.
    """
    return _cut(targets, LINKS_OF_TARGETS, {}, act)


def cut(targets: NamedTargets, links: Mapping[int, int], act: Act) -> None:
    """Cut these links, child -> parent. They are there, and everything above is locked."""
    _cut(targets, GIVEN_LINKS, _links(links), act)


def join(targets: NamedTargets, links: Mapping[int, int], act: Act) -> None:
    """Make links, child -> parent, that an unmerge cut. No circle comes of it, and everything above is locked.

    Who follows a child follows its parent already, since the first merge: nothing is copied again.
    """
    told = """
        INSERT INTO issues_activity (project_id, issue_id, kind, data, user_id, created_at, mutation_id)
        SELECT %(project_id)s, parent_id, %(kind)s,
               jsonb_build_object('issues', jsonb_agg(jsonb_build_object('id', id::text) ORDER BY id)),
               %(user_id)s, %(at)s, %(mutation_id)s
        FROM link
        GROUP BY parent_id
        ORDER BY parent_id
    """
    changed = """
        UPDATE issues_issue AS child
        SET merged_into_id = link.parent_id, mutation_id = %(mutation_id)s
        FROM link
        WHERE child.id = link.id AND child.project_id = %(project_id)s
    """
    params = _params(targets, ActivityKind.MERGE, act) | _links(links)
    read_and_write([named(GIVEN_LINKS, params)], [named(told, params), named(changed, params)])
    compute_totals(targets, ancestors(targets.project_id, list(links)))


# The links, from the child `id` to `parent_id`, of hidden targets and of the direct children of visible ones.
LINKS_OF_TARGETS = """
    target AS MATERIALIZED (
        SELECT id, merged_into_id FROM issues_issue
        WHERE project_id = %(project_id)s AND id = ANY((SELECT %(ids)s::bigint[])::bigint[])
    ),
    link AS MATERIALIZED (
        SELECT id, merged_into_id AS parent_id FROM target WHERE merged_into_id IS NOT NULL
        UNION
        SELECT id, merged_into_id FROM issues_issue
        WHERE project_id = %(project_id)s
          AND merged_into_id = ANY(ARRAY(SELECT id FROM target WHERE merged_into_id IS NULL))
    )
"""
# Links that are known already.
GIVEN_LINKS = """
    link AS MATERIALIZED (
        SELECT * FROM unnest(%(children)s::bigint[], %(parents)s::bigint[]) AS given (id, parent_id)
    )
"""


def _links(links: Mapping[int, int]) -> dict[str, Any]:
    return {"children": as_array(links), "parents": as_array(links.values())}


def _cut(targets: NamedTargets, which: str, params: dict[str, Any], act: Act) -> Unmerged:
    """Cut links, record that on both sides, and compute what is shown above them."""
    recorded = """
        INSERT INTO issues_activity
            (project_id, issue_id, kind, data, user_id, created_at, mutation_id, before_merged_into_id)
        SELECT %(project_id)s, id, %(kind)s, data, %(user_id)s, %(at)s, %(mutation_id)s, before
        FROM (
            SELECT parent_id, NULL::bigint,
                   jsonb_build_object('issues', jsonb_agg(jsonb_build_object('id', id::text) ORDER BY id))
            FROM link
            GROUP BY parent_id
            UNION ALL
            SELECT id, parent_id, jsonb_build_object('parent', jsonb_build_object('id', parent_id::text))
            FROM link
        ) AS entry (id, before, data)
        ORDER BY before IS NOT NULL, id  -- what was lost above, then what came back
    """
    changed = """
        UPDATE issues_issue
        SET merged_into_id = NULL, mutation_id = %(mutation_id)s
        WHERE project_id = %(project_id)s AND id = ANY(ARRAY(SELECT id FROM link ORDER BY id))
    """
    params = params | _params(targets, ActivityKind.UNMERGE, act)
    answer = named("SELECT id, parent_id FROM link ORDER BY id", params)
    left = dict(read_and_write([named(which, params)], [named(recorded, params), named(changed, params)], answer))
    parents = sorted(set(left.values()))
    # All that were above before, too: where a link on the way up was cut as well, its parent is one of the parents.
    compute_totals(targets, sorted({*parents, *ancestors(targets.project_id, parents)}))
    return Unmerged(children=list(left), parents=parents)


def _params(targets: NamedTargets, kind: ActivityKind, act: Act) -> dict[str, Any]:
    return {
        "project_id": targets.project_id,
        "ids": targets.id_array,
        "mutation_id": targets.mutation_id,
        "kind": kind.value,
        "user_id": act.user_id,
        "at": act.at,
    }


def _copy_followers(targets: NamedTargets, parent: int, *, at: datetime) -> None:
    """Let who follows a child follow the parent too, unless they said something about the parent themselves."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO issues_issuesubscription (project_id, issue_id, user_id, is_active, reason, created_at)
            SELECT DISTINCT ON (user_id) project_id, %s, user_id, true, reason, %s
            FROM issues_issuesubscription
            WHERE project_id = %s AND issue_id = ANY(%s::bigint[]) AND issue_id <> %s AND is_active
            ORDER BY user_id, issue_id
            ON CONFLICT (project_id, issue_id, user_id) DO NOTHING
            """,
            [parent, at, targets.project_id, targets.id_array, parent],
        )


def _copy_bookmarks(targets: NamedTargets, parent: int, *, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO issues_issuebookmark (project_id, issue_id, user_id, created_at)
            SELECT DISTINCT project_id, %s, user_id, %s::timestamptz
            FROM issues_issuebookmark
            WHERE project_id = %s AND issue_id = ANY(%s::bigint[]) AND issue_id <> %s
            ON CONFLICT (project_id, issue_id, user_id) DO NOTHING
            """,
            [parent, at, targets.project_id, targets.id_array, parent],
        )


# ---------------------------------------------------------------------------------------------------------------------
# Taking it back: what a mutation merged comes apart, what it took apart is merged again
# ---------------------------------------------------------------------------------------------------------------------


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


def read_links(mutation: Mutation) -> Links:
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
            WHERE activity.project_id = %(project_id)s AND activity.mutation_id = %(mutation_id)s
              AND activity.kind IN (%(merge)s, %(unmerge)s)
            UNION ALL
            SELECT activity.issue_id, activity.before_merged_into_id, false
            FROM issues_activity AS activity
            WHERE activity.project_id = %(project_id)s AND activity.mutation_id = %(mutation_id)s
              AND activity.kind = %(unmerge)s AND activity.before_merged_into_id IS NOT NULL
            """,
            {
                "project_id": mutation.project_id,
                "mutation_id": mutation.pk,
                "merge": ActivityKind.MERGE.value,
                "unmerge": ActivityKind.UNMERGE.value,
            },
        )
        for child, parent, is_made in cursor:
            (made if is_made else cut)[child] = parent
    return Links(made, cut)


def restore(targets: NamedTargets, links: Links, act: Act) -> set[int]:
    """Cut the links that were made and make those that were cut, where that is still as it was left.

    Return the issues at both ends of those that were put back. Everything above them is locked.
    """
    above = _parents_of(targets.project_id, sorted(links.issues))
    to_cut = {child: parent for child, parent in links.made.items() if above.get(child) == parent}
    to_make = _without_circles({child: parent for child, parent in links.cut.items() if child in above}, above)
    if to_cut:
        cut(targets, to_cut, act)
    if to_make:
        join(targets, to_make, act)
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
