"""The order of a project's releases (contract section 5, decision 24): what is kept of it, and the next one in it."""

from collections.abc import Collection
from datetime import datetime

from projects.database.reading import connection
from projects.querysets import release_order
from projects.versions import Numbered

# Whether a release is out at an instant. One that was not dated in the future when it was made is, whoever asks: who
# began before it was made, and waited for that, too.
OUT = "{release}.dated_at <= greatest({{at}}, {release}.created_at)"
# The id of the first release of a project that is newer than the one that it is based on, and out at an instant; based
# on none, the first of all. What it is based on is looked up first, one row in any case, so that the index is read from
# there on: asked for each of ten thousand issues, it would else be read from its beginning for each.
NEXT = f"""
    SELECT newer.id
    FROM (
        SELECT coalesce(max(ordered_at), '-infinity') AS ordered_at, coalesce(max(ordered_by_id), 0) AS ordered_by_id,
               coalesce(max(number), '') AS number, coalesce(max(dated_at), '-infinity') AS dated_at,
               coalesce(max(id), 0) AS id
        FROM projects_release
        WHERE project_id = {{project}} AND id = {{base}}
    ) AS old
    CROSS JOIN LATERAL (
        SELECT newer.id
        FROM projects_release AS newer
        WHERE newer.project_id = {{project}} AND {OUT.format(release="newer")}
          AND ({release_order("newer")}) > ({release_order("old")})
        ORDER BY {release_order("newer")}
        LIMIT 1
    ) AS newer
"""
# The same, where several have come one after the other: the first of these that is newer, whatever else is. What time
# alone has made the next comes before them; what one of them carries, with it.
NEXT_TO_COME = NEXT.replace(
    f"ORDER BY {release_order('newer')}",
    "ORDER BY coalesce(array_position({new}, newer.id), array_position({new}, newer.ordered_by_id)) NULLS FIRST,"
    f" {release_order('newer')}",
)


def next_releases(bases: Collection[tuple[int, int | None]], *, at: datetime) -> dict[tuple[int, int | None], int]:
    """Return the next releases that are out at this instant, by project and the release that they come after.

    Where one was dated in the future, time alone has made it the next: nothing has settled what waits for it, which
    counts as settled all the same.
    """
    if not bases:
        return {}
    after_base = NEXT.format(project="%(project_id)s", base="base.release_id", at="%(at)s")
    found: dict[tuple[int, int | None], int] = {}
    with connection.cursor() as cursor:
        for project_id in sorted({project_id for project_id, _ in bases}):
            cursor.execute(
                f"""
                WITH base AS MATERIALIZED (SELECT release_id FROM unnest(%(bases)s::bigint[]) AS base (release_id))
                SELECT release_id, ({after_base}) FROM base
                """,
                {"project_id": project_id, "bases": [pk for of, pk in bases if of == project_id], "at": at},
            )
            found |= {(project_id, base_id): pk for base_id, pk in cursor.fetchall() if pk is not None}
    return found


def carry(project_ids: Collection[int], *of: Numbered) -> None:
    """Write anew as what the releases of a package count as dated, from a number on.

    To be called after one of that number came, changed its date or went; or several of them.

    One statement for each project, however many releases there are; it writes what changes, and reads what has that
    number or a higher one. The caller keeps the projects, so that nobody else changes their releases.
    """
    lowest: dict[str, str] = {}
    for package, number in of:
        if package:  # else it is dated by itself alone
            lowest[package] = min(number, lowest.get(package, number))
    if not lowest:
        return
    packages = {"packages": list(lowest), "numbers": list(lowest.values())}
    with connection.cursor() as cursor:
        for project_id in sorted(project_ids):
            cursor.execute(CARRY, {"project_id": project_id, **packages})


# How much there is, PostgreSQL does not know while it plans: it may have come in this transaction, 10,000 versions by a
# batch of events. It expects a row or two, and would begin anew for each. So a package is one look into the index
# by number, and stands; and what is written is joined by hash, however few there seem to be.
# A pair of date, in microseconds, and id is an array, since there is a greatest of arrays and none of rows.
CARRY = """
    SET LOCAL enable_nestloop = off;
    WITH changed AS MATERIALIZED (
        SELECT * FROM unnest(%(packages)s::varchar[], %(numbers)s::text[]) AS changed (package, number)
    ),
    dated AS MATERIALIZED (
        SELECT release.id, release.carried_at, release.carried_by_id, greatest(below.pair, release.pair) AS pair
        FROM changed
        LEFT JOIN LATERAL (
            SELECT ARRAY[(extract(epoch FROM ordered_at) * 1000000)::bigint, ordered_by_id] AS pair
            FROM projects_release
            WHERE project_id = %(project_id)s AND package = changed.package AND package <> ''
              AND number < changed.number COLLATE "C"
            ORDER BY number DESC
            LIMIT 1
        ) AS below ON true
        CROSS JOIN LATERAL (
            SELECT id, carried_at, carried_by_id,
                   max(ARRAY[(extract(epoch FROM dated_at) * 1000000)::bigint, id]) OVER (ORDER BY number) AS pair
            FROM projects_release
            WHERE project_id = %(project_id)s AND package = changed.package AND package <> ''
              AND number >= changed.number COLLATE "C"
        ) AS release
    ),
    carrier AS (
        SELECT id, dated_at FROM projects_release
        WHERE project_id = %(project_id)s AND id = ANY(ARRAY(SELECT DISTINCT pair[2] FROM dated WHERE pair[2] <> id))
    ),
    due AS MATERIALIZED (
        SELECT dated.id, carrier.id AS carried_by_id, carrier.dated_at AS carried_at
        FROM dated
        LEFT JOIN carrier ON carrier.id = dated.pair[2] AND carrier.id <> dated.id
        WHERE (dated.carried_at, dated.carried_by_id) IS DISTINCT FROM (carrier.dated_at, carrier.id)
    )
    UPDATE projects_release AS release
    SET carried_at = due.carried_at, carried_by_id = due.carried_by_id
    FROM due
    WHERE release.project_id = %(project_id)s AND release.id = due.id;
    SET LOCAL enable_nestloop TO DEFAULT;
"""
