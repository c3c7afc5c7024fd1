"""What stands behind each key: a value in, a condition out. Nothing is guessed: what means nothing is an error."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from issues.enums import IssueLevel, IssuePriority, IssueStatus, ReopenedAs
from issues.instants import may_be_iso
from issues.search.conditions import (
    Comparison,
    Count,
    HasCount,
    HasStatus,
    HasText,
    HasWord,
    IsAnError,
    IsAssigned,
    IsAssignedTo,
    IsAssignedToNobody,
    IsAssignedToTeamsOf,
    IsBookmarked,
    IsIgnored,
    IsPublic,
    IsReopened,
    IsSeenAt,
    IsSeenWithin,
    Moment,
    NamesAssignee,
    NamesEnvironment,
    NamesId,
    NamesLatestRelease,
    NamesProject,
    NamesRelease,
    NamesWord,
    Pattern,
    Single,
    Words,
)

MAX_ID = 2**63 - 1
MAX_OFFSET = timedelta(hours=16)  # of a time zone; there is none further from UTC than 14


@dataclass(frozen=True, slots=True)
class Value:
    """What stands after a colon, or by itself. In quotes everything is plain text."""

    text: str
    is_quoted: bool


@dataclass(frozen=True, slots=True)
class Asker:
    """Who "me" is, None for nobody in particular; and whether the search is about several projects."""

    user_id: int | None
    of_organization: bool


Read = Callable[[Value, Asker], Single]


@dataclass(frozen=True, slots=True)
class Key:
    """A key with its reader, which raises ValueError with half a sentence that says what would do."""

    name: str
    read: Read
    has_lists: bool = True

    def refuse_list(self) -> None:
        """:raises ValueError: the key takes no list."""
        if not self.has_lists:
            raise ValueError(f"{self.name} takes one value, and no list.")


def find_key(written: str) -> Key:
    """Return the key of this name, in capitals or not.

    :raises ValueError: there is none.
    """
    key = _BY_NAME.get(written.lower())
    if key is None:
        names = ", ".join(sorted(KEYS))
        raise ValueError(f"there is no key {written}. Keys are {names}; quotes make a colon part of a text.")
    return key


def pattern(value: Value) -> Pattern:
    """Return what a value matches: in it a star stands for anything, unless it is quoted."""
    return Pattern((value.text,) if value.is_quoted else tuple(re.split(r"\*+", value.text)))


def _word(value: Value) -> str:
    """Return a word in which a star would mean nothing.

    :raises ValueError: it has one, or it compares.
    """
    if not value.is_quoted and "*" in value.text:
        stars = "* stands for anything in words and in release, firstRelease, environment, platform and logger only"
        raise ValueError(f"{stars}; quotes make it text.")
    return not_compared(value).text


def not_compared(value: Value) -> Value:
    """Return a value that doesn't compare.

    :raises ValueError: it does.
    """
    if not value.is_quoted and value.text[0] in "<>=":
        raise ValueError("words can't be compared; quotes make it text.")
    return value


def _somebody(asker: Asker) -> int:
    if asker.user_id is None:
        raise ValueError("an API key is nobody in particular; use a user's token.")
    return asker.user_id


# ---------------------------------------------------------------------------------------------------------------------
# Readers
# ---------------------------------------------------------------------------------------------------------------------

_STATES: Mapping[str, Single] = {
    "unresolved": HasStatus(IssueStatus.UNRESOLVED),
    "resolved": HasStatus(IssueStatus.RESOLVED),
    "ignored": HasStatus(IssueStatus.IGNORED),
    "archived": HasStatus(IssueStatus.IGNORED),
    "muted": HasStatus(IssueStatus.IGNORED),
    "archived_forever": IsIgnored("forever"),
    "archived_until_condition_met": IsIgnored("under_terms"),
    "archived_until_escalating": IsIgnored("until_escalating"),
    "regressed": IsReopened(ReopenedAs.REGRESSED),
    "escalating": IsReopened(ReopenedAs.ESCALATING),
    "assigned": IsAssigned(),
    "unassigned": IsAssignedToNobody(),
    "public": IsPublic(),
}
_COMPARISONS: tuple[Comparison, ...] = (">=", "<=", ">", "<")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def _read_state(value: Value, asker: Asker) -> Single:
    word = value.text.lower()
    if word == "bookmarked":
        return IsBookmarked(_somebody(asker))
    if word not in _STATES:
        raise ValueError(f"say one of {', '.join([*_STATES, 'bookmarked'])}.")
    return _STATES[word]


def _read_one_of(words: Sequence[str], column: str) -> Read:
    def read(value: Value, asker: Asker) -> Single:
        word = value.text.lower()
        if word not in words:
            raise ValueError(f"say one of {', '.join(words)}.")
        return HasWord(column, word)

    return read


def _read_kind(value: Value, asker: Asker) -> Single:
    if value.text.lower() != "error":
        raise ValueError("say error; there are no others.")
    return IsAnError()


def _read_assignee(value: Value, asker: Asker) -> Single:
    word = _word(value)
    match word.lower():
        case "me":
            return IsAssignedTo(user_ids=(_somebody(asker),))
        case "my_teams":
            return IsAssignedToTeamsOf(_somebody(asker))
        case "none":
            return IsAssignedToNobody()
        case _:
            return NamesAssignee(word)


def _read_bookmarks(value: Value, asker: Asker) -> Single:
    if value.text.lower() != "me":
        raise ValueError("say me; other people's bookmarks are theirs.")
    return IsBookmarked(_somebody(asker))


def _read_project(value: Value, asker: Asker) -> Single:
    if not asker.of_organization:
        raise ValueError("all issues here are of one project; the organization's route has more.")
    return NamesProject(_word(value).lower())


def _read_id(value: Value, asker: Asker) -> Single:
    found = re.fullmatch(r"0*([1-9][0-9]{0,18})", value.text, re.ASCII)
    if found is None or int(found[1]) > MAX_ID:
        raise ValueError(f"say a whole number from 1 to {MAX_ID}.")
    return NamesId(int(found[1]))


def _read_title(value: Value, asker: Asker) -> Single:
    return HasText(Pattern((_word(value),)), title_only=True)


def _read_message(value: Value, asker: Asker) -> Single:
    return HasText(Pattern((_word(value),)))


def _read_known(column: Words) -> Read:
    return lambda value, asker: NamesWord(column, pattern(not_compared(value)), value.is_quoted)


def _read_release(*, first_only: bool) -> Read:
    def read(value: Value, asker: Asker) -> Single:
        if not value.is_quoted and value.text.lower() == "latest":
            return NamesLatestRelease(first_only)
        return NamesRelease(pattern(not_compared(value)), first_only, value.is_quoted)

    return read


def _read_environment(value: Value, asker: Asker) -> Single:
    return NamesEnvironment(pattern(not_compared(value)))


def _read_count(column: Count) -> Read:
    def read(value: Value, asker: Asker) -> Single:
        comparison, rest = _split_comparison(value.text)
        if not re.fullmatch(r"[0-9]{1,18}", rest, re.ASCII):
            raise ValueError("say a whole number, alone or after >, >=, < or <=.")
        return HasCount(column, comparison, int(rest))

    return read


def _read_moment(column: Moment) -> Read:
    def read(value: Value, asker: Asker) -> Single:
        relative = re.fullmatch(r"([+-])([0-9]{1,5})([mhdw])", value.text, re.ASCII)
        if relative:
            return IsSeenWithin(column, int(relative[2]) * _UNITS[relative[3]], longer=relative[1] == "+")
        comparison, rest = _split_comparison(value.text)
        moment = read_instant(rest)
        if not comparison or moment is None:
            raise ValueError("say -24h, +7d or an ISO date or time, of an offset below 16 hours, after >, >=, < or <=.")
        return IsSeenAt(column, comparison, moment)

    return read


def _read_age(value: Value, asker: Asker) -> Single:
    if value.text[:1] not in {"+", "-"}:
        raise ValueError("say -24h for younger, or +24h for older.")
    return _read_moment("first_seen")(value, asker)


def read_instant(word: str) -> datetime | None:
    """Return the instant that an ISO date or time means, in UTC unless it says where; None if it is none."""
    try:
        moment = datetime.fromisoformat(word if may_be_iso(word) else "")
    except ValueError:
        return None
    offset = moment.utcoffset() or timedelta()
    if abs(offset) >= MAX_OFFSET:
        return None
    plain = moment.replace(tzinfo=UTC)
    # Before the first year, or after the last one that Python knows: no issue is there, nor beyond.
    if offset > plain - datetime.min.replace(tzinfo=UTC):
        return datetime.min.replace(tzinfo=UTC)
    if -offset > datetime.max.replace(tzinfo=UTC) - plain:
        return datetime.max.replace(tzinfo=UTC)
    return plain - offset


def _split_comparison(text: str) -> tuple[Comparison, str]:
    for comparison in _COMPARISONS:
        if text.startswith(comparison):
            return comparison, text[len(comparison) :]
    return "", text


KEYS = {
    key.name: key
    for key in (
        Key("is", _read_state),
        Key("assigned", _read_assignee),
        Key("bookmarks", _read_bookmarks),
        Key("level", _read_one_of(IssueLevel.values, "level")),
        Key("priority", _read_one_of(IssuePriority.values, "priority")),
        Key("platform", _read_known("platform")),
        Key("logger", _read_known("logger")),
        Key("release", _read_release(first_only=False)),
        Key("firstRelease", _read_release(first_only=True)),
        Key("environment", _read_environment),
        Key("timesSeen", _read_count("times_seen"), has_lists=False),
        Key("userCount", _read_count("users_seen"), has_lists=False),
        Key("age", _read_age, has_lists=False),
        Key("firstSeen", _read_moment("first_seen"), has_lists=False),
        Key("lastSeen", _read_moment("last_seen"), has_lists=False),
        Key("id", _read_id),
        Key("project", _read_project),
        Key("title", _read_title),
        Key("message", _read_message),
        Key("issue.type", _read_kind),
        Key("issue.category", _read_kind),
    )
}
_OTHER_NAMES = {"first-release": "firstRelease", "issue.priority": "priority", "assigned_or_suggested": "assigned"}
_BY_NAME = {name.lower(): key for name, key in KEYS.items()} | {
    name: KEYS[other] for name, other in _OTHER_NAMES.items()
}
