"""An issue as answers show it: an item of a list, or the whole of one (contract section 2 and 5)."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from rest_framework.renderers import JSONRenderer

from issues import short_ids
from issues.enums import IssueStatus, ResolutionKind
from issues.models import UNTITLED
from issues.mutation import Assignee, SnoozeTerms
from issues.serializers.items import Item, Names, Stats
from issues.serializers.outcomes import describe_assignee, describe_terms
from issues.substatus import substatus_of
from projects.serializers import describe_person, iso

_read_json = json.JSONDecoder().raw_decode  # json.loads also looks for blanks around it, where jsonb has none


def describe_issue(
    issue: Item, names: Names, stats: dict[str, Any], *, permalink: Callable[[int], str]
) -> dict[str, Any]:
    """Return one item of a list.

    :param stats: by the word for their period.
    :param permalink: from an issue's id to its absolute address.
    """
    return {
        "id": str(issue.id),
        "shortId": short_ids.write(issue.project__slug, issue.short_number),
        "title": UNTITLED if issue.text__title is None else issue.text__title,
        "culprit": issue.text__culprit or "",
        "permalink": permalink(issue.id),
        "logger": issue.logger or None,
        "level": issue.level,
        "status": issue.status_shown,
        "statusDetails": describe_status_details(issue, names),
        "isPublic": issue.share_id is not None,
        "shareId": None if issue.share_id is None else issue.share_id.hex,
        "platform": issue.platform or None,
        "project": {
            "id": str(issue.project_id),
            "name": issue.project__name,
            "slug": issue.project__slug,
            "platform": issue.project__platform or None,
        },
        "type": issue.type,
        "metadata": _read_json(issue.text__metadata or "{}")[0],
        "numComments": issue.comment_count,
        "assignedTo": describe_assignee(_assignee(issue, names)),
        "isBookmarked": issue.bookmark_id is not None,
        "isSubscribed": issue.subscribed_for is not None,
        "subscriptionDetails": None if issue.subscribed_for is None else {"reason": issue.subscribed_for},
        "hasSeen": issue.seen_at is not None and issue.seen_at >= issue.last_seen,
        "annotations": [],
        "count": str(issue.times_seen),
        "userCount": issue.users_seen,
        "firstSeen": iso(issue.first_seen),
        "lastSeen": iso(issue.last_seen),
        "stats": stats,
        "substatus": substatus_of(
            IssueStatus(issue.status_shown),
            has_terms=issue.has_terms,
            first_seen=issue.first_seen,
            at=issue.shown_at,
        ),
        "isUnhandled": False,  # only events tell, and none are kept
        "issueType": "error",
        "issueCategory": "error",
        "lifetime": {  # what a search with environments would narrow, of which there are none
            "count": str(issue.times_seen),
            "userCount": issue.users_seen,
            "firstSeen": iso(issue.first_seen),
            "lastSeen": iso(issue.last_seen),
            "stats": {},
        },
    }


def write_list(issues: Sequence[Item], names: Names, stats: Stats | None, *, permalink: Callable[[int], str]) -> bytes:
    """Return the JSON of a list, as the renderer of all other answers would write it."""
    # Most of a list are points without events. They are written here, since the renderer takes as long for them as for
    # all else. A NUL marks where they go: nothing else that is answered has one, since PostgreSQL can't store it.
    marked = {} if stats is None else {stats.period.word: "\0"}
    described = [describe_issue(issue, names, marked, permalink=permalink) for issue in issues]
    rendered: bytes = JSONRenderer().render(described)
    if stats is None:
        return rendered
    text, *rest = rendered.split(b'"\\u0000"')
    places = {begin: place for place, begin in enumerate(stats.begins)}
    without_events = [b"[%d, 0]" % begin for begin in stats.begins]
    parts = [text]
    for issue, after in zip(issues, rest, strict=True):
        points = without_events.copy()
        for begin, count in stats.counts[issue.id].items():
            if begin in places:
                points[places[begin]] = b"[%d, %d]" % (begin, count)
        parts += b"[", b", ".join(points), b"]", after
    return b"".join(parts)


def _assignee(issue: Item, names: Names) -> Assignee | None:
    person = names.people.get(issue.assignee_user_id)
    if person is not None:
        return Assignee("user", person.id, person.name or person.username, person.email)
    return names.teams.get(issue.assignee_team_id)


def describe_status_details(issue: Any, names: Names) -> dict[str, Any]:
    """Return the terms under which the issue is ignored, counts as what is left of them; or what resolves it.

    :param issue: an item, or another state of one under the same names.
    """
    details: dict[str, Any] = {}
    if issue.status_shown == IssueStatus.IGNORED:
        ends_at_count, ends_at_users = issue.snooze_ends_at_times_seen, issue.snooze_ends_at_users_seen
        details = describe_terms(
            SnoozeTerms(
                until=issue.snooze_ends_at,
                count=issue.snooze_window_count if ends_at_count is None else ends_at_count - issue.times_seen,
                window=issue.snooze_window_minutes,
                user_count=issue.snooze_window_user_count
                if ends_at_users is None
                else ends_at_users - issue.users_seen,
                user_window=issue.snooze_window_user_minutes,
            )
        )
    elif issue.resolution_kind == ResolutionKind.IN_RELEASE and issue.resolution_release_id in names.releases:
        details = {"inRelease": names.releases[issue.resolution_release_id]}
    elif issue.resolution_kind == ResolutionKind.IN_NEXT_RELEASE:
        details = {"inNextRelease": True}
    actor = names.people.get(issue.status_by_id)  # the user may be gone, without a trace but the id
    if details and actor is not None:
        details["actor"] = describe_person(*actor)
    return details
