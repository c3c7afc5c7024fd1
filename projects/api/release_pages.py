"""Pages of releases: their cursors say more than one number and an id (:class:`projects.gathering.Place`)."""

import re

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from projects.api.pagination import MICROSECONDS, read_cursor, read_limit
from projects.database.keyset import EPOCH, MICROSECOND, Key, Position
from projects.gathering import NEWEST_FIRST, Place
from projects.pages import PageQuery, write_cursor
from projects.querysets import MAX_ID


def read_release_page_query(request: Request) -> PageQuery:
    """Return which page of a list of releases ``per_page`` and ``cursor`` ask for.

    :raises ValidationError: one of the two is wrong.
    """
    limit = read_limit(request.query_params.get("per_page"), name="per_page")
    return PageQuery(read_release_cursor(request.query_params.get("cursor", "")), limit)


def read_release_cursor(word: str) -> Position:
    """Return the place that a cursor names in a list of releases; an empty one is the start.

    :raises ValidationError: it is no cursor that an answer of ours could have held.
    """
    start, more = word.split(":")[:3], word.split(":")[3:]
    position = read_cursor(":".join(start), NEWEST_FIRST, is_time=True)
    if position.key is None:
        return position
    ordered_at, pk = position.key
    place = Place(ordered_at, pk, "", ordered_at)
    if more:
        found = re.fullmatch(r"([0-9]{1,19}):(-?[0-9]{1,19}):([0-9A-Za-z!~-]{0,1000})", ":".join(more), re.ASCII)
        if found is None or int(found[1]) > MAX_ID or int(found[2]) not in MICROSECONDS:
            sentence = f'"{word[:40]}" is no cursor; take one from the Link header of an answer.'
            raise ValidationError({"cursor": [sentence]})
        place = Place(ordered_at, int(found[1]), found[3], EPOCH + int(found[2]) * MICROSECOND)
    return Position(NEWEST_FIRST, (place, pk), backwards=position.backwards)


def write_release_cursor(key: Key, *, backwards: bool) -> str:
    """Return a place in a list of releases: what :func:`read_release_cursor` reads."""
    place, pk = key
    if isinstance(place, Place):
        return place.cursor(pk, backwards=backwards)
    return write_cursor(key, backwards=backwards)  # around an empty list
