"""How a status, with its terms or its resolution, is said: in bodies, in answers, and in the admin."""

from datetime import datetime
from types import SimpleNamespace

from issues.enums import ActivityKind, IssueStatus, ResolutionKind, Substatus
from issues.instants import in_words
from issues.mutation import Ignore, IssueMutation, Resolve, SnoozeTerms, StatusChange, Unresolve
from issues.named import Names
from issues.services.ground.parts import Data, Documented, People, State, Told, Words
from projects.callers import Caller
from projects.json_schema import TEXT, TRUTH, Schema, about, number, one_of_words, or_null, record, ref
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

DOCUMENTED = Documented(
    asked={
        "status": about(
            one_of_words(*IssueStatus.values, RESOLVED_IN_NEXT_RELEASE, MUTED),
            f"The new status for the issues; `{MUTED}` is an old word for `ignored`.",
        ),
        **IGNORE_KEYS,
        "substatus": about(
            or_null(one_of_words(*Substatus.values)),
            "What newer clients say beside the status: `archived_…` goes with `ignored`, the others with "
            "`unresolved`. `archived_until_condition_met` needs terms, `archived_forever` has none. "
            "`archived_until_escalating` is taken, and not understood: nothing here notices that.",
        ),
        "statusDetails": about(
            record(
                optional={
                    "inNextRelease": TRUTH,
                    "inRelease": about(TEXT, "A version, or `latest`."),
                    **IGNORE_KEYS,
                    "actor": about({}, "Answers have it; it is not looked at."),
                }
            ),
            "What goes with the status, as far as it doesn't stand beside it. What an answer held may be sent "
            "back; a key that is not known is an error.",
        ),
    },
    shown={"status": one_of_words(*IssueStatus.values), "statusDetails": ref("StatusDetails")},
    answered={"status": one_of_words(*IssueStatus.values), "substatus": one_of_words(*Substatus.values)},
)

# ---------------------------------------------------------------------------------------------------------------------
# In answers
# ---------------------------------------------------------------------------------------------------------------------


def answered(wish: IssueMutation) -> Words:
    """Return what an answer says of a wish, less its details."""
    return {"status": _word(wish.status), "substatus": wish.substatus}


def _word(wish: StatusChange | None) -> str | None:
    match wish:
        case Resolve():
            return IssueStatus.RESOLVED.value
        case Unresolve():
            return IssueStatus.UNRESOLVED.value
        case Ignore():
            return IssueStatus.IGNORED.value
        case None:
            return None


def answered_details(wish: StatusChange, *, by: Caller) -> Words:
    """Return the ``statusDetails`` that answer a wish."""
    match wish:
        case Ignore(terms):
            details = _terms(terms)
        case Resolve(in_release=release) if release is not None:
            details = {"inRelease": release.version}
        case Resolve(in_next_release=True):
            details = {"inNextRelease": True}
        case _:
            details = {}
    if details and by.user is not None:
        details["actor"] = describe_user(by.user)
    return details


def shown(state: State, names: Names) -> Words:
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


def _details(state: State, names: Names) -> Words:
    """Return the terms under which the issue is ignored, counts as what is left of them; or what resolves it."""
    details: Words = {}
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
            )
        )
    elif state.resolution_kind == ResolutionKind.IN_RELEASE and state.resolution_release_id in names.releases:
        details = {"inRelease": names.releases[state.resolution_release_id]}
    elif state.resolution_kind == ResolutionKind.IN_NEXT_RELEASE:
        details = {"inNextRelease": True}
    actor = names.people.get(state.status_by_id)  # the user may be gone, without a trace but the id
    if details and actor is not None:
        details["actor"] = describe_person(*actor)
    return details


def _terms(terms: SnoozeTerms) -> Words:
    """Return the terms of a snooze, without its actor; nothing when it has none."""
    if not terms:
        return {}
    return {
        "ignoreCount": terms.count,
        "ignoreUntil": None if terms.until is None else iso(terms.until),
        "ignoreUserCount": terms.user_count,
        "ignoreUserWindow": terms.user_window,
        "ignoreWindow": terms.window,
    }


# ---------------------------------------------------------------------------------------------------------------------
# In the admin
# ---------------------------------------------------------------------------------------------------------------------


def _resolved_in_release(data: Data, people: People) -> str:
    return f"resolved it in {data.get('version') or 'the next release'}"


def _ignored(data: Data, people: People) -> str:
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
    return f"ignored it until {' or '.join(terms)}" if terms else "ignored it for good"


TOLD = {
    ActivityKind.SET_RESOLVED: Told("check_circle", "resolved it"),
    ActivityKind.SET_RESOLVED_IN_RELEASE: Told("check_circle", _resolved_in_release),
    ActivityKind.SET_UNRESOLVED: Told("refresh", "reopened it"),
    ActivityKind.SET_IGNORED: Told("snooze", _ignored),
}
