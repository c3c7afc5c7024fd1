"""How a status, with its terms or its resolution, is said: in bodies, in answers, and at the desk."""

from datetime import datetime
from types import SimpleNamespace
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from issues.enums import ActivityKind, IssueStatus, ResolutionKind, Substatus
from issues.instants import in_words
from issues.mutation import Ignore, Resolve, SnoozeTerms, StatusChange, Unresolve
from issues.named import Names
from issues.services.ground.parts import Data, People, State, Told
from projects.answers import Time, User
from projects.callers import Caller
from projects.json_schema import (
    NOTHING,
    TEXT,
    TRUTH,
    About,
    Form,
    Name,
    Schema,
    about,
    number,
    one_of_words,
    or_null,
    record,
)
from projects.serializers import describe_person, describe_user, iso

# ---------------------------------------------------------------------------------------------------------------------
# In bodies
# ---------------------------------------------------------------------------------------------------------------------

RESOLVED_IN_NEXT_RELEASE = "resolvedInNextRelease"
MUTED = "muted"

MAX_MINUTES = 52_560_000  # a hundred years
MAX_COUNT = 2**31 - 1
MAX_WINDOW = 10_080  # a week, in minutes

IGNORE_KEYS: dict[str, Schema] = {
    "ignoreDuration": about(or_null(number(0, MAX_MINUTES)), "The number of minutes to ignore this issue."),
    "snoozeDuration": about(or_null(number(0, MAX_MINUTES)), "An old name of `ignoreDuration`."),
    "ignoreUntil": about(or_null({"type": "string", "format": "date-time"}), "Ignored until then; in the future."),
    "ignoreCount": about(or_null(number(0, MAX_COUNT)), "Ignored until that many more events."),
    "ignoreWindow": about(or_null(number(1, MAX_WINDOW)), "The same, within any so many minutes."),
    "ignoreUserCount": about(or_null(number(0, MAX_COUNT)), "Ignored until that many more users are affected."),
    "ignoreUserWindow": about(or_null(number(1, MAX_WINDOW)), "The same, within any so many minutes."),
}

ASKED: dict[str, Schema] = {
    "status": about(
        one_of_words(*IssueStatus.values, RESOLVED_IN_NEXT_RELEASE, MUTED),
        f"The new status for the issues; `{MUTED}` is an old word for `ignored`.",
    ),
    **IGNORE_KEYS,
    "substatus": about(
        or_null(one_of_words(*Substatus.values)),
        "What newer clients say beside the status: `archived_…` goes with `ignored`, the others with "
        "`unresolved`. `archived_until_condition_met` needs terms, `archived_forever` has none. "
        "`archived_until_escalating` is a term itself, without others: ignored until there are more events within 60 "
        "minutes than twice the busiest hour of the 7 days before, and at least 10.",
    ),
    "statusDetails": about(
        record(
            optional={
                "inNextRelease": TRUTH,
                "inRelease": about(TEXT, "A version, or `latest`."),
                **IGNORE_KEYS,
                "ignoreUntilEscalating": about(or_null(TRUTH), "As `substatus: archived_until_escalating`."),
                "actor": about({}, "Answers have it; it is not looked at."),
            }
        ),
        "What goes with the status, as far as it doesn't stand beside it. What an answer held may be sent "
        "back; a key that is not known is an error.",
    ),
}

# ---------------------------------------------------------------------------------------------------------------------
# In answers
# ---------------------------------------------------------------------------------------------------------------------


StatusWord = Annotated[str, Form(one_of_words(*IssueStatus.values))]
SubstatusWord = Annotated[str, Form(one_of_words(*Substatus.values))]
Minutes = Annotated[int | None, About("Minutes.")]
Actor = Annotated[User, About("Who set the status; not there when an API key did.")]
Nothing = Annotated[dict[str, Any], Form(NOTHING)]


class Terms(TypedDict):
    ignoreCount: Annotated[int | None, About("Events; in lists, those that are left.")]
    ignoreUntil: Time | None
    ignoreUserCount: int | None
    ignoreUserWindow: Minutes
    ignoreWindow: Minutes
    actor: NotRequired[Actor]


class UntilEscalating(TypedDict):
    ignoreUntilEscalating: Literal[True]
    actor: NotRequired[Actor]


class InNextRelease(TypedDict):
    inNextRelease: Literal[True]
    actor: NotRequired[Actor]


class InRelease(TypedDict):
    inRelease: str
    actor: NotRequired[Actor]


StatusDetails = Annotated[
    Nothing | Terms | UntilEscalating | InNextRelease | InRelease,
    Name("StatusDetails"),
    About("Nothing; the terms under which it is ignored; or the release that it is resolved in."),
]


class Answered(TypedDict):
    """What answers say of a wish; its details come last (:func:`answered_details`)."""

    status: StatusWord
    substatus: NotRequired[SubstatusWord]  # as it was asked for


class Shown(TypedDict):
    """What answers say of an issue."""

    status: StatusWord
    statusDetails: StatusDetails


def answered(wish: StatusChange) -> Answered:
    """Return what an answer says of a wish, less what was said beside it."""
    match wish:
        case Resolve():
            word = IssueStatus.RESOLVED
        case Unresolve():
            word = IssueStatus.UNRESOLVED
        case Ignore():
            word = IssueStatus.IGNORED
    return {"status": word.value}


