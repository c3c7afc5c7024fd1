"""The search language: what is read, and what is refused, by which words."""

from datetime import UTC, datetime, timedelta

import pytest

from issues.enums import IssueStatus
from issues.search import (
    BadTerm,
    Condition,
    HasId,
    HasRelease,
    HasStatus,
    HasText,
    HasTimesSeen,
    HasValue,
    IsAssigned,
    IsAssignedTo,
    IsAssignedToMe,
    IsAssignedToNobody,
    IsBookmarked,
    IsPublic,
    IsSeenAt,
    IsSeenWithin,
    Term,
    parse,
)

ME = 7
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def conditions(query: str) -> list[Condition]:
    return [term.condition for term in parse(query, user_id=ME)]


READ: dict[str, list[Condition]] = {
    "": [],
    " \t\n ": [],
    "pump": [HasText("pump")],
    "  pump \u00a0 failure  ": [HasText("pump"), HasText("failure")],
    '"pump failure"': [HasText("pump failure")],
    '"TypeError: x"': [HasText("TypeError: x")],
    r'"say \"no\" \\ "': [HasText(r'say "no" \ ')],
    "a!b it's 50% _x* (y) <z> -3 é 泵": [
        HasText(word) for word in ["a!b", "it's", "50%", "_x*", "(y)", "<z>", "-3", "é", "泵"]
    ],
    "PUMP-STATION-1A": [HasText("PUMP-STATION-1A")],
    "is:unresolved": [HasStatus(IssueStatus.UNRESOLVED)],
    "is:Resolved": [HasStatus(IssueStatus.RESOLVED)],
    "is:ignored": [HasStatus(IssueStatus.IGNORED)],
    'is:"ignored"': [HasStatus(IssueStatus.IGNORED)],
    "is:assigned": [IsAssigned()],
    "is:unassigned": [IsAssignedToNobody()],
    "is:bookmarked": [IsBookmarked(ME)],
    "is:public": [IsPublic()],
    "assigned:me": [IsAssignedToMe(ME)],
    "assigned:ME": [IsAssignedToMe(ME)],
    "assigned:none": [IsAssignedToNobody()],
    "assigned:Jane": [IsAssignedTo("user", "Jane")],
    "assigned:jane@example.com": [IsAssignedTo("user", "jane@example.com")],
    "assigned:#captain-planet": [IsAssignedTo("team", "captain-planet")],
    'assigned:"jane of the hill"': [IsAssignedTo("user", "jane of the hill")],
    "bookmarks:me": [IsBookmarked(ME)],
    "level:error": [HasValue("level", "error")],
    "platform:python": [HasValue("platform", "python")],
    "logger:pump.motor": [HasValue("logger", "pump.motor")],
    "release:web@1.0.0+5": [HasRelease("web@1.0.0+5")],
    'release:"a b:c"': [HasRelease("a b:c")],
    "firstRelease:1.0": [HasRelease("1.0", first_only=True)],
    "timesSeen:5": [HasTimesSeen("", 5)],
    "timesSeen:>5": [HasTimesSeen(">", 5)],
    "timesSeen:>=05": [HasTimesSeen(">=", 5)],
    "timesSeen:<5": [HasTimesSeen("<", 5)],
    "timesSeen:<=999999999999999999": [HasTimesSeen("<=", 999999999999999999)],
    "age:-24h": [IsSeenWithin("first_seen", timedelta(hours=24))],
    "age:+7d": [IsSeenWithin("first_seen", timedelta(days=7), longer=True)],
    "firstSeen:-30m": [IsSeenWithin("first_seen", timedelta(minutes=30))],
    "lastSeen:+2w": [IsSeenWithin("last_seen", timedelta(weeks=2), longer=True)],
    "lastSeen:>2026-01-01": [IsSeenAt("last_seen", ">", NEW_YEAR)],
    "lastSeen:>=2026-01-01T00:00:00Z": [IsSeenAt("last_seen", ">=", NEW_YEAR)],
    "firstSeen:<2026-01-01T01:00+01:00": [IsSeenAt("first_seen", "<", NEW_YEAR)],
    'firstSeen:"<=2026-01-01 00:00"': [IsSeenAt("first_seen", "<=", NEW_YEAR)],
    "id:5": [HasId(5)],
    f"id:00{2**63 - 1}": [HasId(2**63 - 1)],
    'is:public "a b" c': [IsPublic(), HasText("a b"), HasText("c")],
}


