"""Keys of a body that are no keys here: which of them are wishes that must not be left out, and which say "not all"."""

import re
from collections.abc import Container, Iterable, Mapping
from itertools import islice

from rest_framework.exceptions import ValidationError

from issues.search.keys import KEYS

# Of a wish how long, or in which release, nothing may be left out: "for an hour" would be "for ever", "in the next
# release" would be "now". In whatever way the key is written, ignore_duration and in_next_release too.
_WISH = re.compile(r"[^A-Za-z]*+(?:(?i:ignore|snooze|status)|[iI]n[A-Z_-])")
# And without a capital, or by the name of a status: inrelease, resolvedInNextRelease, nextRelease.
_IN_A_RELEASE = re.compile("(?:resolved?)?in(?:next|upcoming|future)?(?:release|commit)|nextrelease")
UNKNOWN_WISH = "Unknown key. Nothing was changed: without it, the rest would mean something else."
# And by the name of another status, or by that of the term alone: muteUntil, archiveFor, until, minutes, expiresAt.
_HOW_LONG = re.compile(
    "(?:mute|archive)d?.*"
    "|(?:for|un)?till?(?:date|time)?|(?:for|duration|timeout)?(?:in)?(?:seconds|minutes|hours|days|weeks)|duration|timeout"
    "|expir(?:es|e|y|ation)(?:at|in|date|time)?"
)
# Nor of one which issues, how many, or that they are only to be looked at. These stand in the query or a header; in a
# body they do nothing.
_NO_KEY = "No key of a body; a bulk route has it as a {}. Nothing was changed."
_ELSEWHERE = {
    "query": _NO_KEY.format("parameter: ?query="),
    "preview": _NO_KEY.format("parameter: ?preview="),
    **dict.fromkeys(("dryrun", "simulate", "whatif"), _NO_KEY.format("parameter: ?preview=true")),
    **dict.fromkeys(("issuesexpected", "expected"), _NO_KEY.format("header: Issues-Expected")),
}
READS_NO_BODY = "No body is read here; say in the query which issues are meant. Nothing was changed."
_OTHERS = re.compile(r"[^a-z]+")
WRONG_KEYS_NAMED = 20  # in one error: a body of a megabyte has room for a hundred thousand

# Of what is left of a name in small letters: id, ids[0], issueIds, issue_id__in, GROUPS, selectedIssues, short_ids ...
# Sentry's own pages call them itemIds, and put them into the query.
_OF_IDS = (
    r"(?:all|target|selected)?"
    r"(?:(?:sentry|issue|group|item|event|error|object|record|short|numeric)*(?:id|pk)s?"
    r"|(?:issue|group|item|object|record|target)s?|selected|selection)"
    r"(?:list|set|array|in)?"
)
_IDS = re.compile(_OF_IDS)
# What narrows a search or a list, but for texts, which may be a remark: level, firstRelease, project_ids, limit ...
_OF_NARROWING = (
    "(?:"
    + "|".join(_OTHERS.sub("", key.casefold()) for key in KEYS if key not in {"title", "message"})
    + "|environment|assignee|tag|search|filter|where|param|statsperiod|limit|max(?:results|items)?|first|count"
    + "|page|perpage|pagesize|offset|cursor)(?:id|name|slug)?s?"
    + "|(?:start|end|since|before|after)(?:date|time)?|(?:(?:first|last)seen)?(?:before|after|since)"
    + "|(?:older|newer)than(?:days|hours|date)?"
    # The query itself, by a name that no parameter has.
    + "|q|(?:search|issue)(?:query|string|term)s?|query(?:string|params?|parameters)|parameters"
)
# Alone, or before or behind either: that these are left out, or are all. exclude, excludeIds, idsToSkip, only ...
_BUT = "exclud(?:e|es|ed|ing)|except|without|skip|omit|not|only"
_SAYS_WHICH = re.compile(f"(?:{_BUT})?(?:{_OF_IDS}|{_OF_NARROWING})(?:(?:to)?(?:{_BUT}))?|{_BUT}")


def refuse_unknown(keys: Iterable[str], known: Container[str]) -> dict[str, list[str]]:
    """Return what is wrong with the keys of a body that are not known and must not be left out."""
    wrong = ((key, reason) for key in keys if key not in known and (reason := _why_not(key)) is not None)
    return {key: [reason] for key, reason in islice(wrong, WRONG_KEYS_NAMED)}


def refuse_all_unknown(keys: Iterable[str], known: Container[str]) -> dict[str, list[str]]:
    """Return what is wrong with keys that are not known, where each of them may be such a wish."""
    return {key: [UNKNOWN_WISH] for key in islice((key for key in keys if key not in known), WRONG_KEYS_NAMED)}


def refuse_body(body: Mapping[str, object]) -> None:
    """Refuse a body that says which issues are meant, how many, or only to look at them, where only the query is read.

    Whatever else it says is left out: clients send the body of a PUT along with a DELETE, too.

    :raises ValidationError: it says so.
    """
    wrong = (key for key in body if _letters(key) in _ELSEWHERE or says_which(key))
    refused = {key: [READS_NO_BODY] for key in islice(wrong, WRONG_KEYS_NAMED)}
    if refused:
        raise ValidationError(refused)


def says_which(name: str) -> bool:
    """Return whether a name is one of those by which clients say which issues they mean, however it is written."""
    return _SAYS_WHICH.fullmatch(_letters(name)) is not None


def means_ids(name: str) -> bool:
    """Return whether a name is one of those by which clients mean the ids of issues, however it is written."""
    return _IDS.fullmatch(_letters(name)) is not None


def _why_not(key: str) -> str | None:
    name = _letters(key)
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    is_wish = _WISH.match(key) or _IN_A_RELEASE.fullmatch(name) or _HOW_LONG.fullmatch(name)
    return UNKNOWN_WISH if is_wish else None


def _letters(name: str) -> str:
    """Return what matters of a name: ``ids`` of ``IDS[0]``."""
    return _OTHERS.sub("", name.lstrip("[").partition("[")[0].casefold())
