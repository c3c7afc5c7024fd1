"""What happened to an issue, told: who did what, in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desk.texts import Text, fold, visible
from issues.enums import ActivityKind
from issues.models import Activity
from issues.reading.story import LINKS, Told
from issues.services.ground.parts import Data
from issues.services.verbs import PARTS

LETTERS_OF_A_NOTE = 4_000
LINES_OF_A_NOTE = 30


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened.

    :ivar sentence: follows the name of who did it.
    :ivar on: the short id of the issue to which it happened, where that is one that was merged into this.
    :ivar issues: number and short id of those that it names, the first of them; ``more_issues`` says how many others.
    :ivar note: what somebody wrote.
    :ivar is_own_note: whether who looks wrote it, on this very issue, and so may change it.
    :ivar event_id: of the event that did it, where it is known.
    """

    id: int
    kind: str
    who: str
    sentence: str
    on: str
    at: datetime
    issues: tuple[tuple[int, str], ...]
    more_issues: int
    note: Text
    whole_note: str
    is_own_note: bool
    event_id: str
    mutation_id: int | None


_SENTENCES = {kind: told for part in PARTS for kind, told in part.told.items()}


def steps_of(told: Told, *, issue_id: int, user_id: int) -> Sequence[Step]:
    """Return what happened, the newest first, as a user is told it on the page of an issue."""
    return list(_steps(told, issue_id, user_id))


def _steps(told: Told, issue_id: int, user_id: int) -> Iterator[Step]:
    for activity in told.activities:
        data: Mapping[str, Any] = activity.data
        is_note = activity.kind == ActivityKind.NOTE
        issues = _issues(activity)
        text = str(data.get("text", "")) if is_note else ""
        yield Step(
            id=activity.pk,
            kind=activity.kind,
            who=_who(activity, told),
            sentence=visible(_sentence(activity, data, told)),
            on="" if activity.issue_id == issue_id else told.short_ids.get(activity.issue_id, str(activity.issue_id)),
            at=activity.created_at,
            issues=tuple((pk, told.short_ids.get(pk, str(pk))) for pk in issues[:LINKS]),
            more_issues=max(len(issues) - LINKS, 0),
            note=fold(text, LETTERS_OF_A_NOTE, lines=LINES_OF_A_NOTE),
            whole_note=text,
            is_own_note=is_note and (activity.user_id, activity.issue_id) == (user_id, issue_id),
            event_id=str(data.get("event_id", "")) if activity.kind == ActivityKind.SET_REGRESSION else "",
            mutation_id=activity.mutation_id,
        )


def _who(activity: Activity, told: Told) -> str:
    if activity.user is not None:
        return visible(activity.user.get_full_name() or activity.user.username)
    if (key := told.keys.get(activity.mutation_id or 0)) is not None:
        return visible(key)
    is_by_event = activity.mutation_id is None and activity.kind != ActivityKind.NOTE
    return "An event" if is_by_event else "Somebody who is gone"


def _sentence(activity: Activity, data: Data, told: Told) -> str:
    match activity.kind:
        case ActivityKind.NOTE:
            return "wrote"
        case ActivityKind.MERGE:
            return "merged into it"
        case ActivityKind.UNMERGE:
            return "took out of it" if "issues" in data else "took it out of"
    return _SENTENCES[ActivityKind(activity.kind)].sentence(data, told.people)


def _issues(activity: Activity) -> tuple[int, ...]:
    """Return the numbers of the issues that came or went."""
    if activity.kind not in {ActivityKind.MERGE, ActivityKind.UNMERGE}:
        return ()
    named = activity.data["issues"] if "issues" in activity.data else [activity.data["parent"]]
    return tuple(int(issue["id"]) for issue in named)
