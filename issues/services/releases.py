"""Releases, and what they settle (contract section 5).

Whoever changes the releases of a project keeps the project first, then the release, then issues: the order in which
"resolved in the next release" takes its locks, too.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection

from issues.errors import MutationRefused
from issues.models import Issue
from issues.mutation import ReleaseChange
from issues.services import lookups, resolutions, transactions
from issues.services.merging import RELEASES_OF_A_TREE
from issues.services.transactions import StartOver
from projects.models import Release, ReleaseStatus


class ProjectsRequired(MutationRefused):
    """A release is made for projects; one that nobody has seen yet names them."""

    def __init__(self) -> None:
        super().__init__("A new release needs at least one project.")


class ReleaseInUse(MutationRefused):
    """Issues are resolved in this release, or in the next one after it."""

    def __init__(self) -> None:
        super().__init__("This release is referenced by active issues and cannot be removed.")


@dataclass(frozen=True, slots=True)
class Saved:
    """The release of that version, and whether it was made just now."""

    release_id: int
    is_new: bool


def save(
    organization_id: int,
    version: str,
    change: ReleaseChange,
    *,
    seen_in: Collection[int],
    at: datetime,
    lock_timeout: int,
) -> Saved:
    """Make the release of this version; or, when the organization has it, change that one.

    ``seen_in`` are the projects that the caller sees: a release of others only is as good as none, for who names no
    project.

    :raises ProjectsRequired: there is no such release yet, and no project was named for it.
    :raises TryAgain: others are changing the same release; nothing was changed.
    :raises OperationalError: no lock within ``lock_timeout`` seconds, or no database; nothing was changed.
    """
    work = partial(_save, organization_id, version, change, seen_in=seen_in, at=at)
    return transactions.run(work, lock_timeout=lock_timeout)


def update(release_id: int, change: ReleaseChange, *, lock_timeout: int) -> bool:
    """Change a release; False when it is gone.

    :raises TryAgain: others are changing the same release; nothing was changed.
    :raises OperationalError: no lock within ``lock_timeout`` seconds, or no database; nothing was changed.
    """
    return transactions.run(partial(_update, release_id, change), lock_timeout=lock_timeout)


def delete(release_id: int, *, lock_timeout: int) -> bool:
    """Delete a release with its deploys; False when it is gone. Issues first or last seen in it forget that.

    :raises ReleaseInUse: a resolution names it; nothing was changed.
    :raises TryAgain: others are changing the same release; nothing was changed.
    :raises OperationalError: no lock within ``lock_timeout`` seconds, or no database; nothing was changed.
    """
    return transactions.run(partial(_delete, release_id), lock_timeout=lock_timeout)


def _save(
    organization_id: int, version: str, change: ReleaseChange, *, seen_in: Collection[int], at: datetime
) -> Saved:
    release = Release.objects.filter(organization_id=organization_id, version=version).first()
    made_for = set() if release is None else _projects_of(release.pk)
    if not change.project_ids and made_for.isdisjoint(seen_in):
        raise ProjectsRequired
    kept = _keep(made_for | change.project_ids)
    release_id = _insert(organization_id, version, change, at=at) if release is None else None
    if release_id is not None:
        _make_for(release_id, change.project_ids)
        resolutions.settle(change.project_ids)
        return Saved(release_id, is_new=True)
    same = Release.objects.filter(organization_id=organization_id, version=version)
    release = same.select_for_update(no_key=True).first()
    if release is None:
        raise StartOver("This release is being deleted just now.")
    _change(release, change, kept)
    return Saved(release.pk, is_new=False)


def _update(release_id: int, change: ReleaseChange) -> bool:
    kept = _keep(_projects_of(release_id) | change.project_ids)
    release = Release.objects.select_for_update(no_key=True).filter(pk=release_id).first()
    if release is None:
        return False
    _change(release, change, kept)
    return True


def _delete(release_id: int) -> bool:
    kept = _keep(_projects_of(release_id))
    release = Release.objects.select_for_update().filter(pk=release_id).first()
    if release is None:
        return False
    _check(_projects_of(release_id), kept)
    if Issue.objects.filter(resolution_release=release).exists():
        raise ReleaseInUse
    _forget(release)
    for table, column in (("deploy", "release_id"), ("release_projects", "release_id"), ("release", "id")):
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM projects_{table} WHERE {column} = %s", [release_id])
    return True


def _change(release: Release, change: ReleaseChange, kept: set[int]) -> None:
    """Change a release that is locked, and settle what its date or its new projects decide."""
    made_for = _projects_of(release.pk)
    _check(made_for, kept)
    columns = _columns(change)
    if columns:
        Release.objects.filter(pk=release.pk).update(**columns)
    new_projects = change.project_ids - made_for
    _make_for(release.pk, new_projects)
    if change.released_at not in {None, release.released_at}:
        resolutions.settle(made_for | new_projects)
    elif new_projects:
        resolutions.settle(new_projects)


def _columns(change: ReleaseChange) -> dict[str, Any]:
    given = {
        "ref": change.ref,
        "url": change.url,
        "status": change.status,
        "started_at": change.started_at,
        "released_at": change.released_at,
    }
    return {column: value for column, value in given.items() if value is not None}


def _insert(organization_id: int, version: str, change: ReleaseChange, *, at: datetime) -> int | None:
    """Make the release; None when somebody else has, which this waits for."""
    columns = {
        "organization_id": organization_id,
        "version": version,
        "created_at": at,
        **{"ref": "", "url": "", "status": ReleaseStatus.OPEN.value},
        **_columns(change),
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO projects_release ({", ".join(columns)})
            VALUES ({", ".join(["%s"] * len(columns))})
            ON CONFLICT (organization_id, version) DO NOTHING
            RETURNING id
            """,
            list(columns.values()),
        )
        row = cursor.fetchone()
        return None if row is None else row[0]


