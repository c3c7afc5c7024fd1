"""The search language: what is read, and what is refused, by which words."""

from datetime import UTC, datetime, timedelta

import pytest

from issues.enums import IssueLevel, IssueStatus, ReopenedAs
from issues.search import AnyOf, BadTerm, Condition, Pattern, Term, parse
from issues.search.conditions import (
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
    NamesAssignee,
    NamesId,
    NamesLatestRelease,
    NamesProject,
    NamesRelease,
    NamesWord,
)

ME = 7
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def conditions(query: str) -> list[Condition]:
    return [term.condition for term in parse(query, user_id=ME, of_organization=True)]


def text(*parts: str) -> HasText:
    return HasText(Pattern(parts))


def version(*parts: str, first_only: bool = False, is_quoted: bool = False) -> NamesRelease:
    return NamesRelease(Pattern(parts), first_only, is_quoted)


READ: dict[str, list[Condition]] = {
    "": [],
    " \t\n ": [],
    "pump": [text("pump")],
    "  pump \u00a0 failure  ": [text("pump failure")],
    '"pump failure"': [text("pump failure")],
    '"TypeError: x"': [text("TypeError: x")],
    r'"say \"no\" \\ "': [text(r'say "no" \ ')],
    r'"C:\temp\new"': [text(r"C:\temp\new")],
    r'"\\\"\x"': [text(r"\"\x")],
    "a!b it's 50% _x* {z} -3 é 泵": [text("a!b it's 50% _x", " {z} -3 é 泵")],
    "a**b* *c": [text("a", "b", " ", "c")],
    '"a*b"': [text("a*b")],
    "PUMP-STATION-1A": [text("PUMP-STATION-1A")],
    "a or b and not c": [text("a or b and not c")],
    "is:unresolved": [HasStatus(IssueStatus.UNRESOLVED)],
    "is:Resolved": [HasStatus(IssueStatus.RESOLVED)],
    "IS:RESOLVED": [HasStatus(IssueStatus.RESOLVED)],
    "is:ignored": [HasStatus(IssueStatus.IGNORED)],
    'is:"ignored"': [HasStatus(IssueStatus.IGNORED)],
    "is:archived": [HasStatus(IssueStatus.IGNORED)],
    "is:muted": [HasStatus(IssueStatus.IGNORED)],
    "is:archived_forever": [IsIgnored("forever")],
    "is:archived_until_condition_met": [IsIgnored("under_terms")],
    "is:archived_until_escalating": [IsIgnored("until_escalating")],
    "is:Regressed": [IsReopened(ReopenedAs.REGRESSED)],
    "is:escalating": [IsReopened(ReopenedAs.ESCALATING)],
    "is:assigned": [IsAssigned()],
    "is:unassigned": [IsAssignedToNobody()],
    "is:bookmarked": [IsBookmarked(ME)],
    "is:public": [IsPublic()],
    "is:[public,ASSIGNED]": [AnyOf((IsPublic(), IsAssigned()))],
    "assigned:me": [IsAssignedTo((ME,))],
    "assigned:ME": [IsAssignedTo((ME,))],
    "assigned:my_teams": [IsAssignedToTeamsOf(ME)],
    "assigned:none": [IsAssignedToNobody()],
    "assigned:Jane": [NamesAssignee("Jane")],
    "assigned:jane@example.com": [NamesAssignee("jane@example.com")],
    "assigned:#captain-planet": [NamesAssignee("#captain-planet")],
    "assigned:user:1": [NamesAssignee("user:1")],
    'assigned:"jane of the hill"': [NamesAssignee("jane of the hill")],
    "assigned:[me, none,#x]": [AnyOf((IsAssignedTo((ME,)), IsAssignedToNobody(), NamesAssignee("#x")))],
    "assigned_or_suggested:me": [IsAssignedTo((ME,))],
    "bookmarks:me": [IsBookmarked(ME)],
    "bookmarks:[ME]": [IsBookmarked(ME)],
    "level:error": [HasWord("level", IssueLevel.ERROR)],
    "LEVEL:Fatal": [HasWord("level", IssueLevel.FATAL)],
    "level:[error,\tfatal ]": [AnyOf((HasWord("level", IssueLevel.ERROR), HasWord("level", IssueLevel.FATAL)))],
    "platform:python": [NamesWord("platform", Pattern(("python",)))],
    'platform:"py*"': [NamesWord("platform", Pattern(("py*",)), is_quoted=True)],
    "logger:pump.*.motor": [NamesWord("logger", Pattern(("pump.", ".motor")))],
    "release:web@1.0.0+5": [version("web@1.0.0+5")],
    "release:1.*": [version("1.", "")],
    'release:"1.*"': [version("1.*", is_quoted=True)],
    'release:"a b:c"': [version("a b:c", is_quoted=True)],
    "release:latest": [NamesLatestRelease()],
    "release:LATEST": [NamesLatestRelease()],
    'release:"latest"': [version("latest", is_quoted=True)],
    "release:[latest,1.0]": [AnyOf((NamesLatestRelease(), version("1.0")))],
    "firstRelease:1.0": [version("1.0", first_only=True)],
    "first-release:latest": [NamesLatestRelease(first_only=True)],
    "title:pump": [HasText(Pattern(("pump",)), title_only=True)],
    'title:["a*",b]': [
        AnyOf((HasText(Pattern(("a*",)), title_only=True), HasText(Pattern(("b",)), title_only=True))),
    ],
    "message:pump": [text("pump")],
    "issue.type:error": [IsAnError()],
    "issue.category:Error": [IsAnError()],
    "timesSeen:5": [HasCount("times_seen", "", 5)],
    "timesseen:5": [HasCount("times_seen", "", 5)],
    "timesSeen:>5": [HasCount("times_seen", ">", 5)],
    "timesSeen:>=05": [HasCount("times_seen", ">=", 5)],
    "timesSeen:<5": [HasCount("times_seen", "<", 5)],
    "timesSeen:<=999999999999999999": [HasCount("times_seen", "<=", 999999999999999999)],
    "userCount:>5": [HasCount("users_seen", ">", 5)],
    "age:-24h": [IsSeenWithin("first_seen", timedelta(hours=24))],
    "age:+7d": [IsSeenWithin("first_seen", timedelta(days=7), longer=True)],
    "firstSeen:-30m": [IsSeenWithin("first_seen", timedelta(minutes=30))],
    "lastSeen:+2w": [IsSeenWithin("last_seen", timedelta(weeks=2), longer=True)],
    "lastSeen:>2026-01-01": [IsSeenAt("last_seen", ">", NEW_YEAR)],
    "lastSeen:>=2026-01-01T00:00:00Z": [IsSeenAt("last_seen", ">=", NEW_YEAR)],
    "firstSeen:<2026-01-01T01:00+01:00": [IsSeenAt("first_seen", "<", NEW_YEAR)],
    'firstSeen:"<=2026-01-01 00:00"': [IsSeenAt("first_seen", "<=", NEW_YEAR)],
    "lastSeen:>2026-01-01T15:59:00+15:59": [IsSeenAt("last_seen", ">", NEW_YEAR)],
    "lastSeen:>2025-12-31T08:01:00-15:59": [IsSeenAt("last_seen", ">", NEW_YEAR)],
    # PostgreSQL reads no fractions of a second in an offset.
    "lastSeen:>2026-01-01T01:00:00.5+01:00:00.5": [IsSeenAt("last_seen", ">", NEW_YEAR)],
    "lastSeen:>0001-01-01T00:00:00+14:00": [IsSeenAt("last_seen", ">", datetime.min.replace(tzinfo=UTC))],
    "lastSeen:<9999-12-31T23:59:59-14:00": [IsSeenAt("last_seen", "<", datetime.max.replace(tzinfo=UTC))],
    "id:5": [NamesId(5)],
    f"id:00{2**63 - 1}": [NamesId(2**63 - 1)],
    "project:Pump-Station": [NamesProject("pump-station")],
    'is:public "a b" c': [IsPublic(), text("a b"), text("c")],
}


