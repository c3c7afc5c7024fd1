"""What mutations are in sentences. Plain functions: values in, words out; nothing is asked.

A sentence follows the name of who did it: "resolved 40 issues in the next release". A body is told as contract 1.4
reads it, whatever way it is written; as everything in the history, it was valid when it was asked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework.fields import BooleanField

from desk.wording import counted
from issues.enums import IssueStatus, MutationKind
from issues.instants import in_words
from issues.named import Named, Names
from issues.reading.mutations import ListedMutation, Tree

NOBODY = "Somebody who is gone"
NO_NAMES = Names(people={}, teams={}, releases={})

UNITS = ((7 * 24 * 60, "week"), (24 * 60, "day"), (60, "hour"), (1, "minute"))


def who_did(mutation: ListedMutation) -> str:
    """Return who asked for it: a person, the label of an API key, or somebody whose account is gone."""
    if mutation.user is not None:
        return mutation.user.get_full_name() or mutation.user.username
    if mutation.api_key is not None:
        return f"API key {mutation.api_key.label or f'…{mutation.api_key.hint}'}"
    return NOBODY


def sentence_of(mutation: ListedMutation, names: Names = NO_NAMES) -> str:
    """Return what was done, without who did it.

    :param names: of those who were assigned by their ids (:func:`ids_named`).
    """
    match mutation.kind:
        case MutationKind.UNDO:
            return f"undid {_undone(mutation, names)}"
        case MutationKind.DELETE:
            return f"deleted {which(mutation)}"
        case _:
            return _update(mutation, names)


def ids_named(mutations: Iterable[ListedMutation]) -> Iterator[tuple[Named, int | None]]:
    """Yield whom these mutations, and those that they took back, name by an id: for ``look_up_names``."""
    for mutation in mutations:
        for each in (mutation, mutation.undone, mutation.began):
            if each is not None and "assignedTo" in each.body:
                kind, pk = _assignee(each.body["assignedTo"])
                if kind:
                    yield "people" if kind == "user" else "teams", int(pk)


# ---------------------------------------------------------------------------------------------------------------------
# Which issues
# ---------------------------------------------------------------------------------------------------------------------


def which(mutation: ListedMutation) -> str:
    """Return which issues it was about: ``PUMP-3``, ``3 issues``, ``all 1,204 ignored issues that match “pump”``."""
    if not mutation.is_about_all:
        return mutation.issue if mutation.issue and mutation.changed == 1 else counted(mutation.changed)
    statuses = " or ".join(mutation.statuses or ())
    issues = f"{statuses} issue" if statuses else "issue"
    all_of_them = f"the one {issues}" if mutation.matched == 1 else f"all {counted(mutation.matched, issues)}"
    search = (mutation.query or "").strip()
    return f"{all_of_them} that {'matches' if mutation.matched == 1 else 'match'} “{search}”" if search else all_of_them


def scope_in_words(mutation: ListedMutation) -> list[str]:
    """Return which issues were named, and what narrowed that, as parts of a sentence."""
    parts = ["all issues of the project" if mutation.is_about_all else mutation.issue or "issues by their ids"]
    if mutation.statuses is not None:
        parts.append(f"only those that were {' or '.join(mutation.statuses)}")
    if search := (mutation.query or "").strip():
        parts.append(f"only those that match “{search}”")
    return parts


# ---------------------------------------------------------------------------------------------------------------------
# An update
# ---------------------------------------------------------------------------------------------------------------------


def _update(mutation: ListedMutation, names: Names) -> str:
    issues = which(mutation)
    said: list[str] = []
    them = "it" if (mutation.matched if mutation.is_about_all else mutation.changed) == 1 else "them"
    for clause in wishes(mutation, names):
        said.append(clause.replace("{}", them if said else issues, 1))
    if not said:
        said = [f"changed {'marks of their own on ' if mutation.has_others_marks else ''}{issues}"]
    return in_a_row(said)


def wishes(mutation: ListedMutation, names: Names = NO_NAMES) -> Iterator[str]:
    """Yield what was asked, in the order in which it is done (contract 1.7), with ``{}`` for the issues."""
    body = mutation.body
    if "status" in body:
        yield _status(body)
    if "priority" in body:
        yield f"set the priority of {{}} to {body['priority']}"
    if "assignedTo" in body:
        yield f"assigned {{}} to {_assignee_in_words(body['assignedTo'], names)}"
    if "isPublic" in body:
        yield "made {} public" if is_true(body["isPublic"]) else "made {} private"
    if mutation.api_key is None:  # what a key says of marks has no effect
        yield from _marks(body)
    if "merge" in body:
        yield _merged(is_true(body["merge"]), mutation.trees)


def _status(body: Mapping[str, Any]) -> str:
    details = body.get("statusDetails") or {}
    match str(body["status"]):
        case IssueStatus.UNRESOLVED:
            return "reopened {}"
        case IssueStatus.RESOLVED if version := details.get("inRelease"):
            return f"resolved {{}} in {'the latest release' if version == 'latest' else version}"
        case IssueStatus.RESOLVED if not is_true(details.get("inNextRelease")):
            return "resolved {}"
        case IssueStatus.RESOLVED | "resolvedInNextRelease":
            return "resolved {} in the next release"
        case _:
            return f"ignored {{}} {terms(body)}"


def terms(body: Mapping[str, Any]) -> str:
    """Return what ends the status "ignored", as a body asks for it: ``for 2 hours or until 10 more events``."""
    given = {**body, **{key: value for key, value in (body.get("statusDetails") or {}).items() if _is_given(value)}}
    said = []
    if minutes := number(given.get("ignoreDuration")) or number(given.get("snoozeDuration")):
        said.append(f"for {duration(minutes)}")
    if until := given.get("ignoreUntil"):
        said.append(f"until {_instant(str(until))}")
    for count, window, what in (
        ("ignoreCount", "ignoreWindow", "event"),
        ("ignoreUserCount", "ignoreUserWindow", "user"),
    ):
        if most := number(given.get(count)):
            within = number(given.get(window))
            some = counted(most, what) if within else counted(most, f"more {what}")
            said.append(f"until {some}{f' within {duration(within)}' if within else ''}")
    if given.get("substatus") == "archived_until_escalating" or is_true(given.get("ignoreUntilEscalating")):
        said.append("until escalating")
    return " or ".join(said) or "for good"


def _marks(body: Mapping[str, Any]) -> Iterator[str]:
    for key, when_set, when_taken_away in (
        ("hasSeen", "marked {} as seen", "marked {} as not seen"),
        ("isBookmarked", "bookmarked {}", "removed the bookmark of {}"),
        ("isSubscribed", "followed {}", "stopped following {}"),
    ):
        if key in body:
            yield when_set if is_true(body[key]) else when_taken_away


def _merged(is_merge: bool, trees: Sequence[Tree]) -> str:
    """Return what became of trees; where nothing tells, only that it was asked."""
    if not trees:
        return "merged {}" if is_merge else "unmerged {}"
    first, *others = trees
    parent = first.parent or "one that is gone"
    more = f" and {len(others)} more" if others else ""
    issues = counted(first.count + sum(tree.count for tree in others))
    return f"merged {issues} into {parent}{more}" if is_merge else f"took {issues} out of {parent}{more}"


# ---------------------------------------------------------------------------------------------------------------------
# An undo
# ---------------------------------------------------------------------------------------------------------------------


def _undone(undo: ListedMutation, names: Names) -> str:
    undone, began = undo.undone, undo.began
    if undone is None or began is None:
        return f"something that is not kept any more: {counted(undo.changed)} put back"
    what = f"“{sentence_of(began, names)}”"
    if undone.kind == MutationKind.UNDO:
        what = f"an undo of {what}"
    return what if undo.changed == undone.changed else f"{what} for {undo.changed:,} of {counted(undone.changed)}"


# ---------------------------------------------------------------------------------------------------------------------
# Words of a body
# ---------------------------------------------------------------------------------------------------------------------


def is_true(value: Any) -> bool:
    """Return what a boolean of a body means."""
    word = value.strip() if isinstance(value, str) else value
    return isinstance(word, str | int | float) and word in BooleanField.TRUE_VALUES


def number(value: Any) -> int:
    """Return what a number of a body means; 0 for what is none: both mean "not given"."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0
    try:
        return int(float(value))
    except (ValueError, OverflowError):
        return 0