@pytest.mark.parametrize(("query", "expected"), READ.items(), ids=lambda value: str(value)[:30])
def test_reads(query: str, expected: list[Condition]) -> None:
    assert conditions(query) == expected


@pytest.mark.parametrize("word", ["pump", '"pump failure"', "is:public", 'release:"1 2"', "age:-1h"])
def test_an_exclamation_mark_negates_a_term(word: str) -> None:
    (term,) = parse(word, user_id=ME)

    assert parse(f"!{word} {word}", user_id=ME) == (Term(term.condition, negated=True), term)


A_MOMENT = "say -24h, +7d or an ISO date or time after >, >=, < or <=."
A_NUMBER = "say a whole number, alone or after >, >=, < or <=."
AN_ID = "say a whole number from 1 to 9223372036854775807."
A_STATE = "say one of unresolved, resolved, ignored, assigned, unassigned, public, bookmarked."
AN_AGE = "say -24h for younger, or +24h for older."
KEYS = (
    "Keys are age, assigned, bookmarks, firstRelease, firstSeen, id, is, lastSeen, level, logger, platform, release, "
    "timesSeen; quotes make a colon part of a text."
)
NO_VALUE = "nothing follows the colon; quotes make a colon part of a text."
NO_END = "a quote has no end."
QUOTES = "quotes hold spaces together and make a colon text."
NOTHING = "there is nothing between the quotes."
NUL = "it has a NUL character."
NOT_UTF_8 = "it has bytes that are not UTF-8, or the \ufffd that stands for such."

# query -> the term that is named, where it starts, and why
REFUSED: dict[str, tuple[str, int, str]] = {
    "is:open": ("is:open", 1, A_STATE),
    "is:": ("is:", 1, NO_VALUE),
    "is: unresolved": ("is:", 1, NO_VALUE),
    'is:""': ('is:""', 1, NOTHING),
    "!is:new": ("!is:new", 1, A_STATE),
    "pump is:new": ("is:new", 6, A_STATE),
    "foo:bar": ("foo:bar", 1, f"there is no key foo. {KEYS}"),
    "IS:resolved": ("IS:resolved", 1, f"there is no key IS. {KEYS}"),
    "timesseen:5": ("timesseen:5", 1, f"there is no key timesseen. {KEYS}"),
    "issue.priority:high": ("issue.priority:high", 1, f"there is no key issue.priority. {KEYS}"),
    "http://example.com": ("http://example.com", 1, f"there is no key http. {KEYS}"),
    "TypeError: x": ("TypeError:", 1, NO_VALUE),
    "a b c: d": ("c:", 5, NO_VALUE),
    "bookmarks:jane": ("bookmarks:jane", 1, "say me; other people's bookmarks are theirs."),
    "timesSeen:many": ("timesSeen:many", 1, A_NUMBER),
    "timesSeen:-5": ("timesSeen:-5", 1, A_NUMBER),
    "timesSeen:1.5": ("timesSeen:1.5", 1, A_NUMBER),
    "timesSeen:>": ("timesSeen:>", 1, A_NUMBER),
    "timesSeen:=5": ("timesSeen:=5", 1, A_NUMBER),
    "timesSeen:>>5": ("timesSeen:>>5", 1, A_NUMBER),
    "timesSeen:\u0665": ("timesSeen:\u0665", 1, A_NUMBER),
    "timesSeen:9999999999999999999": ("timesSeen:9999999999999999999", 1, A_NUMBER),
    'timesSeen:"> 5"': ('timesSeen:"> 5"', 1, A_NUMBER),
    "age:24h": ("age:24h", 1, AN_AGE),
    "age:>2026-01-01": ("age:>2026-01-01", 1, AN_AGE),
    "age:-24": ("age:-24", 1, A_MOMENT),
    "age:-24y": ("age:-24y", 1, A_MOMENT),
    "age:-h": ("age:-h", 1, A_MOMENT),
    "age:-999999h": ("age:-999999h", 1, A_MOMENT),
    "age:-1.5h": ("age:-1.5h", 1, A_MOMENT),
    "firstSeen:24h": ("firstSeen:24h", 1, A_MOMENT),
    "firstSeen:yesterday": ("firstSeen:yesterday", 1, A_MOMENT),
    "firstSeen:2026-01-01": ("firstSeen:2026-01-01", 1, A_MOMENT),
    "firstSeen:>2026-13-01": ("firstSeen:>2026-13-01", 1, A_MOMENT),
    "firstSeen:>2026-02-30": ("firstSeen:>2026-02-30", 1, A_MOMENT),
    "lastSeen:>": ("lastSeen:>", 1, A_MOMENT),
    "lastSeen:>1767225600": ("lastSeen:>1767225600", 1, A_MOMENT),
    "lastSeen:-24h-": ("lastSeen:-24h-", 1, A_MOMENT),
    "id:0": ("id:0", 1, AN_ID),
    "id:-1": ("id:-1", 1, AN_ID),
    "id:1,2": ("id:1,2", 1, AN_ID),
    "id:PUMP-STATION-1": ("id:PUMP-STATION-1", 1, AN_ID),
    "id:9223372036854775808": ("id:9223372036854775808", 1, AN_ID),
    '"pump': ('"pump', 1, NO_END),
    'pump "failure': ('"failure', 6, NO_END),
    'is:"resolved': ('is:"resolved', 1, NO_END),
    '""': ('""', 1, NOTHING),
    '!""': ('!""', 1, NOTHING),
    "!": ("!", 1, QUOTES),
    "! pump": ("!", 1, QUOTES),
    "!!pump": ("!!pump", 1, QUOTES),
    '"a""b"': ('"a""b"', 1, QUOTES),
    'a"b"': ('a"b"', 1, QUOTES),
    ":": (":", 1, QUOTES),
    ":pump": (":pump", 1, QUOTES),
    "1:2": ("1:2", 1, QUOTES),
    "pump:": ("pump:", 1, NO_VALUE),
    "a\0b": ("ab", 1, NUL),
    'logger:"a\0b"': ('logger:"ab"', 1, NUL),
    "pump \ufffd": ("\ufffd", 6, NOT_UTF_8),
    f"is:{'x' * 200}": (f"is:{'x' * 77}…", 1, A_STATE),
}


