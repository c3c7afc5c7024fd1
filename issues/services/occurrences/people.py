"""Users, counted exactly, and never kept by name (contract 7.6)."""

import hmac
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from issues.services.occurrences.shapes import Event, Occurrence
from projects.database.arrays import as_array


def hashes(project_id: int, occurrences: Iterable[Occurrence]) -> dict[str, int]:
    """Return what each user of these events is counted as: 64 bits, which only the project's secret leads to.

    The secret is made where it is missing. The caller has the state of the project.
    """
    users = {occurrence.user for occurrence in occurrences} - {""}
    if not users:
        return {}
    secret = _secret_of(project_id)
    return {user: _hashed(user, secret) for user in users}


def _hashed(user: str, secret: bytes) -> int:
    return int.from_bytes(hmac.digest(secret, user.encode(), "sha256")[:8], "big", signed=True)


def _secret_of(project_id: int) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_secret FROM issues_projectstate WHERE project_id = %s", [project_id])
        (secret,) = cursor.fetchone()
        if secret is None:
            secret = secrets.token_bytes(32)
            cursor.execute(
                "UPDATE issues_projectstate SET user_secret = %s WHERE project_id = %s", [secret, project_id]
            )
        return bytes(secret)


def count(project_id: int, events: Sequence[Event]) -> None:
    """Note who was seen in which issue, and when last; mark the events that were the first of somebody there."""
    last: dict[tuple[int, int], datetime] = {}
    first: dict[tuple[int, int], Event] = {}
    for event in events:
        if event.user_hash is not None:
            key, seen_at = (event.issue_id, event.user_hash), event.occurrence.seen_at
            if key not in last:
                first[key], last[key] = event, seen_at
            elif seen_at > last[key]:
                last[key] = seen_at
    if not last:
        return
    keys = sorted(last)
    params: dict[str, Any] = {
        "project_id": project_id,
        "issue_ids": as_array(issue_id for issue_id, _ in keys),
        "user_hashes": as_array(user_hash for _, user_hash in keys),
        "last_seen": as_array(last[key] for key in keys),
    }
    with connection.cursor() as cursor:
        # Nobody else writes them meanwhile: the issues are locked. Asked for before: a divided table doesn't tell, of
        # what it has written, which rows were there.
        cursor.execute(
            """
            SELECT issue_id, user_hash
            FROM unnest(%(issue_ids)s::bigint[], %(user_hashes)s::bigint[]) AS seen (issue_id, user_hash)
            JOIN issues_issueuser AS known USING (issue_id, user_hash)
            WHERE known.project_id = %(project_id)s
            """,
            params,
        )
        known = set(cursor.fetchall())
        cursor.execute(
            """
            INSERT INTO issues_issueuser AS old (project_id, issue_id, user_hash, last_seen)
            SELECT %(project_id)s, issue_id, user_hash, last_seen
            FROM unnest(%(issue_ids)s::bigint[], %(user_hashes)s::bigint[], %(last_seen)s::timestamptz[])
                AS seen (issue_id, user_hash, last_seen)
            ORDER BY issue_id, user_hash
            ON CONFLICT (project_id, issue_id, user_hash) DO UPDATE SET last_seen = excluded.last_seen
            WHERE old.last_seen < excluded.last_seen
            """,
            params,
        )
    for key in keys:
        if key not in known:
            first[key].is_new_user = True
