"""Which mutations the history at the desk asks for, and along which index they are walked (docs/decisions/0046)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, QuerySet
from django.db.models.expressions import RawSQL

from issues.enums import MutationKind
from issues.models import Mutation
from projects.database import citus
from projects.database.arrays import as_array
from projects.database.keyset import Position
from projects.database.reading import connection

Bounds = tuple[int, int, int]  # a project, its first id that counts, and the first that doesn't any more

# Ids come in the order in which requests change something, times are those at which requests began: one that waited for
# locks has a later id than some that began after it. None waits so long.
LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class MutationQuery:
    """Which mutations are asked for; None asks for nothing. Each is a walk along an index (``Mutation.Meta``).

    :ivar key: those whose body had it.
    :ivar statuses: those whose body had one of these words as its ``status``.
    :ivar since: those of requests that began then or later, and before ``until``.
    """

    project_ids: Sequence[int]
    user_id: int | None = None
    api_key_id: int | None = None
    kind: MutationKind | None = None
    key: str | None = None
    statuses: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None


def walk(
    query: MutationQuery,
    bounds: Sequence[Bounds] | None,
    mutations: QuerySet[Mutation],
    position: Position,
    limit: int,
) -> QuerySet[Any]:
    """Return up to ``limit`` of the mutations that are asked for, from a position of ``NEWEST_FIRST`` on.

    :param bounds: what :func:`bounds_of` says of the query.
    :param mutations: as they are to be read, whichever they are.

    Each project is read from its index on and no further than the limit: a condition on all of them at once would walk
    the mutations of everybody. So may one on a single project, by the primary key, if it has many of all; no project is
    0: with it the filter is no equality, so the order needs both columns, and that index alone has them.
    """
    conditions, params = _conditions(query)
    found = mutations.filter(project__in=list(query.project_ids)).order_by(*position.order())
    if position.key is not None:
        conditions.append(f"mutation.id {'>' if position.backwards else '<'} %s")
        params.append(position.key[1])
    direction, other_way = ("ASC", "DESC") if position.backwards else ("DESC", "ASC")  # as in the indexes
    words = [] if query.statuses is None else [list(query.statuses)]
    if citus.is_spread():  # no such join is made there
        asked = [*conditions, *(["(mutation.body ->> 'status') = ANY(%s)"] if words else [])]
        sql = f"""
            SELECT mutation.id FROM issues_mutation AS mutation
            WHERE {" AND ".join(["mutation.project_id = %s", *asked])}
            ORDER BY mutation.id {direction}
            LIMIT {limit:d}
        """
        of_each = [pk for project_id in query.project_ids for pk in _ids(sql, [project_id, *params, *words])]
        return found.filter(pk__in=sorted(of_each, reverse=not position.backwards)[:limit])
    places: list[Iterable[int]] = [query.project_ids]
    if bounds is not None:
        conditions.insert(0, "mutation.id >= place.low AND mutation.id < place.high")
        places = list(zip(*bounds, strict=True)) or [(), (), ()]
    if words:
        conditions.append("(mutation.body ->> 'status') = said.word")
    ids = RawSQL(
        f"""
        SELECT page.id
        FROM unnest({", ".join(["%s::bigint[]"] * len(places))})
            AS place ({", ".join(("project_id", "low", "high")[: len(places)])})
        {"CROSS JOIN unnest(%s::text[]) AS said (word)" if words else ""}
        CROSS JOIN LATERAL (
            SELECT mutation.id FROM issues_mutation AS mutation
            WHERE mutation.project_id IN (0, place.project_id) {"".join(f" AND {each}" for each in conditions)}
            ORDER BY mutation.project_id {other_way}, mutation.id {direction}
            LIMIT {limit:d}
        ) AS page
        ORDER BY page.id {direction}
        LIMIT {limit:d}
        """,
        [*map(as_array, places), *words, *params],
        output_field=BigIntegerField(),
    )
    return found.filter(pk__in=ids)


def _ids(sql: str, params: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [pk for (pk,) in cursor.fetchall()]


def _conditions(query: MutationQuery) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    params: list[Any] = []
    for condition, value in (
        ("mutation.user_id = %s", query.user_id),
        ("mutation.api_key_id = %s", query.api_key_id),
        ("mutation.created_at >= %s", query.since),
        ("mutation.created_at < %s", query.until),
        ("mutation.body ? %s", query.key),
        ("mutation.kind = %s", None if query.kind is None else query.kind.value),
    ):
        if value is not None:
            conditions.append(condition)
            params.append(value)
    if query.kind not in (None, MutationKind.UPDATE):
        conditions.append("mutation.kind <> 'update'")
    if query.statuses is not None:
        conditions.append("mutation.body ? 'status'")
    return conditions, params


# ---------------------------------------------------------------------------------------------------------------------
# A time as ids
# ---------------------------------------------------------------------------------------------------------------------


def bounds_of(query: MutationQuery) -> Sequence[Bounds] | None:
    """Return between which ids the mutations of that time are in each project, and few others; None where no time is
    asked, nor where machines would have to be asked again and again."""
    if query.since is None or query.until is None or citus.is_spread():
        return None
    low = _first_since(query.since - LONGEST_WAIT, query.project_ids)
    high = _first_since(query.until + LONGEST_WAIT, query.project_ids)
    return [(project_id, low[project_id], high[project_id]) for project_id in low]


def _first_since(at: datetime, project_ids: Sequence[int]) -> dict[int, int]:
    """Return about the first id of that time or later in each project that has any, by halving: no index has the times,
    and none is needed.

    As in :func:`walk`, no project is 0: else the primary key would be walked, through the mutations of all others.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE search (project_id, low, high) AS (
                SELECT place.project_id, least.id, most.id + 1
                FROM unnest(%(project_ids)s::bigint[]) AS place (project_id)
                CROSS JOIN LATERAL (
                    SELECT id FROM issues_mutation WHERE project_id IN (0, place.project_id)
                    ORDER BY project_id DESC, id LIMIT 1
                ) AS least
                CROSS JOIN LATERAL (
                    SELECT id FROM issues_mutation WHERE project_id IN (0, place.project_id)
                    ORDER BY project_id, id DESC LIMIT 1
                ) AS most
                UNION ALL
                SELECT search.project_id,
                       CASE WHEN probe.created_at < %(at)s THEN probe.id + 1 ELSE search.low END,
                       CASE WHEN probe.created_at < %(at)s THEN search.high ELSE half.id END
                FROM search
                CROSS JOIN LATERAL (SELECT search.low + (search.high - search.low) / 2) AS half (id)
                CROSS JOIN LATERAL (
                    SELECT id, created_at FROM issues_mutation
                    WHERE project_id IN (0, search.project_id) AND id >= half.id
                    ORDER BY project_id DESC, id LIMIT 1
                ) AS probe
                WHERE search.low < search.high
            )
            SELECT project_id, low FROM search WHERE low >= high
            """,
            {"at": at, "project_ids": as_array(project_ids)},
        )
        return dict(cursor.fetchall())
