"""What terms with a window go by: events by the minute, and users by when they were seen last (contract 7.9).

Events are counted by the minute while such terms hold, and as long again as the window is wide: an undo that brings
them back finds what it needs. Those of the minute in which an issue was ignored are kept under that very instant, so
that what was counted before, under other terms, is never among them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection

from issues.enums import IssueStatus
from issues.services.occurrences.judging import ESCALATING_MINUTES, Past
from issues.services.occurrences.locking import above
from issues.services.occurrences.shapes import Event, Issues, Terms
from issues.services.occurrences.windows import MINUTE, minute_of
from projects.database.arrays import as_array

# No event is later than this, and no window is wider than a week: older minutes are of no use to anybody.
OLDEST = timedelta(days=30 + 7 + 1)


@dataclass(frozen=True, slots=True)
class Windows:
    """What is known before a batch is counted.

    :ivar past: of the roots that have terms with a window.
    :ivar since: the roots whose events are counted by the minute, and from when on.
    :ivar over: issues that no such terms have been about for long enough.
    """

    past: Mapping[int, Past] = field(default_factory=dict)
    since: Mapping[int, datetime | None] = field(default_factory=dict)
    over: Sequence[int] = ()


def read(project_id: int, issues: Issues, ids: Sequence[int], first: datetime, *, at: datetime) -> Windows:
    """Return what was counted before, for the roots of these issues; ``first`` is the earliest event of the batch."""
    roots = {above(issues, pk)[-1] for pk in ids}
    terms = {root: issues[root].terms for root in roots if issues[root].status == IssueStatus.IGNORED}
    by_events = {root: each for root, each in terms.items() if _width(each) is not None}
    by_users = {root: each for root, each in terms.items() if each.window_user_minutes is not None}
    tree = _trees(project_id, roots, {*by_events, *by_users})
    counted = _minutes(project_id, tree, by_events, first)
    users = _users(project_id, tree, by_users, first)
    # What was counted for terms that are no more; a tree with terms about users alone may have some of that, too.
    others = {root for root in tree.values() if root not in by_events}
    for_a_while = _since_of_former_terms(project_id, others, at=at)
    return Windows(
        past={root: Past(counted.get(root, {}), users.get(root, {})) for root in terms},
        since={root: each.started_at for root, each in by_events.items()} | for_a_while,
        over=sorted(pk for pk, root in tree.items() if root in others - for_a_while.keys()),
    )


def count(project_id: int, events: Iterable[Event], issues: Issues, windows: Windows, *, at: datetime) -> None:
    """Count by the minute what terms with a window may ask for, and forget what none will."""
    if windows.over:
        _forget(project_id, windows.over, before=None)
    if not windows.since:
        return
    counted: Counter[tuple[int, datetime]] = Counter()
    for event in events:
        if event.issue_id not in issues:
            continue
        root, seen_at = above(issues, event.issue_id)[-1], event.occurrence.seen_at
        if root not in windows.since:
            continue
        since = windows.since[root]
        if since is None or seen_at >= since:
            minute = minute_of(seen_at)
            counted[event.issue_id, minute if since is None else max(minute, since)] += 1
    keys = sorted(counted)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO issues_issueminute AS old (project_id, issue_id, minute, own_count)
            SELECT %(project_id)s, counted.*
            FROM unnest(%(issue_ids)s::bigint[], %(minutes)s::timestamptz[], %(counts)s::int[])
                AS counted (issue_id, minute, own_count)
            ORDER BY issue_id, minute
            ON CONFLICT (project_id, issue_id, minute) DO UPDATE
            SET own_count = old.own_count + excluded.own_count
            """,
            {
                "project_id": project_id,
                "issue_ids": as_array(issue_id for issue_id, _ in keys),
                "minutes": as_array(minute for _, minute in keys),
                "counts": as_array(counted[key] for key in keys),
            },
        )
    _forget(project_id, sorted({issue_id for issue_id, _ in keys}), before=at - OLDEST)


def _width(terms: Terms) -> int | None:
    """Return how many minutes back events are looked for; None when none are."""
    widths = [terms.window_minutes, None if terms.escalates_above is None else ESCALATING_MINUTES]
    return max((width for width in widths if width is not None), default=None)


def _from(started_at: datetime | None, first: datetime, width: int) -> datetime:
    """Return from when on there is anything to look at, for events from the ``first`` on."""
    start = minute_of(first) - width * MINUTE
    return start if started_at is None else max(start, started_at)


