"""Releases, and what they settle (contract section 5).

A release is one project's. Those of the same version in the projects that a caller sees are changed as one: ``seen_in``
are their ids, and no row of another project is read, locked or written, whatever it is called.

Whoever changes the releases of a project keeps the project first, then the release, then issues: the order in which
"resolved in the next release" takes its locks, too.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from issues.models import Issue
from issues.mutation import ReleaseChange
from issues.services.ground import project_state
from issues.services.verbs.status import resolutions
from issues.services.verbs.totals import RELEASES_OF_A_TREE
from projects import acting
from projects.acting import Act
from projects.database import citus
from projects.database.arrays import as_array
from projects.database.transactions import StartOver
from projects.models import Release, ReleaseStatus
from projects.refusals import Refusal
from projects.release_order import carry
from projects.versions import numbered


class ProjectsRequired(Refusal):
    """A release is made for projects; one that nobody has seen yet names them."""

    field = ("projects",)
    sentence = "A new release needs at least one project."


class ReleaseInUse(Refusal):
    """Issues are resolved in this release, or in the next one after it."""

    sentence = "This release is referenced by active issues and cannot be removed."


def save(version: str, change: ReleaseChange, act: Act, *, seen_in: Collection[int]) -> bool:
    """Make the release of this version in the projects that are named; or, where it is seen already, change that one,
    and make it in those that have it not. Return whether it is new.

    :raises ProjectsRequired: it is not seen anywhere yet, and no project was named for it.
    :raises TryAgain: others are changing the same release; nothing was changed.
    :raises OperationalError: no lock in time, or no database; nothing was changed.
    """
    for attempt in acting.attempts(act):
        with attempt:
            made_for = _projects_of(version, seen_in)
            if not change.project_ids and not made_for:
                raise ProjectsRequired
            rows = _keep(version, made_for | change.project_ids, seen_in)
            if not rows and not change.project_ids:
                raise StartOver("This release is being deleted just now.")
            _change(version, rows, change, at=act.at)
    return not rows


def update(version: str, change: ReleaseChange, act: Act, *, seen_in: Collection[int]) -> bool:
    """Change a release, and make it in the projects that are named and have it not; False when it is gone.

    :raises TryAgain: others are changing the same release; nothing was changed.
    :raises OperationalError: no lock in time, or no database; nothing was changed.
    """
    for attempt in acting.attempts(act):
        with attempt:
            rows = _keep(version, _projects_of(version, seen_in) | change.project_ids, seen_in)
            if rows:
                _change(version, rows, change, at=act.at)
    return bool(rows)


def delete(version: str, act: Act, *, seen_in: Collection[int]) -> bool:
    """Delete a release with its deploys; False when it is gone. Issues first or last seen in it forget that.

    :raises ReleaseInUse: a resolution names it; nothing was changed.
    :raises TryAgain: others are changing the same release; nothing was changed.
    :raises OperationalError: no lock in time, or no database; nothing was changed.
    """
    for attempt in acting.attempts(act):
        with attempt:
            rows = _keep(version, _projects_of(version, seen_in), seen_in, to_delete=True)
            if rows:
                _delete(version, rows, at=act.at)
    return bool(rows)


def _delete(version: str, rows: Sequence[Release], *, at: datetime) -> None:
    project_ids = [row.project_id for row in rows]
    resolutions.settle(project_ids, at=at)
    ids = as_array(row.pk for row in rows)
    if Issue.objects.of_projects(project_ids).filter(resolution_release__in=rows).exists():
        raise ReleaseInUse
    _forget(project_ids, ids)
    for table, column in (("deploy", "release_id"), ("release", "id")):
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM projects_{table} WHERE project_id = ANY(%s::bigint[]) AND {column} = ANY(%s::bigint[])",
                [as_array(project_ids), ids],
            )
    carry(project_ids, numbered(version))
    # Those of its package may be older without it; what waits for one that comes after its base sees that now.
    resolutions.settle(project_ids, at=at)


def _change(version: str, rows: Sequence[Release], change: ReleaseChange, *, at: datetime) -> None:
    """Change these rows, which are locked, and make those that lack; then settle what dates or new projects decide."""
    made_for = {row.project_id for row in rows}
    # What time alone has made the next release meanwhile comes before what is said now.
    resolutions.settle(made_for | change.project_ids, at=at)
    columns = _columns(change)
    if rows and columns:
        Release.objects.of_projects(made_for).filter(pk__in=[row.pk for row in rows]).update(**columns)
    new = change.project_ids - made_for
    # What is known of it goes along to another project; when it was made there is now.
    known = _columns_of(min(rows, key=lambda row: (row.created_at, row.pk))) if rows else {}
    _insert(version, known | columns, new, at=at)
    moved = {row.project_id for row in rows if change.released_at not in {None, row.released_at}}
    if moved | new:
        carry(moved | new, numbered(version))
        resolutions.settle(moved | new, at=at)


COLUMNS = ("ref", "url", "status", "started_at", "released_at")


def _columns(change: ReleaseChange) -> dict[str, Any]:
    return {column: value for column in COLUMNS if (value := getattr(change, column)) is not None}


def _columns_of(release: Release) -> dict[str, Any]:
    return {column: getattr(release, column) for column in COLUMNS}


def _insert(version: str, said: dict[str, Any], project_ids: Collection[int], *, at: datetime) -> None:
    """Make the release in each of these projects, which are kept.

    :raises StartOver: somebody who keeps no project, a seed or an operator, has made one just now.
    """
    if not project_ids:
        return
    package, number = numbered(version)
    columns = {
        "version": version,
        "package": package,
        "number": number,
        "created_at": at,
        **{"ref": "", "url": "", "status": ReleaseStatus.OPEN.value},
        **said,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO projects_release (project_id, {", ".join(columns)})
            SELECT id, {", ".join(["%s"] * len(columns))} FROM unnest(%s::bigint[]) AS project (id) ORDER BY id
            ON CONFLICT (project_id, version) DO NOTHING
            """,
            [*columns.values(), sorted(project_ids)],
        )
        if cursor.rowcount < len(project_ids):
            raise StartOver("This release is being made just now.")