def answered_details(wish: StatusChange, *, by: Caller) -> StatusDetails:
    """Return the ``statusDetails`` that answer a wish."""
    details: Terms | UntilEscalating | InNextRelease | InRelease | None = None
    match wish:
        case Ignore(terms):
            details = _terms(terms)
        case Resolve(in_release=release) if release is not None:
            details = {"inRelease": release.version}
        case Resolve(in_next_release=True):
            details = {"inNextRelease": True}
    if details is None:
        return {}
    if by.user is not None:
        details["actor"] = describe_user(by.user)
    return details


def shown(state: State, names: Names) -> Shown:
    """Return what an answer says of an issue."""
    return {"status": state.status_shown, "statusDetails": _details(state, names)}


def counted(state: SimpleNamespace, at: datetime) -> SimpleNamespace:
    """Return a state as it counted at that time; of a count, what would be left of it now.

    Events may have used up a count since: 0 are left.
    """
    is_over = state.snooze_ends_at is not None and state.snooze_ends_at <= at
    counts = {
        f"snooze_ends_at_{name}": None if end is None else max(end, getattr(state, name))
        for name in ("times_seen", "users_seen")
        for end in [getattr(state, f"snooze_ends_at_{name}")]
    }
    shown = IssueStatus.UNRESOLVED.value if is_over else state.status
    return SimpleNamespace(**{**vars(state), **counts}, status_shown=shown)


def _details(state: State, names: Names) -> StatusDetails:
    """Return the terms under which the issue is ignored, counts as what is left of them; or what resolves it."""
    details: Terms | UntilEscalating | InNextRelease | InRelease | None = None
    if state.status_shown == IssueStatus.IGNORED:
        ends_at_count, ends_at_users = state.snooze_ends_at_times_seen, state.snooze_ends_at_users_seen
        details = _terms(
            SnoozeTerms(
                until=state.snooze_ends_at,
                count=state.snooze_window_count if ends_at_count is None else ends_at_count - state.times_seen,
                window=state.snooze_window_minutes,
                user_count=state.snooze_window_user_count
                if ends_at_users is None
                else ends_at_users - state.users_seen,
                user_window=state.snooze_window_user_minutes,
                until_escalating=state.snooze_escalates_above is not None,
            )
        )
    elif state.resolution_kind == ResolutionKind.IN_RELEASE and state.resolution_release_id in names.releases:
        details = {"inRelease": names.releases[state.resolution_release_id]}
    elif state.resolution_kind == ResolutionKind.IN_NEXT_RELEASE:
        details = {"inNextRelease": True}
    if details is None:
        return {}
    actor = names.people.get(state.status_by_id)  # the user may be gone, without a trace but the id
    if actor is not None:
        details["actor"] = describe_person(*actor)
    return details


def _terms(terms: SnoozeTerms) -> Terms | UntilEscalating | None:
    """Return the terms of a snooze, without its actor; None when it has none."""
    if not terms:
        return None
    if terms.until_escalating:
        return {"ignoreUntilEscalating": True}
    return {
        "ignoreCount": terms.count,
        "ignoreUntil": None if terms.until is None else iso(terms.until),
        "ignoreUserCount": terms.user_count,
        "ignoreUserWindow": terms.user_window,
        "ignoreWindow": terms.window,
    }


# ---------------------------------------------------------------------------------------------------------------------
# At the desk
# ---------------------------------------------------------------------------------------------------------------------


def _resolved_in_release(data: Data, people: People) -> str:
    return f"resolved it in {data.get('version') or 'the next release'}"


def _regressed(data: Data, people: People) -> str:
    return f"reopened it: it came again in {data['version']}" if data.get("version") else "reopened it: it came again"


def _unresolved(data: Data, people: People) -> str:
    """By a request, or by the event with which its terms ended: those are told then."""
    terms = _terms_told(data)
    return f"reopened it, which was ignored until {' or '.join(terms)}" if terms else "reopened it"


def _ignored(data: Data, people: People) -> str:
    terms = _terms_told(data)
    return f"ignored it until {' or '.join(terms)}" if terms else "ignored it for good"


def _terms_told(data: Data) -> list[str]:
    terms = []
    if until := data.get("ignoreUntil"):
        terms.append(in_words(datetime.fromisoformat(until)))
    for count, window, what in (
        ("ignoreCount", "ignoreWindow", "events"),
        ("ignoreUserCount", "ignoreUserWindow", "users"),
    ):
        if data.get(count):
            within = f" within {data[window]} minutes" if data.get(window) else ""
            terms.append(f"{data[count]} more {what}{within}")
    if data.get("ignoreUntilEscalating"):
        terms.append("it escalates")
    return terms


TOLD = {
    ActivityKind.SET_RESOLVED: Told("check_circle", "resolved it"),
    ActivityKind.SET_RESOLVED_IN_RELEASE: Told("check_circle", _resolved_in_release),
    ActivityKind.SET_UNRESOLVED: Told("refresh", _unresolved),
    ActivityKind.SET_REGRESSION: Told("trending_up", _regressed),
    ActivityKind.SET_IGNORED: Told("snooze", _ignored),
}