@pytest.mark.parametrize(("query", "named"), REFUSED.items(), ids=[ascii(query)[:40] for query in REFUSED])
def test_refuses(query: str, named: tuple[str, int, str]) -> None:
    term, place, reason = named

    with pytest.raises(BadTerm) as refusal:
        parse(query, user_id=ME)

    assert str(refusal.value) == f'Search term "{term}" at character {place} is not understood: {reason}'


def test_fifty_and_more_ways_to_be_wrong_are_tried() -> None:
    assert len(REFUSED) >= 50


@pytest.mark.parametrize("word", ["is:bookmarked", "assigned:me", "bookmarks:me", "!assigned:me"])
def test_nothing_is_mine_without_a_user(word: str) -> None:
    with pytest.raises(BadTerm) as refusal:
        parse(word, user_id=None)

    reason = "an API key is nobody in particular; use a user's token."
    assert str(refusal.value) == f'Search term "{word}" at character 1 is not understood: {reason}'


def test_has_a_hundred_terms_at_most() -> None:
    assert len(parse("x " * 100, user_id=ME)) == 100

    with pytest.raises(BadTerm) as refusal:
        parse("x " * 100 + "y", user_id=ME)

    reason = "a search has 100 terms at most."
    assert str(refusal.value) == f'Search term "y" at character 201 is not understood: {reason}'


def test_a_megabyte_is_refused_at_once() -> None:
    with pytest.raises(BadTerm):
        parse('"' * 2**20, user_id=ME)
    with pytest.raises(BadTerm):
        parse("a:" * 2**19, user_id=ME)
    with pytest.raises(BadTerm) as refusal:
        parse("x " * 2**19, user_id=ME)  # it was half a minute, and a gigabyte

    reason = "a search has 10,000 characters at most."
    assert str(refusal.value) == f'Search term "{"x " * 40}…" at character 10001 is not understood: {reason}'
    assert conditions("x" * 10_000) == [HasText("x" * 10_000)]
