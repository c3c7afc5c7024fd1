"""Releases as the routes of an organization show them: those of one version, in the projects that are seen, as one
(contract section 5).

Nothing here reads a row of another project than those it is given.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from projects.database import citus
from projects.database.keyset import EPOCH, MICROSECOND, Key, Position, Sort
from projects.database.reading import connection
from projects.models import Release
from projects.querysets import release_order

NEWEST_FIRST = Sort("ordered_at")
MOST_AT_ONCE = 10_000  # rows of one reading, where many of them are shown as part of another


@dataclass(frozen=True, slots=True)
class Place:
    """What a release sorts by before its id (:data:`projects.querysets.RELEASE_ORDER`)."""

    ordered_at: datetime
    ordered_by_id: int
    number: str
    dated_at: datetime

    def cursor(self, pk: int, *, backwards: bool) -> str:
        """Write the place of a release as a cursor: as other lists do, and more where others count as dated by it."""
        start = f"{_microseconds(self.ordered_at)}:{pk}:{int(backwards)}"
        if not self.number and self.ordered_by_id == pk:
            return start
        return f"{start}:{self.ordered_by_id}:{_microseconds(self.dated_at)}:{self.number}"


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


@dataclass(frozen=True, slots=True)
class Gathered:
    """The releases of one version in several projects, the earliest made of them first."""

    releases: Sequence[Release]

    @property
    def first(self) -> Release:
        """The one whose id, ref, url and dates are shown."""
        return self.releases[0]


def find(version: str, project_ids: Collection[int]) -> Gathered | None:
    """Return the release of this version in these projects; None when they have none."""
    return next(iter(_gather(Release.objects.of_projects(project_ids).named(version))), None)


def find_all(versions: Iterable[str], project_ids: Collection[int]) -> dict[str, Gathered]:
    """Return the releases of these versions in these projects, by version; none for one that they don't have."""
    rows = Release.objects.of_projects(project_ids).filter(version__in=sorted(set(versions)))
    return {gathered.first.version: gathered for gathered in _gather(rows)}


def read_page(
    project_ids: Collection[int], asked: Position, limit: int, *, text: str = "", status: str = ""
) -> list[tuple[Key, Gathered]]:
    """Return what follows the place that is asked about, newest first, or the other way where it reads backwards; one
    more than ``limit``, if there are.

    Every project is read from that place on, as far as the page needs: how many releases there are counts for nothing.
    One that is shown as part of another is passed over, and more are read for it.

    :param text: a part of the version.
    :param status: of what is shown.
    """
    found: list[tuple[Key, Gathered]] = []
    after, size = asked.key, limit + 1
    while True:
        rows = _walk(project_ids, after, size, text=text, backwards=asked.backwards)
        versions = {version for version, *_ in rows}
        gathered = {
            one.first.pk: one
            for one in _gather(Release.objects.of_projects(project_ids).filter(version__in=versions))
            if status in {"", one.first.status}
        }
        for _, *place, pk in rows:
            after = Place(*place), pk
            if pk in gathered:
                found.append((after, gathered[pk]))
        if len(found) > limit or len(rows) < size:
            return found[: limit + 1]
        size = min(size * 4, MOST_AT_ONCE)


def _gather(releases: Any) -> Iterable[Gathered]:
    versions: dict[str, list[Release]] = {}
    for release in releases.order_by("created_at", "id"):
        versions.setdefault(release.version, []).append(release)
    return map(Gathered, versions.values())


def _walk(
    project_ids: Collection[int], after: Key | None, size: int, *, text: str, backwards: bool
) -> Sequence[tuple[Any, ...]]:
    """Return the version, place and id of so many releases of these projects from a place on."""
    if "\0" in text:  # PostgreSQL takes no such text
        return []
    conditions: list[str] = []
    params: dict[str, Any] = {"size": size}
    if after is not None:
        value, pk = after
        conditions.append(f"({release_order('release')}) {'>' if backwards else '<'} %(after)s")
        params["after"] = (value.ordered_at, value.ordered_by_id, value.number, value.dated_at, pk)
    if text:
        conditions.append("upper(release.version) LIKE upper(%(like)s)")
        params["like"] = "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"
    of_one = f"""
        SELECT release.version, {release_order("release")}
        FROM projects_release AS release
        WHERE {" AND ".join(["release.project_id = {project}", *conditions])}
        ORDER BY {release_order("release", descending=not backwards)}
        LIMIT %(size)s
    """
    if citus.is_spread():  # no such join is made there
        rows = [
            row
            for project_id in project_ids
            for row in _rows(of_one.format(project="%(project_id)s"), {**params, "project_id": project_id})
        ]
        return sorted(rows, key=lambda row: row[1:], reverse=not backwards)[:size]
    of_all = f"""
        SELECT found.version, {release_order("found")}
        FROM unnest(%(project_ids)s::bigint[]) AS project (id)
        CROSS JOIN LATERAL ({of_one.format(project="project.id")}) AS found
        ORDER BY {release_order("found", descending=not backwards)}
        LIMIT %(size)s
    """
    return _rows(of_all, {**params, "project_ids": sorted(project_ids)})


def _rows(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
