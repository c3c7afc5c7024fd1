"""Pages of releases: their cursors say more than one number and an id (:class:`projects.gathering.Place`)."""

import re
from collections.abc import Collection
from dataclasses import replace

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from projects.api.pagination import (
    MICROSECONDS,
    beside,
    cut_page,
    link_header,
    read_cursor,
    read_limit,
    refuse_foreign,
    write_cursor,
)
from projects.database.keyset import EPOCH, MICROSECOND, Key, Position
from projects.gathering import NEWEST_FIRST, Gathered, Place, read_page
from projects.models import Release
from projects.querysets import MAX_ID


def paginate_releases(
    request: Request, project_ids: Collection[int], *, text: str, status: str
) -> tuple[list[Gathered], dict[str, str]]:
    """Return the page of the releases of these projects that ``per_page`` and ``cursor`` ask for, and the header that
    leads on from it; those of one version are one.

    :raises ValidationError: one of the two is wrong.
    """
    limit = read_limit(request.query_params.get("per_page"), name="per_page")
    position = read_release_cursor(request.query_params.get("cursor"))
    if position.key is not None:
        place, pk = position.key
        releases = Release.objects.of_projects(project_ids)
        refuse_foreign(
            replace(position, key=(place.ordered_at, pk)),
            lambda key: releases.filter(pk__range=beside(key), ordered_at=key[0]).exists(),
        )
    found = read_page(project_ids, position, limit, text=text, status=status)
    page = cut_page([key for key, _ in found], position, limit)
    kept = [gathered for _, gathered in found[:limit]]
    return kept[::-1] if position.backwards else kept, {"Link": link_header(request, page, write=write_release_cursor)}


def read_release_cursor(word: str | None) -> Position:
    """Return the place that a cursor names in a list of releases; an empty one is the start.

    :raises ValidationError: it is no cursor that an answer of ours could have held.
    """
    start, more = (word or "").split(":")[:3], (word or "").split(":")[3:]
    position = read_cursor(":".join(start), NEWEST_FIRST, is_time=True)
    if position.key is None:
        return position
    ordered_at, pk = position.key
    place = Place(ordered_at, pk, "", ordered_at)
    if more:
        found = re.fullmatch(r"([0-9]{1,19}):(-?[0-9]{1,19}):([0-9A-Za-z!~-]{0,1000})", ":".join(more), re.ASCII)
        if found is None or int(found[1]) > MAX_ID or int(found[2]) not in MICROSECONDS:
            raise ValidationError({"cursor": [f'"{word}" is no cursor; take one from the Link header of an answer.']})
        place = Place(ordered_at, int(found[1]), found[3], EPOCH + int(found[2]) * MICROSECOND)
    return Position(NEWEST_FIRST, (place, pk), backwards=position.backwards)


def write_release_cursor(key: Key, *, backwards: bool) -> str:
    """Return a place in a list of releases: what :func:`read_release_cursor` reads."""
    place, pk = key
    if isinstance(place, Place):
        return place.cursor(pk, backwards=backwards)
    return write_cursor(key, backwards=backwards)  # around an empty list
