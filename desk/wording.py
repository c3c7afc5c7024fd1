"""How the desk says things: a status with its terms, who takes care, how new something is, what became of it."""

from dataclasses import dataclass

from issues.enums import IssueStatus, ResolutionKind, Substatus
from issues.instants import in_words
from issues.named import Names
from issues.reading.items import Item
from issues.substatus import substatus_of


@dataclass(frozen=True, slots=True)
class Badge:
    """A word in a colour of its own (``kind``), and what it goes with."""

    word: str
    kind: str
    terms: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing of an issue before and after a change; ``what`` names it where the words alone don't tell.

    :ivar is_left: whether it still is as the change left it; None where that isn't known, or nothing is changed yet.
    """

    what: str
    before: Badge
    after: Badge
    is_left: bool | None = None


def status_badge(item: Item, names: Names) -> Badge:
    """Return the status as it counts now, with its terms."""
    match item.status_shown:
        case IssueStatus.RESOLVED:
            return Badge("Resolved", "resolved", resolution_in_words(item, names))
        case IssueStatus.IGNORED:
            return Badge("Ignored", "ignored", terms_in_words(item))
        case _:
            return Badge("Unresolved", "unresolved")


def newness_badge(item: Item) -> Badge | None:
    """Return what is special of an issue that is open: it is new, or came back; None of all others."""
    word = substatus_of(
        item.status_shown,
        has_terms=item.has_terms,
        until_escalating=item.snooze_escalates_above is not None,
        reopened_as=item.reopened_as,
        first_seen=item.first_seen,
        at=item.shown_at,
    )
    if word in {Substatus.NEW, Substatus.REGRESSED, Substatus.ESCALATING}:
        return Badge(word.value.capitalize(), word.value)
    return None


def resolution_in_words(item: Item, names: Names) -> str:
    """Return in which release it is resolved; empty where it is in none."""
    version = names.releases.get(item.resolution_release_id, "")
    if item.resolution_kind == ResolutionKind.IN_RELEASE:
        return f"in {version}" if version else "in a release"
    if item.resolution_kind == ResolutionKind.IN_NEXT_RELEASE:
        return f"in the release after {version}" if version else "in the first release"
    return ""


def terms_in_words(item: Item) -> str:
    """Return what ends the status "ignored", as the issue stands now."""
    terms = []
    if item.snooze_ends_at is not None:
        terms.append(in_words(item.snooze_ends_at))
    if item.snooze_ends_at_times_seen is not None:
        terms.append(_more(item.snooze_ends_at_times_seen - item.times_seen, "event"))
    if item.snooze_ends_at_users_seen is not None:
        terms.append(_more(item.snooze_ends_at_users_seen - item.users_seen, "user"))
    if item.snooze_window_count is not None:
        terms.append(f"{item.snooze_window_count:,} events within {item.snooze_window_minutes} minutes")
    if item.snooze_window_user_count is not None:
        terms.append(f"{item.snooze_window_user_count:,} users within {item.snooze_window_user_minutes} minutes")
    if item.snooze_escalates_above is not None:
        terms.append(f"it escalates, with more than {item.snooze_escalates_above:,} events within an hour")
    return f"until {' or '.join(terms)}" if terms else "for good"


def _more(number: int, what: str) -> str:
    return f"{number:,} more {what}{'' if number == 1 else 's'}"


def assignee_in_words(item: Item, names: Names) -> str:
    """Return the name of the person or team that takes care of it; empty for nobody."""
    if item.assignee_user_id is not None:
        person = names.people.get(item.assignee_user_id)
        return "" if person is None else person.name or person.username
    team = names.teams.get(item.assignee_team_id)
    return "" if team is None else f"#{team.name}"


def counted(number: int, what: str = "issue") -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
