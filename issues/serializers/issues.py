"""An issue as answers show it: an item of a list, or the whole of one (contract section 2 and 5)."""

import json
from collections.abc import Callable, Sequence
from typing import Any, cast

import msgspec

from issues import answers, short_ids
from issues.models import UNTITLED, Issue, IssueSeen, IssueSubscription
from issues.named import Names
from issues.reading.items import Item, Stats
from issues.reading.whole import WholeIssue
from issues.serializers.activities import describe_activity
from issues.services.verbs import PARTS, Shown
from issues.substatus import substatus_of
from projects.models import Release
from projects.serializers import describe_user, iso

_read_json = json.JSONDecoder().raw_decode  # json.loads also looks for blanks around it, where jsonb has none

# Older JavaScript took them for the end of a line, within a string too.
SEPARATORS = [(character.encode(), b"\\u%04x" % ord(character)) for character in "\u2028\u2029"]


def describe_issue(
    issue: Item, names: Names, stats: dict[str, Any], *, permalink: Callable[[int], str]
) -> answers.Issue:
    """Return one item of a list.

    :param stats: by the word for their period.
    :param permalink: from an issue's id to its absolute address.
    """
    shown: dict[str, Any] = {}
    for part in PARTS:
        shown.update(part.shown(issue, names))
    words = cast(Shown, shown)  # as tests/test_house_rules.py sees
    count, first_seen, last_seen = str(issue.times_seen), iso(issue.first_seen), iso(issue.last_seen)
    return {
        "id": str(issue.id),
        "shortId": short_ids.write(issue.project.slug, issue.short_number),
        "title": UNTITLED if issue.text__title is None else issue.text__title,
        "culprit": issue.text__culprit or "",
        "permalink": permalink(issue.id),
        "logger": issue.logger or None,
        "level": issue.level,
        "status": words["status"],
        "statusDetails": words["statusDetails"],
        "isPublic": words["isPublic"],
        "shareId": None if issue.share_id is None else issue.share_id.hex,
        "platform": issue.platform or None,
        "project": {
            "id": str(issue.project_id),
            "name": issue.project.name,
            "slug": issue.project.slug,
            "platform": issue.project.platform or None,
        },
        "type": issue.type,
        "metadata": _read_json(issue.text__metadata or "{}")[0],
        "numComments": issue.comment_count,
        "assignedTo": words["assignedTo"],
        "isBookmarked": issue.bookmark_id is not None,
        "isSubscribed": issue.subscribed_for is not None,
        "subscriptionDetails": None if issue.subscribed_for is None else {"reason": issue.subscribed_for},
        "hasSeen": issue.seen_at is not None and issue.seen_at >= issue.last_seen,
        "annotations": [],
        "count": count,
        "userCount": issue.users_seen,
        "firstSeen": first_seen,
        "lastSeen": last_seen,
        "stats": stats,
        **words,  # those that have no place of their own above
        "substatus": substatus_of(
            issue.status_shown,
            has_terms=issue.has_terms,
            until_escalating=issue.snooze_escalates_above is not None,
            reopened_as=issue.reopened_as,
            first_seen=issue.first_seen,
            at=issue.shown_at,
        ),
        "isUnhandled": bool(issue.text__is_unhandled),
        "issueType": "error",
        "issueCategory": "error",
        "lifetime": {  # the same once more: no search narrows what an issue shows
            "count": count,
            "userCount": issue.users_seen,
            "firstSeen": first_seen,
            "lastSeen": last_seen,
            "stats": {},
        },
    }


def write_list(issues: Sequence[Item], names: Names, stats: Stats | None, *, permalink: Callable[[int], str]) -> bytes:
    """Return the JSON of a list, as the renderer of all other answers would write it, in a third of its time."""
    described = [
        describe_issue(
            issue, names, {} if stats is None else {stats.period.word: stats.points(issue.id)}, permalink=permalink
        )
        for issue in issues
    ]
    text = msgspec.json.format(msgspec.json.encode(described), indent=0)  # a space after ":" and ","
    for character, escaped in SEPARATORS:
        text = text.replace(character, escaped)
    return text


def describe_whole(whole: WholeIssue, *, permalink: Callable[[int], str]) -> answers.WholeIssue:
    """Return the whole of one issue: a list's item, and what stands around it."""
    stats = {each.period.word: each.points(whole.item.id) for each in whole.stats}
    return {
        **describe_issue(whole.item, whole.names, stats, permalink=permalink),
        "activity": [describe_activity(activity) for activity in whole.activities.rows],
        "seenBy": [_describe_viewer(mark) for mark in whole.seen],
        "participants": [_describe_follower(follower) for follower in whole.followers],
        "firstRelease": _describe_release(whole.first_release),
        "lastRelease": _describe_release(whole.last_release),
        "tags": [],
        "userReportCount": 0,
        "pluginActions": [],
        "pluginContexts": [],
        "pluginIssues": [],
    }


def describe_short_id(issue: Issue, group: answers.WholeIssue) -> answers.ShortId:
    """Return which issue a short id stands for, and where it is; ``group`` is the whole of it."""
    return {
        "organizationSlug": issue.project.organization.slug,
        "projectSlug": issue.project.slug,
        "groupId": str(issue.pk),
        "group": group,
        "shortId": issue.short_id,
    }


def _describe_viewer(mark: IssueSeen) -> answers.Viewer:
    return {**describe_user(mark.user), "lastSeen": iso(mark.seen_at)}


def _describe_follower(subscription: IssueSubscription) -> answers.Follower:
    return {**describe_user(subscription.user), "type": "user"}


def _describe_release(release: Release | None) -> answers.ReleaseOfIssue | None:
    if release is None:
        return None
    return {
        "id": release.pk,
        "version": release.version,
        "shortVersion": release.version.rpartition("@")[2],
        "dateCreated": iso(release.created_at),
        "dateReleased": None if release.released_at is None else iso(release.released_at),
    }
