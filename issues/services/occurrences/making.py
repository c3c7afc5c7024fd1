"""New issues, each after its first event."""

from collections.abc import Mapping
from uuid import UUID

from django.db import connection
from psycopg2.extras import Json

from issues.models import UNTITLED
from issues.services.ground import project_state
from issues.services.occurrences.finding import Found
from issues.services.occurrences.numbers import Folded
from issues.services.occurrences.shapes import Description, Place
from projects.database.arrays import as_array
from projects.database.transactions import StartOver


def make(project_id: int, new: Mapping[UUID, Folded], described: Mapping[UUID, Description]) -> dict[UUID, int]:
    """Make an issue for each of these fingerprints, with what was counted for it; return their ids.

    The caller has the state of the project.
    """
    if not new:
        return {}
    first_number = project_state.take_short_numbers(project_id, len(new))
    numbered = dict(enumerate(new, start=first_number))
    rows = [_row(number, described[fingerprint], new[fingerprint]) for number, fingerprint in numbered.items()]
    with connection.cursor() as cursor:
        cursor.execute(MAKE, {"project_id": project_id, "rows": Json(rows)})
        made = {numbered[number]: pk for number, pk in cursor.fetchall()}
        # A statement of its own: in one with the first, a cluster would send the ids by way of all its machines.
        texts = [_text(pk, described[fingerprint]) for fingerprint, pk in made.items()]
        cursor.execute(TELL, {"project_id": project_id, "texts": Json(texts)})
    return made


def _text(issue_id: int, description: Description) -> dict[str, object]:
    return {
        "issue_id": issue_id,
        "title": description.title or UNTITLED,
        "culprit": description.culprit,
        "metadata": description.metadata,
        "is_unhandled": description.is_unhandled,
        "platform": description.platform,
        "logger": description.logger,
    }


def _row(number: int, description: Description, counted: Folded) -> dict[str, object]:
    return {
        "short_number": number,
        "type": description.type,
        "platform": description.platform,
        "logger": description.logger,
        "level": counted.level,
        "first_seen": counted.first_seen.isoformat(),
        "last_seen": counted.last_seen.isoformat(),
        "times_seen": counted.times_seen,
        "users_seen": len(counted.user_hashes),
        "first_release_id": counted.first_release_id,
        "last_release_id": counted.last_release_id,
    }


# Nothing is merged into a new issue: what it shows is its own.
MAKE = """
    INSERT INTO issues_issue (
        project_id, short_number, type, level, logger, platform, status,
        own_first_seen, own_last_seen, own_times_seen, own_users_seen, own_comment_count,
        own_first_release_id, own_last_release_id,
        first_seen, last_seen, times_seen, users_seen, comment_count, first_release_id, last_release_id
    )
    SELECT %(project_id)s, short_number, type, level, logger, platform, 'unresolved',
           first_seen, last_seen, times_seen, users_seen, 0, first_release_id, last_release_id,
           first_seen, last_seen, times_seen, users_seen, 0, first_release_id, last_release_id
    FROM jsonb_to_recordset(%(rows)s) AS new (
        short_number bigint, type text, platform text, logger text, level text,
        first_seen timestamptz, last_seen timestamptz, times_seen bigint, users_seen bigint,
        first_release_id bigint, last_release_id bigint
    )
    ORDER BY short_number
    RETURNING short_number, id
"""
TELL = """
    INSERT INTO issues_issuetext (
        project_id, issue_id, title, culprit, metadata, is_unhandled, platform_lower, logger_lower
    )
    SELECT %(project_id)s, issue_id, title, culprit, metadata, is_unhandled, lower(platform), lower(logger)
    FROM jsonb_to_recordset(%(texts)s) AS told (
        issue_id bigint, title text, culprit text, metadata jsonb, is_unhandled boolean, platform text, logger text
    )
    ORDER BY issue_id
"""


def learn(project_id: int, found: Found, ids: Mapping[UUID, int]) -> None:
    """Give each issue the fingerprints by which its next events will find it; ``ids`` are of the new ones.

    :raises StartOver: somebody who doesn't keep the state of the project has given one just now.
    """
    if not found.learnt:
        return
    learnt = {fingerprint: _id(place, ids) for fingerprint, place in found.learnt.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO issues_issuehash (project_id, issue_id, hash)
            SELECT %s, issue_id, hash FROM unnest(%s::bigint[], %s::varchar[]) AS learnt (issue_id, hash)
            ORDER BY issue_id, hash
            ON CONFLICT (project_id, hash) DO NOTHING
            """,
            [project_id, as_array(learnt.values()), as_array(fingerprint.hex for fingerprint in learnt)],
        )
        if cursor.rowcount < len(learnt):
            raise StartOver("An issue with this fingerprint is being made just now.")


def _id(place: Place, ids: Mapping[UUID, int]) -> int:
    return place if isinstance(place, int) else ids[place]
