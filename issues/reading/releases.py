"""Releases of the projects that somebody sees, and their deploys (contract section 5)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from projects import gathering
from projects.database import citus
from projects.database.arrays import as_array
from projects.database.keyset import Sort
from projects.database.reading import connection
from projects.gathering import Gathered
from projects.models import Deploy, Project, Release
from projects.pages import Page, PageQuery, beside, cut_page, read_page, refuse_foreign

LAST_FINISHED_FIRST = Sort("finished_at")


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around releases in other tables, read once for a whole page."""

    projects: Mapping[int, Project]  # those that are seen
    new_issues: Mapping[int, int]  # by release, of its project: as ``_count_new_issues`` has them
    last_deploys: Mapping[str, Any]  # by version: a deploy with its ``count``


def _read_around(page: Sequence[Gathered], seen: Sequence[Project]) -> Around:
    """Read what these releases show: a fixed number of statements."""
    releases = [release for gathered in page for release in gathered.releases]
    ids = [release.pk for release in releases]
    project_ids = sorted({release.project_id for release in releases})
    last_deploys: Any = Deploy.objects.raw(LAST_DEPLOYS, [project_ids, ids])  # with the columns that only it has
    return Around(
        projects={project.pk: project for project in seen},
        new_issues=_count_new_issues(project_ids, ids),
        last_deploys={row.version: row for row in last_deploys},
    )


# So many issues are looked at for what releases brought, those that were first seen last. There is no index by release:
# it would make a change of status dearer by a quarter, and of a release that brought all of a million it would count a
# million (docs/decisions/0062).
NEWEST_ISSUES = 10_000


def _count_new_issues(project_ids: Sequence[int], release_ids: Sequence[int]) -> dict[int, int]:
    """Return how many of the newest visible issues of these projects were first seen in which of these releases.

    Looked at are ``NEWEST_ISSUES`` in all, as many of each project: so of a project that has no more, they are all.
    """
    counts: dict[int, int] = {}
    for group in citus.together(project_ids) if release_ids else ():
        # One project by its number, as everywhere: then one machine answers, and PostgreSQL knows how large it is.
        scope = "" if len(group) == 1 else "unnest(%(project_ids)s::bigint[]) AS scope (project_id) CROSS JOIN LATERAL"
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT newest.first_release_id, count(*)
                FROM {scope} (
                    SELECT first_release_id FROM issues_issue
                    WHERE project_id = {"scope.project_id" if scope else "%(project_id)s"} AND merged_into_id IS NULL
                    ORDER BY first_seen DESC, id DESC
                    LIMIT {max(NEWEST_ISSUES // len(project_ids), 1):d}
                ) AS newest
                WHERE newest.first_release_id = ANY(%(release_ids)s::bigint[])
                GROUP BY newest.first_release_id
                """,
                {"project_id": group[0], "project_ids": as_array(group), "release_ids": as_array(release_ids)},
            )
            counts |= dict(cursor.fetchall())
    return counts


# Of each version the last deploy and how many there are; one that was told of several projects counts once.
LAST_DEPLOYS = """
    WITH told AS (
        SELECT DISTINCT ON (release.version, coalesce(deploy.told_as_id, deploy.id)) deploy.*, release.version
        FROM projects_deploy AS deploy
        JOIN projects_release AS release ON release.project_id = deploy.project_id AND release.id = deploy.release_id
        WHERE deploy.project_id = ANY(%s::bigint[]) AND deploy.release_id = ANY(%s::bigint[])
        ORDER BY release.version, coalesce(deploy.told_as_id, deploy.id), deploy.id
    )
    SELECT DISTINCT ON (version) *, count(*) OVER (PARTITION BY version) AS count
    FROM told
    ORDER BY version, finished_at DESC, id DESC
"""


def read_releases(
    seen: Sequence[Project], asked: PageQuery, *, text: str, status: str
) -> tuple[Page[Gathered], Around]:
    """Return a page of the releases of these projects, the newest first; those of one version are one.

    :param text: a part of the version.
    :param status: of what is shown.
    :raises ForeignCursor: the cursor is of another list.
    """
    ids, position = [project.pk for project in seen], asked.position
    if position.key is not None:
        place, pk = position.key
        releases = Release.objects.of_projects(ids)
        refuse_foreign(
            replace(position, key=(place.ordered_at, pk)),
            lambda key: releases.filter(pk__range=beside(key), ordered_at=key[0]).exists(),
        )
    page = cut_page(gathering.read_page(ids, position, asked.limit, text=text, status=status), position, asked.limit)
    return page, _read_around(page.rows, seen)


def read_release(version: str, seen: Sequence[Project]) -> tuple[Gathered, Around] | None:
    """Return the release of this version in these projects; None when they have none."""
    found = gathering.find(version, [project.pk for project in seen])
    return None if found is None else (found, _read_around([found], seen))


def read_releases_of(versions: Iterable[str], project: Project) -> tuple[dict[str, Gathered], Around]:
    """Return a project's releases of these versions, by version; none for one that it doesn't have."""
    found = gathering.find_all(versions, [project.pk])
    return found, _read_around(list(found.values()), [project])


def read_deploys(release: Gathered, asked: PageQuery) -> Page[Deploy]:
    """Return a page of the deploys of a release, sorted by ``LAST_FINISHED_FIRST``.

    :raises ForeignCursor: the cursor is of another list.
    """
    rows = release.releases
    found = Deploy.objects.gathered({row.project_id for row in rows}, [row.pk for row in rows])
    return read_page(found, asked)