def _make_for(release_id: int, project_ids: Collection[int]) -> None:
    links = Release.projects.through
    links._default_manager.bulk_create(links(release_id=release_id, project_id=pk) for pk in sorted(project_ids))


def _projects_of(release_id: int) -> set[int]:
    links = Release.projects.through._default_manager
    return set(links.filter(release_id=release_id).values_list("project_id", flat=True))


def _keep(project_ids: set[int]) -> set[int]:
    """Keep the releases of these projects; return them again.

    :raises StartOver: one of them is gone.
    """
    kept = lookups.lock_releases_of(project_ids)
    _check(project_ids, kept)
    return kept


def _check(made_for: set[int], kept: set[int]) -> None:
    """See that all projects of the release are kept, now that nobody else can change which they are.

    :raises StartOver: they are others than they were.
    """
    if not made_for <= kept:
        raise StartOver("This release is being changed by another request.")


def _forget(release: Release) -> None:
    """Take the release from the issues that were first or last seen in it, merged ones too.

    What an issue with others merged into it shows then is the first and the last of what is left in its tree.
    """
    params = {"id": release.pk, "organization_id": release.organization_id}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH locked AS MATERIALIZED (
                SELECT id FROM issues_issue
                WHERE project_id IN (SELECT id FROM projects_project WHERE organization_id = %(organization_id)s)
                  AND %(id)s IN (first_release_id, last_release_id, own_first_release_id, own_last_release_id)
                ORDER BY project_id, id
                FOR NO KEY UPDATE
            )
            UPDATE issues_issue AS issue
            SET own_first_release_id = nullif(issue.own_first_release_id, %(id)s),
                own_last_release_id = nullif(issue.own_last_release_id, %(id)s)
            FROM locked
            WHERE issue.id = locked.id
            """,
            params,
        )
        cursor.execute(
            f"""
            WITH RECURSIVE tree AS (
                SELECT id AS root, id FROM issues_issue
                WHERE project_id IN (SELECT id FROM projects_project WHERE organization_id = %(organization_id)s)
                  AND %(id)s IN (first_release_id, last_release_id)
                UNION ALL
                SELECT tree.root, child.id FROM tree JOIN issues_issue AS child ON child.merged_into_id = tree.id
            ),
            total AS (
                SELECT tree.root, {RELEASES_OF_A_TREE}
            )
            UPDATE issues_issue AS issue
            SET first_release_id = total.first_release_id, last_release_id = total.last_release_id
            FROM total
            WHERE issue.id = total.root
            """,
            params,
        )