@pytest.mark.parametrize(("query", "expected"), READ.items(), ids=lambda value: str(value)[:30])
def test_reads(query: str, expected: list[Condition]) -> None:
    assert conditions(query) == expected


@pytest.mark.parametrize("word", ["pu*p", '"pump failure"', "is:public", 'release:"1 2"', "age:-1h", "id:[1,2]"])
def test_an_exclamation_mark_negates_a_term(word: str) -> None:
    (term,) = parse(word, user_id=ME)

    assert parse(f"!{word} {word}", user_id=ME) == (Term(term.condition, negated=True), term)


def test_only_an_organization_has_projects_to_choose_from() -> None:
    with pytest.raises(BadTerm) as refusal:
        parse("x project:pump-station", user_id=ME)

    reason = "all issues here are of one project; the organization's route has more."
    assert str(refusal.value) == f'Search term "project:pump-station" at character 3 is not understood: {reason}'


@pytest.mark.parametrize(
    "word",
    [
        *("is:bookmarked", "assigned:me", "bookmarks:me", "!assigned:me", "assigned:my_teams"),
        *("is:[resolved,bookmarked]", "!assigned:[none,me]"),
    ],
)
def test_nothing_is_mine_without_a_user(word: str) -> None:
    with pytest.raises(BadTerm) as refusal:
        parse(word, user_id=None)

    reason = "an API key is nobody in particular; use a user's token."
    assert str(refusal.value) == f'Search term "{word}" at character 1 is not understood: {reason}'