def _projects_of(version: str, seen_in: Collection[int]) -> set[int]:
    """Return which of the projects that are seen have a release of this version."""
    return set(Release.objects.of_projects(seen_in).named(version).values_list("project_id", flat=True))


def _keep(
    version: str, project_ids: set[int], seen_in: Collection[int], *, to_delete: bool = False
) -> Sequence[Release]:
    """Keep the releases of these projects, and lock those of this version that are seen; return them.

    :raises StartOver: a project is gone, or another one has a release of this version meanwhile.
    """
    kept = project_state.lock_state_of(project_ids)
    rows = [
        row
        for group in citus.together(seen_in)
        for row in Release.objects.of_projects(group)
        .named(version)
        .select_for_update(no_key=not to_delete)
        .order_by("pk")
    ]
    if not project_ids <= kept or not kept.issuperset(row.project_id for row in rows):
        raise StartOver("This release is being changed by another request.")
    return rows


def _forget(project_ids: Sequence[int], ids: str) -> None:
    """Take these releases from the issues that were first or last seen in them, merged ones too; ``ids`` as an array.

    What an issue with others merged into it shows then is the first and the last of what is left in its tree.
    """
    with connection.cursor() as cursor:
        for project_id in sorted(project_ids):
            params: dict[str, Any] = {"ids": ids, "project_id": project_id}
            cursor.execute(FORGET, params)
            cursor.execute(UNPLACE, params)
            cursor.execute(SHOW_WHAT_IS_LEFT, params)


FORGET = """
    WITH locked AS MATERIALIZED (
        SELECT id FROM issues_issue
        WHERE project_id = %(project_id)s
          AND ARRAY[first_release_id, last_release_id, own_first_release_id, own_last_release_id] && %(ids)s::bigint[]
        ORDER BY id
        FOR NO KEY UPDATE
    )
    UPDATE issues_issue AS issue
    SET own_first_release_id = CASE WHEN issue.own_first_release_id = ANY(%(ids)s::bigint[]) THEN NULL
                                    ELSE issue.own_first_release_id END,
        own_last_release_id = CASE WHEN issue.own_last_release_id = ANY(%(ids)s::bigint[]) THEN NULL
                                   ELSE issue.own_last_release_id END
    FROM locked
    WHERE issue.project_id = %(project_id)s AND issue.id = locked.id
"""
UNPLACE = """
    DELETE FROM issues_issuerelease WHERE project_id = %(project_id)s AND release_id = ANY(%(ids)s::bigint[])
"""
SHOW_WHAT_IS_LEFT = f"""
    WITH RECURSIVE tree AS (
        SELECT id AS root, id FROM issues_issue
        WHERE project_id = %(project_id)s AND ARRAY[first_release_id, last_release_id] && %(ids)s::bigint[]
        UNION ALL
        SELECT tree.root, child.id
        FROM tree
        JOIN issues_issue AS child ON child.project_id = %(project_id)s AND child.merged_into_id = tree.id
    ),
    total AS (
        SELECT tree.root, {RELEASES_OF_A_TREE}
    )
    UPDATE issues_issue AS issue
    SET first_release_id = total.first_release_id, last_release_id = total.last_release_id
    FROM total
    WHERE issue.project_id = %(project_id)s AND issue.id = total.root
"""
