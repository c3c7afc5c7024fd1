"""Releases of the projects that somebody sees, and their deploys (contract section 5)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count

from issues.models import Issue
from projects import gathering
from projects.database.keyset import Sort
from projects.gathering import Gathered
from projects.models import Deploy, Project, Release
from projects.pages import Page, PageQuery, beside, cut_page, read_page, refuse_foreign

LAST_FINISHED_FIRST = Sort("finished_at")


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around releases in other tables, read once for a whole page."""

    projects: Mapping[int, Project]  # those that are seen
    new_issues: Mapping[int, int]  # by release, of its project
    last_deploys: Mapping[str, Any]  # by version: a deploy with its ``count``


def _read_around(page: Sequence[Gathered], seen: Sequence[Project]) -> Around:
    """Read what these releases show: a fixed number of statements."""
    releases = [release for gathered in page for release in gathered.releases]
    ids = [release.pk for release in releases]
    project_ids = sorted({release.project_id for release in releases})
    new_issues = (
        Issue.objects.of_projects(project_ids)
        .visible()
        .filter(first_release__in=ids)
        .values_list("first_release")
        .annotate(count=Count("pk"))
        .order_by()
    )
    last_deploys: Any = Deploy.objects.raw(LAST_DEPLOYS, [project_ids, ids])  # with the columns that only it has
    return Around(
        projects={project.pk: project for project in seen},
        new_issues=dict(new_issues),
        last_deploys={row.version: row for row in last_deploys},
    )


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