def _is_given(value: Any) -> bool:
    """Return whether a term is given at all: null, 0 and false are not."""
    return bool(value) and (not str(value).strip().isdigit() or number(value) != 0)


def duration(minutes: int) -> str:
    """Return a duration in its largest unit of which it is a whole number: ``90 minutes``, ``2 hours``."""
    size, unit = next((size, unit) for size, unit in UNITS if minutes % size == 0)
    return counted(minutes // size, unit)


def _instant(word: str) -> str:
    """Return an instant as the desk says it; without an offset it is UTC (contract 1.4)."""
    try:
        moment = parse_datetime(word)
    except ValueError:
        moment = None
    if moment is None:
        return word
    return in_words(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))


def _assignee(value: Any) -> tuple[str, str]:
    """Return "user" or "team" with an id; where a name was said, "" with that."""
    if isinstance(value, Mapping):
        return str(value.get("type")), str(value.get("id"))
    word = "" if value is None else str(value).strip()
    kind, colon, pk = word.partition(":")
    if colon and kind in {"user", "team"} and pk.isascii() and pk.isdigit():
        return kind, pk
    return ("user", word) if word.isascii() and word.isdigit() else ("", word)


def _assignee_in_words(value: Any, names: Names) -> str:
    kind, word = _assignee(value)
    if kind == "user":
        person = names.people.get(int(word))
        return "somebody who is gone" if person is None else person.name or person.username
    if kind == "team":
        team = names.teams.get(int(word))
        return "a team that is gone" if team is None else f"#{team.name}"
    return {"": "nobody", "me": "themselves"}.get(word.casefold(), word)


def in_a_row(parts: list[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