@pytest.mark.parametrize(
    ("terms", "next_one"),
    [
        ("!x " * 100, "!y"),
        ("level:[" + ",".join(["error"] * 100) + "] ", "y"),
        ("!x " * 50, "level:[" + ",".join(["error"] * 51) + "]"),
    ],
)
def test_has_a_hundred_terms_at_most(terms: str, next_one: str) -> None:
    assert parse(terms, user_id=ME)

    with pytest.raises(BadTerm) as refusal:
        parse(terms + next_one, user_id=ME)

    shown = next_one if len(next_one) <= 80 else f"{next_one[:80]}…"
    reason = "a search has 100 terms at most, each of a list is one."
    assert str(refusal.value) == f'Search term "{shown}" at character {len(terms) + 1} is not understood: {reason}'


def test_says_once_what_was_said_several_times() -> None:
    """Each term is looked at in every issue: eighty equal ones took eighty times as long."""
    for said, meant in (
        ("!pump level:error !pump level:error !pump", "!pump level:error"),
        ("level:[error,fatal,error]", "level:[error,fatal]"),
        ("level:[error,error]", "level:error"),
    ):
        assert parse(said, user_id=ME) == parse(meant, user_id=ME)
    assert len(parse("!pump pump level:error !level:error level:[error,fatal]", user_id=ME)) == 5


def test_a_phrase_is_one_term() -> None:
    assert conditions("x " * 1000) == [text(" ".join(["x"] * 1000))]


def test_a_term_knows_how_it_was_written_and_where() -> None:
    terms = parse(" a  b !is:public level:[ info ]", user_id=ME)

    assert [(term.written, term.place) for term in terms] == [("a  b", 1), ("!is:public", 6), ("level:[ info ]", 17)]


def test_a_megabyte_is_refused_at_once() -> None:
    for megabyte in ('"' * 2**20, "a:" * 2**19, "level:[" * 2**17, " " * 2**20):
        with pytest.raises(BadTerm):
            parse(megabyte, user_id=ME)
    with pytest.raises(BadTerm) as refusal:
        parse("x " * 2**19, user_id=ME)  # it was half a minute, and a gigabyte

    reason = "a search has 10,000 characters at most here."
    assert str(refusal.value) == f'Search term "{"x " * 40}…" at character 10001 is not understood: {reason}'
    assert conditions("x" * 10_000) == [text("x" * 10_000)]


def test_a_shorter_limit_can_be_set() -> None:
    assert len(parse("x" * 2_000, user_id=ME, max_length=2_000)) == 1

    with pytest.raises(BadTerm, match=r"at character 2001 is not understood: a search has 2,000 characters at most"):
        parse("x" * 2_001, user_id=ME, max_length=2_000)