def _trees(project_id: int, roots: Iterable[int], wanted: Iterable[int]) -> dict[int, int]:
    """Return all issues under the roots that are ``wanted``, and those under the others that have minutes; each with
    its root. The roots are locked, so that nothing joins or leaves."""
    if not (roots := sorted(roots)):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE level AS (  -- as services/verbs/totals.py walks trees
                SELECT root.id AS root, ARRAY[root.id] AS ids FROM unnest(%(roots)s::bigint[]) AS root (id)
                UNION ALL
                SELECT root, ARRAY(
                    SELECT id FROM issues_issue WHERE merged_into_id = ANY(level.ids) AND project_id = %(project_id)s
                )
                FROM level
                WHERE ids <> '{}'
            ),
            tree AS (SELECT root, unnest(ids) AS id FROM level)
            SELECT id, root
            FROM tree
            WHERE root = ANY(%(wanted)s::bigint[])
               OR EXISTS (
                   SELECT FROM issues_issueminute AS counted
                   WHERE counted.issue_id = tree.id AND counted.project_id = %(project_id)s
               )
            """,
            {"project_id": project_id, "roots": as_array(roots), "wanted": as_array(wanted)},
        )
        return dict(cursor.fetchall())


def _minutes(
    project_id: int, tree: Mapping[int, int], terms: Mapping[int, Terms], first: datetime
) -> dict[int, dict[datetime, int]]:
    """Return for each root how many events were counted in which minutes."""
    if not terms:
        return {}
    start = {root: _from(each.started_at, first, _width(each) or 0) for root, each in terms.items()}
    counted: dict[int, dict[datetime, int]] = defaultdict(lambda: defaultdict(int))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT issue_id, minute, own_count
            FROM issues_issueminute
            WHERE project_id = %s AND issue_id = ANY((SELECT %s::bigint[])::bigint[]) AND minute >= %s
            """,
            [project_id, as_array(pk for pk, root in tree.items() if root in terms), min(start.values())],
        )
        for issue_id, minute, number in cursor.fetchall():
            if minute >= start[tree[issue_id]]:
                counted[tree[issue_id]][minute_of(minute)] += number
    return counted


def _users(
    project_id: int, tree: Mapping[int, int], terms: Mapping[int, Terms], first: datetime
) -> dict[int, dict[int, datetime]]:
    """Return for each root when which users were seen last, each of them once, in whichever of its issues."""
    if not terms:
        return {}
    start = {root: _from(each.started_at, first, each.window_user_minutes or 0) for root, each in terms.items()}
    users: dict[int, dict[int, datetime]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT issue_id, user_hash, last_seen
            FROM issues_issueuser
            WHERE project_id = %s AND issue_id = ANY((SELECT %s::bigint[])::bigint[]) AND last_seen >= %s
            """,
            [project_id, as_array(pk for pk, root in tree.items() if root in terms), min(start.values())],
        )
        for issue_id, user_hash, last_seen in cursor.fetchall():
            root = tree[issue_id]
            if last_seen >= start[root]:
                users[root][user_hash] = max(last_seen, users[root].get(user_hash, last_seen))
    return users


def _since_of_former_terms(project_id: int, roots: Iterable[int], *, at: datetime) -> dict[int, datetime | None]:
    """Return which of these roots had terms with a window until a moment ago, and since when."""
    roots = sorted(roots)
    if not roots:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT ON (issue_id) issue_id, before_snooze_started_at, before_snooze_window_minutes,
                   before_snooze_escalates_above, created_at
            FROM issues_activity
            WHERE project_id = %s AND issue_id = ANY(%s::bigint[])
              AND num_nonnulls(before_snooze_window_minutes, before_snooze_escalates_above) > 0
            ORDER BY issue_id, id DESC
            """,
            [project_id, as_array(roots)],
        )
        since = {}
        for root, started_at, minutes, escalates, ended_at in cursor.fetchall():
            width = max(minutes or 0, 0 if escalates is None else ESCALATING_MINUTES)
            if ended_at + width * MINUTE >= at:
                since[root] = started_at
        return since


def _forget(project_id: int, ids: Sequence[int], *, before: datetime | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM issues_issueminute
            WHERE project_id = %(project_id)s AND issue_id = ANY(%(ids)s::bigint[])
              AND (%(before)s::timestamptz IS NULL OR minute < %(before)s)
            """,
            {"project_id": project_id, "ids": as_array(ids), "before": before},
        )
