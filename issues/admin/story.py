"""The page of an issue in words: what is read of it stands in issues/reading/story.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from issues.admin import figures
from issues.admin.wording import badge, linked_ids, status_in_words
from issues.enums import ActivityKind
from issues.models import Activity
from issues.reading.story import Story, read_story
from issues.services.ground.parts import Data, People, Told
from issues.services.verbs import PARTS
from issues.views.links import share_link


@dataclass(frozen=True, slots=True)
class Step:
    """One activity, told."""

    activity: Activity
    who: str
    icon: str
    sentence: str
    note: str


def story_of(issue: Any, request: HttpRequest) -> dict[str, Any]:
    """Return what the page of an issue tells above the columns of its row."""
    story = read_story(issue)
    top, days = figures.bars(story.days, ["events"])
    return {
        "issue": issue,
        "status": status_in_words(issue),
        "level": badge(issue.level),
        "share_link": share_link(request, issue) if issue.share_id else None,
        "steps": {"rows": steps_of(story), "has_more": story.newest.has_more},
        "above": story.above,
        "below": story.below,
        "seen": story.seen,
        "bookmarked": story.bookmarked,
        "followed": story.followed,
        "hashes": story.hashes,
        "top": top,
        "days": days,
    }


# ---------------------------------------------------------------------------------------------------------------------
# What happened
# ---------------------------------------------------------------------------------------------------------------------


def steps_of(story: Story) -> list[Step]:
    """Return what happened, the newest first."""
    return [
        Step(
            activity,
            str(activity.user or story.keys.get(activity.mutation_id or 0) or _nobody(activity)),
            TOLD[activity.kind].icon,
            TOLD[activity.kind].sentence(activity.data, story.people),
            str(activity.data.get("text", "")) if activity.kind == ActivityKind.NOTE else "",
        )
        for activity in story.newest.rows
    ]


def _nobody(activity: Activity) -> str:
    is_by_event = activity.mutation_id is None and activity.kind != ActivityKind.NOTE
    return "An event" if is_by_event else "Somebody who is gone"


def _merged(data: Data, people: People) -> SafeString:
    return format_html("merged into it: {}", linked_ids(_ids(data), absent="-"))


def _unmerged(data: Data, people: People) -> SafeString:
    if "issues" in data:
        return format_html("took out of it: {}", linked_ids(_ids(data), absent="-"))
    return format_html("took it out of {}", linked_ids([int(data["parent"]["id"])], absent="-"))


def _ids(data: Data) -> list[int]:
    return [int(issue["id"]) for issue in data["issues"]]


# Each kind of activity: those of the parts tell it themselves (services/verbs).
TOLD: Mapping[str, Told] = {
    **{kind: told for part in PARTS for kind, told in part.told.items()},
    ActivityKind.MERGE: Told("call_merge", _merged),
    ActivityKind.UNMERGE: Told("call_split", _unmerged),
    ActivityKind.NOTE: Told("chat", "wrote"),
}
